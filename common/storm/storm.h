/**
 * @file storm.h
 * A storm: how the network is, and what happens when. As a text:
 *
 *     storm counter                     # what it is for
 *     seed 42
 *     nodes 5
 *     until 10s                         # then all heals, for these nodes:
 *     core 1 2 4
 *     delay 1ms exponential 8ms         # at least 1 ms, and 8 more on average
 *     loss 1/8
 *     at 1.2s crash 2 for 300ms tearing
 *     at 2s cut 1 3 for 1s              # what 1 sends to 3, and not back
 *     at 3s ask 4 add
 *     message 1 2 17 lost               # the 17th from 1 to 2, counted from 0
 *
 * What is drawn from a seed has chances (loss 1/8); a failure that was shrunk
 * has none, but names the few messages whose fate matters. README.md beside
 * this file lists every line there is.
 */
#ifndef STORM_STORM_H
#define STORM_STORM_H
#include "common/world/sim_faults.h"
#include <stdio.h>

/** Bounds of what a storm may hold. */
enum { STORM_NODES = 32, STORM_EVENTS = 100000, STORM_TEXT = 64 };

/** What may happen; STORM_KINDS is how many. */
enum storm_kind {
    STORM_CRASH,
    STORM_PAUSE,
    STORM_CUT,
    STORM_SPLIT,
    STORM_FAREWELL,
    STORM_DRIFT,
    STORM_SLOW,
    STORM_ASK,
    STORM_MESSAGE,
    STORM_KINDS
};

/** One line of it. What a kind does not need is zero. */
struct storm_event {
    enum storm_kind kind;  /**< What. */
    nsec at;               /**< When, in time of the world. */
    nsec lasts;            /**< It heals so long after .at; 0: it does not. */
    node_id node;          /**< Whom; 0 while only the role is known. */
    char role[STORM_TEXT]; /**< "leader": who that is, shows when it happens. */
    node_id peer;        /**< Cut, message: the receiver; farewell: who left. */
    uint64_t side;       /**< Split: bit i is node i; cut off from the rest. */
    int ppm;             /**< Drift: microseconds gained a second. */
    nsec longer;         /**< Slow: so much longer takes a sync. */
    unsigned effects;    /**< Crash: after so many, see sim_crash_after(). */
    enum disk_loss loss; /**< Crash: what the disk does. */
    char asked[STORM_TEXT]; /**< Ask: the operation. */
    uint64_t number;        /**< Message: which on its link. */
    struct sim_fate fate;   /**< Message: what becomes of it. */
};

/** How long messages take beyond the least. */
enum storm_spread { STORM_NONE, STORM_EVEN, STORM_EXPONENTIAL, STORM_TAIL };

/** The network and the disks. Chances are one in so many; 0: never. */
struct storm_weather {
    unsigned loss;            /**< A message is lost. */
    unsigned repeat;          /**< It arrives twice. */
    unsigned turn;            /**< A bit of it is turned. */
    bool overtaking;          /**< Messages of one link overtake each other. */
    nsec least;               /**< A message takes at least so long ... */
    enum storm_spread spread; /**< ... and more, so distributed ... */
    nsec more;                /**< ... with this mean (a tail has none). */
    nsec sync_least;          /**< A disk syncs in at least so long ... */
    nsec sync_most;           /**< ... at most so long. */
};

/** All of it. */
struct storm {
    char subject[STORM_TEXT];     /**< Whom it is for; "": it does not say. */
    uint64_t seed;                /**< Of all that stays random. */
    unsigned nodes;               /**< From 1 to so many. */
    nsec until;                   /**< When it is over. */
    uint64_t core;                /**< Who must then recover: bit i, node i. */
    struct storm_weather weather; /**< How it is till then. */
    GArray *events;               /**< struct storm_event. */
};

/** A storm without events. Returns new. */
struct storm *storm_new(void);
/** The same again. Returns new. */
struct storm *storm_copy(const struct storm *storm);
/** The event at place @p i. */
struct storm_event *storm_event(const struct storm *storm, unsigned i);
/** Put its events in the order of their times, and messages, without one, last. */
void storm_sort(struct storm *storm);
/** Read @p text. Returns new; or NULL and @p error, which names the line. */
struct storm *storm_read(const char *text, GError **error);
/** Write it as a text that storm_read() reads as the same storm. */
void storm_write(const struct storm *storm, FILE *file);
/** Write a time as short as it can be said, "1.25s". Returns new. */
char *storm_time(nsec time);
/** Free it. */
void storm_free(struct storm *storm);

#endif

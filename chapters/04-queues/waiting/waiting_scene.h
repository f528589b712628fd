/**
 * @file waiting_scene.h
 * A queue and those who work on it, in the simulator: for measurements of how
 * long one waits.
 *
 *     struct waiting_load load = {.arrivals = POISSON, .work = EXPONENTIAL,
 *                                 .load = 0.9, .workers = 1};
 *     struct waiting *waiting = waiting_new(load, seed);
 *     waiting_run(waiting, 1000 * WAITING_WORK);
 *
 * Messages arrive by a timer, are the items of an inflight (inflight.h), are
 * taken by whoever is free, and are done by a timer again. Mean work is a
 * millisecond of virtual time; so times in milliseconds are in units of work.
 */
#ifndef QUEUES_WAITING_SCENE_H
#define QUEUES_WAITING_SCENE_H
#include "common/world/env.h"

/** The mean time of work. */
#define WAITING_WORK MSEC

/** How messages come: one by one at random, evenly, or in bursts of a mean of
 * ten, which come at random. */
enum waiting_arrivals { POISSON, EVEN, BURSTS };
/** How long work takes: by an exponential distribution, or always as long. */
enum waiting_work { EXPONENTIAL, CONSTANT };
/** What happens to a message that finds the queue full: there is no such thing;
 * its producer waits until there is room; or it is dropped. */
enum waiting_full { NEVER_FULL, PUSHES_BACK, DROPS };

/** What comes, and who works. */
struct waiting_load {
    enum waiting_arrivals arrivals; /**< How messages come. */
    enum waiting_work work;         /**< How long one takes. */
    double load;      /**< Work that comes, over what can be done: below 1, or
                           the queue grows. */
    unsigned workers; /**< So many; at least 1. */
    enum waiting_full full; /**< When the queue is full ... */
    unsigned most;          /**< ... with so many that wait. */
};

/** What was seen since the last waiting_forget(). */
struct waiting_seen {
    uint64_t arrived; /**< Messages that were let in. */
    uint64_t dropped; /**< Messages that were not. */
    uint64_t begun;   /**< Messages whose work was begun. */
    uint64_t done;    /**< Messages whose work was done. */
    double waited;    /**< How long those begun had waited, in all. */
    double worked;    /**< How long the work on those done took, in all. */
    double stayed;    /**< How long those done were here, in all. */
};

struct waiting;

/** Begin, with an empty queue. Returns new. */
struct waiting *waiting_new(struct waiting_load load, uint64_t seed);
/** From now on it comes and is done otherwise; what is queued stays. */
void waiting_set_load(struct waiting *waiting, double load);
/** Let so much time pass. */
void waiting_run(struct waiting *waiting, nsec time);
/** Count anew. */
void waiting_forget(struct waiting *waiting);
/** What was seen; times in units of mean work. */
struct waiting_seen waiting_seen(const struct waiting *waiting);
/** How many wait now. */
unsigned waiting_queued(const struct waiting *waiting);
/** How many are in work now. */
unsigned waiting_in_work(const struct waiting *waiting);
/** Free it. */
void waiting_free(struct waiting *waiting);

#endif

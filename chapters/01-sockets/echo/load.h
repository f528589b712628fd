/**
 * @file load.h
 * Clients by the thousand: how many messages a second does a server echo, and
 * how long does each take?
 *
 *     struct load_plan plan = {.connections = 64, .size = 64, .duration = SEC};
 *     struct load_result *result = load_run(&address, &plan, &error);
 *     uint64_t p99 = histogram_percentile(result->delays, 0.99);
 *
 * Each connection has one message on its way at a time. Without a rate, the
 * next leaves as soon as the answer to the last is complete (a *closed loop*):
 * that finds the highest throughput, and says little about delays, because who
 * is served slowly also asks less.
 *
 * With a rate, messages are *due* at fixed times, whether or not the server
 * keeps up, and each delay counts from when it was due: a message that had to
 * wait for its turn was late all that time. To count from when it was sent at
 * last is *coordinated omission*: it leaves out just the waiting that the
 * server caused. Whoever still waits at the end counts with what they have
 * waited, also on a connection that broke or was never made.
 */
#ifndef SOCKETS_LOAD_H
#define SOCKETS_LOAD_H
#include "01-sockets/address.h"
#include "common/judge/histogram.h"
#include "common/world/env.h"

struct load_result;

/** What to do. */
struct load_plan {
    unsigned connections; /**< How many; at least 1. */
    unsigned silent;      /**< So many more connect, and say nothing. */
    size_t size;          /**< Bytes in a message; at least 1. */
    double rate;          /**< Messages a second, all in all; 0: closed loop. */
    nsec patience; /**< How long to wait for connections; 0: 5 s, and 1 ms for
                        each. */
    nsec warmup;   /**< How long to run before anything is counted. */
    nsec duration; /**< How long to count. */
    /** Told a few times a second how far it is; NULL: nobody is. */
    void (*progress)(void *self, const struct load_result *so_far);
    /** Called when counting begins, and when it ends; NULL: it is not. */
    void (*mark)(void *self);
    void *self; /**< Their first argument. */
};

/** The highest rate. */
#define LOAD_RATE_MOST 1e6

/** What came of it. */
struct load_result {
    uint64_t answered;        /**< Echoes completed while it was counted. */
    uint64_t late;            /**< Due at any time, not answered by the end. */
    unsigned connected;       /**< Connections that were made, to talk, ... */
    unsigned silent;          /**< ... and to be silent. */
    unsigned broken;          /**< Of all, those that failed or were closed. */
    int why;                  /**< The errno of the first; 0: it was closed. */
    nsec counted;             /**< How long it was counted. */
    nsec busy;                /**< Processor time that took on this side. */
    struct histogram *delays; /**< Of answered and late, in nanoseconds. */
    struct histogram *lags;   /**< With a rate: from when messages were due to
                                   when this side noticed; part of delays. */
};

/** Why there is no result. */
enum load_error {
    LOAD_ALONE, /**< Not one connection that talks could be made. */
    LOAD_OTHER, /**< What came back was not what had been sent. */
};
/** The domain of these errors. */
#define LOAD_ERROR load_error_quark()
/** See LOAD_ERROR. */
GQuark load_error_quark(void);

/** Open the connections to the echo server at @p address, run @p plan in this
 * thread, close them. It ends by the clock, whatever the server does. Raises
 * the soft limit of descriptors where it must. Returns new, or NULL and
 * @p error. */
struct load_result *load_run(const struct address *address,
                             const struct load_plan *plan, GError **error);
/** Free it. */
void load_result_free(struct load_result *result);

#endif

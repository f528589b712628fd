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
 * last is *coordinated omission*: it leaves out just the waiting that the server
 * caused. Whoever still waits at the end counts with what they have waited.
 */
#ifndef SOCKETS_LOAD_H
#define SOCKETS_LOAD_H
#include "01-sockets/address.h"
#include "common/judge/histogram.h"
#include "common/world/env.h"

/** What to do. */
struct load_plan {
    unsigned connections; /**< How many; at least 1. */
    size_t size;          /**< Bytes in a message; at least 1. */
    double rate;          /**< Messages a second, all in all; 0: closed loop. */
    nsec warmup;          /**< How long before anything is counted. */
    nsec duration;        /**< How long to count. */
};

/** What came of it. */
struct load_result {
    uint64_t answered;        /**< Messages echoed, and found to be the same. */
    uint64_t late;            /**< Due, and not answered by the end. */
    unsigned connected;       /**< Connections that were made. */
    unsigned broken;          /**< Connections that failed or were closed. */
    nsec counted;             /**< How long it was counted. */
    struct histogram *delays; /**< In nanoseconds. */
};

/** Open the connections to the echo server at @p address, run @p plan in this
 * thread, close them. Returns new; NULL with @p error when not one connection
 * could be made, or when an echo was not what had been sent. */
struct load_result *load_run(const struct address *address,
                             const struct load_plan *plan, GError **error);
/** Free it. */
void load_result_free(struct load_result *result);

#endif

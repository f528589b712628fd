/**
 * @file burst.h
 * Clients of a RESP server by the dozen, each with several commands under way:
 * how many does the server answer a second?
 *
 *     struct burst_plan plan = {.clients = 64, .depth = 16, .duration = SEC};
 *     struct burst_result result;
 *     if (!burst_run(&address, &plan, &result, &error)) ...
 *
 * A client sends depth commands in one piece, waits for all the answers, and
 * sends the next (a closed loop). Half are GET and half are SET, of keys at
 * random; the values are filled in beforehand, so that every GET finds one. Every
 * reply is read to its end, and an error ends the run.
 */
#ifndef FRAMING_BURST_H
#define FRAMING_BURST_H
#include "01-sockets/address.h"
#include "common/world/env.h"

/** What to do. */
struct burst_plan {
    unsigned clients; /**< How many; at least 1. */
    unsigned depth;   /**< Commands under way, each; at least 1. */
    unsigned keys;    /**< How many there are; 0: 1000. */
    size_t size;      /**< Bytes of a value; 0: 64. */
    nsec warmup;      /**< Before anything is counted. */
    nsec duration;    /**< How long it is counted. */
    /** Called when counting begins, and when it ends; NULL: it is not. */
    void (*mark)(void *self);
    void *self; /**< Its first argument. */
};

/** What came of it. */
struct burst_result {
    uint64_t answered; /**< Commands answered while it was counted. */
    nsec counted;      /**< How long that was. */
    nsec busy;         /**< Processor time of this side. */
};

/** Run @p plan against the server at @p address, in this thread. False and
 * @p error when there is no connection, or a wrong answer. */
bool burst_run(const struct address *address, const struct burst_plan *plan,
               struct burst_result *result, GError **error);
/** One command of @p count words, and the text of its answer, a string or a
 * line; NULL and @p error. Returns new. */
char *burst_ask(const struct address *address, size_t count,
                const char *const *words, GError **error);

#endif

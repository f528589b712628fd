/**
 * @file dedupe.h
 * What turns "at least once" into "once, in effect": the answers to requests
 * that were served, for those who ask again.
 *
 *     switch (dedupe_ask(dedupe, producer, seq, &answer)) {
 *     case DEDUPE_NEW:       ... do it; log effect and answer in ONE record ...
 *                            dedupe_done(dedupe, producer, seq, answer);
 *     case DEDUPE_REPEATED:  ... say answer again, and do nothing ...
 *     case DEDUPE_FORGOTTEN: ... refuse: it may have been done ...
 *     case DEDUPE_FULL:      ... refuse: ask again later ...
 *     }
 *
 * A producer has a number of its own, which it keeps when it starts again, and
 * numbers its requests 1, 2, 3. It may have several under way (*pipelining*),
 * but less than @p window: the newest number less the oldest one that it has no
 * answer for. Then:
 *
 *  - A request that was done is answered as it was the first time, whatever has
 *    been asked since, as long as its number is greater than the producer's
 *    newest that was *done*, less the window. Older ones are FORGOTTEN, always.
 *  - Requests may come, and be done, in any order, and some may never be.
 *  - A producer is remembered for at least @p keep since it was last heard of,
 *    by whatever request of its, or by a dedupe_done() that is new. When there
 *    is no room for a new one, those that have been silent for longer than that
 *    are forgotten, the longest first, until there is. If there still is none,
 *    the new one is told FULL. Nobody else is ever forgotten.
 *  - dedupe_write() is all of that as bytes, in which a log begins anew. After
 *    a boot, dedupe_read() and then dedupe_done() for each record behind it
 *    make the table answer as it did; all count as just heard. A log does not
 *    tell who was forgotten, so these are back, and for a while there may be
 *    more than @p producers.
 *
 * The bytes, as wire.h puts numbers; floor is the greatest one FORGOTTEN, or 0:
 *
 *     varint producers that have done something, and each, as last heard of:
 *         u64 producer | u64 newest | varint newest - floor | varint answers
 *         and each, from the oldest to the newest:
 *             varint newest - seq | u64 answer
 *     u32 CRC-32C of all before
 *
 * Three conditions make an effect exactly once: the request is told by its
 * number from all others; effect and answer become durable as one; and the
 * answer is kept for as long as somebody may ask again.
 */
#ifndef QUEUES_DEDUPE_H
#define QUEUES_DEDUPE_H
#include "common/world/env.h"

/** How much is remembered. Each is at least 1. */
struct dedupe_settings {
    unsigned producers; /**< So many at most. */
    unsigned window;    /**< Requests of one, from the newest that was done. */
    nsec keep;          /**< How long after it was last heard of. */
};

/** What is to be done with a request. */
enum dedupe_verdict {
    DEDUPE_NEW,       /**< It was not done yet. The producer has its place. */
    DEDUPE_REPEATED,  /**< It was done: that is the answer. */
    DEDUPE_FORGOTTEN, /**< It is older than the window: nobody knows. Number 0
                           is no request: the same, and nobody is heard. */
    DEDUPE_FULL,      /**< There is no room for this producer. */
};

struct dedupe;

/** Nothing was done yet. Borrows @p env, for its clock. Returns new. */
struct dedupe *dedupe_new(struct env *env, struct dedupe_settings settings);
/** Request @p seq of @p producer has come. REPEATED sets @p answer. */
enum dedupe_verdict dedupe_ask(struct dedupe *dedupe, uint64_t producer,
                               uint64_t seq, uint64_t *answer);
/** It was done, after dedupe_ask() said NEW, or says the log at boot. What was
 * done before, or is older than the window, or has number 0, changes nothing:
 * nor is it a sign of life. */
void dedupe_done(struct dedupe *dedupe, uint64_t producer, uint64_t seq,
                 uint64_t answer);
/** The newest request of @p producer that was done; 0: none, or forgotten. */
uint64_t dedupe_newest(const struct dedupe *dedupe, uint64_t producer);
/** How many producers are remembered. */
unsigned dedupe_producers(const struct dedupe *dedupe);
/** All that was done and is remembered, who was heard of last at the end: the
 * same calls give the same bytes. Returns new. */
GBytes *dedupe_write(const struct dedupe *dedupe);
/** Remember what dedupe_write() wrote, perhaps with other settings, and nothing
 * else. What was FORGOTTEN stays so. False, and then nothing is remembered: one
 * of their bits is another, they are cut, or they are none that it would write,
 * though the check be right: a producer twice; newest 0, or without an answer;
 * answers in another order, or not above the floor; a floor below 0; more bytes
 * behind the last. Borrows @p bytes. */
bool dedupe_read(struct dedupe *dedupe, GBytes *bytes);
/** Free it. */
void dedupe_free(struct dedupe *dedupe);

#endif

/**
 * @file invented.h
 * Histories for tests and measurements: invented clients call an object that is
 * right, many at a time; each operation takes effect at a random moment between
 * its call and its return. A lost one takes effect before, later, or never.
 *
 *     struct history *history = invented_new((struct invented){
 *         .model = "kv", .seed = seed, .operations = 100, .clients = 10,
 *         .keys = 5, .lost = 100});
 */
#ifndef HISTORY_INVENTED_H
#define HISTORY_INVENTED_H
#include "common/history/history.h"

/** What is wanted. */
struct invented {
    const char *model; /**< Of which object. */
    uint64_t seed;     /**< The same seed, the same history. */
    size_t operations; /**< How many. */
    uint64_t clients;  /**< How many clients. */
    uint64_t keys;     /**< How many keys. */
    uint64_t values;   /**< So many different ones; 0: all differ. */
    uint64_t lost;     /**< Of 1000, so many are lost. */
};

/** Invent it: a linearizable one. Returns new. */
struct history *invented_new(struct invented plan);

#endif

/**
 * @file lossy.h
 * A layer that loses: a bad link where there is none at hand.
 *
 *     struct lossy *lossy = lossy_new(host_env(host), 50, seed);   // 5 %
 *     struct endpoint *endpoint = endpoint_new(lossy_env(lossy), settings);
 *
 * Of what goes through it, either way, each message is lost with the same
 * chance, whatever became of those before. Messages to oneself go through.
 */
#ifndef TRANSPORT_LOSSY_H
#define TRANSPORT_LOSSY_H
#include "common/world/env.h"

struct lossy;

/** Over @p below, borrowed, to which it is bound. Loses @p loss of 1000
 * messages, as dice rolled from @p seed have it. Returns new. */
struct lossy *lossy_new(struct env *below, unsigned loss, uint64_t seed);
/** The worse env. Borrowed. */
struct env *lossy_env(struct lossy *lossy);
/** How many messages were lost. */
uint64_t lossy_lost(const struct lossy *lossy);
/** Free it. */
void lossy_free(struct lossy *lossy);

#endif

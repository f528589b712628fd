/**
 * @file draw.h
 * A storm drawn from a seed: first each class of faults by the toss of a coin,
 * then how often and how long from powers of two.
 *
 *     struct storm *storm = storm_draw(&counter, 42);
 *
 * Leaving classes out finds more than mixing all of them always (swarm testing:
 * Groce and others 2012): a queue never fills up where nodes crash all the time.
 */
#ifndef STORM_DRAW_H
#define STORM_DRAW_H
#include "common/storm/subject.h"

/** The storm that @p seed has for @p subject. Returns new. */
struct storm *storm_draw(const struct subject *subject, uint64_t seed);

#endif

/**
 * @file shrink.h
 * From a storm in which an invariant breaks to a small one in which the same
 * invariant breaks, and whose every line is needed.
 *
 *     struct shrunk shrunk = shrink(&counter, storm, "C2", SHRINK_EVENTS);
 *     storm_write(shrunk.storm, stdout);
 *     storm_free(shrunk.storm);
 *
 * It tries one simpler storm after another, and keeps each in which the same
 * invariant still breaks: without the tail, without whole classes, without
 * chances, but with the few fates that matter (Zeller and Hildebrandt's delta
 * debugging, 2002), with fewer nodes, with rounder values; until nothing is
 * gained any more.
 */
#ifndef STORM_SHRINK_H
#define STORM_SHRINK_H
#include "common/storm/ordeal.h"

/** As many events of the simulator as a few seconds have: the usual budget. */
#define SHRINK_EVENTS ((uint64_t)5000000)

/** What came of it. */
struct shrunk {
    struct storm *storm; /**< The small one: new. */
    unsigned before;     /**< Lines, with the fate of every odd message ... */
    unsigned after;      /**< ... and now. */
    unsigned runs;       /**< How many were tried ... */
    uint64_t spent;      /**< ... in so many events of the simulator. */
};

/** Shrink @p storm, borrowed, in which @p id breaks. Ends when @p budget events
 * of the simulator are spent: so it takes as many steps on any machine. */
struct shrunk shrink(const struct subject *subject, const struct storm *storm,
                     const char *id, uint64_t budget);

#endif

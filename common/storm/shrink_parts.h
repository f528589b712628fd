/**
 * @file shrink_parts.h
 * What the parts of the shrinker share: shrink.c, which takes things away, and
 * rounding.c, which makes simpler what is left. Nobody else includes this.
 */
#ifndef STORM_SHRINK_PARTS_H
#define STORM_SHRINK_PARTS_H
#include "common/storm/shrink.h"

/** A search for the smallest storm. */
struct shrinking {
    const struct subject *subject;
    const char *id;     /**< Of the invariant that must break. */
    struct storm *best; /**< So far. */
    nsec broke;         /**< When it breaks in the best. */
    uint64_t budget;    /**< Events of the simulator that are left. */
    unsigned runs;
    bool gained; /**< In this round. */
};

/** Run @p storm, and take it for the best if the same breaks. Takes it. */
bool shrink_propose(struct shrinking *shrinking, struct storm *storm);
/** Fewer nodes. */
void shrink_nodes(struct shrinking *shrinking);
/** Rounder values, shorter times. */
void shrink_values(struct shrinking *shrinking);

#endif

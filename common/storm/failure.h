/**
 * @file failure.h
 * A failure, small and drawn: what a reader is shown when an invariant breaks.
 *
 *     struct failure failure;
 *     if (failure_find(&failure, &counter, 17, SHRINK_EVENTS))
 *         failure_write(&failure, stdout, 40);
 *     failure_clear(&failure);
 */
#ifndef STORM_FAILURE_H
#define STORM_FAILURE_H
#include "common/storm/ordeal.h"
#include "common/storm/shrink.h"

/** A failure. */
struct failure {
    const struct invariant *rule; /**< What must hold. */
    uint64_t seed;                /**< Of the storm that was shrunk. */
    struct shrunk small;          /**< The small storm. */
    struct ordeal_report report;  /**< Of its run. */
    char *trace;                  /**< Its trace, see trace.h. */
};

/** The failure that @p seed finds, small. Some storms shrink better than others:
 * so those of the next seeds that break the same invariant are tried as well, the
 * shortest first, until @p budget events of the simulator are spent; the smallest
 * is kept. Returns false when the storm of @p seed breaks nothing. */
bool failure_find(struct failure *failure, const struct subject *subject,
                  uint64_t seed, uint64_t budget);
/** The failure of @p storm, borrowed, as it is. Returns false when nothing
 * breaks. */
bool failure_of(struct failure *failure, const struct subject *subject,
                const struct storm *storm);
/** Write the rule, what was seen, and the picture, of at most @p rows rows. */
void failure_write(const struct failure *failure, FILE *file, unsigned rows);
/** Free what is in it. */
void failure_clear(struct failure *failure);

/** The trace of one run, as text. Returns new. */
char *failure_trace(const struct subject *subject, const struct storm *storm,
                    struct ordeal_report *report);

#endif

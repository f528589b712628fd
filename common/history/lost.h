/**
 * @file lost.h
 * Operations of which nobody knows whether they happened, and when they matter.
 *
 * Such an operation may take effect at any time after its call, or never: each
 * one could double the search. Most can be dropped, and the others get an end:
 *
 *     call |------------------------| until: the last return of one that could
 *                                     show its effect (model.h, shows)
 *
 * After that end nobody can tell whether it took effect, so it is not tried.
 * What is shown by another open one matters until that one's end, too.
 */
#ifndef HISTORY_LOST_H
#define HISTORY_LOST_H
#include "common/history/model.h"

/** An end that never comes. */
#define LOST_NEVER UINT32_MAX

/** An open operation that may matter. */
struct lost {
    uint32_t op;    /**< Which. */
    uint32_t call;  /**< From this event on, ... */
    uint32_t until; /**< ... and until that one. */
    int32_t twin;   /**< The same operation, called before; -1: none. */
    bool placed;    /**< The search's: it took effect. */
};

/** What matters of the open ones among @p ops, which are of one key and in the
 * order of their calls. Returns new, of struct lost, in that order. */
GArray *lost_find(const struct model *model, const GArray *ops);

#endif

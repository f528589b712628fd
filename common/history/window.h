/**
 * @file window.h
 * Of many operations that no order explains, a few that none explains either;
 * and a drawing of them.
 */
#ifndef HISTORY_WINDOW_H
#define HISTORY_WINDOW_H
#include "common/history/model.h"

/** How the search for a window is limited, all in all. */
struct window_limits {
    uint64_t steps; /**< Operations tried. */
    size_t bytes;   /**< Of memory. */
};

/** Find it in @p ops, of which a search said no: it came to the return of that
 * number (search_reached()). Takes the array, of struct operation. Returns
 * new. */
GArray *window_find(const struct model *model, GArray *ops, uint32_t reached,
                    struct window_limits limits);
/** Draw @p count operations as a timeline. */
void window_draw(const struct model *model, const struct operation *ops,
                 size_t count, FILE *file);

#endif

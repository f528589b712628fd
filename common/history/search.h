/**
 * @file search.h
 * Is there an order that explains the operations of one key? A search that can
 * be interrupted and resumed, so that many can take turns.
 *
 *     struct search *search = search_new(model, ops);
 *     while (search_run(search, 1000, SIZE_MAX) == SEARCH_GOES_ON)
 *         ...let others have a turn...
 */
#ifndef HISTORY_SEARCH_H
#define HISTORY_SEARCH_H
#include "common/history/model.h"

/** How far it has come. */
enum search_answer {
    SEARCH_GOES_ON, /**< It used its steps up. */
    SEARCH_STARVES, /**< It needs more memory. */
    SEARCH_YES,     /**< There is an order. */
    SEARCH_NO,      /**< There is none. */
};

struct search;

/** Search among @p ops, of one key, in the order of their calls, as an array of
 * struct operation, which it takes. Those that failed are not among them.
 * Returns new. */
struct search *search_new(const struct model *model, GArray *ops);
/** Go on for about so many @p steps; and never take more than so many @p bytes,
 * all in all. */
enum search_answer search_run(struct search *search, uint64_t steps,
                              size_t bytes);
/** How many steps it took so far: operations tried. */
uint64_t search_steps(const struct search *search);
/** How many bytes it takes now. */
size_t search_bytes(const struct search *search);
/** The number of the first return that no order came behind: in the whole of
 * what is called before any earlier return, nothing is wrong. */
uint32_t search_reached(const struct search *search);
/** Was the operation of that index placed, ever? */
bool search_placed(const struct search *search, size_t index);
/** Free it. */
void search_free(struct search *search);

#endif

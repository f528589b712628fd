/**
 * @file states.h
 * The states that a search has met, each a number: equal states, equal numbers.
 *
 *     struct states *states = states_new(model, ops);   // 0 is the first state
 *     uint32_t next = states_step(states, 0, op);     // or STATES_NONE
 */
#ifndef HISTORY_STATES_H
#define HISTORY_STATES_H
#include "common/history/model.h"

/** No state: the operation cannot come. */
#define STATES_NONE UINT32_MAX

struct states;

/** Knows the first state alone, the empty string. All that will come are @p
 * ops, with their answers. Borrows both. Returns new. */
struct states *states_new(const struct model *model, const GArray *ops);
/** What follows when @p op comes in @p state; that state itself if it changes
 * nothing, STATES_NONE if it cannot come. */
uint32_t states_step(struct states *states, uint32_t state,
                     const struct operation *op);
/** May @p op come in @p state, and does it never change anything? */
bool states_stays(struct states *states, uint32_t state,
                  const struct operation *op);
/** About how many bytes they take. */
size_t states_bytes(const struct states *states);
/** Free them. */
void states_free(struct states *states);

#endif

/**
 * @file linear.h
 * The judge: is a history linearizable? That is: did each operation take effect
 * at one moment between its call and its return, so that all that came back is
 * what the model says? Those whose outcome nobody knows may have, or not, at
 * any time after their calls.
 *
 *     struct linear *linear = linear_judge(history, (struct linear_limits){0});
 *     if (linear_answer(linear) == LINEAR_NO)
 *         linear_draw(linear, stdout);
 *
 *     These 3 operations on x have no order that explains them.
 *     client 1  put x 1 -> ok   |-------|
 *     client 1  put x 2 -> ok            |--------|
 *     client 2  get x -> 1                         |-------|
 *
 * Keys are judged apart (Horn and Kroening 2015). To find out is NP-complete
 * (Gibbons and Korach 1997), so there are limits, and a third answer: unknown
 * is no pass.
 */
#ifndef HISTORY_LINEAR_H
#define HISTORY_LINEAR_H
#include "common/history/history.h"

/** What it may take; 0 is what the name says. */
struct linear_limits {
    uint64_t steps; /**< Operations tried; LINEAR_STEPS. */
    size_t bytes;   /**< Of memory, beside the history; LINEAR_BYTES. */
};

#define LINEAR_STEPS ((uint64_t)100000000) /**< Half a minute, about. */
#define LINEAR_BYTES ((size_t)256 << 20)   /**< A quarter of a GB. */

/** What it says. */
enum linear_answer { LINEAR_YES, LINEAR_NO, LINEAR_UNKNOWN };

struct linear;

/** Judge. Borrows @p history while the result lives. Returns new. */
struct linear *linear_judge(const struct history *history,
                            struct linear_limits limits);
/** The answer. */
enum linear_answer linear_answer(const struct linear *linear);
/** A key that is the reason for no, or unknown; NULL with yes. */
const char *linear_key(const struct linear *linear);
/** How many keys there are. */
size_t linear_keys(const struct linear *linear);
/** How many operations were tried. */
uint64_t linear_steps(const struct linear *linear);
/** How many bytes were taken at the most. */
size_t linear_bytes(const struct linear *linear);
/** After no: operations of that key that have no order, as few as were found,
 * with those that end later, or never, open; in the order of their calls. */
const struct operation *linear_window(const struct linear *linear,
                                      size_t *count);
/** After no: a sentence, and the window as a timeline, 80 columns wide. */
void linear_draw(const struct linear *linear, FILE *file);
/** Free it. */
void linear_free(struct linear *linear);

#endif

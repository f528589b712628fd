/*
 * The shortest prefix first: up to some return, and what is called but has not
 * returned by then is open. A prefix of a linearizable history is linearizable,
 * so this return is found by halving.
 *
 * Then operations are taken out, many at a time, then fewer, as in delta
 * debugging (Zeller and Hildebrandt 2002). One is never taken alone, but with
 * all that must go with it (goes_with in model.h): what remains of a
 * linearizable history is linearizable then, so that a no about what remains
 * is a no about the whole.
 *
 * Last, open ones that a whole search of what remains never placed are of no
 * importance, and left out.
 */
#include "common/history/window.h"
#include "common/history/search.h"
#include <string.h>

enum { COST = 32 }; /* Pairs that are compared in the time of a step. */

/* What is being made smaller. */
struct shrinker {
    const struct model *model;
    GArray *ops;
    struct window_limits left;
};

static struct operation *op_of(const GArray *ops, guint index)
{
    return &g_array_index(ops, struct operation, index);
}

static void spend(struct shrinker *shrinker, uint64_t steps)
{
    shrinker->left.steps -= MIN(steps, shrinker->left.steps);
}

/* Is it sure that @p ops, which it takes, have no order? With @p keep, all the
 * search's open ones that were never placed are taken out of that copy. */
static bool has_no_order(struct shrinker *shrinker, GArray *ops, GArray *keep)
{
    struct search *search = search_new(shrinker->model, ops);
    enum search_answer answer =
        search_run(search, shrinker->left.steps, shrinker->left.bytes);
    spend(shrinker, search_steps(search) + ops->len);
    for (guint i = ops->len; keep && answer == SEARCH_NO && i > 0; i--)
        if (operation_is_open(op_of(keep, i - 1)) &&
            !search_placed(search, i - 1))
            g_array_remove_index(keep, i - 1);
    search_free(search);
    return answer == SEARCH_NO;
}

static GArray *copy_of(const GArray *ops)
{
    GArray *copy =
        g_array_sized_new(FALSE, FALSE, sizeof(struct operation), ops->len);
    return g_array_append_vals(copy, ops->data, ops->len);
}

/* ---- The shortest prefix. ---- */

/* All that is called before the event of that number, which is a return.
 * Returns new. */
static GArray *prefix_of(const GArray *ops, uint32_t end)
{
    GArray *prefix = g_array_new(FALSE, FALSE, sizeof(struct operation));
    for (guint i = 0; i < ops->len && op_of(ops, i)->call < end; i++) {
        struct operation op = *op_of(ops, i);
        if (op.end > end && !operation_is_open(&op)) {
            op.how = HISTORY_OPEN;
            op.value = NULL;
        }
        g_array_append_val(prefix, op);
    }
    return prefix;
}

static int compare_ends(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* The numbers of the returns, in order. Returns new. */
static GArray *ends_of(const GArray *ops)
{
    GArray *ends = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (guint i = 0; i < ops->len; i++)
        if (!operation_is_open(op_of(ops, i)))
            g_array_append_val(ends, op_of(ops, i)->end);
    g_array_sort(ends, compare_ends);
    return ends;
}

static void cut(struct shrinker *shrinker, uint32_t reached)
{
    g_autoptr(GArray) ends = ends_of(shrinker->ops);
    guint low = 0, high = ends->len - 1;
    while (low < high && g_array_index(ends, uint32_t, low) < reached)
        low++;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        uint32_t end = g_array_index(ends, uint32_t, middle);
        if (has_no_order(shrinker, prefix_of(shrinker->ops, end), NULL))
            high = middle;
        else
            low = middle + 1;
    }
    GArray *whole = shrinker->ops;
    shrinker->ops = prefix_of(whole, g_array_index(ends, uint32_t, high));
    g_array_unref(whole);
}

/* ---- Fewer and fewer. ---- */

/* Mark what must go with the marked ones, and what must go with that; as long
 * as there are steps left. */
static void close_set(struct shrinker *shrinker, bool *gone)
{
    const GArray *ops = shrinker->ops;
    g_autoptr(GArray) waiting = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < ops->len; i++)
        if (gone[i])
            g_array_append_val(waiting, i);
    for (guint at = 0; at < waiting->len && shrinker->left.steps > 0; at++) {
        guint one = g_array_index(waiting, guint, at);
        for (guint i = 0; i < ops->len; i++)
            if (!gone[i] &&
                shrinker->model->goes_with(op_of(ops, i), op_of(ops, one))) {
                gone[i] = true;
                g_array_append_val(waiting, i);
            }
        spend(shrinker, ops->len / COST);
    }
}

/* Try without the @p size operations from @p first on, and what goes with
 * them. Of many the open ones are left in at first: much goes with an open
 * dequeue. */
static bool drop(struct shrinker *shrinker, guint first, guint size)
{
    const GArray *ops = shrinker->ops;
    g_autofree bool *gone = g_new0(bool, ops->len);
    for (guint i = first; i < MIN(first + size, ops->len); i++)
        gone[i] = size == 1 || !operation_is_open(op_of(ops, i));
    close_set(shrinker, gone);
    GArray *rest = g_array_new(FALSE, FALSE, sizeof(struct operation));
    for (guint i = 0; i < ops->len; i++)
        if (!gone[i])
            g_array_append_val(rest, *op_of(ops, i));
    if (rest->len == ops->len || shrinker->left.steps == 0 ||
        !has_no_order(shrinker, copy_of(rest), NULL)) {
        g_array_unref(rest);
        return false;
    }
    g_array_unref(shrinker->ops);
    shrinker->ops = rest;
    model_pair(shrinker->model, rest);
    return true;
}

/* Go through all by @p size. Returns whether any could be dropped. */
static bool drop_each(struct shrinker *shrinker, guint size)
{
    bool any = false;
    for (guint first = 0;
         first < shrinker->ops->len && shrinker->left.steps > 0;)
        if (drop(shrinker, first, size))
            any = true;
        else
            first += size;
    return any;
}

static void shrink(struct shrinker *shrinker)
{
    model_pair(shrinker->model, shrinker->ops);
    for (guint size = shrinker->ops->len / 2; size > 1; size /= 2)
        drop_each(shrinker, size);
    while (drop_each(shrinker, 1))
        continue;
}

GArray *window_find(const struct model *model, GArray *ops, uint32_t reached,
                    struct window_limits limits)
{
    struct shrinker shrinker = {model, ops, limits};
    cut(&shrinker, reached);
    shrink(&shrinker);
    GArray *window = copy_of(shrinker.ops);
    for (guint i = 0; i < window->len; i++) /* They are not in the copy. */
        op_of(window, i)->partner = NULL;
    has_no_order(&shrinker, shrinker.ops, window);
    return window;
}

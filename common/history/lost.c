/*
 * Whether one shows another is asked for each pair, from the last return
 * backwards, and seldom for long: the first that shows it is the last. To be
 * safe from histories that are made to be slow, we ask a number of times only;
 * then all that is left matters for ever, which is right, and slow elsewhere.
 */
#include "common/history/lost.h"
#include <inttypes.h>

enum { QUESTIONS = 30000000 };

/* All of one key, while its lost ones are found. */
struct lost_finder {
    const struct model *model;
    const struct operation *ops;
    GPtrArray *returned; /* The completed ones, by their returns. */
    GArray *found;
    size_t asked;
};

static int compare_ends(const void *left, const void *right)
{
    const struct operation *const *a = left, *const *b = right;
    return ((*a)->end > (*b)->end) - ((*a)->end < (*b)->end);
}

static void sort_operations(struct lost_finder *finder, const GArray *ops)
{
    for (guint i = 0; i < ops->len; i++) {
        const struct operation *op = &finder->ops[i];
        struct lost lost = {.op = i, .call = op->call, .twin = -1};
        if (operation_is_open(op))
            g_array_append_val(finder->found, lost);
        else
            g_ptr_array_add(finder->returned, (void *)op);
    }
    g_ptr_array_sort(finder->returned, compare_ends);
}

static bool shows(struct lost_finder *finder, const struct operation *seer,
                  const struct operation *actor)
{
    finder->asked++;
    return finder->model->shows(seer, actor);
}

/* The last return after its call that shows it; 0: none does. */
static uint32_t last_shown(struct lost_finder *finder,
                           const struct operation *op)
{
    for (guint i = finder->returned->len; i > 0; i--) {
        const struct operation *seer = finder->returned->pdata[i - 1];
        if (seer->end < op->call)
            break;
        if (finder->asked > QUESTIONS || shows(finder, seer, op))
            return seer->end;
    }
    return 0;
}

/* Is @p lost shown by an open one with a later end? Then that is its end. */
static bool lengthen(struct lost_finder *finder, struct lost *lost)
{
    uint32_t before = lost->until;
    for (guint i = 0; i < finder->found->len; i++) {
        struct lost *other = &g_array_index(finder->found, struct lost, i);
        if (other->until > lost->until &&
            shows(finder, &finder->ops[other->op], &finder->ops[lost->op]))
            lost->until = other->until;
    }
    return lost->until > before;
}

/* Each time round, one more link of a chain of open ones has its end. */
static void lengthen_all(struct lost_finder *finder)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (guint i = 0; i < finder->found->len; i++) {
            struct lost *lost = &g_array_index(finder->found, struct lost, i);
            if (finder->asked <= QUESTIONS)
                changed |= lengthen(finder, lost);
        }
    }
    for (guint i = 0; i < finder->found->len; i++)
        if (finder->asked > QUESTIONS)
            g_array_index(finder->found, struct lost, i).until = LOST_NEVER;
}

static void drop_unseen(GArray *found)
{
    guint kept = 0;
    for (guint i = 0; i < found->len; i++) {
        struct lost lost = g_array_index(found, struct lost, i);
        if (lost.until > 0)
            g_array_index(found, struct lost, kept++) = lost;
    }
    g_array_set_size(found, kept);
}

/* A text that only twins have in common. Returns new. */
static char *describe(const struct model *model, const struct operation *op)
{
    GString *text = g_string_new(NULL);
    if (model->by_client)
        g_string_printf(text, "%" PRIu64 " ", op->client);
    operation_print(model, op, text);
    return g_string_free(text, FALSE);
}

static void find_twins(const struct lost_finder *finder)
{
    g_autoptr(GHashTable) last =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < finder->found->len; i++) {
        struct lost *lost = &g_array_index(finder->found, struct lost, i);
        char *text = describe(finder->model, &finder->ops[lost->op]);
        lost->twin = GPOINTER_TO_INT(g_hash_table_lookup(last, text)) - 1;
        g_hash_table_replace(last, text, GINT_TO_POINTER((int)i + 1));
    }
}

GArray *lost_find(const struct model *model, const GArray *ops)
{
    struct lost_finder finder = {
        .model = model,
        .ops = (const struct operation *)(const void *)ops->data,
        .returned = g_ptr_array_new(),
        .found = g_array_new(FALSE, FALSE, sizeof(struct lost)),
    };
    sort_operations(&finder, ops);
    for (guint i = 0; i < finder.found->len; i++) {
        struct lost *lost = &g_array_index(finder.found, struct lost, i);
        lost->until = last_shown(&finder, &finder.ops[lost->op]);
    }
    lengthen_all(&finder);
    drop_unseen(finder.found);
    find_twins(&finder);
    g_ptr_array_unref(finder.returned);
    return finder.found;
}

/*
 * A queue: first in, first out.
 *
 * Why the promises hold. Let o be an open operation of a run that nothing after
 * it shows. If it is an enqueue, nobody takes what it put in, or an open
 * dequeue does, and is left out too. If it is a dequeue, every dequeue after
 * it shows it; as there is none, nobody misses what it took. A closed set is
 * all that enqueues or dequeues some values: the others stay in their order,
 * and an open dequeue that took such a value is left out.
 *
 * When a value is enqueued once, and comes out, the two are partners; and much
 * is known at once that a search would find out late. What is enqueued behind
 * another one must not be dequeued before it; an open dequeue takes nothing
 * that has a partner; and a lost enqueue with a partner surely happened, and
 * is due. What no known dequeue returns is stuck, or an open one takes it:
 * which value it is does not matter.
 */
#include "common/history/model_parts.h"

/* ---- A queue. ---- */

enum { ENQUEUE, DEQUEUE };

static const struct model_op queue_ops[] = {
    {"enqueue", 1, {"ok"}},
    {"dequeue", 0, {NULL}},
    {NULL, 0, {NULL}},
};

/* Who enqueues a value, and how many do; and who is the first to dequeue it. If
 * one is enqueued once and dequeued twice, there is no order anyway. */
struct movers {
    struct operation *in, *out;
    unsigned ins;
};

static struct movers *movers_of(GHashTable *all, const char *value)
{
    struct movers *movers = g_hash_table_lookup(all, value);
    if (!movers) {
        movers = g_new0(struct movers, 1);
        g_hash_table_insert(all, (void *)value, movers);
    }
    return movers;
}

static void note_mover(GHashTable *all, struct operation *op)
{
    if (op->op == ENQUEUE) {
        struct movers *movers = movers_of(all, op->arguments[0]);
        movers->in = op;
        movers->ins++;
    } else if (!operation_is_open(op)) {
        struct movers *movers = movers_of(all, op->value);
        movers->out = movers->out ? movers->out : op;
    }
}

/* A value's way through the queue. */
struct passage {
    struct operation *in, *out;
    uint32_t first; /* The first return of an enqueue, of this and all after. */
};

/* By the calls of the dequeues. */
static int compare_passages(const void *left, const void *right)
{
    const struct passage *a = left, *b = right;
    return (a->out->call > b->out->call) - (a->out->call < b->out->call);
}

/* An enqueue, and the dequeue that must have taken what it put in, are
 * partners. Returns these, new, by the calls of the dequeues. */
static GArray *find_passages(GHashTable *all)
{
    GArray *passages = g_array_new(FALSE, FALSE, sizeof(struct passage));
    GHashTableIter iter;
    void *each;
    g_hash_table_iter_init(&iter, all);
    while (g_hash_table_iter_next(&iter, NULL, &each)) {
        const struct movers *movers = each;
        struct passage passage = {movers->in, movers->out, UINT32_MAX};
        if (movers->ins != 1 || !movers->out)
            continue;
        movers->in->partner = movers->out;
        movers->out->partner = movers->in;
        g_array_append_val(passages, passage);
    }
    g_array_sort(passages, compare_passages);
    return passages;
}

/* The first return of an enqueue whose dequeue is called after @p event. */
static uint32_t first_behind(const GArray *passages, uint32_t event)
{
    guint low = 0, high = passages->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(passages, struct passage, middle).out->call > event)
            high = middle;
        else
            low = middle + 1;
    }
    return low < passages->len
               ? g_array_index(passages, struct passage, low).first
               : UINT32_MAX;
}

/* A lost enqueue whose value came out is due before that, and before those are
 * in whose values came out later. */
static void set_due(GArray *passages)
{
    uint32_t first = UINT32_MAX;
    for (guint i = passages->len; i > 0; i--) {
        struct passage *passage =
            &g_array_index(passages, struct passage, i - 1);
        if (!operation_is_open(passage->in))
            first = MIN(first, passage->in->end);
        passage->first = first;
    }
    for (guint i = 0; i < passages->len; i++) {
        struct passage *passage = &g_array_index(passages, struct passage, i);
        uint32_t end = passage->out->end, behind = first_behind(passages, end);
        passage->in->due = MIN(end, behind);
    }
}

/* What comes out nowhere is all alike: it is marked as its own partner. */
static void mark_stuck(GHashTable *all, GArray *ops)
{
    for (guint i = 0; i < ops->len; i++) {
        struct operation *op = &g_array_index(ops, struct operation, i);
        if (op->op == ENQUEUE && !movers_of(all, op->arguments[0])->out)
            op->partner = op;
    }
}

static void pair_movers(GArray *ops)
{
    g_autoptr(GHashTable) all =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    for (guint i = 0; i < ops->len; i++)
        note_mover(all, &g_array_index(ops, struct operation, i));
    mark_stuck(all, ops);
    g_autoptr(GArray) passages = find_passages(all);
    set_due(passages);
}

/* Which dequeue must have taken it? NULL: none, or nobody knows. */
static const struct operation *taker_of(const struct operation *item)
{
    return item && item->partner != item ? item->partner : NULL;
}

/* The state is who enqueued, the oldest first; NULL for what is stuck. */
static const struct operation *item_at(const GString *state, size_t index)
{
    const struct operation *item;
    memcpy(&item, state->str + index * sizeof item, sizeof item);
    return item;
}

static size_t count_items(const GString *state)
{
    return state->len / sizeof(struct operation *);
}

/* Nothing is behind what must be dequeued after it. */
static enum model_step step_enqueue(const struct operation *op,
                                    const GString *state, GString *next)
{
    const struct operation *item = op->partner == op ? NULL : op;
    const struct operation *taker = taker_of(item);
    for (size_t i = 0; taker && i < count_items(state); i++) {
        const struct operation *ahead = taker_of(item_at(state, i));
        if (ahead && !operation_can_follow(taker, ahead))
            return MODEL_REFUSES;
    }
    g_string_append_len(next, state->str, (gssize)state->len);
    g_string_append_len(next, (const char *)&item, sizeof item);
    return MODEL_MOVES;
}

/* An open one takes nothing that another one must have taken. */
static enum model_step step_dequeue(const struct operation *op,
                                    const GString *state, GString *next)
{
    if (state->len == 0)
        return model_stays_if(operation_is_open(op) ||
                              model_same(op->value, "empty"));
    const struct operation *item = item_at(state, 0);
    bool fits = operation_is_open(op)
                    ? !taker_of(item)
                    : item && model_same(op->value, item->arguments[0]);
    if (!fits)
        return MODEL_REFUSES;
    g_string_append_len(next, state->str + sizeof item,
                        (gssize)(state->len - sizeof item));
    return MODEL_MOVES;
}

static enum model_step step_queue(const struct operation *op,
                                  const GString *state, GString *next)
{
    return op->op == ENQUEUE ? step_enqueue(op, state, next)
                             : step_dequeue(op, state, next);
}

static bool queue_shows(const struct operation *seer,
                        const struct operation *actor)
{
    if (seer->op != DEQUEUE || operation_is_open(seer))
        return false;
    return actor->op == DEQUEUE || model_same(seer->value, actor->arguments[0]);
}

/* The value it put in or took out, if that is known. */
static const char *moved(const struct operation *op)
{
    return op->op == ENQUEUE ? op->arguments[0] : op->value;
}

static bool queue_goes_with(const struct operation *other,
                            const struct operation *gone)
{
    if (gone->op == DEQUEUE && operation_is_open(gone))
        return queue_shows(other, gone);
    return other->op != gone->op && model_same(moved(other), moved(gone));
}

const struct model model_queue = {
    .name = "queue",
    .ops = queue_ops,
    .nothing = "empty",
    .step = step_queue,
    .shows = queue_shows,
    .goes_with = queue_goes_with,
    .pair = pair_movers,
};

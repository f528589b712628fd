/*
 * The objects here share no line with the models of the judge: so a mistake in
 * one of them is seen.
 */
#include "common/history/invented.h"
#include "common/history/model.h"
#include "common/world/dice.h"
#include <string.h>

enum { RESET = 20 }; /* Of the writes to a kv, one of so many is a put. */

/* ---- The objects. ---- */

struct object {
    GString *value; /* NULL: none. */
    GQueue items;
    node_id holder; /* 0: nobody. */
};

static const char *write_object(struct object *object, const char *value)
{
    if (!object->value)
        object->value = g_string_new(NULL);
    g_string_assign(object->value, value);
    return "ok";
}

static const char *read_object(const struct object *object)
{
    return object->value ? object->value->str : "nil";
}

static const char *swap_object(struct object *object, const char *old,
                               const char *new)
{
    if (strcmp(read_object(object), old) != 0)
        return "failed";
    return write_object(object, new);
}

static const char *append_object(struct object *object, const char *value)
{
    if (!object->value)
        return write_object(object, value);
    g_string_append(object->value, value);
    return "ok";
}

static const char *dequeue_object(struct object *object)
{
    const char *first = g_queue_pop_head(&object->items);
    return first ? first : "empty";
}

static const char *acquire_object(struct object *object, node_id client)
{
    if (object->holder != 0)
        return "refused";
    object->holder = client;
    return "granted";
}

static const char *release_object(struct object *object, node_id client)
{
    if (object->holder != client)
        return "refused";
    object->holder = 0;
    return "released";
}

/* Let @p op take effect. Returns its answer. */
static const char *apply(struct object *object, const struct operation *op,
                         const char *name)
{
    const char *const *arguments = op->arguments;
    if (strcmp(name, "put") == 0)
        return write_object(object, arguments[0]);
    if (strcmp(name, "get") == 0)
        return read_object(object);
    if (strcmp(name, "cas") == 0)
        return swap_object(object, arguments[0], arguments[1]);
    if (strcmp(name, "append") == 0)
        return append_object(object, arguments[0]);
    if (strcmp(name, "dequeue") == 0)
        return dequeue_object(object);
    if (strcmp(name, "acquire") == 0)
        return acquire_object(object, op->client);
    if (strcmp(name, "release") == 0)
        return release_object(object, op->client);
    g_queue_push_tail(&object->items, (void *)arguments[0]);
    return "ok";
}

/* ---- The clients. ---- */

/* A call that is to take effect, and then to return; or it is lost. */
struct visit {
    size_t call;
    bool under_way, done, lost;
    char *answer;
};

struct inventor {
    struct invented plan;
    struct dice dice;
    struct history *history;
    struct object *objects;
    struct visit *visits; /* Of each client. */
    GArray *late;         /* Calls that were lost, and take effect yet. */
    uint64_t values;
    nsec now;
};

static bool happens(struct inventor *inventor, uint64_t of_1000)
{
    return dice_roll(&inventor->dice) % 1000 < of_1000;
}

static const struct operation *call_at(const struct inventor *inventor,
                                       size_t index)
{
    size_t count;
    return &history_operations(inventor->history, &count)[index];
}

static const char *take_effect(struct inventor *inventor, size_t index)
{
    const struct operation *op = call_at(inventor, index);
    uint64_t key = g_ascii_strtoull(op->key + 1, NULL, 10);
    const struct model *model = history_model(inventor->history);
    return apply(&inventor->objects[key], op, model->ops[op->op].name);
}

/* Which op: reads a little more often than all the others together. */
static const char *draw_op(struct inventor *inventor)
{
    const struct model *model = history_model(inventor->history);
    bool second = happens(inventor, 550);
    if (second || !model->ops[2].name)
        return model->ops[second].name;
    return model->ops[happens(inventor, 1000 / RESET) ? 0 : 2].name;
}

static char *draw_value(struct inventor *inventor)
{
    uint64_t values = inventor->plan.values;
    uint64_t value =
        values > 0 ? dice_roll(&inventor->dice) % values : ++inventor->values;
    return g_strdup_printf("v%" G_GUINT64_FORMAT ".", value);
}

/* What a cas takes for the old value: often the right one. */
static char *draw_old(struct inventor *inventor, uint64_t key)
{
    if (happens(inventor, 700))
        return g_strdup(read_object(&inventor->objects[key]));
    return draw_value(inventor);
}

static size_t draw_call(struct inventor *inventor, node_id client)
{
    uint64_t number = dice_roll(&inventor->dice) % inventor->plan.keys;
    const char *op = draw_op(inventor);
    g_autofree char *key = g_strdup_printf("k%" G_GUINT64_FORMAT, number);
    g_autofree char *old = draw_old(inventor, number);
    g_autofree char *value = draw_value(inventor);
    const struct model *model = history_model(inventor->history);
    unsigned arguments = model->ops[model_op(model, op)].arguments;
    const char *first = arguments == 2 ? old : arguments == 1 ? value : NULL;
    const char *second = arguments == 2 ? value : NULL;
    return history_call(inventor->history, inventor->now, client, key, op,
                        first, second, NULL);
}

static void begin_visit(struct inventor *inventor, node_id client)
{
    inventor->visits[client] = (struct visit){
        .call = draw_call(inventor, client),
        .under_way = true,
        .lost = happens(inventor, inventor->plan.lost),
    };
}

static void end_visit(struct inventor *inventor, struct visit *visit)
{
    if (visit->lost)
        history_lost(inventor->history, inventor->now, visit->call);
    else
        history_return(inventor->history, inventor->now, visit->call,
                       visit->answer);
    if (visit->lost && !visit->done && happens(inventor, 500))
        g_array_append_val(inventor->late, visit->call);
    g_free(visit->answer);
    *visit = (struct visit){0};
}

/* A client comes one step further. */
static void go_on(struct inventor *inventor, node_id client, bool more)
{
    struct visit *visit = &inventor->visits[client];
    if (!visit->under_way && more) {
        begin_visit(inventor, client);
    } else if (visit->under_way && !visit->done &&
               !(visit->lost && happens(inventor, 500))) {
        visit->answer = g_strdup(take_effect(inventor, visit->call));
        visit->done = true;
    } else if (visit->under_way) {
        end_visit(inventor, visit);
    }
}

static void take_late_effect(struct inventor *inventor)
{
    guint late = inventor->late->len;
    if (late == 0 || !happens(inventor, 300))
        return;
    guint which = (guint)(dice_roll(&inventor->dice) % late);
    take_effect(inventor, g_array_index(inventor->late, size_t, which));
    g_array_remove_index_fast(inventor->late, which);
}

static bool step(struct inventor *inventor)
{
    size_t count;
    history_operations(inventor->history, &count);
    inventor->now += dice_between(&inventor->dice, 0, 1000);
    node_id client = dice_between(&inventor->dice, 1, inventor->plan.clients);
    go_on(inventor, client, count < inventor->plan.operations);
    take_late_effect(inventor);
    return count < inventor->plan.operations;
}

struct history *invented_new(struct invented plan)
{
    struct inventor inventor = {
        .plan = plan,
        .dice = dice_at(plan.seed, 0, 0),
        .history = history_new(plan.model),
        .objects = g_new0(struct object, plan.keys),
        .visits = g_new0(struct visit, plan.clients + 1),
        .late = g_array_new(FALSE, FALSE, sizeof(size_t)),
    };
    while (step(&inventor))
        continue;
    for (uint64_t i = 0; i <= plan.clients; i++)
        g_free(inventor.visits[i].answer);
    for (uint64_t i = 0; i < plan.keys; i++) {
        if (inventor.objects[i].value)
            g_string_free(inventor.objects[i].value, TRUE);
        g_queue_clear(&inventor.objects[i].items);
    }
    g_array_unref(inventor.late);
    g_free(inventor.objects);
    g_free(inventor.visits);
    return inventor.history;
}

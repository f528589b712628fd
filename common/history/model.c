/*
 * Why the promises of model.h hold. A run is a legal order of the completed
 * operations and of some open ones; o is an open one in it that nothing after it
 * shows.
 *
 * register, cas: from o to the next operation that writes, nobody can have looked:
 * a get would return what o wrote, a cas that wins would have it for OLD, and a cas
 * that fails would have another OLD; each of these shows o. Without o nothing
 * else changes. kv: the same; what a get returns begins with what was put, and
 * contains what was appended, until the next put.
 *
 * queue: nobody takes what o enqueued, or an open dequeue does, and goes too. An
 * open dequeue is shown by every later dequeue; if there is none, nobody
 * misses what it took.
 *
 * lock: an open acquire is shown by an acquire that is refused and by the
 * release; if there is neither, only an open release can follow, and goes too. A
 * release is shown by every acquire after it, and by a release that is refused.
 *
 * All this is true of a completed operation as well. So, of a closed set, take
 * the last one of a run away, then the one before it, and so on: what remains is
 * legal. Two models know sets that are smaller. queue: all that enqueues or
 * dequeues one value; the rest of the queue stays in its order. lock: a tenure, a
 * granted acquire and its client's next operation, the release, with the
 * acquires that it may have refused: the lock is free instead.
 */
#include "common/history/model.h"
#include <string.h>

static bool is(const char *word, const char *other)
{
    return word == other || (word && other && strcmp(word, other) == 0);
}

static bool returns(const struct operation *op, const char *value)
{
    return !operation_is_open(op) && is(op->value, value);
}

/* ---- A register, and one with compare-and-set. ---- */

enum { PUT, GET, CAS, APPEND = CAS };

static const struct model_op register_ops[] = {
    {"put", 1, {"ok"}},
    {"get", 0, {NULL}},
    {NULL, 0, {NULL}},
};

static const struct model_op cas_ops[] = {
    {"put", 1, {"ok"}},
    {"get", 0, {NULL}},
    {"cas", 2, {"ok", "failed"}},
    {NULL, 0, {NULL}},
};

/* The state is the value, and an equals sign before it; at first there is none. */
static const char *read_value(const GString *state)
{
    return state->len > 0 ? state->str + 1 : "nil";
}

static enum model_step write_value(GString *next, const char *value)
{
    g_string_append_c(next, '=');
    g_string_append(next, value);
    return MODEL_MOVES;
}

static enum model_step stay_if(bool legal)
{
    return legal ? MODEL_STAYS : MODEL_REFUSES;
}

static enum model_step step_get(const struct operation *op,
                                const GString *state)
{
    return stay_if(operation_is_open(op) || is(op->value, read_value(state)));
}

static enum model_step step_cas(const struct operation *op,
                                const GString *state, GString *next)
{
    bool wins = is(op->arguments[0], read_value(state));
    if (!operation_is_open(op) && !returns(op, wins ? "ok" : "failed"))
        return MODEL_REFUSES;
    return wins ? write_value(next, op->arguments[1]) : MODEL_STAYS;
}

static enum model_step step_register(const struct operation *op,
                                     const GString *state, GString *next)
{
    switch (op->op) {
    case PUT:
        return write_value(next, op->arguments[0]);
    case GET:
        return step_get(op, state);
    default:
        return step_cas(op, state, next);
    }
}

/* What it leaves behind if it takes effect; or NULL. */
static const char *written(const struct operation *op)
{
    if (op->op == CAS && !returns(op, "failed"))
        return op->arguments[1];
    return op->op == PUT ? op->arguments[0] : NULL;
}

static bool register_shows(const struct operation *seer,
                           const struct operation *actor)
{
    const char *value = written(actor);
    if (!value || seer->op == PUT)
        return false;
    if (seer->op == GET)
        return returns(seer, value);
    return is(seer->arguments[0], value) != returns(seer, "failed");
}

static bool register_goes_with(const struct operation *other,
                               const struct operation *gone)
{
    return operation_can_follow(other, gone) && register_shows(other, gone);
}

/* ---- A value that grows. ---- */

static const struct model_op kv_ops[] = {
    {"put", 1, {"ok"}},
    {"get", 0, {NULL}},
    {"append", 1, {"ok"}},
    {NULL, 0, {NULL}},
};

static enum model_step step_kv(const struct operation *op, const GString *state,
                               GString *next)
{
    if (op->op == GET)
        return step_get(op, state);
    if (op->op == PUT || state->len == 0)
        return write_value(next, op->arguments[0]);
    g_string_append_len(next, state->str, (gssize)state->len);
    g_string_append(next, op->arguments[0]);
    return MODEL_MOVES;
}

static bool kv_shows(const struct operation *seer,
                     const struct operation *actor)
{
    if (seer->op != GET || operation_is_open(seer) || actor->op == GET)
        return false;
    if (actor->op == PUT)
        return g_str_has_prefix(seer->value, actor->arguments[0]);
    return strstr(seer->value, actor->arguments[0]) != NULL;
}

static bool kv_goes_with(const struct operation *other,
                         const struct operation *gone)
{
    return operation_can_follow(other, gone) && kv_shows(other, gone);
}

/* ---- A queue. ---- */

enum { ENQUEUE, DEQUEUE };

static const struct model_op queue_ops[] = {
    {"enqueue", 1, {"ok"}},
    {"dequeue", 0, {NULL}},
    {NULL, 0, {NULL}},
};

/* The state is the values, the oldest first, each with a NUL behind it. */
static enum model_step step_queue(const struct operation *op,
                                  const GString *state, GString *next)
{
    const char *first = state->len > 0 ? state->str : "empty";
    if (op->op == ENQUEUE) {
        g_string_append_len(next, state->str, (gssize)state->len);
        g_string_append_len(next, op->arguments[0],
                            (gssize)strlen(op->arguments[0]) + 1);
        return MODEL_MOVES;
    }
    if (!operation_is_open(op) && !is(op->value, first))
        return MODEL_REFUSES;
    if (state->len == 0)
        return MODEL_STAYS;
    size_t size = strlen(first) + 1;
    g_string_append_len(next, first + size, (gssize)(state->len - size));
    return MODEL_MOVES;
}

static bool queue_shows(const struct operation *seer,
                        const struct operation *actor)
{
    if (seer->op != DEQUEUE || operation_is_open(seer))
        return false;
    return actor->op == DEQUEUE || is(seer->value, actor->arguments[0]);
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
    return other->op != gone->op && is(moved(other), moved(gone));
}

/* ---- A lock. ---- */

enum { ACQUIRE, RELEASE };

static const struct model_op lock_ops[] = {
    {"acquire", 0, {"granted", "refused"}},
    {"release", 0, {"released", "refused"}},
    {NULL, 0, {NULL}},
};

/* The state is the holder, if there is one. */
static enum model_step step_lock(const struct operation *op,
                                 const GString *state, GString *next)
{
    bool held = state->len > 0;
    bool ours = held && memcmp(state->str, &op->client, state->len) == 0;
    bool works = op->op == ACQUIRE ? !held : ours;
    if (!operation_is_open(op) && works == is(op->value, "refused"))
        return MODEL_REFUSES;
    if (works && op->op == ACQUIRE)
        g_string_append_len(next, (const char *)&op->client, sizeof op->client);
    return works ? MODEL_MOVES : MODEL_STAYS;
}

static bool lock_shows(const struct operation *seer,
                       const struct operation *actor)
{
    bool refused = returns(seer, "refused");
    bool ours = seer->client == actor->client;
    if (returns(actor, "refused"))
        return false;
    if (actor->op == RELEASE)
        return seer->op == ACQUIRE ? !refused : refused && ours;
    return seer->op == ACQUIRE ? refused : ours && returns(seer, "released");
}

static bool is_tenure(const struct operation *acquire,
                      const struct operation *release)
{
    return acquire && release && acquire->op == ACQUIRE &&
           release->op == RELEASE && returns(acquire, "granted") &&
           returns(release, "released");
}

static bool lock_goes_with(const struct operation *other,
                           const struct operation *gone)
{
    if (is_tenure(gone->before, gone))
        return other == gone->before;
    if (is_tenure(gone, gone->after) && other->op == RELEASE)
        return other == gone->after;
    return operation_can_follow(other, gone) && lock_shows(other, gone);
}

/* ---- All. ---- */

static const struct model models[] = {
    {"register", register_ops, step_register, register_shows,
     register_goes_with, false},
    {"cas", cas_ops, step_register, register_shows, register_goes_with, false},
    {"kv", kv_ops, step_kv, kv_shows, kv_goes_with, false},
    {"queue", queue_ops, step_queue, queue_shows, queue_goes_with, false},
    {"lock", lock_ops, step_lock, lock_shows, lock_goes_with, true},
};

const struct model *model_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        if (is(models[i].name, name))
            return &models[i];
    return NULL;
}

char *model_names(void)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               models[i].name);
    return g_string_free(names, FALSE);
}

int model_op(const struct model *model, const char *name)
{
    for (int i = 0; model->ops[i].name; i++)
        if (is(model->ops[i].name, name))
            return i;
    return -1;
}

bool model_answers(const struct model_op *op, const char *value)
{
    if (!op->answers[0])
        return value != NULL;
    if (!value)
        return is(op->answers[0], "ok") && !op->answers[1];
    return g_strv_contains(op->answers, value);
}

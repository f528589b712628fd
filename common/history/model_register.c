/*
 * What can be read: a register, one with compare-and-set, and a value that
 * grows.
 *
 * Why the promises hold. Let o be an open operation of a run that nothing after
 * it shows. register, cas: from o to the next operation that writes, nobody can
 * have looked: a get would return what o wrote, a cas that wins would have it
 * for OLD, and a cas that fails would have another OLD; each of these shows o.
 * Without o nothing else changes. kv: the same; until the next put, what a get
 * returns begins with what was put, and contains what was appended.
 *
 * All this is true of a completed o as well. So, of a closed set, take the last
 * one of a run out, then the one before it, and so on: what remains is legal.
 */
#include "common/history/model_parts.h"

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

/* The state is the value, and an equals sign before it; at first there is
 * none. */
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

static enum model_step step_get(const struct operation *op,
                                const GString *state)
{
    return model_stays_if(operation_is_open(op) ||
                          model_same(op->value, read_value(state)));
}

static enum model_step step_cas(const struct operation *op,
                                const GString *state, GString *next)
{
    bool wins = model_same(op->arguments[0], read_value(state));
    if (!operation_is_open(op) && !model_returns(op, wins ? "ok" : "failed"))
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
    if (op->op == CAS && !model_returns(op, "failed"))
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
        return model_returns(seer, value);
    return model_same(seer->arguments[0], value) !=
           model_returns(seer, "failed");
}

static bool register_goes_with(const struct operation *other,
                               const struct operation *gone)
{
    return operation_can_follow(other, gone) && register_shows(other, gone);
}

const struct model model_register = {
    .name = "register",
    .ops = register_ops,
    .step = step_register,
    .shows = register_shows,
    .goes_with = register_goes_with,
};

const struct model model_cas = {
    .name = "cas",
    .ops = cas_ops,
    .step = step_register,
    .shows = register_shows,
    .goes_with = register_goes_with,
};

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
    bool lost = strcmp(state->str, MODEL_LOST) == 0;
    if (op->op == GET && lost)
        return model_stays_if(operation_is_open(op));
    if (op->op == GET)
        return step_get(op, state);
    if (op->op == PUT || state->len == 0)
        return write_value(next, op->arguments[0]);
    g_string_append_len(next, state->str, (gssize)state->len);
    g_string_append(next, op->arguments[0]);
    return MODEL_MOVES;
}

/* Does an answer begin with the value? */
static bool kv_matters(const GString *state, const GPtrArray *answers)
{
    const char *value = read_value(state);
    guint low = 0, high = answers->len;
    if (g_str_has_prefix(state->str, MODEL_LOST))
        return false;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (strcmp(answers->pdata[middle], value) >= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low < answers->len && g_str_has_prefix(answers->pdata[low], value);
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

const struct model model_kv = {
    .name = "kv",
    .ops = kv_ops,
    .step = step_kv,
    .shows = kv_shows,
    .goes_with = kv_goes_with,
    .matters = kv_matters,
};

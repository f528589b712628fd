/*
 * A lock: one client holds it, or nobody.
 *
 * Why the promises hold. Let o be an open operation of a run that nothing after
 * it shows. If it is an acquire, no acquire is refused after it and its
 * client's release does not succeed; only an open release of that client can
 * follow, and is left out too. If it is a release, no acquire comes after it
 * and its client is not refused a release; so the lock may as well stay held.
 *
 * This is true of a completed o as well; so of a closed set the last one of a
 * run can be taken out, then the one before it, and so on. But then all that
 * comes after a release would go with it. So there are partners: a granted
 * acquire, and its client's next operation, a release. These two can be taken
 * out, with all acquires that may have been refused meanwhile, and with what
 * open ones of that client lie between: the lock is free instead, and nobody
 * else was ever granted it meanwhile who is not now.
 */
#include "common/history/model_parts.h"

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
    if (!operation_is_open(op) && works == model_same(op->value, "refused"))
        return MODEL_REFUSES;
    if (works && op->op == ACQUIRE)
        g_string_append_len(next, (const char *)&op->client, sizeof op->client);
    return works ? MODEL_MOVES : MODEL_STAYS;
}

static bool lock_shows(const struct operation *seer,
                       const struct operation *actor)
{
    bool refused = model_returns(seer, "refused");
    bool ours = seer->client == actor->client;
    if (model_returns(actor, "refused"))
        return false;
    if (actor->op == RELEASE)
        return seer->op == ACQUIRE ? !refused : refused && ours;
    return seer->op == ACQUIRE ? refused
                               : ours && model_returns(seer, "released");
}

/* A tenure: a granted acquire, and what its client does next, the release. */
static void pair_tenures(GArray *ops)
{
    g_autoptr(GHashTable) last = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < ops->len; i++) {
        struct operation *op = &g_array_index(ops, struct operation, i);
        void *client = GSIZE_TO_POINTER(op->client);
        struct operation *before = g_hash_table_lookup(last, client);
        if (before && before->op == ACQUIRE &&
            model_returns(before, "granted") && model_returns(op, "released")) {
            before->partner = op;
            op->partner = before;
        }
        g_hash_table_replace(last, client, op);
    }
}

static bool lock_goes_with(const struct operation *other,
                           const struct operation *gone)
{
    if (gone->partner && other->op == RELEASE)
        return other == gone->partner;
    if (gone->partner && gone->op == RELEASE)
        return other == gone->partner;
    return operation_can_follow(other, gone) && lock_shows(other, gone);
}

const struct model model_lock = {
    .name = "lock",
    .ops = lock_ops,
    .step = step_lock,
    .shows = lock_shows,
    .goes_with = lock_goes_with,
    .pair = pair_tenures,
    .by_client = true,
};

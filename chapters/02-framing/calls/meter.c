#include "02-framing/calls/meter.h"

struct meter {
    struct env env; /* First: it is one. */
    uint64_t sent;
};

static void count(struct env *env, node_id to, GBytes *message)
{
    struct meter *meter = (struct meter *)env;
    meter->sent++;
    env_send(env->below, to, message);
}

static void hand_up(void *self, node_id from, GBytes *message)
{
    struct meter *meter = self;
    env_deliver(&meter->env, from, message);
}

struct meter *meter_new(struct env *below)
{
    static const struct env_ops ops = {.send = count};
    struct meter *meter = g_new0(struct meter, 1);
    meter->env = (struct env){
        .ops = &ops, .below = below, .id = below->id, .most = below->most};
    env_bind(below, hand_up, meter);
    return meter;
}

struct env *meter_env(struct meter *meter)
{
    return &meter->env;
}

uint64_t meter_sent(const struct meter *meter)
{
    return meter->sent;
}

void meter_free(struct meter *meter)
{
    env_bind(meter->env.below, NULL, NULL);
    g_free(meter);
}

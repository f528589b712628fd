#include "03-transport/transfer/lossy.h"
#include "common/world/dice.h"

struct lossy {
    struct env env; /* First: it is one. */
    unsigned loss;
    struct dice dice;
    uint64_t lost;
};

static bool loses(struct lossy *lossy)
{
    bool lost = dice_between(&lossy->dice, 1, 1000) <= lossy->loss;
    lossy->lost += lost;
    return lost;
}

static void lossy_send(struct env *env, node_id to, GBytes *message)
{
    if (to == env->id || !loses((struct lossy *)env))
        env_send(env->below, to, message);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct lossy *lossy = self;
    bool farewell = g_bytes_get_size(message) == 0;
    if (from == lossy->env.id || farewell || !loses(lossy))
        env_deliver(&lossy->env, from, message);
}

struct lossy *lossy_new(struct env *below, unsigned loss, uint64_t seed)
{
    static const struct env_ops ops = {.send = lossy_send};
    struct lossy *lossy = g_new0(struct lossy, 1);
    lossy->env = (struct env){
        .ops = &ops, .below = below, .id = below->id, .most = below->most};
    lossy->loss = loss;
    lossy->dice = dice_at(seed, below->id, 0);
    env_bind(below, on_message, lossy);
    return lossy;
}

struct env *lossy_env(struct lossy *lossy)
{
    return &lossy->env;
}

uint64_t lossy_lost(const struct lossy *lossy)
{
    return lossy->lost;
}

void lossy_free(struct lossy *lossy)
{
    g_free(lossy);
}

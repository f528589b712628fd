/* An answer leaves when all is written, and does not wait for the disk. */
#include "exercises/04-queues/test_confirm.h"

static struct env layer;

static void send(struct env *env, node_id to, GBytes *message)
{
    if (to == env->id)
        env_send(env->below, to, message);
    else
        confirm_tell(to, message);
}

static void forward(void *self, node_id from, GBytes *message)
{
    env_deliver(self, from, message);
}

struct env *confirm_floor(struct env *world)
{
    static const struct env_ops ops = {.send = send};
    layer = (struct env){
        .ops = &ops, .below = world, .id = world->id, .most = world->most};
    env_bind(world, forward, &layer);
    return &layer;
}

void confirm_floor_free(struct env *floor)
{
    env_bind(floor->below, NULL, NULL);
}

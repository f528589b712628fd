/* Answers wait for a sync, for whichever is under way: a letter to oneself says
 * when it is done, and no other is sent before it is back. */
#include "exercises/04-queues/test_confirm.h"

struct confirm_answer {
    node_id to;
    GBytes *message;
};

static struct {
    struct env env;
    GArray *answers;
    bool out; /* The letter. */
} layer;

static void send(struct env *env, node_id to, GBytes *message)
{
    if (to == env->id) {
        env_send(env->below, to, message);
        return;
    }
    struct confirm_answer answer = {to, g_bytes_ref(message)};
    g_array_append_val(layer.answers, answer);
    if (layer.out)
        return;
    g_autoptr(GBytes) letter = g_bytes_new_static("synced", 6);
    layer.out = true;
    env_send(env->below, env->id, letter);
}

static void forward(void *self, node_id from, GBytes *message)
{
    struct env *env = self;
    if (from != env->id || g_bytes_get_size(message) != 6) {
        env_deliver(env, from, message);
        return;
    }
    layer.out = false;
    for (unsigned i = 0; i < layer.answers->len; i++) {
        struct confirm_answer *answer =
            &g_array_index(layer.answers, struct confirm_answer, i);
        confirm_tell(answer->to, answer->message);
        g_bytes_unref(answer->message);
    }
    g_array_set_size(layer.answers, 0);
}

struct env *confirm_floor(struct env *world)
{
    static const struct env_ops ops = {.send = send};
    layer.env = (struct env){
        .ops = &ops, .below = world, .id = world->id, .most = world->most};
    layer.answers = g_array_new(FALSE, FALSE, sizeof(struct confirm_answer));
    layer.out = false;
    env_bind(world, forward, &layer.env);
    return &layer.env;
}

void confirm_floor_free(struct env *floor)
{
    env_bind(floor->below, NULL, NULL);
    for (unsigned i = 0; i < layer.answers->len; i++)
        g_bytes_unref(
            g_array_index(layer.answers, struct confirm_answer, i).message);
    g_clear_pointer(&layer.answers, g_array_unref);
}

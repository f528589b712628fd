#include "04-queues/storms/mirror.h"

struct mirror {
    struct env env;
    bool cut, removed;
};

static void send(struct env *env, node_id to, GBytes *message)
{
    (void)env, (void)to, (void)message;
}

static void arm(struct env *env, struct timer *timer, nsec delay)
{
    (void)env, (void)timer, (void)delay;
}

static void disarm(struct env *env, struct timer *timer)
{
    (void)env, (void)timer;
}

static void persist(struct env *env, const char *key, GBytes *value)
{
    struct mirror *mirror = (struct mirror *)env;
    g_autoptr(GBytes) old = env_recall(env->below, key);
    mirror->removed |= old && !value;
    mirror->cut |=
        old && value && g_bytes_get_size(value) < g_bytes_get_size(old);
}

static void append(struct env *env, const char *key, GBytes *bytes)
{
    (void)env, (void)key, (void)bytes;
}

static uint64_t any_number(struct env *env)
{
    (void)env;
    return 1;
}

struct mirror *mirror_new(struct env *env)
{
    static const struct env_ops ops = {.send = send,
                                       .arm = arm,
                                       .disarm = disarm,
                                       .persist = persist,
                                       .append = append,
                                       .random = any_number};
    struct mirror *mirror = g_new0(struct mirror, 1);
    mirror->env = (struct env){
        .ops = &ops, .below = env, .id = env->id, .most = env->most};
    return mirror;
}

struct env *mirror_env(struct mirror *mirror)
{
    return &mirror->env;
}

bool mirror_has_cut(const struct mirror *mirror)
{
    return mirror->cut;
}

bool mirror_has_removed(const struct mirror *mirror)
{
    return mirror->removed;
}

void mirror_free(struct mirror *mirror)
{
    g_free(mirror);
}

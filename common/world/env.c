#include "common/world/env.h"
#include <string.h>

/* The nearest env, from this one down, that answers a verb itself. */
#define ANSWERING(env, verb)  \
    while (!(env)->ops->verb) \
    (env) = (env)->below

void env_bind(struct env *env, env_receiver *deliver, void *self)
{
    env->deliver = deliver;
    env->self = self;
}

void env_deliver(struct env *env, node_id from, GBytes *message)
{
    if (env->deliver)
        env->deliver(env->self, from, message);
}

nsec env_now(struct env *env)
{
    ANSWERING(env, now);
    return env->ops->now(env);
}

void env_send(struct env *env, node_id to, GBytes *message)
{
    size_t size = g_bytes_get_size(message);
    g_assert(size >= 1 && size <= env->most);
    ANSWERING(env, send);
    env->ops->send(env, to, message);
}

void env_arm(struct env *env, struct timer *timer, nsec delay)
{
    g_assert(timer->fire);
    ANSWERING(env, arm);
    env->ops->arm(env, timer, delay);
}

void env_disarm(struct env *env, struct timer *timer)
{
    ANSWERING(env, disarm);
    env->ops->disarm(env, timer);
}

static bool is_sign(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/* Asked with each append: strspn() would make a table of the signs each time. */
static bool is_key(const char *key)
{
    size_t size = 0;
    while (is_sign(key[size]))
        size++;
    return size >= 1 && size <= 64 && key[size] == '\0';
}

void env_persist(struct env *env, const char *key, GBytes *value)
{
    g_assert(is_key(key));
    ANSWERING(env, persist);
    env->ops->persist(env, key, value);
}

void env_append(struct env *env, const char *key, GBytes *bytes)
{
    g_assert(is_key(key));
    ANSWERING(env, append);
    env->ops->append(env, key, bytes);
}

GBytes *env_recall(struct env *env, const char *key)
{
    g_assert(is_key(key));
    ANSWERING(env, recall);
    return env->ops->recall(env, key);
}

uint64_t env_random(struct env *env)
{
    ANSWERING(env, random);
    return env->ops->random(env);
}

void env_note(struct env *env, const char *format, ...)
{
    va_list arguments;
    ANSWERING(env, note);
    va_start(arguments, format);
    env->ops->note(env, format, arguments);
    va_end(arguments);
}

/*
 * Two sides greet first, and only then is the first message on its way; until
 * then all of them wait. A message is named by a number that no other message
 * of this incarnation has, to whomever; so the receiver knows a new one by its
 * higher number, and nothing is counted anew when a peer is born again. One
 * timer serves all peers, who stand in a list.
 */
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "03-transport/arq.h"
#include <stdlib.h>
#include <string.h>

#define KEY "arq.boots"

enum { GREETING = 'g', REPLY = 'r', DATA = 'd', DONE = 'k' };

struct acquaintance {
    struct acquaintance *next;
    node_id id;
    uint64_t boot; /* 0: we have not met. */
    GBytes *flying;
    uint64_t serial; /* Of what flies. */
    GPtrArray *waiting;
    nsec due;      /* When to try again; 0: nothing to try. */
    uint64_t done; /* The highest serial that was delivered. */
};

struct arq {
    struct env env;
    nsec timeout;
    uint64_t boot, serial, repeats;
    struct acquaintance *all;
    struct timer timer;
};

static struct acquaintance *find(struct arq *arq, node_id id)
{
    for (struct acquaintance *one = arq->all; one; one = one->next)
        if (one->id == id)
            return one;
    struct acquaintance *made = g_new0(struct acquaintance, 1);
    made->id = id;
    made->waiting =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    made->next = arq->all;
    arq->all = made;
    return made;
}

static void say(struct arq *arq, struct acquaintance *one, int kind,
                uint64_t serial)
{
    struct wire_writer out = {.most = SIZE_MAX};
    wire_put_u8(&out, (uint8_t)kind);
    wire_put_varint(&out, arq->boot);
    wire_put_varint(&out, one->boot);
    wire_put_varint(&out, serial);
    if (kind == DATA) {
        size_t size;
        const void *data = g_bytes_get_data(one->flying, &size);
        wire_put_raw(&out, data, size);
    }
    wire_put_u32(&out, crc32c(1, out.data, out.size));
    g_autoptr(GBytes) bytes = wire_finish(&out);
    env_send(arq->env.below, one->id, bytes);
}

/* For the soonest of all that wait for something. */
static void set_timer(struct arq *arq)
{
    nsec now = env_now(arq->env.below), soonest = 0;
    for (struct acquaintance *one = arq->all; one; one = one->next)
        if (one->due > 0 && (soonest == 0 || one->due < soonest))
            soonest = one->due;
    if (soonest > 0)
        env_arm(arq->env.below, &arq->timer, soonest > now ? soonest - now : 0);
    else
        env_disarm(arq->env.below, &arq->timer);
}

static void try(struct arq *arq, struct acquaintance *one)
{
    if (one->boot > 0 && !one->flying && one->waiting->len > 0) {
        one->flying = g_ptr_array_steal_index(one->waiting, 0);
        one->serial = ++arq->serial;
    }
    one->due = 0;
    if (!one->flying && one->waiting->len == 0)
        return;
    say(arq, one, one->boot > 0 ? DATA : GREETING, one->serial);
    one->due = env_now(arq->env.below) + arq->timeout;
}

static void on_time(void *self)
{
    struct arq *arq = self;
    nsec now = env_now(arq->env.below);
    for (struct acquaintance *one = arq->all; one; one = one->next)
        if (one->due > 0 && one->due <= now) {
            arq->repeats += one->flying != NULL;
            try(arq, one);
        }
    set_timer(arq);
}

static void meet(struct arq *arq, struct acquaintance *one, uint64_t boot)
{
    if (boot <= one->boot)
        return;
    one->boot = boot;
    one->done = 0;
    arq->repeats += one->flying != NULL;
    try(arq, one);
}

static void on_data(struct arq *arq, struct acquaintance *one, uint64_t serial,
                    struct wire_reader in)
{
    if (serial > one->done) {
        g_autoptr(GBytes) message = g_bytes_new(in.next, in.left);
        one->done = serial;
        env_deliver(&arq->env, one->id, message);
    }
    say(arq, one, DONE, serial);
}

static void on_intact(struct arq *arq, node_id from, struct wire_reader in)
{
    int kind = wire_get_u8(&in);
    uint64_t theirs = wire_get_varint(&in), ours = wire_get_varint(&in);
    uint64_t serial = wire_get_varint(&in);
    if (in.failed)
        return;
    struct acquaintance *one = find(arq, from);
    if (theirs < one->boot)
        return;
    meet(arq, one, theirs);
    if (kind == GREETING || (kind == DATA && ours != arq->boot))
        say(arq, one, REPLY, 0);
    else if (kind == DATA)
        on_data(arq, one, serial, in);
    else if (kind == DONE && ours == arq->boot && one->flying &&
             serial == one->serial) {
        g_clear_pointer(&one->flying, g_bytes_unref);
        try(arq, one);
    }
    set_timer(arq);
}

static void on_bytes(void *self, node_id from, GBytes *bytes)
{
    struct arq *arq = self;
    size_t size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    if (size == 0 || from == arq->env.id) {
        env_deliver(&arq->env, from, bytes);
        return;
    }
    if (size < 8)
        return;
    struct wire_reader tail = wire_read(data + size - 4, 4);
    if (wire_get_u32(&tail) == crc32c(1, data, size - 4))
        on_intact(arq, from, wire_read(data, size - 4));
}

static void send(struct env *env, node_id to, GBytes *message)
{
    struct arq *arq = (struct arq *)env;
    if (to == env->id) {
        env_send(env->below, to, message);
        return;
    }
    struct acquaintance *one = find(arq, to);
    g_ptr_array_add(one->waiting, g_bytes_ref(message));
    if (one->due == 0)
        try(arq, one);
    if (one->waiting->len > ARQ_QUEUE)
        g_ptr_array_remove_index(one->waiting, 0);
    set_timer(arq);
}

struct arq *arq_new(struct env *below, nsec timeout)
{
    static const struct env_ops ops = {.send = send};
    struct arq *arq = g_new0(struct arq, 1);
    g_autoptr(GBytes) before = env_recall(below, KEY);
    size_t size = 0;
    const char *digits = before ? g_bytes_get_data(before, &size) : NULL;
    g_autofree char *text = g_strndup(digits ? digits : "", size);
    arq->boot = strtoull(text, NULL, 10) + 1;
    g_autofree char *now =
        g_strdup_printf("%llu", (unsigned long long)arq->boot);
    g_autoptr(GBytes) after = g_bytes_new(now, strlen(now));
    env_persist(below, KEY, after);
    arq->env = (struct env){.ops = &ops,
                            .below = below,
                            .id = below->id,
                            .most = below->most - ARQ_HEADER};
    arq->timeout = timeout;
    arq->timer = (struct timer){.fire = on_time, .self = arq};
    env_bind(below, on_bytes, arq);
    return arq;
}

struct env *arq_env(struct arq *arq)
{
    return &arq->env;
}

uint64_t arq_repeats(const struct arq *arq)
{
    return arq->repeats;
}

void arq_free(struct arq *arq)
{
    env_disarm(arq->env.below, &arq->timer);
    while (arq->all) {
        struct acquaintance *one = arq->all;
        arq->all = one->next;
        g_clear_pointer(&one->flying, g_bytes_unref);
        g_ptr_array_unref(one->waiting);
        g_free(one);
    }
    g_free(arq);
}

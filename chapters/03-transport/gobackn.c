/*
 * Incarnations and the two kinds of segments are those of arq.c (the answer of
 * exercise 3.1, whose design comment tells why they are so), and two things
 * differ:
 *
 *     numbers    1 .. base-1 | base .. base+flying-1 | the next, ..
 *                acknowledged|       on their way    | waiting
 *
 *  - an ACK n is for all up to n, so one that is lost is made good by the next;
 *  - up to `window` messages are on their way, and when the timer fires, all of
 *    them are sent again. For the receiver keeps nothing that came too early:
 *    where one is lost, those behind it were sent in vain.
 *
 * That is what it costs: at a loss of p each message is sent about
 * (1 + (N - 1) p) / (1 - p) times, N being what is on its way, and what
 * selective repeat saves (flow.h).
 */
#include "03-transport/gobackn.h"
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"

#define KEY "gobackn.incarnation"

enum kind { MESSAGE, ACK };

struct gobackn_segment {
    enum kind kind;
    uint64_t number;
    uint64_t from, to; /* Incarnations. */
    GBytes *message;   /* NULL: of an ACK. */
};

struct gobackn_peer {
    struct gobackn *gobackn;
    node_id id;
    uint64_t incarnation; /* The latest we have heard of; 0: none. */
    uint64_t base;        /* The number of the first on its way, or the next. */
    GQueue flying;        /* GBytes, on their way. */
    GQueue waiting;       /* GBytes. */
    struct timer timer;   /* Armed while any is on its way. */
    uint64_t delivered;   /* The number of the last one from there. */
};

struct gobackn {
    struct env env; /* First: it is one. */
    unsigned window;
    nsec timeout;
    uint64_t incarnation;
    GHashTable *peers; /* struct gobackn_peer, by id. */
    uint64_t repeats;
};

/* ---- Segments. ---- */

static GBytes *encode(const struct gobackn_segment *segment)
{
    struct wire_writer body = {.most = SIZE_MAX}, out = {.most = SIZE_MAX};
    wire_put_u8(&body, (uint8_t)segment->kind);
    wire_put_u64(&body, segment->number);
    wire_put_u64(&body, segment->from);
    wire_put_u64(&body, segment->to);
    if (segment->message) {
        size_t size;
        const void *data = g_bytes_get_data(segment->message, &size);
        wire_put_raw(&body, data, size);
    }
    wire_put_u32(&out, crc32c(0, body.data, body.size));
    wire_put_raw(&out, body.data, body.size);
    wire_clear(&body);
    return wire_finish(&out);
}

/* False: it is damaged, or none of ours. */
static bool decode(GBytes *bytes, struct gobackn_segment *segment)
{
    struct wire_reader in = wire_read_bytes(bytes);
    uint32_t check = wire_get_u32(&in);
    if (in.failed || crc32c(0, in.next, in.left) != check)
        return false;
    segment->kind = wire_get_u8(&in);
    segment->number = wire_get_u64(&in);
    segment->from = wire_get_u64(&in);
    segment->to = wire_get_u64(&in);
    if (in.failed || segment->kind > ACK)
        return false;
    segment->message =
        segment->kind == MESSAGE ? g_bytes_new(in.next, in.left) : NULL;
    return true;
}

static void send_segment(struct gobackn_peer *peer, enum kind kind,
                         uint64_t number, GBytes *message)
{
    struct gobackn_segment segment = {.kind = kind,
                                      .number = number,
                                      .from = peer->gobackn->incarnation,
                                      .to = peer->incarnation,
                                      .message = message};
    g_autoptr(GBytes) bytes = encode(&segment);
    env_send(peer->gobackn->env.below, peer->id, bytes);
}

/* ---- Out. ---- */

/* The one timer, for the oldest that is on its way. */
static void set_timer(struct gobackn_peer *peer)
{
    struct gobackn *gobackn = peer->gobackn;
    if (g_queue_is_empty(&peer->flying))
        env_disarm(gobackn->env.below, &peer->timer);
    else
        env_arm(gobackn->env.below, &peer->timer, gobackn->timeout);
}

/* Let as many go as the window allows. */
static void fill_window(struct gobackn_peer *peer)
{
    while (peer->flying.length < peer->gobackn->window &&
           peer->waiting.length > 0) {
        GBytes *message = g_queue_pop_head(&peer->waiting);
        g_queue_push_tail(&peer->flying, message);
        send_segment(peer, MESSAGE, peer->base + peer->flying.length - 1,
                     message);
        if (peer->flying.length == 1)
            set_timer(peer);
    }
}

static void transmit_again(struct gobackn_peer *peer)
{
    uint64_t number = peer->base;
    for (GList *at = peer->flying.head; at; at = at->next)
        send_segment(peer, MESSAGE, number++, at->data);
    peer->gobackn->repeats += peer->flying.length;
    set_timer(peer);
}

static void on_timeout(void *self)
{
    transmit_again(self);
}

/* ---- Peers. ---- */

static struct gobackn_peer *peer_of(struct gobackn *gobackn, node_id id)
{
    struct gobackn_peer *peer = g_hash_table_lookup(gobackn->peers, &id);
    if (peer)
        return peer;
    peer = g_new0(struct gobackn_peer, 1);
    peer->gobackn = gobackn;
    peer->id = id;
    peer->base = 1;
    peer->timer = (struct timer){.fire = on_timeout, .self = peer};
    g_hash_table_insert(gobackn->peers, &peer->id, peer);
    return peer;
}

static void peer_free(void *value)
{
    struct gobackn_peer *peer = value;
    env_disarm(peer->gobackn->env.below, &peer->timer);
    g_queue_clear_full(&peer->flying, (GDestroyNotify)g_bytes_unref);
    g_queue_clear_full(&peer->waiting, (GDestroyNotify)g_bytes_unref);
    g_free(peer);
}

/* ---- In. ---- */

/* Only the next one; what is behind a hole will be sent again. */
static void on_number(struct gobackn_peer *peer, uint64_t number,
                      GBytes *message)
{
    if (number == peer->delivered + 1) {
        peer->delivered = number;
        env_deliver(&peer->gobackn->env, peer->id, message);
    }
}

/* For all up to this number. A late one is before the first on its way. */
static void on_ack(struct gobackn_peer *peer, uint64_t number)
{
    if (number < peer->base || number - peer->base >= peer->flying.length)
        return;
    for (; peer->base <= number; peer->base++)
        g_bytes_unref(g_queue_pop_head(&peer->flying));
    set_timer(peer);
    fill_window(peer);
}

/* The new incarnation has heard nothing: what was on its way is again. */
static void on_birth(struct gobackn_peer *peer, uint64_t incarnation)
{
    peer->incarnation = incarnation;
    peer->delivered = 0;
    peer->base = 1;
    transmit_again(peer);
}

static void on_segment(struct gobackn_peer *peer,
                       const struct gobackn_segment *segment)
{
    if (segment->from < peer->incarnation)
        return;
    if (segment->from > peer->incarnation)
        on_birth(peer, segment->from);
    bool ours = segment->to == peer->gobackn->incarnation;
    switch (segment->kind) {
    case MESSAGE:
        if (ours)
            on_number(peer, segment->number, segment->message);
        send_segment(peer, ACK, peer->delivered, NULL);
        break;
    case ACK:
        if (ours)
            on_ack(peer, segment->number);
        break;
    }
}

static void on_message(void *self, node_id from, GBytes *bytes)
{
    struct gobackn *gobackn = self;
    struct gobackn_segment segment;
    if (from == gobackn->env.id || g_bytes_get_size(bytes) == 0) {
        env_deliver(&gobackn->env, from, bytes);
        return;
    }
    if (!decode(bytes, &segment))
        return;
    on_segment(peer_of(gobackn, from), &segment);
    g_clear_pointer(&segment.message, g_bytes_unref);
}

/* ---- The env we offer: a better send. ---- */

static void gobackn_send(struct env *env, node_id to, GBytes *message)
{
    if (to == env->id) {
        env_send(env->below, to, message);
        return;
    }
    struct gobackn_peer *peer = peer_of((struct gobackn *)env, to);
    g_queue_push_tail(&peer->waiting, g_bytes_ref(message));
    fill_window(peer);
    if (peer->waiting.length > GOBACKN_QUEUE)
        g_bytes_unref(g_queue_pop_head(&peer->waiting));
}

/* ---- Life. ---- */

static uint64_t begin_incarnation(struct env *env)
{
    struct wire_writer out = {.most = 8};
    g_autoptr(GBytes) before = env_recall(env, KEY);
    uint64_t incarnation = 1;
    if (before) {
        struct wire_reader in = wire_read_bytes(before);
        incarnation = wire_get_u64(&in) + 1;
    }
    wire_put_u64(&out, incarnation);
    g_autoptr(GBytes) now = wire_finish(&out);
    env_persist(env, KEY, now);
    return incarnation;
}

struct gobackn *gobackn_new(struct env *below, unsigned window, nsec timeout)
{
    static const struct env_ops ops = {.send = gobackn_send};
    struct gobackn *gobackn = g_new0(struct gobackn, 1);
    g_assert(window > 0);
    gobackn->env = (struct env){.ops = &ops,
                                .below = below,
                                .id = below->id,
                                .most = below->most - GOBACKN_HEADER};
    gobackn->window = window;
    gobackn->timeout = timeout;
    gobackn->incarnation = begin_incarnation(below);
    gobackn->peers =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, peer_free);
    env_bind(below, on_message, gobackn);
    return gobackn;
}

struct env *gobackn_env(struct gobackn *gobackn)
{
    return &gobackn->env;
}

uint64_t gobackn_repeats(const struct gobackn *gobackn)
{
    return gobackn->repeats;
}

void gobackn_free(struct gobackn *gobackn)
{
    g_hash_table_unref(gobackn->peers);
    g_free(gobackn);
}

/* SOLUTION: all of it is yours: what stands in a segment, what is kept of each
 * peer, what happens when a segment comes and when the time is over. The header
 * says what must come of it. Begin with two nodes that never crash. */
/*
 * Two kinds of segments go to and fro between two incarnations, one of each
 * node:
 *
 *     MESSAGE n    the n-th message from this incarnation to that, from 1 on
 *     ACK n        the n-th is the last that was delivered; 0: none was
 *
 *     0   CRC-32C of all that follows
 *     4   kind: 0 MESSAGE, 1 ACK             13   incarnation that sends it
 *     5   n: 8 bytes                         21   incarnation it is meant for
 *     29  the message
 *
 * An incarnation is a number that grows with each boot. It is persisted before
 * the first segment is sent, so none leaves before it is durable: no two boots
 * that anybody has heard of have the same. What comes
 *
 *     from an older one than we know   is a ghost: dropped
 *     from a newer one                 the peer was born again: both count
 *                                      from 1 again, and what it was being
 *                                      sent is sent to the new one
 *     for another one than ours        is not delivered; but the ACK that
 *                                      answers it says who we are
 *
 * The first message to a peer is meant for incarnation 0, which is nobody's;
 * so the ACK 0 that comes back makes the acquaintance. Were it delivered at
 * once, a late copy of it would be delivered to the next incarnation too.
 *
 * An ACK says only what is true of two incarnations, and stays true. So it
 * needs no answer, it may be lost or come late, and it is sent for every
 * MESSAGE, also for one that was delivered before: perhaps that ACK was lost.
 * (A *NAK* for what came damaged, and no timer, would be faster. But who does
 * not get a message does not know that there was one, and a NAK is lost too.)
 *
 * One bit for n would do, if the network kept the order (the alternating bit,
 * Bartlett and others 1969). It does not: see exercise 3.B.
 */
#include "03-transport/arq.h"
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "common/course/todo.h"

#define KEY "arq.incarnation"

enum kind { MESSAGE, ACK };

struct arq_segment {
    enum kind kind;
    uint64_t number;
    uint64_t from, to; /* Incarnations. */
    GBytes *message;   /* NULL: of an ACK. */
};

struct arq_peer {
    struct arq *arq;
    node_id id;
    uint64_t incarnation; /* The latest we have heard of; 0: none. */
    GBytes *flying;       /* The message on its way, or NULL .. */
    uint64_t number;      /* .. and its number, or that of the next. */
    GQueue waiting;       /* GBytes. */
    struct timer timer;   /* Armed while one is on its way. */
    uint64_t delivered;   /* The number of the last one from there. */
};

struct arq {
    struct env env; /* First: it is one. */
    nsec timeout;
    uint64_t incarnation;
    GHashTable *peers; /* struct arq_peer, by id. */
    uint64_t repeats;
};

/* ---- Segments. ---- */

static GBytes *encode(const struct arq_segment *segment)
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
static bool decode(GBytes *bytes, struct arq_segment *segment)
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

static void send_segment(struct arq_peer *peer, enum kind kind, uint64_t number,
                         GBytes *message)
{
    struct arq_segment segment = {.kind = kind,
                                  .number = number,
                                  .from = peer->arq->incarnation,
                                  .to = peer->incarnation,
                                  .message = message};
    g_autoptr(GBytes) bytes = encode(&segment);
    env_send(peer->arq->env.below, peer->id, bytes);
}

/* ---- Out. ---- */

static void transmit(struct arq_peer *peer)
{
    send_segment(peer, MESSAGE, peer->number, peer->flying);
    env_arm(peer->arq->env.below, &peer->timer, peer->arq->timeout);
}

static void transmit_again(struct arq_peer *peer)
{
    peer->arq->repeats++;
    transmit(peer);
}

/* Invariant: nothing waits while nothing is on its way. */
static void transmit_next(struct arq_peer *peer)
{
    peer->flying = g_queue_pop_head(&peer->waiting);
    if (peer->flying)
        transmit(peer);
}

static void on_timeout(void *self)
{
    transmit_again(self);
}

/* ---- Peers. ---- */

static struct arq_peer *peer_of(struct arq *arq, node_id id)
{
    struct arq_peer *peer = g_hash_table_lookup(arq->peers, &id);
    if (peer)
        return peer;
    peer = g_new0(struct arq_peer, 1);
    peer->arq = arq;
    peer->id = id;
    peer->number = 1;
    peer->timer = (struct timer){.fire = on_timeout, .self = peer};
    g_hash_table_insert(arq->peers, &peer->id, peer);
    return peer;
}

static void peer_free(void *value)
{
    struct arq_peer *peer = value;
    env_disarm(peer->arq->env.below, &peer->timer);
    g_clear_pointer(&peer->flying, g_bytes_unref);
    g_queue_clear_full(&peer->waiting, (GDestroyNotify)g_bytes_unref);
    g_free(peer);
}

/* ---- In. ---- */

/* Our state is settled before we deliver: the one above may send from inside.
 * And the ACK comes after it in program order, so it leaves when what was
 * written down meanwhile is durable (CONTRACT.md, clause 2). */
static void on_number(struct arq_peer *peer, uint64_t number, GBytes *message)
{
    if (number == peer->delivered + 1) {
        peer->delivered = number;
        env_deliver(&peer->arq->env, peer->id, message);
    }
}

static void on_ack(struct arq_peer *peer, uint64_t number)
{
    if (!peer->flying || number != peer->number)
        return; /* It is late. */
    env_disarm(peer->arq->env.below, &peer->timer);
    g_clear_pointer(&peer->flying, g_bytes_unref);
    peer->number++;
    transmit_next(peer);
}

static void on_birth(struct arq_peer *peer, uint64_t incarnation)
{
    peer->incarnation = incarnation;
    peer->delivered = 0;
    peer->number = 1;
    if (peer->flying)
        transmit_again(peer);
}

static void on_segment(struct arq_peer *peer, const struct arq_segment *segment)
{
    if (segment->from < peer->incarnation)
        return;
    if (segment->from > peer->incarnation)
        on_birth(peer, segment->from);
    bool ours = segment->to == peer->arq->incarnation;
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
    struct arq *arq = self;
    struct arq_segment segment;
    if (from == arq->env.id || g_bytes_get_size(bytes) == 0) {
        env_deliver(&arq->env, from, bytes);
        return;
    }
    if (!decode(bytes, &segment))
        return;
    on_segment(peer_of(arq, from), &segment);
    g_clear_pointer(&segment.message, g_bytes_unref);
}

/* ---- The env we offer: a better send. ---- */

static void arq_send(struct env *env, node_id to, GBytes *message)
{
    if (to == env->id) {
        env_send(env->below, to, message);
        return;
    }
    struct arq_peer *peer = peer_of((struct arq *)env, to);
    g_queue_push_tail(&peer->waiting, g_bytes_ref(message));
    if (!peer->flying)
        transmit_next(peer);
    if (peer->waiting.length > ARQ_QUEUE)
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

/* END SOLUTION: #include "03-transport/arq.h"
 * #include "02-framing/crc32c.h"
 * #include "02-framing/wire.h"
 * #include "common/course/todo.h" */

struct arq *arq_new(struct env *below, nsec timeout)
{
    /* SOLUTION: make it, and bind the env below. */
    static const struct env_ops ops = {.send = arq_send};
    struct arq *arq = g_new0(struct arq, 1);
    arq->env = (struct env){.ops = &ops,
                            .below = below,
                            .id = below->id,
                            .most = below->most - ARQ_HEADER};
    arq->timeout = timeout;
    arq->incarnation = begin_incarnation(below);
    arq->peers =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, peer_free);
    env_bind(below, on_message, arq);
    return arq;
    /* END SOLUTION: (void)below, (void)timeout;
     * return todo(NULL); */
}

struct env *arq_env(struct arq *arq)
{
    /* SOLUTION: its first member, most likely. */
    return &arq->env;
    /* END SOLUTION: (void)arq;
     * return todo(NULL); */
}

uint64_t arq_repeats(const struct arq *arq)
{
    /* SOLUTION: count them. */
    return arq->repeats;
    /* END SOLUTION: (void)arq;
     * return todo(0); */
}

void arq_free(struct arq *arq)
{
    /* SOLUTION: disarm, and free what is yours. */
    g_hash_table_unref(arq->peers);
    g_free(arq);
    /* END SOLUTION: (void)todo(arq); */
}

/*
 * There is one kind of packet:
 *
 *     0   CRC-32C of all that follows        5   number of the message; 0: none
 *     4   1: a NAK; something came damaged   13  the last that was delivered
 *                                            21  the message on its way
 *
 * A packet is answered if it has a message, or is a NAK, or lets another
 * message go. One that came damaged may have been anything, a NAK too: it is
 * answered by a NAK, with what a NAK asks for. So as long as nothing is lost
 * each packet has one answer, until all is acknowledged.
 *
 * And when the only packet under way is lost, nothing will ever be sent again:
 * something is sent only when something comes, and no rule for what to send
 * then can change that. It takes a timer.
 */
#include "03-transport/nak.h"
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"

/* What is not known to the other; all again; and that, asking for the same. */
enum answer { NEWS, AGAIN, ASKS };

struct nak {
    struct env env; /* First: it is one. */
    node_id peer;
    GBytes *flying;     /* The message on its way, or NULL .. */
    uint64_t number;    /* .. its number .. */
    uint64_t tries;     /* .. and how often it was sent. */
    GQueue waiting;     /* GBytes. */
    uint64_t delivered; /* The number of the last one from there. */
    uint64_t repeats;
};

/* A message goes along when it was not sent yet, or in answer to a NAK. */
static void send_packet(struct nak *nak, enum answer answer)
{
    struct wire_writer body = {.most = SIZE_MAX}, out = {.most = SIZE_MAX};
    bool along = nak->flying && (answer != NEWS || nak->tries == 0);
    wire_put_u8(&body, answer == ASKS);
    wire_put_u64(&body, along ? nak->number : 0);
    wire_put_u64(&body, nak->delivered);
    if (along) {
        size_t size;
        const void *data = g_bytes_get_data(nak->flying, &size);
        wire_put_raw(&body, data, size);
        nak->repeats += nak->tries++ > 0;
    }
    wire_put_u32(&out, crc32c(0, body.data, body.size));
    wire_put_raw(&out, body.data, body.size);
    wire_clear(&body);
    g_autoptr(GBytes) packet = wire_finish(&out);
    env_send(nak->env.below, nak->peer, packet);
}

/* Returns whether there is one. */
static bool take_next(struct nak *nak)
{
    nak->flying = g_queue_pop_head(&nak->waiting);
    nak->number += nak->flying != NULL;
    nak->tries = 0;
    return nak->flying;
}

static void on_number(struct nak *nak, uint64_t number,
                      const struct wire_reader *in)
{
    if (number != nak->delivered + 1)
        return;
    g_autoptr(GBytes) message = g_bytes_new(in->next, in->left);
    nak->delivered = number;
    env_deliver(&nak->env, nak->peer, message);
}

/* Returns whether another one may go. */
static bool on_ack(struct nak *nak, uint64_t number)
{
    if (!nak->flying || number != nak->number)
        return false;
    g_bytes_unref(nak->flying);
    return take_next(nak);
}

static void on_packet(void *self, node_id from, GBytes *bytes)
{
    struct nak *nak = self;
    struct wire_reader in = wire_read_bytes(bytes);
    if (from != nak->peer || in.left == 0) {
        env_deliver(&nak->env, from, bytes);
        return;
    }
    uint32_t check = wire_get_u32(&in);
    bool whole = !in.failed && crc32c(0, in.next, in.left) == check;
    bool asks = wire_get_u8(&in);
    uint64_t number = wire_get_u64(&in), heard = wire_get_u64(&in);
    if (!whole || in.failed) {
        send_packet(nak, ASKS);
        return;
    }
    bool goes_on = on_ack(nak, heard);
    if (number > 0)
        on_number(nak, number, &in);
    if (number > 0 || asks || goes_on)
        send_packet(nak, asks ? AGAIN : NEWS);
}

static void nak_send(struct env *env, node_id to, GBytes *message)
{
    struct nak *nak = (struct nak *)env;
    if (to != nak->peer) {
        env_send(env->below, to, message);
        return;
    }
    g_queue_push_tail(&nak->waiting, g_bytes_ref(message));
    if (!nak->flying && take_next(nak))
        send_packet(nak, NEWS);
}

struct nak *nak_new(struct env *below, node_id peer)
{
    static const struct env_ops ops = {.send = nak_send};
    struct nak *nak = g_new0(struct nak, 1);
    nak->env = (struct env){.ops = &ops,
                            .below = below,
                            .id = below->id,
                            .most = below->most - NAK_HEADER};
    nak->peer = peer;
    env_bind(below, on_packet, nak);
    return nak;
}

struct env *nak_env(struct nak *nak)
{
    return &nak->env;
}

uint64_t nak_repeats(const struct nak *nak)
{
    return nak->repeats;
}

void nak_free(struct nak *nak)
{
    g_clear_pointer(&nak->flying, g_bytes_unref);
    g_queue_clear_full(&nak->waiting, (GDestroyNotify)g_bytes_unref);
    g_free(nak);
}

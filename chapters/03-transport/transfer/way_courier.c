/*
 * The first stages carry messages, which arrive; here the bytes of a stream go
 * in them. Four kinds:
 *
 *     HELLO             may I?
 *     DATA n, bytes     number n
 *     END n             as DATA, but there will be no more
 *     TAKEN n           all before n were taken: so the sender may go on up to
 *                       n + WINDOW; the first of them is the answer to HELLO
 *
 * TAKEN is flow control, and the layer below has none: of what waits in it, it
 * forgets the oldest. A number out of turn says that one side was restarted.
 *
 * The receiver draws the first number. A sender whose words are those of an
 * earlier transfer, kept by the network, does not know it: the incarnations of
 * the layer below are no help, for a process that keeps nothing is always the
 * first.
 *
 * Who has said nothing for a while says something that changes nothing: else
 * somebody slow, who reads or writes, would look like nobody.
 */
#include "02-framing/wire.h"
#include "03-transport/transfer/way.h"
#include <string.h>

enum { DATA, END, TAKEN, HELLO };
enum {
    WINDOW = 64, /* Messages; fewer than a queue below takes. */
    PAYLOAD = 1400,
    HEADER = 5,
    SIGNS = 4 /* Of life, while patience lasts. */
};
#define LINGER SEC /* For the last word to be acknowledged. */

struct courier {
    struct way way; /* First: it is one. */
    struct way_owner owner;
    void *layer;
    struct env *env; /* What it offers. */
    node_id peer;    /* 0: nobody has come yet. */
    nsec patience;

    uint32_t first;           /* The number of our first message. */
    uint32_t sent, credited;  /* Messages from here, and those taken there. */
    uint32_t came, announced; /* Messages from there, and those we told of. */
    GByteArray *ready;        /* Bytes to be taken, from .at on. */
    size_t at;
    bool known;       /* HELLO was said, and answered. */
    bool ended, over; /* We have said END; it has come. */
    bool closed;
    struct timer silence, linger, sign;
};

static struct courier *courier_of(struct way *way)
{
    return (struct courier *)way;
}

static void finish(struct courier *courier, const char *problem)
{
    if (courier->closed)
        return;
    courier->closed = true;
    env_disarm(courier->env, &courier->silence);
    env_disarm(courier->env, &courier->linger);
    env_disarm(courier->env, &courier->sign);
    courier->owner.closed(courier->owner.self, problem);
}

static void on_silence(void *self)
{
    finish(self, "nothing is heard of the other side");
}

static void on_linger(void *self)
{
    finish(self, NULL);
}

/* ---- Sending. ---- */

static void send_one(struct courier *courier, uint8_t kind, uint32_t number,
                     const void *data, size_t size)
{
    struct wire_writer out = {.most = courier->env->most};
    wire_put_u8(&out, kind);
    wire_put_u32(&out, number);
    wire_put_raw(&out, data, size);
    g_autoptr(GBytes) message = wire_finish(&out);
    env_send(courier->env, courier->peer, message);
    env_arm(courier->env, &courier->sign, courier->patience / SIGNS);
}

/* Of life. */
static void on_sign(void *self)
{
    struct courier *courier = self;
    send_one(courier, TAKEN, courier->announced, NULL, 0);
}

static size_t courier_room(const struct way *way)
{
    const struct courier *courier = (const struct courier *)way;
    uint32_t open = courier->credited + WINDOW - courier->sent;
    bool may = courier->known && !courier->closed && !courier->ended;
    return may ? (size_t)open * PAYLOAD : 0;
}

static void courier_push(struct way *way, const void *data, size_t size)
{
    struct courier *courier = courier_of(way);
    for (size_t at = 0; at < size; at += PAYLOAD)
        send_one(courier, DATA, courier->sent++, (const uint8_t *)data + at,
                 MIN(size - at, PAYLOAD));
}

static void courier_end(struct way *way)
{
    struct courier *courier = courier_of(way);
    if (!courier->known || courier->closed || courier->ended)
        return;
    courier->ended = true;
    send_one(courier, END, courier->sent++, NULL, 0);
    if (courier->over)
        env_arm(courier->env, &courier->linger, LINGER);
}

/* ---- Receiving. ---- */

/* The first who asks is the one. */
static void on_hello(struct courier *courier, node_id from)
{
    courier->peer = from;
    courier->known = true;
    courier->came = courier->announced = (uint32_t)env_random(courier->env);
    courier->owner.met(courier->owner.self, from);
    send_one(courier, TAKEN, courier->announced, NULL, 0);
}

static void on_taken(struct courier *courier, uint32_t number)
{
    if (!courier->known)
        courier->first = courier->sent = courier->credited = number;
    courier->known = true;
    if (number - courier->credited > courier->sent - courier->credited)
        return;
    courier->credited = number;
    courier->owner.writable(courier->owner.self);
}

static void on_data(struct courier *courier, uint8_t kind,
                    const struct wire_reader *in)
{
    courier->came++;
    g_byte_array_append(courier->ready, in->next, (guint)in->left);
    courier->over = kind == END;
    courier->owner.readable(courier->owner.self);
    if (courier->over && courier->ended)
        finish(courier, NULL);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct courier *courier = self;
    struct wire_reader in = wire_read_bytes(message);
    uint8_t kind = wire_get_u8(&in);
    uint32_t number = wire_get_u32(&in);
    if (in.failed || kind > HELLO || courier->closed)
        return;
    if (courier->peer == 0 && kind == HELLO)
        on_hello(courier, from);
    else if (courier->peer != from)
        return;
    env_arm(courier->env, &courier->silence, courier->patience);
    if (courier->sign.place == 0)
        env_arm(courier->env, &courier->sign, courier->patience / SIGNS);
    if (kind == HELLO)
        return;
    if (kind == TAKEN)
        on_taken(courier, number);
    else if (number != courier->came || courier->over)
        finish(courier, "the other side was restarted");
    else
        on_data(courier, kind, &in);
}

/* Half a window was taken: the sender is told before it has to wait. */
static size_t courier_take(struct way *way, void *buffer, size_t size)
{
    struct courier *courier = courier_of(way);
    size_t taken = MIN(size, courier->ready->len - courier->at);
    if (taken > 0) /* Of nothing there is not even a place. */
        memcpy(buffer, courier->ready->data + courier->at, taken);
    courier->at += taken;
    if (courier->at < courier->ready->len)
        return taken;
    g_byte_array_set_size(courier->ready, 0);
    courier->at = 0;
    if (courier->came - courier->announced >= WINDOW / 2 && !courier->closed) {
        courier->announced = courier->came;
        send_one(courier, TAKEN, courier->came, NULL, 0);
    }
    return taken;
}

static bool courier_is_over(const struct way *way)
{
    const struct courier *courier = (const struct courier *)way;
    return courier->over && courier->ready->len == 0;
}

static bool courier_is_idle(const struct way *way)
{
    return ((const struct courier *)way)->closed;
}

/* ---- Life. ---- */

static struct way *courier_open(const struct way_ops *ops, struct env *env,
                                node_id to, struct way_settings settings,
                                struct way_owner owner)
{
    struct courier *courier = g_new0(struct courier, 1);
    courier->way.ops = ops;
    courier->owner = owner;
    courier->layer = ops->reliable->raise(env);
    courier->env = ops->reliable->env(courier->layer);
    courier->peer = to;
    courier->patience = settings.patience;
    courier->ready = g_byte_array_new();
    courier->silence = (struct timer){.fire = on_silence, .self = courier};
    courier->linger = (struct timer){.fire = on_linger, .self = courier};
    courier->sign = (struct timer){.fire = on_sign, .self = courier};
    env_bind(courier->env, on_message, courier);
    if (to != 0) {
        env_arm(courier->env, &courier->silence, courier->patience);
        send_one(courier, HELLO, 0, NULL, 0);
    }
    return &courier->way;
}

static void courier_count(const struct way *way, GString *text)
{
    const struct courier *courier = (const struct courier *)way;
    g_string_append_printf(text,
                           "%" G_GUINT32_FORMAT " messages, %" G_GUINT64_FORMAT
                           " sent again",
                           courier->sent - courier->first,
                           way->ops->reliable->repeats(courier->layer));
}

static void courier_free(struct way *way)
{
    struct courier *courier = courier_of(way);
    env_disarm(courier->env, &courier->silence);
    env_disarm(courier->env, &courier->linger);
    env_disarm(courier->env, &courier->sign);
    courier->way.ops->reliable->lower(courier->layer);
    g_byte_array_unref(courier->ready);
    g_free(courier);
}

#define COURIER(stage)                                                       \
    {                                                                        \
        .name = #stage, .reliable = &reliable_##stage, .open = courier_open, \
        .room = courier_room, .push = courier_push, .end = courier_end,      \
        .take = courier_take, .is_over = courier_is_over,                    \
        .is_idle = courier_is_idle, .count = courier_count,                  \
        .free = courier_free                                                 \
    }

const struct way_ops way_arq = COURIER(arq);
const struct way_ops way_gobackn = COURIER(gobackn);

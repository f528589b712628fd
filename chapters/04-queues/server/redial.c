#include "04-queues/server/redial.h"
#include "01-sockets/net.h"
#include "01-sockets/stream.h"
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define PAUSE_FIRST   (10 * MSEC)
#define PAUSE_LONGEST SEC

struct redial {
    struct loop *loop;
    struct address address;
    nsec patience;
    struct redial_owner owner;
    struct stream *stream; /* NULL: down. */
    struct resp *resp;     /* Of this connection. */
    bool up;               /* The server has greeted .. */
    bool over;             /* .. and nothing more is heard. */
    struct timer retry;
    nsec pause; /* Before the next attempt. */
    struct timer pulse;
    bool heard; /* Since the last pulse. */
    bool asked; /* The last pulse did. */
};

/* ---- Pauses. ---- */

static uint64_t draw(void)
{
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
        g_error("getrandom: %s", g_strerror(errno));
    return bits;
}

static void dial_later(struct redial *redial)
{
    nsec half = redial->pause / 2;
    loop_arm(redial->loop, &redial->retry, half + draw() % (half + 1));
    redial->pause = MIN(2 * redial->pause, PAUSE_LONGEST);
}

/* ---- A connection. ---- */

void redial_hang_up(struct redial *redial)
{
    redial->over = true;
    if (redial->stream)
        stream_abort(redial->stream);
}

static void close_stream(struct redial *redial)
{
    loop_disarm(redial->loop, &redial->pulse);
    g_clear_pointer(&redial->stream, stream_free);
    g_clear_pointer(&redial->resp, resp_free);
}

static void on_close(void *self, int error)
{
    struct redial *redial = self;
    bool was_up = redial->up;
    (void)error;
    close_stream(redial);
    redial->up = false;
    dial_later(redial);
    if (was_up)
        redial->owner.on_down(redial->owner.self);
}

/* The answer to HELLO is a map. */
static void on_greeting(struct redial *redial, const struct resp_item *item)
{
    redial->up = item->type == RESP_MAP;
    if (!redial->up) {
        redial_hang_up(redial);
        return;
    }
    redial->pause = PAUSE_FIRST;
    redial->owner.on_up(redial->owner.self);
}

static void on_value(struct redial *redial, const uint8_t *data)
{
    const struct resp_item *items = resp_items(redial->resp);
    if (redial->up)
        redial->owner.on_value(redial->owner.self, data, items,
                               resp_count(redial->resp));
    else
        on_greeting(redial, items);
}

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct redial *redial = self;
    size_t used = 0;
    ssize_t got = 0;
    redial->heard = true;
    while (!redial->over &&
           (got = resp_parse(redial->resp, data + used, size - used)) > 0) {
        on_value(redial, data + used);
        used += (size_t)got;
    }
    if (got < 0 || ended)
        redial_hang_up(redial);
    return used;
}

static void on_room(void *self)
{
    struct redial *redial = self;
    if (redial->up)
        redial->owner.on_room(redial->owner.self);
}

/* Twice within the patience. */
static void on_pulse(void *self)
{
    struct redial *redial = self;
    bool silent = !redial->heard;
    if (silent && redial->asked) {
        redial_hang_up(redial);
        return;
    }
    redial->heard = false;
    redial->asked = silent;
    if (silent && redial->up)
        redial->owner.on_silence(redial->owner.self);
    loop_arm(redial->loop, &redial->pulse, redial->patience / 2);
}

static void dial_now(void *self)
{
    static const char hello[] = "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n";
    struct redial *redial = self;
    struct stream_owner owner = {.on_bytes = on_bytes,
                                 .on_room = on_room,
                                 .on_close = on_close,
                                 .self = redial,
                                 .most = redial->owner.most};
    int fd = net_connect(&redial->address);
    if (fd < 0) {
        dial_later(redial);
        return;
    }
    redial->stream = stream_new(redial->loop, NULL, fd, owner);
    redial->resp = resp_new((struct resp_limits){.bulk = redial->owner.most});
    redial->over = false;
    redial->heard = true; /* It has all of its patience from now on. */
    redial->asked = false;
    loop_arm(redial->loop, &redial->pulse, redial->patience / 2);
    stream_write(redial->stream, hello, strlen(hello));
}

/* ---- Life. ---- */

bool redial_is_up(const struct redial *redial)
{
    return redial->up;
}

size_t redial_write(struct redial *redial, const void *data, size_t size)
{
    return redial->up ? stream_write(redial->stream, data, size) : 0;
}

void redial_move(struct redial *redial, const struct address *address)
{
    redial->address = *address;
}

struct redial *redial_new(struct loop *loop, const struct address *address,
                          nsec patience, struct redial_owner owner)
{
    struct redial *redial = g_new0(struct redial, 1);
    redial->loop = loop;
    redial->address = *address;
    redial->patience = patience;
    redial->owner = owner;
    redial->pause = PAUSE_FIRST;
    redial->retry = (struct timer){.fire = dial_now, .self = redial};
    redial->pulse = (struct timer){.fire = on_pulse, .self = redial};
    loop_arm(loop, &redial->retry, 0);
    return redial;
}

void redial_free(struct redial *redial)
{
    loop_disarm(redial->loop, &redial->retry);
    close_stream(redial);
    g_free(redial);
}

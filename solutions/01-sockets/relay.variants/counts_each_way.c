/*
 * Each way is two numbers: how many bytes of it have been written to the other
 * stream, and how many there are in all, which nobody knows before the end has
 * come.
 *
 *     came from us:   | sent to the other | its backlog | still unused |
 *                     '------- passed ------------------'              |
 *                     '------- whole ----------------------------------'
 *
 * The way has ended when `passed` is the whole, and the other has been sent
 * everything when no backlog is left of it. The relay counts its ends that are
 * still open.
 */
#include "01-sockets/relay.h"
#include "common/course/todo.h"

/* Longer than any way will ever be. */
#define NOT_KNOWN UINT64_MAX

struct end {
    struct relay *relay;
    struct end *other;
    struct stream *stream;
    uint64_t passed; /* Bytes of it that the other stream has taken. */
    uint64_t whole;  /* Bytes of it in all; or NOT_KNOWN. */
    bool waiting;    /* The other stream did not take all that was shown. */
};

struct relay {
    struct end ends[2];
    int open;  /* Ends that are not over. */
    bool told; /* on_close was called. */
    void (*on_close)(void *self, int error);
    void *self;
};

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct end *end = self;
    struct stream *to = end->other->stream;
    size_t used = stream_write(to, data, size);
    if (ended)
        end->whole = end->passed + size;
    end->passed += used;
    end->waiting = used < size;
    if (end->passed == end->whole)
        stream_end(to);
    return used;
}

static void on_room(void *self)
{
    struct end *end = self;
    if (end->other->waiting)
        stream_again(end->other->stream);
}

/* How many bytes of @p end have left for the other? */
static uint64_t sent_on(const struct end *end)
{
    return end->passed - stream_backlog(end->other->stream);
}

static void tell_once(struct relay *relay, int error)
{
    if (relay->told)
        return;
    relay->told = true;
    relay->on_close(relay->self, error);
}

static void on_end_closed(void *self, int error)
{
    struct end *end = self;
    struct relay *relay = end->relay;
    relay->open--;
    if (error != 0 && sent_on(end) != end->whole)
        stream_abort(end->other->stream);
    if (error != 0 || relay->open == 0)
        tell_once(relay, error);
}

static void end_init(struct end *end, struct relay *relay, struct end *other)
{
    *end = (struct end){.relay = relay, .other = other, .whole = NOT_KNOWN};
    relay->open++;
}

struct relay *relay_new(struct loop *loop, const int ends[2],
                        void (*on_close)(void *self, int error), void *self)
{
    struct relay *relay = g_new0(struct relay, 1);
    relay->on_close = on_close;
    relay->self = self;
    for (int i = 0; i < 2; i++) {
        struct end *end = &relay->ends[i];
        end_init(end, relay, &relay->ends[1 - i]);
        end->stream =
            stream_new(loop, NULL, ends[i],
                       (struct stream_owner){.on_bytes = on_bytes,
                                             .on_room = on_room,
                                             .on_close = on_end_closed,
                                             .self = end});
    }
    return relay;
}

void relay_free(struct relay *relay)
{
    stream_free(relay->ends[0].stream);
    stream_free(relay->ends[1].stream);
    g_free(relay);
}

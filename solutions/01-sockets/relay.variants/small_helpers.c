/*
 * One small function for each thing that is said of an end, so that the three
 * callbacks read like the page in relay.h:
 *
 *     on_bytes        pass on the bytes, then the end
 *     on_room         whoever was held up shows again
 *     on_end_closed   take the other down, and tell
 */
#include "01-sockets/relay.h"
#include "common/course/todo.h"

struct end {
    struct relay *relay;
    struct end *other;
    struct stream *stream;
    bool ended; /* All of it is written to the other. */
    bool over;
};

struct relay {
    struct end ends[2];
    void (*on_close)(void *self, int error);
    void *self;
};

/* ---- One way. ---- */

static size_t pass_on_bytes(struct end *end, const uint8_t *data, size_t size)
{
    return stream_write(end->other->stream, data, size);
}

static void pass_on_end(struct end *end)
{
    end->ended = true;
    stream_end(end->other->stream);
}

/* Is all of it sent to the other, its end too? */
static bool is_passed_on(const struct end *end)
{
    return end->ended && stream_backlog(end->other->stream) == 0;
}

/* ---- The end of it all. ---- */

/* Who has got only a part shall not take it for the whole. */
static void take_down(struct end *end)
{
    if (!is_passed_on(end->other))
        stream_abort(end->stream);
}

static void tell(struct relay *relay, int error)
{
    relay->on_close(relay->self, error);
}

/* ---- What the streams call. ---- */

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct end *end = self;
    size_t used = pass_on_bytes(end, data, size);
    if (ended && used == size)
        pass_on_end(end);
    return used;
}

static void on_room(void *self)
{
    struct end *end = self;
    stream_again(end->other->stream);
}

static void on_end_closed(void *self, int error)
{
    struct end *end = self;
    end->over = true;
    if (error != 0)
        take_down(end->other);
    if (error != 0 || end->other->over)
        tell(end->relay, error);
}

/* ---- Life. ---- */

static struct stream *stream_of(struct end *end, struct loop *loop, int fd)
{
    struct stream_owner owner = {.on_bytes = on_bytes,
                                 .on_room = on_room,
                                 .on_close = on_end_closed,
                                 .self = end};
    return stream_new(loop, NULL, fd, owner);
}

struct relay *relay_new(struct loop *loop, const int ends[2],
                        void (*on_close)(void *self, int error), void *self)
{
    struct relay *relay = g_new0(struct relay, 1);
    relay->on_close = on_close;
    relay->self = self;
    for (int i = 0; i < 2; i++) {
        struct end *end = &relay->ends[i];
        end->relay = relay;
        end->other = &relay->ends[1 - i];
        end->stream = stream_of(end, loop, ends[i]);
    }
    return relay;
}

void relay_free(struct relay *relay)
{
    stream_free(relay->ends[0].stream);
    stream_free(relay->ends[1].stream);
    g_free(relay);
}

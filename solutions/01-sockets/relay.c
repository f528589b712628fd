/*
 *          .-- on_bytes -> write --.
 *     left                          right        and the same the other way
 *          '-- again <---- on_room -'
 *
 * What the one does not take stays with the other, whose buffer fills, which
 * stops reading, whose sender waits: backpressure goes through.
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

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct end *end = self;
    /* SOLUTION: pass on what the other stream takes, and the end when all of it
     * has been taken; then this way is ended. */
    size_t used = stream_write(end->other->stream, data, size);
    if (ended && used == size) {
        end->ended = true;
        stream_end(end->other->stream);
    }
    return used;
    /* END SOLUTION: (void)data, (void)ended, (void)end;
     * return todo(size); */
}

static void on_room(void *self)
{
    struct end *end = self;
    /* SOLUTION: this stream takes more again. Who has been waiting for that? */
    stream_again(end->other->stream);
    /* END SOLUTION: (void)todo(end); */
}

/* Is all of it sent to the other, its end too? */
static bool is_passed_on(const struct end *end)
{
    return end->ended && stream_backlog(end->other->stream) == 0;
}

static void on_end_closed(void *self, int error)
{
    struct end *end = self;
    end->over = true;
    /* SOLUTION: an end that fails takes the other with it, which is reset
     * unless everything has been passed on to it. The relay is over when an end
     * has failed, or when both are over. */
    if (error != 0 && !is_passed_on(end))
        stream_abort(end->other->stream);
    if (error != 0 || end->other->over)
        end->relay->on_close(end->relay->self, error);
    /* END SOLUTION: (void)is_passed_on;
     * if (todo(end->over))
     *     end->relay->on_close(end->relay->self, error); */
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

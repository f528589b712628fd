/*
 * The callbacks only note what happened; whether the relay is over, and how, is
 * decided in one place, by looking at both ends:
 *
 *     an end has failed     reset whoever was sent only a part; say why
 *     both are over         say 0
 *     else                  go on
 *
 * "Whoever" is either end. The one that failed is as a rule beyond a reset, but
 * one whose connection lives still (no memory for a send, say) must not take a
 * part for the whole, either.
 */
#include "01-sockets/relay.h"
#include "common/course/todo.h"

struct end {
    struct stream *stream;
    bool ended; /* All that came from it is written to the other. */
    bool over;  /* Its stream has made its last call .. */
    int error;  /* .. and said this. */
};

/* What the streams know as themselves: one of two. */
struct side {
    struct relay *relay;
    struct end *from, *to;
};

struct relay {
    struct end ends[2];
    struct side sides[2];
    void (*on_close)(void *self, int error);
    void *self;
};

/* ---- Over? ---- */

static bool was_sent_all(const struct relay *relay, int i)
{
    return relay->ends[1 - i].ended &&
           stream_backlog(relay->ends[i].stream) == 0;
}

/* Only from on_end_closed: a stream may be freed in no other callback. */
static void check_over(struct relay *relay)
{
    const struct end *left = &relay->ends[0], *right = &relay->ends[1];
    int error = left->error ? left->error : right->error;
    bool both = left->over && right->over;
    if (error == 0 && !both)
        return;
    for (int i = 0; i < 2; i++)
        if (!was_sent_all(relay, i))
            stream_abort(relay->ends[i].stream);
    relay->on_close(relay->self, error);
}

/* ---- What the streams call. ---- */

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    const struct side *side = self;
    size_t used = stream_write(side->to->stream, data, size);
    side->from->ended = ended && used == size;
    if (side->from->ended)
        stream_end(side->to->stream);
    return used;
}

static void on_room(void *self)
{
    const struct side *side = self;
    stream_again(side->to->stream);
}

static void on_end_closed(void *self, int error)
{
    const struct side *side = self;
    side->from->over = true;
    side->from->error = error;
    check_over(side->relay);
}

/* ---- Life. ---- */

struct relay *relay_new(struct loop *loop, const int ends[2],
                        void (*on_close)(void *self, int error), void *self)
{
    struct relay *relay = g_new0(struct relay, 1);
    struct stream_owner owner = {on_bytes, on_room, on_end_closed, NULL, 0};
    relay->on_close = on_close;
    relay->self = self;
    for (int i = 0; i < 2; i++) {
        relay->sides[i] = (struct side){
            .relay = relay, .from = &relay->ends[i], .to = &relay->ends[1 - i]};
        owner.self = &relay->sides[i];
        relay->ends[i].stream = stream_new(loop, NULL, ends[i], owner);
    }
    return relay;
}

void relay_free(struct relay *relay)
{
    stream_free(relay->ends[0].stream);
    stream_free(relay->ends[1].stream);
    g_free(relay);
}

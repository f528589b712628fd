/*
 *     kernel -- recv --> in --> the owner --> out -- send --> kernel
 *                                             (at the end of a turn)
 *
 * `in` keeps what the owner left unused: while it is full, nothing is read.
 * `out` keeps what is not sent yet: while the kernel takes no more, or the
 * connection is not made, the stream is *blocked*, and waits for EPOLLOUT.
 * Interest in anything else would wake the loop for nothing, again and again.
 *
 * With a gate, `out` bears marks: up to here it may leave once that sync is
 * done. Our end has the last one.
 *
 * Whoever calls a function of the stream may stand in the middle of anything,
 * so the owner is not called back from there. What there is to tell is told by
 * a timer without delay: the *news*.
 */
#include "01-sockets/stream.h"
#include "common/course/todo.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_MOST = 1 << 16 };

/* Bytes up to `end`, counted from birth, may leave once `stamp` passes. */
struct mark {
    uint64_t stamp, end;
};

struct stream {
    struct loop *loop;
    const struct gate *gate;
    struct stream_owner owner;
    struct watch watch;
    struct outlet outlet;
    struct timer news;

    GByteArray *in;
    bool they_ended;
    bool again; /* stream_again() was called. */

    GByteArray *out; /* From byte number `sent` on. */
    uint64_t sent, allowed;
    GArray *marks; /* struct mark, oldest first. */
    bool blocked;
    bool wanting;  /* A write found too little room. */
    bool we_end;   /* stream_end() was called .. */
    bool we_ended; /* .. and the other side was told. */

    int error;   /* 0, or why it is over. */
    bool closed; /* The owner has been told. */
};

/* ---- News. ---- */

static void announce(struct stream *stream)
{
    if (!stream->closed)
        loop_arm(stream->loop, &stream->news, 0);
}

static void fail(struct stream *stream, int error)
{
    if (stream->error == 0)
        stream->error = error;
    loop_watch(stream->loop, &stream->watch, 0);
    announce(stream);
}

/* What the owner has left unused keeps it open: the owner may be waiting for
 * room somewhere else. */
static bool is_over(const struct stream *stream)
{
    bool heard = stream->they_ended && stream->in->len == 0;
    return stream->error != 0 || (heard && stream->we_ended);
}

static void watch_for_what_matters(struct stream *stream)
{
    /* TODO: watch for EPOLLIN while a receive can be of use, for EPOLLOUT
     * while something is held up; for nothing that would wake the loop in vain.
     * After a failure nothing is watched any more. */
    (void)todo(stream);
}

/* After anything that happened. */
static void settle(struct stream *stream)
{
    watch_for_what_matters(stream);
    if (is_over(stream))
        announce(stream);
}

/* ---- In. ---- */

/* Most often everything is used at once, and nothing need be copied. */
static void show(struct stream *stream, const uint8_t *data, size_t size)
{
    /* TODO: show the owner all that is unused, oldest first: what `in`
     * holds and, behind it, the @p size bytes that have just come. Keep what it
     * leaves (stream.h, on_bytes). */
    (void)stream, (void)data, (void)todo(size);
}

/* Once a turn: who sends more than that is read again in the next, so that the
 * others have their turn. */
static void receive(struct stream *stream)
{
    /* TODO: one recv, of no more than may be kept. What it gives is shown;
     * with nothing they have ended; some errors pass, the others are failures.
     * */
    (void)todo(stream);
}

/* ---- Out. ---- */

static void mark_until_now(struct stream *stream)
{
    struct mark mark = {gate_stamp(stream->gate),
                        stream->sent + stream->out->len};
    struct mark *marks = (struct mark *)(void *)stream->marks->data;
    unsigned count = stream->marks->len;
    if (count > 0 && marks[count - 1].stamp == mark.stamp)
        marks[count - 1] = mark;
    else
        g_array_append_val(stream->marks, mark);
}

/* How many bytes does the gate let pass? */
static size_t ask_gate(struct stream *stream)
{
    const struct mark *marks = (const void *)stream->marks->data;
    unsigned passed = 0;
    if (!stream->gate)
        return stream->out->len;
    while (passed < stream->marks->len &&
           gate_passes(stream->gate, marks[passed].stamp))
        stream->allowed = marks[passed++].end;
    if (passed > 0)
        g_array_remove_range(stream->marks, 0, passed);
    return (size_t)(stream->allowed - stream->sent);
}

static void transmit(struct stream *stream)
{
    size_t size = ask_gate(stream);
    if (size == 0)
        return;
    /* TODO: one send, of all that may leave, and no SIGPIPE. What the
     * kernel does not take stays in `out`, and the stream is blocked. Count
     * what was sent. */
    (void)todo(size);
}

static bool is_all_sent(const struct stream *stream)
{
    return stream->out->len == 0 && stream->marks->len == 0;
}

/* Not before everything has left: that is what "ended" will mean to them. */
static void tell_our_end(struct stream *stream)
{
    /* TODO: once, if the owner has ended, and when all has been sent. */
    (void)todo(is_all_sent(stream));
}

/* A write found too little; to tell of every byte would be too much. */
static bool has_room_for_more(const struct stream *stream)
{
    return stream->wanting && stream->out->len <= stream->owner.most / 2;
}

/* The outlet's: while we are blocked there is nothing to try. */
static bool flush(void *self)
{
    struct stream *stream = self;
    if (!stream->blocked && stream->error == 0)
        transmit(stream);
    if (!stream->blocked && stream->error == 0)
        tell_our_end(stream);
    if (has_room_for_more(stream))
        announce(stream);
    settle(stream);
    return stream->blocked || stream->error != 0 || is_all_sent(stream);
}

/* ---- What the loop calls. ---- */

static void on_ready(void *self, uint32_t events)
{
    struct stream *stream = self;
    bool full = stream->in->len >= stream->owner.most;
    if (stream->blocked && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
        stream->blocked = false;
        loop_speak(stream->loop, &stream->outlet);
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP) && !stream->they_ended &&
        !full)
        receive(stream);
    settle(stream);
}

static void show_again(struct stream *stream)
{
    stream->again = false;
    if (stream->in->len > 0 || stream->they_ended)
        show(stream, NULL, 0);
}

static void on_news(void *self)
{
    struct stream *stream = self;
    const struct stream_owner *owner = &stream->owner;
    if (is_over(stream)) {
        stream->closed = true;
        owner->on_close(owner->self, stream->error);
        return;
    }
    if (has_room_for_more(stream)) {
        stream->wanting = false;
        if (owner->on_room)
            owner->on_room(owner->self);
    }
    if (stream->again && stream->error == 0)
        show_again(stream);
    settle(stream);
}

/* ---- What the owner calls. ---- */

size_t stream_room(const struct stream *stream)
{
    bool closed = stream->we_end || stream->error != 0;
    return closed ? 0 : stream->owner.most - stream->out->len;
}

size_t stream_write(struct stream *stream, const void *data, size_t size)
{
    /* TODO: take what there is room for, and have it sent when the turn
     * ends (loop_speak). Who was refused some of it will hear of room again.
     * With a gate, mark_until_now() says that these bytes wait for it. */
    (void)stream, (void)data, (void)size;
    return todo(0);
}

void stream_again(struct stream *stream)
{
    stream->again = true;
    announce(stream);
}

void stream_end(struct stream *stream)
{
    if (stream->gate && !stream->we_end)
        mark_until_now(stream);
    stream->we_end = true;
    stream->wanting = false;
    loop_speak(stream->loop, &stream->outlet);
}

void stream_abort(struct stream *stream)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(stream->watch.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    fail(stream, ECONNABORTED);
}

size_t stream_backlog(const struct stream *stream)
{
    return stream->out->len;
}

size_t stream_unused(const struct stream *stream)
{
    return stream->in->len;
}

int stream_fd(const struct stream *stream)
{
    return stream->watch.fd;
}

/* ---- Life. ---- */

static bool is_connected(int fd)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    return getpeername(fd, (struct sockaddr *)&peer, &size) == 0;
}

struct stream *stream_new(struct loop *loop, const struct gate *gate, int fd,
                          struct stream_owner owner)
{
    struct stream *stream = g_new0(struct stream, 1);
    stream->loop = loop;
    stream->gate = gate;
    stream->owner = owner;
    stream->owner.most = owner.most ? owner.most : STREAM_MOST;
    g_assert(stream->owner.most <= G_MAXINT32);
    stream->watch = (struct watch){.fd = fd, .ready = on_ready, .self = stream};
    stream->outlet = (struct outlet){.flush = flush, .self = stream};
    stream->news = (struct timer){.fire = on_news, .self = stream};
    stream->in = g_byte_array_new();
    stream->out = g_byte_array_new();
    stream->marks = g_array_new(FALSE, FALSE, sizeof(struct mark));
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    stream->blocked = !is_connected(fd);
    watch_for_what_matters(stream);
    return stream;
}

void stream_free(struct stream *stream)
{
    loop_disarm(stream->loop, &stream->news);
    loop_hush(stream->loop, &stream->outlet);
    loop_watch(stream->loop, &stream->watch, 0);
    close(stream->watch.fd);
    g_byte_array_unref(stream->in);
    g_byte_array_unref(stream->out);
    g_array_unref(stream->marks);
    g_free(stream);
}

/*
 * Two small states say where a stream is, and a table says what to watch for:
 *
 *                 FLOWS       HELD_UP       SAID_ALL
 *     HEARS       in          in, out       in
 *     IS_FULL     -           out           -
 *     HEARD_ALL   -           out           -
 *
 * How it hears follows from `in`; how it speaks is kept: it begins held up when
 * there is no connection yet, is held up again when the kernel takes less than
 * it was offered, flows when epoll says so, and in the end has said all.
 *
 * What comes is shown where it lies; only what is left unused is copied.
 */
#include "01-sockets/stream.h"
#include "common/course/todo.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_MOST = 1 << 16 };

enum hearing { HEARS, IS_FULL, HEARD_ALL };
enum speaking { FLOWS, HELD_UP, SAID_ALL };

static const uint32_t interest[][3] = {
    [HEARS] = {[FLOWS] = EPOLLIN,
               [HELD_UP] = EPOLLIN | EPOLLOUT,
               [SAID_ALL] = EPOLLIN},
    [IS_FULL] = {[HELD_UP] = EPOLLOUT},
    [HEARD_ALL] = {[HELD_UP] = EPOLLOUT},
};

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
    enum speaking speaking;
    bool wanting; /* A write found too little room. */
    bool we_end;  /* stream_end() was called. */

    int error;   /* 0, or why it is over. */
    bool closed; /* The owner has been told. */
};

/* ---- States. ---- */

static enum hearing hearing_of(const struct stream *stream)
{
    if (stream->they_ended)
        return HEARD_ALL;
    return stream->in->len < stream->owner.most ? HEARS : IS_FULL;
}

static bool can_speak(const struct stream *stream)
{
    return stream->error == 0 && stream->speaking == FLOWS;
}

/* What the owner has left unused keeps it open: the owner may be waiting for
 * room somewhere else. */
static bool is_over(const struct stream *stream)
{
    bool heard = stream->they_ended && stream->in->len == 0;
    return stream->error != 0 || (heard && stream->speaking == SAID_ALL);
}

static bool is_all_sent(const struct stream *stream)
{
    return stream->out->len == 0 && stream->marks->len == 0;
}

/* A write found too little; to tell of every byte would be too much. */
static bool has_room_for_more(const struct stream *stream)
{
    return stream->wanting && stream->out->len <= stream->owner.most / 2;
}

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

/* After anything that happened. */
static void settle(struct stream *stream)
{
    if (stream->error == 0)
        loop_watch(stream->loop, &stream->watch,
                   interest[hearing_of(stream)][stream->speaking]);
    if (is_over(stream))
        announce(stream);
}

/* A call gave @p count: how many bytes were moved? None, when it came at a bad
 * moment, and none when it failed for good, which is noted. */
static size_t moved_by(struct stream *stream, ssize_t count)
{
    if (count >= 0)
        return (size_t)count;
    switch (errno) {
    case EAGAIN:
    case EINTR:
        break;
    default:
        fail(stream, errno);
    }
    return 0;
}

/* ---- In. ---- */

/* Returns how many of them the owner has used up. */
static size_t offer(struct stream *stream, const uint8_t *data, size_t size)
{
    const struct stream_owner *owner = &stream->owner;
    return owner->on_bytes(owner->self, data, size, stream->they_ended);
}

static void show_kept(struct stream *stream)
{
    size_t used = offer(stream, stream->in->data, stream->in->len);
    g_byte_array_remove_range(stream->in, 0, (guint)used);
}

/* New ones alone need not be copied, unless some are left. */
static void show_new(struct stream *stream, const uint8_t *data, size_t size)
{
    if (stream->in->len > 0) {
        g_byte_array_append(stream->in, data, (guint)size);
        show_kept(stream);
        return;
    }
    size_t used = offer(stream, data, size);
    g_byte_array_append(stream->in, data + used, (guint)(size - used));
}

/* Once a turn: who sends more than that is read again in the next, so that the
 * others have their turn. */
static void receive(struct stream *stream)
{
    uint8_t data[READ_MOST];
    size_t most = MIN(stream->owner.most - stream->in->len, sizeof data);
    ssize_t count = recv(stream->watch.fd, data, most, 0);
    size_t size = moved_by(stream, count);
    stream->they_ended = count == 0;
    if (count >= 0)
        show_new(stream, data, size);
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
    size_t count = moved_by(
        stream, send(stream->watch.fd, stream->out->data, size, MSG_NOSIGNAL));
    g_byte_array_remove_range(stream->out, 0, (guint)count);
    stream->sent += count;
    if (count < size)
        stream->speaking = HELD_UP;
}

static void tell_our_end(struct stream *stream)
{
    if (shutdown(stream->watch.fd, SHUT_WR) == 0)
        stream->speaking = SAID_ALL;
    else
        fail(stream, errno);
}

/* The outlet's. Done is who cannot go on, or has nothing to say. */
static bool flush(void *self)
{
    struct stream *stream = self;
    if (can_speak(stream))
        transmit(stream);
    if (can_speak(stream) && stream->we_end && is_all_sent(stream))
        tell_our_end(stream);
    if (has_room_for_more(stream))
        announce(stream);
    settle(stream);
    return !can_speak(stream) || is_all_sent(stream);
}

/* ---- What the loop calls. ---- */

static void on_ready(void *self, uint32_t events)
{
    struct stream *stream = self;
    bool broken = events & (EPOLLERR | EPOLLHUP);
    if (stream->speaking == HELD_UP && (broken || events & EPOLLOUT)) {
        stream->speaking = FLOWS;
        loop_speak(stream->loop, &stream->outlet);
    }
    if (hearing_of(stream) == HEARS && (broken || events & EPOLLIN))
        receive(stream);
    settle(stream);
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
    if (stream->again && stream->error == 0) {
        stream->again = false;
        if (stream->in->len > 0 || stream->they_ended)
            show_kept(stream);
    }
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
    size_t count = MIN(size, stream_room(stream));
    stream->wanting |= count < size && !stream->we_end;
    if (count == 0)
        return 0;
    g_byte_array_append(stream->out, data, (guint)count);
    if (stream->gate)
        mark_until_now(stream);
    loop_speak(stream->loop, &stream->outlet);
    return count;
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
    stream->speaking = is_connected(fd) ? FLOWS : HELD_UP;
    settle(stream);
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

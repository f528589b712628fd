/*
 * No buffer between the kernel and the stream: a receive lands behind what `in`
 * holds, in room that is made for it, and what it did not need is given back.
 * A send takes from the middle of `out`, and what has gone lies there until the
 * next write, so that a short send moves no bytes.
 *
 *     in:   | unused ......... | room for one receive |
 *     out:  | gone | backlog .............................. |
 *
 * What the stream waits for is kept as what it says to epoll: to be held up is
 * to wait for EPOLLOUT, and there is no other word for it. A socket that is
 * held up by an error is asked which (SO_ERROR), and not tried once more.
 */
#include "01-sockets/stream.h"
#include "common/course/todo.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
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
    uint32_t waits_for; /* EPOLLIN, EPOLLOUT: what would be of use. */

    GByteArray *in;
    bool they_ended;
    bool again; /* stream_again() was called. */

    GByteArray *out;
    size_t gone; /* So many at the front of it have left. */
    uint64_t sent, allowed;
    GArray *marks; /* struct mark, oldest first. */
    bool refused;  /* A write found too little room. */
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
    stream->waits_for = 0;
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

/* ---- What it waits for. ---- */

static bool is_held_up(const struct stream *stream)
{
    return stream->waits_for & EPOLLOUT;
}

static bool can_send(const struct stream *stream)
{
    return stream->error == 0 && !is_held_up(stream);
}

static size_t room_to_read(const struct stream *stream)
{
    size_t room = stream->owner.most - stream->in->len;
    return stream->they_ended || stream->error != 0 ? 0 : MIN(room, READ_MOST);
}

/* After anything that happened. */
static void settle(struct stream *stream)
{
    if (room_to_read(stream) > 0)
        stream->waits_for |= EPOLLIN;
    else
        stream->waits_for &= ~(uint32_t)EPOLLIN;
    loop_watch(stream->loop, &stream->watch, stream->waits_for);
    if (is_over(stream))
        announce(stream);
}

/* ---- Errors. ---- */

static bool is_for_now(int error)
{
    return error == EAGAIN || error == EINTR;
}

/* What the socket says of itself, which it says once; 0: nothing. */
static int error_of_socket(const struct stream *stream)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(stream->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return errno;
    return error;
}

/* ---- In. ---- */

static void show(struct stream *stream)
{
    const struct stream_owner *owner = &stream->owner;
    GByteArray *in = stream->in;
    size_t used =
        owner->on_bytes(owner->self, in->data, in->len, stream->they_ended);
    g_assert(used <= in->len);
    g_byte_array_remove_range(in, 0, (guint)used);
}

/* As recv(), behind what is there. */
static ssize_t read_into(GByteArray *bytes, int fd, size_t most)
{
    guint before = bytes->len;
    g_byte_array_set_size(bytes, before + (guint)most);
    struct iovec place = {bytes->data + before, most};
    ssize_t count = readv(fd, &place, 1);
    int error = errno;
    g_byte_array_set_size(bytes, before + (guint)MAX(count, 0));
    errno = error;
    return count;
}

/* Once a turn: who sends more than that is read again in the next, so that the
 * others have their turn. */
static void receive(struct stream *stream)
{
    size_t most = room_to_read(stream);
    if (most == 0)
        return;
    ssize_t count = read_into(stream->in, stream->watch.fd, most);
    if (count >= 0) {
        stream->they_ended = count == 0;
        show(stream);
    } else if (!is_for_now(errno)) {
        fail(stream, errno);
    }
}

/* ---- Out. ---- */

size_t stream_backlog(const struct stream *stream)
{
    return stream->out->len - stream->gone;
}

static bool is_all_sent(const struct stream *stream)
{
    return stream_backlog(stream) == 0 && stream->marks->len == 0;
}

static void mark_until_now(struct stream *stream)
{
    struct mark mark = {gate_stamp(stream->gate),
                        stream->sent + stream_backlog(stream)};
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
        return stream_backlog(stream);
    while (passed < stream->marks->len &&
           gate_passes(stream->gate, marks[passed].stamp))
        stream->allowed = marks[passed++].end;
    if (passed > 0)
        g_array_remove_range(stream->marks, 0, passed);
    return (size_t)(stream->allowed - stream->sent);
}

/* One call, for all that may leave. */
static void transmit(struct stream *stream)
{
    size_t size = ask_gate(stream);
    if (size == 0)
        return;
    struct iovec piece = {stream->out->data + stream->gone, size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t count = sendmsg(stream->watch.fd, &message, MSG_NOSIGNAL);
    if (count < 0 && !is_for_now(errno)) {
        fail(stream, errno);
        return;
    }
    stream->gone += (size_t)MAX(count, 0);
    stream->sent += (size_t)MAX(count, 0);
    if (count < (ssize_t)size)
        stream->waits_for |= EPOLLOUT;
}

/* Only a connection that is broken cannot be ended; it says why, once. */
static void tell_our_end(struct stream *stream)
{
    if (!stream->we_end || stream->we_ended || !is_all_sent(stream))
        return;
    stream->we_ended = shutdown(stream->watch.fd, SHUT_WR) == 0;
    if (!stream->we_ended) {
        int error = errno, reason = error_of_socket(stream);
        fail(stream, reason ? reason : error);
    }
}

/* A write found too little; to tell of every byte would be too much. */
static bool has_room_for_more(const struct stream *stream)
{
    return stream->refused && stream_backlog(stream) <= stream->owner.most / 2;
}

/* The outlet's: while we are held up there is nothing to try. */
static bool flush(void *self)
{
    struct stream *stream = self;
    if (can_send(stream))
        transmit(stream);
    if (can_send(stream))
        tell_our_end(stream);
    if (has_room_for_more(stream))
        announce(stream);
    settle(stream);
    return !can_send(stream) || is_all_sent(stream);
}

/* ---- What the loop calls. ---- */

/* What held us up is over, or will never be. */
static void go_on(struct stream *stream, bool broken)
{
    int error = broken ? error_of_socket(stream) : 0;
    if (error != 0) {
        fail(stream, error);
        return;
    }
    stream->waits_for &= ~(uint32_t)EPOLLOUT;
    loop_speak(stream->loop, &stream->outlet);
}

static void on_ready(void *self, uint32_t events)
{
    struct stream *stream = self;
    bool broken = events & (EPOLLERR | EPOLLHUP);
    if (broken || events & EPOLLIN)
        receive(stream);
    if (is_held_up(stream) && (broken || events & EPOLLOUT))
        go_on(stream, broken);
    settle(stream);
}

static void show_again(struct stream *stream)
{
    stream->again = false;
    if (stream->in->len > 0 || stream->they_ended)
        show(stream);
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
        stream->refused = false;
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
    return closed ? 0 : stream->owner.most - stream_backlog(stream);
}

size_t stream_write(struct stream *stream, const void *data, size_t size)
{
    size_t count = MIN(size, stream_room(stream));
    if (count < size && !stream->we_end)
        stream->refused = true;
    if (count == 0)
        return 0;
    g_byte_array_remove_range(stream->out, 0, (guint)stream->gone);
    stream->gone = 0;
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
    stream->refused = false;
    loop_speak(stream->loop, &stream->outlet);
}

void stream_abort(struct stream *stream)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(stream->watch.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    fail(stream, ECONNABORTED);
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
    stream->waits_for = is_connected(fd) ? 0 : EPOLLOUT;
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

/*
 * Everything that comes goes through `in`: a receive appends to it, and the
 * owner is always shown `in` and nothing else. One way for all bytes, at the
 * price of a copy.
 *
 *     recv --> in --> the owner --> out --> send, when the turn ends
 *
 * What the owner did not use stays in `in`, and what the kernel did not take
 * stays in `out`: a send that moved less than it was offered leaves the stream
 * blocked.
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

static bool has_room_to_read(const struct stream *stream)
{
    return !stream->they_ended && stream->in->len < stream->owner.most;
}

static void watch_for_what_matters(struct stream *stream)
{
    uint32_t events = 0;
    if (has_room_to_read(stream))
        events |= EPOLLIN;
    if (stream->blocked)
        events |= EPOLLOUT;
    if (stream->error != 0)
        events = 0;
    loop_watch(stream->loop, &stream->watch, events);
}

/* After anything that happened. */
static void settle(struct stream *stream)
{
    watch_for_what_matters(stream);
    if (is_over(stream))
        announce(stream);
}

/* ---- In. ---- */

/* Is this errno only about now? */
static bool will_pass(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void drop_front(GByteArray *bytes, size_t count)
{
    if (count > 0)
        g_byte_array_remove_range(bytes, 0, (guint)count);
}

static void show(struct stream *stream)
{
    const struct stream_owner *owner = &stream->owner;
    size_t used = owner->on_bytes(owner->self, stream->in->data,
                                  stream->in->len, stream->they_ended);
    drop_front(stream->in, used);
}

/* Once a turn: who sends more than that is read again in the next, so that the
 * others have their turn. */
static void receive(struct stream *stream)
{
    uint8_t bytes[READ_MOST];
    size_t room = stream->owner.most - stream->in->len;
    ssize_t count = recv(stream->watch.fd, bytes, MIN(room, sizeof bytes), 0);
    if (count < 0 && will_pass(errno))
        return;
    if (count < 0) {
        fail(stream, errno);
        return;
    }
    if (count == 0)
        stream->they_ended = true;
    g_byte_array_append(stream->in, bytes, (guint)count);
    show(stream);
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
    ssize_t count =
        send(stream->watch.fd, stream->out->data, size, MSG_NOSIGNAL);
    if (count < 0 && !will_pass(errno)) {
        fail(stream, errno);
        return;
    }
    size_t taken = count < 0 ? 0 : (size_t)count;
    drop_front(stream->out, taken);
    stream->sent += taken;
    stream->blocked = taken < size;
}

static bool is_all_sent(const struct stream *stream)
{
    return stream->out->len == 0 && stream->marks->len == 0;
}

/* Not before everything has left: that is what "ended" will mean to them. */
static void tell_our_end(struct stream *stream)
{
    if (!stream->we_end || stream->we_ended || !is_all_sent(stream))
        return;
    if (shutdown(stream->watch.fd, SHUT_WR) < 0)
        fail(stream, errno);
    else
        stream->we_ended = true;
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
    uint32_t trouble = events & (EPOLLERR | EPOLLHUP);
    if (stream->blocked && (trouble || events & EPOLLOUT)) {
        stream->blocked = false;
        loop_speak(stream->loop, &stream->outlet);
    }
    if (has_room_to_read(stream) && (trouble || events & EPOLLIN))
        receive(stream);
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
    size_t count = MIN(size, stream_room(stream));
    if (count < size && !stream->we_end)
        stream->wanting = true;
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

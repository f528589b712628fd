/**
 * @file test_stream.h
 * For the tests of streams: an owner that remembers what it is told.
 *
 *     struct witness *witness = meet((struct meeting){.most = 1000});
 *     they_send(witness, 10);
 *     turns(1);
 *     assert_int_equal(witness->used, 10);
 *
 * "We" are the owner of a stream, "they" are the other end of its connection.
 * Each way carries the same row of bytes, and every byte is compared where it
 * arrives: what is lost, repeated or out of order fails the test. So does an
 * owner that is called from inside a function of its stream, or of its own, or
 * after on_close.
 */
#ifndef SOCKETS_TEST_STREAM_H
#define SOCKETS_TEST_STREAM_H
#include "01-sockets/net.h"
#include "01-sockets/stream.h"
#include "01-sockets/test_kernel.h"
#include "common/world/clock.h"
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/** So many turns are soon; so many bytes are a row; and so many are kept each
 * way, most often. */
enum { SOON = 4, ROW = 1 << 20, MOST = 1000 };
/** As much as there is; longer than any machine takes. */
#define ALL      SIZE_MAX
#define PATIENCE (30 * SEC)

/** What is special about a connection. */
struct meeting {
    size_t most;
    const struct gate *gate;
    bool tcp;     /**< By TCP; else a socketpair. */
    bool no_room; /**< Its owner has no on_room. */
};

/** An owner, and the other end. */
struct witness {
    struct stream *stream;
    int there; /**< The other end; -1 when they have closed it. */
    struct wire wire;
    void (*act)(struct witness *witness);  /**< What it does when shown, ... */
    void (*move)(struct witness *witness); /**< ... and when there is room. */

    size_t appetite;        /**< It uses up so many bytes more. */
    size_t used, left;      /**< It used so many; and left, the last time. */
    size_t written;         /**< The stream has taken so many. */
    size_t sent, arrived;   /**< They have sent so many, and received. */
    bool ended, they_heard; /**< Each side's end, as told to the other. */
    int they_failed;        /**< Why they cannot receive; 0: they can. */

    unsigned shows, rooms, closes; /**< How often it was called. */
    int error;                     /**< What on_close said. */
    bool called;                   /**< It is being called now. */
    bool calls; /**< It calls a function of the stream now. */
};

static struct loop *loop;
static GPtrArray *witnesses;
static uint8_t row[ROW];

/* ---- What the stream calls. ---- */

static inline void enter(struct witness *witness)
{
    assert_false(witness->called);
    assert_false(witness->calls);
    assert_int_equal(witness->closes, 0);
    witness->called = true;
}

static inline size_t on_bytes(void *self, const uint8_t *data, size_t size,
                              bool ended)
{
    struct witness *witness = self;
    enter(witness);
    size_t used = MIN(size, witness->appetite);
    assert_true(witness->used + size <= witness->sent);
    if (size > 0)
        assert_memory_equal(data, row + witness->used, size);
    assert_true(size > 0 || ended);
    assert_true(ended || !witness->ended);
    witness->shows++;
    witness->ended = ended;
    witness->used += used;
    witness->left = size - used;
    witness->appetite -= used;
    if (witness->act)
        witness->act(witness);
    witness->called = false;
    return used;
}

static inline void on_room(void *self)
{
    struct witness *witness = self;
    enter(witness);
    witness->rooms++;
    if (witness->move)
        witness->move(witness);
    witness->called = false;
}

static inline void on_close(void *self, int error)
{
    struct witness *witness = self;
    enter(witness);
    witness->closes++;
    witness->error = error;
    witness->called = false;
}

/* ---- What we call. ---- */

static inline size_t we_write(struct witness *witness, size_t size)
{
    assert_true(size <= ROW - witness->written);
    witness->calls = true;
    size_t count = stream_write(witness->stream, row + witness->written, size);
    witness->calls = false;
    assert_true(count <= size);
    witness->written += count;
    return count;
}

static inline void we_call(struct witness *witness,
                           void (*function)(struct stream *stream))
{
    witness->calls = true;
    function(witness->stream);
    witness->calls = false;
}

static inline void we_free(struct witness *witness)
{
    kernel_lay(stream_fd(witness->stream), NULL);
    stream_free(witness->stream);
    witness->stream = NULL;
}

/* ---- What they do. ---- */

static inline size_t they_send(struct witness *witness, size_t size)
{
    size_t most = MIN(size, ROW - witness->sent);
    ssize_t count = send(witness->there, row + witness->sent, most,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
    witness->sent += (size_t)MAX(count, 0);
    return (size_t)MAX(count, 0);
}

/* At most @p most bytes of what is there for them. Returns how many. */
static inline size_t they_receive(struct witness *witness, size_t most)
{
    static uint8_t data[1 << 16];
    size_t size = MIN(most, sizeof data);
    ssize_t count = recv(witness->there, data, size, MSG_DONTWAIT);
    witness->they_heard |= count == 0;
    if (count < 0 && errno != EAGAIN)
        witness->they_failed = errno;
    if (count <= 0)
        return 0;
    assert_memory_equal(data, row + witness->arrived, (size_t)count);
    witness->arrived += (size_t)count;
    return (size_t)count;
}

static inline void they_end(const struct witness *witness)
{
    assert_return_code(shutdown(witness->there, SHUT_WR), errno);
}

static inline void they_leave(struct witness *witness)
{
    close(witness->there);
    witness->there = -1;
}

/* How many bytes has the stream taken from the kernel, and not been rid of? */
static inline size_t kept(const struct witness *witness)
{
    int waiting = 0;
    ioctl(stream_fd(witness->stream), FIONREAD, &waiting);
    return witness->sent - (size_t)waiting - witness->used;
}

/* ---- Turns. ---- */

static inline void turns(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        kernel.asleep = false;
        loop_turn(loop, LONG);
    }
}

/* Where it takes the kernel some time. */
#define await(condition)                               \
    do {                                               \
        nsec deadline = clock_monotonic() + PATIENCE;  \
        kernel.waits = true;                           \
        kernel.asleep = false;                         \
        while (!(condition)) {                         \
            assert_true(clock_monotonic() < deadline); \
            loop_turn(loop, 5 * MSEC);                 \
        }                                              \
        kernel.waits = false;                          \
    } while (0)

/* All is told, and nothing can be done: now each turn waits, until something
 * happens, and calls nothing. */
static inline void expect_quiet(struct witness *witness)
{
    turns(SOON);
    unsigned shows = witness->shows, rooms = witness->rooms;
    kernel.events = witness->wire.sends = witness->wire.receives = 0;
    for (int i = 0; i < 3; i++) {
        turns(1);
        assert_true(kernel.asked >= LONG);
    }
    assert_int_equal(kernel.events, 0);
    assert_int_equal(witness->wire.sends, 0);
    assert_int_equal(witness->wire.receives, 0);
    assert_int_equal(witness->shows, shows);
    assert_int_equal(witness->rooms, rooms);
}

static inline void expect_close(struct witness *witness, int error)
{
    turns(SOON);
    assert_int_equal(witness->closes, 1);
    assert_int_equal(witness->error, error);
}

/* They read nothing, until neither the kernel nor the stream takes more. */
static inline void fill(struct witness *witness)
{
    do
        turns(2);
    while (we_write(witness, MOST) > 0);
    turns(SOON);
    assert_int_equal(we_write(witness, 1), 0);
}

/* ---- Life. ---- */

static inline struct witness *witness_of(int fd, int there,
                                         struct meeting meeting)
{
    struct witness *witness = g_new0(struct witness, 1);
    witness->there = there;
    witness->appetite = witness->wire.takes = ALL;
    witness->stream = stream_new(
        loop, meeting.gate, fd,
        (struct stream_owner){.on_bytes = on_bytes,
                              .on_room = meeting.no_room ? NULL : on_room,
                              .on_close = on_close,
                              .self = witness,
                              .most = meeting.most});
    kernel_lay(fd, &witness->wire);
    g_ptr_array_add(witnesses, witness);
    return witness;
}

static inline void connect_by_tcp(int pair[2])
{
    struct address any;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    int listener = net_listen(&any, 1);
    assert_return_code(listener, errno);
    struct address address = address_of(listener);
    pair[0] = net_connect(&address);
    assert_return_code(pair[0], errno);
    pair[1] = net_accept(listener, NULL);
    assert_return_code(pair[1], errno);
    close(listener);
}

/* Connected, and blocking: a stream changes that. */
static inline struct witness *meet(struct meeting meeting)
{
    int pair[2];
    if (meeting.tcp)
        connect_by_tcp(pair);
    else
        assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), errno);
    return witness_of(pair[1], pair[0], meeting);
}

static inline struct witness *meet_plainly(void)
{
    return meet((struct meeting){.most = MOST});
}

static inline void witness_free(void *self)
{
    struct witness *witness = self;
    if (witness->stream)
        we_free(witness);
    if (witness->there >= 0)
        close(witness->there);
    g_free(witness);
}

static inline int open_world(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW; i++)
        row[i] = (uint8_t)dice_mix(i);
    memset(&kernel, 0, sizeof kernel);
    loop = loop_new();
    witnesses = g_ptr_array_new_with_free_func(witness_free);
    return 0;
}

static inline int close_world(void **state)
{
    (void)state;
    g_ptr_array_unref(witnesses);
    loop_free(loop);
    return 0;
}

/** A test in a world of its own. */
#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_world, close_world)

#endif

/**
 * @file stream.h
 * A connection in a loop: it never blocks, and its buffers have bounds.
 *
 *     // An echo, complete: what on_room and on_bytes of its owner do.
 *     static size_t on_bytes(void *self, const uint8_t *data, size_t size,
 *                            bool ended)
 *     {
 *         struct visit *visit = self;
 *         size_t used = stream_write(visit->stream, data, size);
 *         if (ended && used == size)
 *             stream_end(visit->stream);
 *         return used; // The rest is kept; on_room calls stream_again().
 *     }
 *
 * Bytes that the owner leaves unused are kept and shown again. When the stream
 * keeps as many as it may, it reads no more: the kernel's buffers fill, and in
 * the end the sender waits. That is *backpressure*; nothing is ever dropped.
 *
 * It reads at most once a turn, so that a flood keeps nobody else waiting, and
 * it asks the loop to watch only for what it can use. Nothing raises SIGPIPE.
 * What is written leaves when the turn ends, in one system call, once there is
 * a connection and the gate lets it pass (gate.h, from chapter 4 on; NULL until
 * then).
 *
 * The owner is called by the loop alone: no function of this page calls it. It
 * may free the stream in on_close, or outside of its own callbacks.
 */
#ifndef SOCKETS_STREAM_H
#define SOCKETS_STREAM_H
#include "01-sockets/loop.h"
#include "common/world/gate.h"

/** How many bytes a stream keeps each way, unless its owner says otherwise. */
#define STREAM_MOST ((size_t)1 << 16)

struct stream;

/** Who is called, and what may be kept. */
struct stream_owner {
    /** These bytes came: all that are unused, oldest first. With @p ended
     * nothing will follow them, and there may be none. Returns how many are
     * used up; the rest is shown again when more come, or by stream_again(). */
    size_t (*on_bytes)(void *self, const uint8_t *data, size_t size,
                       bool ended);
    /** A write found too little room, and now half of it is free: once for all
     * such writes so far, and not after stream_end(). May be NULL. */
    void (*on_room)(void *self);
    /** It is over, the last call there is. With 0: both sides have ended, all
     * was sent and all is used up. Else, at once: the errno of the failure. */
    void (*on_close)(void *self, int error);
    void *self;  /**< Their first argument. */
    size_t most; /**< Bytes to keep, each way, below 2 GiB; 0: STREAM_MOST. */
};

/** A stream over @p fd, connected or still connecting, which it takes and makes
 * non-blocking. It asks @p gate what may leave, the end too; NULL: everything
 * may. Borrows @p loop and @p gate. Returns new. */
struct stream *stream_new(struct loop *loop, const struct gate *gate, int fd,
                          struct stream_owner owner);
/** Add to what will be sent. Returns how many of the @p size bytes were taken:
 * as many as there is room for; none after stream_end(). Copies. */
size_t stream_write(struct stream *stream, const void *data, size_t size);
/** Show the unused bytes again, soon, and the end if it has come. */
void stream_again(struct stream *stream);
/** We shall write no more: when all is sent, tell the other side (FIN). It may
 * go on sending. */
void stream_end(struct stream *stream);
/** Give up: on_close comes with ECONNABORTED, soon, and nothing before it. TCP
 * tells the other side when it is freed (RST), lest it take a part for all. */
void stream_abort(struct stream *stream);

/** How many bytes a write would take now. */
size_t stream_room(const struct stream *stream);
/** How many bytes are written and not yet sent. */
size_t stream_backlog(const struct stream *stream);
/** How many bytes the owner has left unused so far. */
size_t stream_unused(const struct stream *stream);
/** The descriptor, for socket options. */
int stream_fd(const struct stream *stream);
/** Close it now, whatever it holds. */
void stream_free(struct stream *stream);

#endif

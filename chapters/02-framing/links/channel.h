/**
 * @file channel.h
 * One connection between two nodes: a hello each way, and then messages.
 *
 * Both ends send frames (frame.h). The first frame is a hello, and says which
 * cluster this is, who speaks, and whom it takes the other for. Who connected
 * says it first; who was connected to checks it, and answers. A mistaken address
 * or an old list of nodes is found here, and not by a protocol that counts a
 * stranger's vote.
 *
 * Any other frame is a message. TCP repairs what it can, so damage means that
 * something is broken that no next frame will mend: the channel is given up, and so
 * it is when no hello comes in time. A machine that was switched off says
 * nothing; the kernel finds out in some ten seconds, with or without something
 * to send (TCP_USER_TIMEOUT, SO_KEEPALIVE).
 */
#ifndef FRAMING_CHANNEL_H
#define FRAMING_CHANNEL_H
#include "01-sockets/loop.h"
#include "common/world/gate.h"

/** How long an end waits for the hello of the other. */
#define CHANNEL_PATIENCE (5 * SEC)

struct channel;

/** Who this end is, and with whom it speaks. */
struct channel_ends {
    uint64_t cluster; /**< Both must have the same. */
    node_id from;     /**< This end. */
    node_id to;       /**< The other; 0: the other connected, and will say. */
};

/** Who is told. None of these may free the channel but @p on_close, which is the
 * last. */
struct channel_owner {
    /** The other is node @p to. Returns whether it is welcome; if so the channel
     * is open. */
    bool (*on_hello)(void *self, struct channel *channel, node_id to);
    /** A message came. Borrows it. */
    void (*on_message)(void *self, struct channel *channel, GBytes *message);
    /** There is room again, after channel_write() took less than all. */
    void (*on_room)(void *self, struct channel *channel);
    /** It is over, and was open or was not. */
    void (*on_close)(void *self, struct channel *channel);
    void *self;  /**< Their first argument. */
    size_t most; /**< The longest message. */
};

/** A channel over @p fd, connected or still connecting, which it takes. Borrows
 * @p loop and @p gate. Returns new. */
struct channel *channel_new(struct loop *loop, const struct gate *gate, int fd,
                            struct channel_ends ends,
                            struct channel_owner owner);
/** Whom it leads to; 0 until the hellos are said. */
node_id channel_to(const struct channel *channel);
/** Send @p size bytes more of a row of frames, once it is open. Returns how many
 * were taken. Copies. */
size_t channel_write(struct channel *channel, const void *data, size_t size);
/** A message as a frame for channel_write(). Returns new. */
GBytes *channel_frame(GBytes *message);
/** Close it now; not from its own callbacks but on_close. */
void channel_free(struct channel *channel);

#endif

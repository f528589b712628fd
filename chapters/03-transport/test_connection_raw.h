/**
 * @file test_connection_raw.h
 * For tests of endpoint.h: node 3 has no endpoint any more, but writes segments
 * by hand, and sees what is answered.
 *
 *     struct stranger stranger;
 *     stranger_init(&stranger, &board);
 *     struct pass pass = ask_for_pass(&stranger, 7, 1000);
 *     show_pass(&board, 3, pass);               // then it is let in
 */
#ifndef TRANSPORT_TEST_CONNECTION_RAW_H
#define TRANSPORT_TEST_CONNECTION_RAW_H
#include "02-framing/wire.h"
#include "03-transport/test_connection.h"

/** Who knows the protocol, and does as it likes. */
struct stranger {
    struct switchboard *board; /**< Where. */
    unsigned heard;            /**< So many segments came. */
    GBytes *bytes;             /**< The last of them, a reference; or NULL. */
    struct segment last;       /**< What it says. */
};

/** All that a cookie is for. */
struct pass {
    uint32_t id;     /**< The client's; */
    uint32_t seq;    /**< and its number. */
    uint32_t other;  /**< The server's id; */
    uint32_t ack;    /**< and what acknowledges its number. */
    uint32_t packet; /**< Of the opening. */
    uint64_t when;   /**< The cookie. */
    uint64_t hash;   /**< The cookie. */
};

/** Of node 3: see env_bind(). */
static inline void on_raw(void *self, node_id from, GBytes *message)
{
    struct stranger *stranger = self;
    (void)from;
    stranger->heard++;
    g_clear_pointer(&stranger->bytes, g_bytes_unref);
    stranger->bytes = g_bytes_ref(message);
    assert_true(segment_of(message, &stranger->last));
}

/** From now on node 3 is this one. */
static inline void stranger_init(struct stranger *stranger,
                                 struct switchboard *board)
{
    *stranger = (struct stranger){.board = board};
    env_bind(sim_env(board->sim, 3), on_raw, stranger);
}

/** Free what is in it. */
static inline void stranger_clear(struct stranger *stranger)
{
    g_clear_pointer(&stranger->bytes, g_bytes_unref);
}

/** As if @p from had said it. */
static inline void forge(struct switchboard *board, node_id from, node_id to,
                         const struct segment *segment)
{
    g_autoptr(GBytes) bytes = segment_bytes(segment);
    env_send(sim_env(board->sim, from), to, bytes);
}

/** An opening of this kind, with @p size bytes of what it says besides. */
static inline void send_pass(struct switchboard *board, node_id from,
                             uint8_t flags, const struct pass *pass,
                             size_t size)
{
    struct wire_writer out = {.most = 100};
    struct segment segment = {.flags = flags,
                              .connection = pass->other,
                              .packet = pass->packet,
                              .seq = pass->seq,
                              .ack = pass->ack,
                              .window = 10000};
    wire_put_u32(&out, pass->id);
    wire_put_u64(&out, pass->when);
    wire_put_u64(&out, pass->hash);
    for (int i = 0; i < 10; i++)
        wire_put_u64(&out, 0);
    segment.data = out.data;
    segment.size = size;
    forge(board, from, 2, &segment);
    wire_clear(&out);
}

/** It opens a connection to 2, with so many bytes of data. */
static inline void ask(struct stranger *stranger, struct pass pass, size_t size)
{
    pass.other = 0;
    send_pass(stranger->board, 3, SEGMENT_OPEN, &pass, size);
    run(stranger->board, 2 * stranger->board->way);
}

/** What 2 answers, whom it costs nothing. */
static inline struct pass ask_for_pass(struct stranger *stranger, uint32_t id,
                                       uint32_t seq)
{
    struct pass pass = {.id = id, .seq = seq, .packet = 99};
    unsigned before = stranger->heard;
    ask(stranger, pass, 32);
    assert_int_equal(stranger->heard, before + 1);
    assert_int_equal(kind_of(2, stranger->bytes), ANSWER);
    assert_int_equal(stranger->last.connection, id);
    assert_int_equal(stranger->last.ack, seq + 1);
    struct wire_reader in = wire_read(stranger->last.data, stranger->last.size);
    pass.other = wire_get_u32(&in);
    pass.when = wire_get_u64(&in);
    pass.hash = wire_get_u64(&in);
    pass.ack = stranger->last.seq + 1;
    assert_true(wire_whole(&in));
    return pass;
}

/** @p from shows it. */
static inline void show_pass(struct switchboard *board, node_id from,
                             struct pass pass)
{
    send_pass(board, from, SEGMENT_OPEN | SEGMENT_ACK | SEGMENT_COOKIE, &pass,
              20);
    run(board, 2 * board->way);
}

#endif

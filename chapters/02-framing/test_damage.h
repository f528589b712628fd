/**
 * @file test_damage.h
 * For tests of frame.h: rows of bytes in which something is extreme or wrong.
 */
#ifndef FRAMING_TEST_DAMAGE_H
#define FRAMING_TEST_DAMAGE_H
#include "02-framing/test_listener.h"

/** Bytes of a payload that 16 bits cannot count. */
enum { LARGE = 70000 };

/** Sizes of payloads. */
static const size_t sizes[] = {0, 1, 27, 28, 29, MOST - 1, MOST, 0, 0, 5};

/** Is this one frame, and no more? */
static inline bool is_frame(const uint8_t *data, size_t size,
                            struct frame *frame)
{
    g_autoptr(GBytes) message = g_bytes_new(data, size);
    return frame_of(message, frame);
}

/** Expect frame_of to say no. */
static inline void expect_none(const char *of, const uint8_t *data, size_t size)
{
    struct frame frame;
    g_autofree char *text = g_strdup_printf("frame_of %s to say no", of);
    expect_that(!is_frame(data, size, &frame), text, "yes");
}

/** Payloads of many sizes. */
static inline struct session all_sizes(void)
{
    struct session session = session_new();
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        send_frame(&session, i, sizes[i]);
    return session;
}

/** All flags, and the least and greatest of the other fields. */
static inline struct session extremes(void)
{
    struct session session = session_new();
    for (size_t flags = 0; flags < 256; flags++)
        send_frame(&session, EXTREME + flags, flags % 3);
    return session;
}

/** A frame, whose check of the payload is wrong in one bit. */
static inline void send_wrong_check(struct session *session, size_t size,
                                    int bit)
{
    g_autofree uint8_t *data = filling(9, size);
    put_head(session->row,
             (struct head){.id = 9,
                           .length = (uint32_t)size,
                           .check = crc32c(0, data, size) ^ 1u << bit});
    send_garbage(session, data, size);
}

/** Three frames, of which the second is damaged. */
static inline struct session three(size_t size)
{
    struct session session = session_new();
    send_frame(&session, 1, 3);
    send_frame(&session, 2, size);
    send_frame(&session, 3, 1);
    return session;
}

/** A frame beyond the cap is none. */
static inline void play_too_large(size_t size)
{
    struct session session = session_new();
    g_autofree uint8_t *data = filling(6, size);
    say("A payload of %zu bytes is beyond the cap, which is %d.", size, MOST);
    send_payload(&session, 6, data, size);
    sent_of(&session, 0)->lost = true;
    send_frame(&session, 7, 0);
    play(session);
}

/** With a cap of 0 there are empty frames. */
static inline void play_cap_of_0(void)
{
    struct session session = session_new();
    say("The cap is 0: that leaves empty frames.");
    for (size_t i = 0; i < 5; i++) {
        send_frame(&session, i, i % 2);
        sent_of(&session, (guint)i)->lost = i % 2 > 0;
    }
    play_whole(&session, 0);
    session_free(session);
}

/** From its id on, a header is also the beginning of a frame: where its own
 * check stands, that one has its deadline. Returns which. */
static inline uint32_t put_two_in_one(GByteArray *row)
{
    put(row, (uint64_t)FRAME_MAGIC << 16 | FRAME_VERSION << 8, 4);
    put(row, UINT32_MAX, 4); /* The length, beyond the cap. */
    put(row, (uint64_t)FRAME_MAGIC << 16 | FRAME_VERSION << 8, 4);
    put(row, 0, 4); /* The other one's length. */
    put(row, 77, 8);
    uint32_t check = crc32c(0, row->data, 24);
    put(row, check, 4);
    put(row, 0, 4); /* The check of no payload. */
    put(row, crc32c(0, row->data + 8, 24), 4);
    return check;
}

/** And the inner one is to be given. */
static inline void play_two_in_one(void)
{
    struct session session = session_new();
    struct frame frame = {.id = 0};
    say("A frame begins inside a header whose length is beyond the cap.");
    uint32_t deadline = put_two_in_one(session.row);
    struct listener listener = listener_new(&session);
    feed(&listener, session.row->len);
    expect_equal("frame_next returns", frame_next(listener.decoder, &frame),
                 true);
    expect_number("the id of a frame", frame.id, 77);
    expect_number("the deadline of a frame", frame.deadline, deadline);
    expect_equal("bytes skipped:", frame_skipped(listener.decoder), 8);
    frame_decoder_free(listener.decoder);
    session_free(session);
}

/** A frame that looks like one of this session, in the payload of another. */
static inline struct session picture(size_t damaged)
{
    struct session inner = session_new(), session = session_new();
    send_garbage(&inner, "....", 4);
    send_frame(&inner, 77, 5);
    send_garbage(&inner, "....", 4);
    send_frame(&session, 1, 2);
    send_payload(&session, 2, inner.row->data, inner.row->len);
    struct sent *outer = sent_of(&session, 1);
    outer->lost = true;
    say("Byte %zu of a frame is damaged; its payload looks like a frame.",
        damaged);
    session.row->data[outer->at + damaged] ^= 0x10;
    if (damaged < FRAME_HEADER) { /* Its bytes are looked at one by one. */
        struct sent seen = {77, outer->at + FRAME_HEADER + 4, 5, false};
        g_array_append_val(session.sent, seen);
    }
    session_free(inner);
    send_frame(&session, 3, 4);
    return session;
}

/** Pictures near both ends of a payload that is damaged in its last byte. */
static inline void play_large_picture(void)
{
    struct session inner = session_new(), session = session_new();
    g_autofree uint8_t *data = g_malloc0(LARGE);
    send_frame(&inner, 77, 5);
    memcpy(data + 1, inner.row->data, inner.row->len);
    memcpy(data + LARGE - 50, inner.row->data, inner.row->len);
    say("A payload of %d bytes is damaged; parts of it look like frames.",
        LARGE);
    send_frame(&session, 1, 2);
    send_payload(&session, 2, data, LARGE);
    sent_of(&session, 1)->lost = true;
    session.row->data[session.row->len - 1] ^= 1;
    send_frame(&session, 3, 2);
    play_whole(&session, LARGE);
    session_free(inner);
    session_free(session);
}

/** Each check of a payload is wrong, in another bit, and that many times. */
static inline void play_wrong_checks(void)
{
    struct session session = session_new();
    send_frame(&session, 1, 2);
    say("Behind a frame come 320 whose payload is not what its check says.");
    for (int i = 0; i < 320; i++)
        send_wrong_check(&session, i % 64 < 32 ? 0 : 5, i % 32);
    send_frame(&session, 2, 2);
    play_whole(&session, MOST);
    session_free(session);
}

/** One that is right but for its magic or version; then a frame. */
static inline void send_other_head(struct session *session, struct head head)
{
    head.id = 1;
    put_head(session->row, head);
    expect_none(head.magic ? "another magic" : "another version",
                session->row->data + session->row->len - FRAME_HEADER,
                FRAME_HEADER);
    send_frame(session, 2, 1);
}

/** Expect frame_of to say yes to each of these, as a message. */
static inline void expect_extremes(void)
{
    struct session session = extremes();
    struct frame frame;
    for (guint i = 0; i < session.sent->len; i++) {
        const struct sent *sent = sent_of(&session, i);
        g_autoptr(GBytes) message = g_bytes_new(session.row->data + sent->at,
                                                FRAME_HEADER + sent->size);
        expect_that(frame_of(message, &frame), "frame_of a frame to say yes",
                    "no, with the flags 0x%02x", i);
        expect_frame(&frame, sent->id,
                     session.row->data + sent->at + FRAME_HEADER, sent->size);
    }
    session_free(session);
}

/** Expect frame_of to look at each bit of the check of a payload. */
static inline void expect_checks_of_all_bits(void)
{
    for (int bit = 0; bit < 64; bit++) {
        struct session session = session_new();
        send_wrong_check(&session, bit < 32 ? 0 : 5, bit % 32);
        expect_none("a frame with another payload", session.row->data,
                    session.row->len);
        session_free(session);
    }
}

/** What one has given stands there, whatever the other does. */
static inline void expect_payloads_apart(void)
{
    struct session one = session_new(), two = session_new();
    struct frame given, other;
    send_frame(&one, 1, MOST);
    send_frame(&two, 2, MOST);
    struct listener first = listener_new(&one), second = listener_new(&two);
    feed(&first, one.row->len);
    bool got = frame_next(first.decoder, &given);
    feed(&second, two.row->len);
    got = frame_next(second.decoder, &other) && got;
    expect_that(got, "a frame from each decoder", "none");
    expect_frame(&given, 1, one.row->data + FRAME_HEADER, MOST);
    frame_decoder_free(second.decoder);
    expect_frame(&given, 1, one.row->data + FRAME_HEADER, MOST);
    frame_decoder_free(first.decoder);
    session_free(one);
    session_free(two);
}

#endif

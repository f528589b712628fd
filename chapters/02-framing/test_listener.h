/**
 * @file test_listener.h
 * For tests: a session is fed to a decoder, and each of its frames is expected:
 * those that came whole, as soon as their last byte is there, and no other.
 *
 *     play(session);     // Cut anywhere, and byte by byte; frees it.
 */
#ifndef FRAMING_TEST_LISTENER_H
#define FRAMING_TEST_LISTENER_H
#include "02-framing/test_session.h"
#include "common/course/graded.h"
#include <stdio.h>
#include <string.h>

/** Bytes of payload that a decoder takes. */
enum { MOST = 100 };

/** Note what happens, for who looks at a failure. */
static inline G_GNUC_PRINTF(1, 2) void say(const char *format, ...)
{
    char line[SHEET_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    sheet_note(line);
}

/** A decoder, and what it is expected to give. */
struct listener {
    struct session *session;       /**< What was sent. */
    struct frame_decoder *decoder; /**< Its own. */
    size_t fed;                    /**< Bytes. */
    size_t piece;                  /**< Of them, in the last piece. */
    size_t taken;                  /**< Bytes of frames that were given. */
    guint next;                    /**< The next frame of the session. */
};

/** A new decoder, of payloads up to @p most bytes. */
static inline struct listener listener_of(struct session *session, size_t most)
{
    return (struct listener){.session = session,
                             .decoder = frame_decoder_new(most)};
}

/** A new decoder. */
static inline struct listener listener_new(struct session *session)
{
    return listener_of(session, MOST);
}

/** The next intact frame; NULL when there is none. */
static inline const struct sent *upcoming(struct listener *listener)
{
    GArray *sent = listener->session->sent;
    while (listener->next < sent->len &&
           sent_of(listener->session, listener->next)->lost)
        listener->next++;
    return listener->next < sent->len
               ? sent_of(listener->session, listener->next)
               : NULL;
}

/** Expect a number that reads better in hexadecimal. */
static inline void expect_number(const char *what, uint64_t got,
                                 uint64_t wanted)
{
    g_autofree char *text =
        g_strdup_printf("%s: 0x%" G_GINT64_MODIFIER "x", what, wanted);
    expect_that(got == wanted, text, "0x%" G_GINT64_MODIFIER "x", got);
}

/** Expect @p got to have these fields. */
static inline void expect_frame(const struct frame *got, uint64_t id,
                                const uint8_t *payload, size_t size)
{
    struct frame wanted = fields(id);
    expect_equal("the size of a payload:", got->size, size);
    expect_number("the id of a frame", got->id, wanted.id);
    expect_number("the flags of a frame", got->flags, wanted.flags);
    expect_number("the deadline of a frame", got->deadline, wanted.deadline);
    if (size > 0)
        expect_bytes("a payload", got->payload, payload, size);
}

/** Expect no byte to be counted as skipped that waits: the next frame's, once
 * it has begun, and those that are not there. */
static inline void expect_waiting(struct listener *listener)
{
    const struct sent *sent = upcoming(listener);
    uint64_t skipped = frame_skipped(listener->decoder);
    size_t others = listener->fed;
    if (sent && sent->at < others)
        others = sent->at;
    expect_that(listener->taken + skipped <= others,
                "no byte to be skipped that waits for others",
                "%" G_GUINT64_FORMAT " of %zu", skipped,
                others - listener->taken);
}

/** Expect all frames that there are, and no other. */
static inline void take(struct listener *listener)
{
    struct frame frame;
    const struct sent *sent;
    while (frame_next(listener->decoder, &frame)) {
        say("  frame_next gives a frame with a payload of %zu bytes",
            frame.size);
        sent = upcoming(listener);
        expect_that(sent && end_of(sent) <= listener->fed,
                    "no frame but those that came whole", "another one");
        frame_skipped(listener->decoder); /* The payload stays. */
        expect_frame(&frame, sent->id,
                     listener->session->row->data + sent->at + FRAME_HEADER,
                     sent->size);
        listener->taken += FRAME_HEADER + sent->size;
        listener->next++;
    }
    sent = upcoming(listener);
    expect_that(!sent || end_of(sent) > listener->fed,
                "a frame as soon as its last byte is there",
                "no frame after a piece of %zu bytes", listener->piece);
    expect_waiting(listener);
}

/** Feed a piece in memory of its own, which is gone when it was fed. */
static inline void feed(struct listener *listener, size_t size)
{
    g_autofree uint8_t *piece = g_malloc(size + 1);
    memcpy(piece, listener->session->row->data + listener->fed, size);
    listener->fed += size;
    listener->piece = size;
    say("> frame_feed, %zu bytes: up to byte %zu of %u", size, listener->fed,
        listener->session->row->len);
    frame_feed(listener->decoder, piece, size);
    memset(piece, 0xee, size);
}

/** Bytes that are not fed. */
static inline size_t rest_of(const struct listener *listener)
{
    return listener->session->row->len - listener->fed;
}

/** Feed the rest. A session ends with an intact frame: then nothing waits. */
static inline void listener_end(struct listener *listener)
{
    feed(listener, rest_of(listener));
    take(listener);
    expect_equal("bytes skipped:", frame_skipped(listener->decoder),
                 listener->fed - listener->taken);
    frame_decoder_free(listener->decoder);
}

/** Play a session: @p cut bytes, then the rest. */
static inline void play_cut(struct session *session, size_t cut)
{
    struct listener listener = listener_new(session);
    feed(&listener, cut);
    take(&listener);
    listener_end(&listener);
}

/** Byte by byte. */
static inline void play_bytes(struct session *session)
{
    struct listener listener = listener_new(session);
    while (rest_of(&listener) > 0) {
        feed(&listener, 1);
        take(&listener);
    }
    listener_end(&listener);
}

/** Whole, at once, to a decoder of payloads up to @p most bytes. */
static inline void play_whole(struct session *session, size_t most)
{
    struct listener listener = listener_of(session, most);
    listener_end(&listener);
}

/** In pieces, and not always asked for frames between. */
static inline void play_pieces(struct session *session, struct dice *dice)
{
    struct listener listener = listener_new(session);
    while (rest_of(&listener) > 0) {
        size_t most = dice_between(dice, 0, 2 * FRAME_HEADER);
        size_t piece = dice_between(dice, 0, most);
        feed(&listener, MIN(piece, rest_of(&listener)));
        if (dice_roll(dice) % 4)
            take(&listener);
    }
    listener_end(&listener);
}

/** Cut anywhere, and byte by byte; then free it. */
static inline void play(struct session session)
{
    for (size_t cut = 0; cut <= session.row->len; cut++)
        play_cut(&session, cut);
    play_bytes(&session);
    session_free(session);
}

/** Send a frame, a damaged one or garbage, as the dice fall. */
static inline void send_luck(struct session *session, uint64_t id,
                             struct dice *dice)
{
    size_t size = dice_between(dice, 0, MOST + 5);
    g_autofree uint8_t *data = filling(id, size);
    uint64_t kind = dice_roll(dice) % 8;
    if (kind == 0) {
        send_garbage(session, data, size);
        return;
    }
    send_payload(session, id, data, size);
    struct sent *sent = sent_of(session, session->sent->len - 1);
    sent->lost = size > MOST || kind < 4;
    uint64_t at = sent->at + dice_roll(dice) % (FRAME_HEADER + size);
    if (kind < 4)
        session->row->data[at] ^= (uint8_t)dice_between(dice, 1, 255);
}

#endif

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
#include <string.h>

/** Bytes of payload that a decoder takes. */
enum { MOST = 100 };

/** A decoder, and what it is expected to give. */
struct listener {
    struct session *session;       /**< What was sent. */
    struct frame_decoder *decoder; /**< Its own. */
    size_t fed;                    /**< Bytes. */
    size_t taken;                  /**< Bytes of frames that were given. */
    guint next;                    /**< The next frame of the session. */
};

/** A new decoder. */
static inline struct listener listener_new(struct session *session)
{
    return (struct listener){.session = session,
                             .decoder = frame_decoder_new(MOST)};
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

/** Expect @p got to have these fields. */
static inline void expect_frame(const struct frame *got, uint64_t id,
                                const uint8_t *payload, size_t size)
{
    struct frame wanted = fields(id);
    expect_equal("the size of a payload:", got->size, size);
    expect_equal("the id of a frame:", got->id, wanted.id);
    expect_equal("the flags of a frame:", got->flags, wanted.flags);
    expect_equal("the deadline of a frame:", got->deadline, wanted.deadline);
    if (size > 0)
        expect_bytes("a payload", got->payload, payload, size);
}

/** Expect all frames that there are, and no other. */
static inline void take(struct listener *listener)
{
    struct frame frame;
    const struct sent *sent;
    while (frame_next(listener->decoder, &frame)) {
        sent = upcoming(listener);
        expect_that(sent && end_of(sent) <= listener->fed,
                    "no frame but those that came whole", "another one");
        expect_frame(&frame, sent->id,
                     listener->session->row->data + sent->at + FRAME_HEADER,
                     sent->size);
        listener->taken += FRAME_HEADER + sent->size;
        listener->next++;
    }
    sent = upcoming(listener);
    expect_that(!sent || end_of(sent) > listener->fed,
                "a frame as soon as its last byte is there", "no frame");
}

/** Feed a piece in memory of its own, which is gone when it was fed. */
static inline void feed(struct listener *listener, size_t size)
{
    g_autofree uint8_t *piece = g_malloc(size + 1);
    memcpy(piece, listener->session->row->data + listener->fed, size);
    listener->fed += size;
    frame_feed(listener->decoder, piece, size);
    memset(piece, 0xee, size);
}

/** Bytes that are not fed. */
static inline size_t rest_of(const struct listener *listener)
{
    return listener->session->row->len - listener->fed;
}

/** Feed the rest. Sessions end with an intact frame: all is given, or skipped. */
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

#endif

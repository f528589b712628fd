/*
 * Fuzzing frame.c. The first byte of the input chooses:
 *
 * - raw: the rest is what comes over a connection. Whatever is given, written
 *   again, is found in it, in that order; and all other bytes are skipped, or
 *   wait.
 * - a session: the rest says what is sent (frames, garbage), what is damaged,
 *   and how it is cut. A model knows which frames came whole: those are given,
 *   each once, in order, as soon as their last byte is there, and none else.
 */
#include "02-framing/test_session.h"
#include "common/judge/fuzz.h"
#include <stdlib.h>
#include <string.h>

enum { CAP = 300, EVENTS = 64 };

/* Not an assertion of GLib's, which would print before it stops. */
static void expect(bool condition)
{
    if (!condition)
        abort();
}

/* Pieces of up to @p most bytes; of all at once when it is 0. */
static size_t piece_of(size_t most, size_t left, size_t number)
{
    return most == 0 ? left : MIN(1 + number * 7 % most, left);
}

/* ---- Raw bytes. ---- */

/* Where @p frame, written again, stands at @p from or behind it. */
static size_t find(const struct frame *frame, const uint8_t *data, size_t size,
                   size_t from)
{
    g_autoptr(GBytes) again = frame_bytes(frame);
    size_t length;
    const uint8_t *bytes = g_bytes_get_data(again, &length);
    struct frame same;
    expect(frame_of(again, &same) && same.size == frame->size);
    const uint8_t *at = memmem(data + from, size - from, bytes, length);
    expect(at != NULL);
    return (size_t)(at - data);
}

static void feed_raw(const uint8_t *data, size_t size, size_t most)
{
    struct frame_decoder *decoder = frame_decoder_new(CAP);
    struct frame frame;
    size_t fed = 0, found = 0, given = 0;
    for (size_t i = 0; fed < size; i++) {
        size_t piece = piece_of(most, size - fed, i);
        frame_feed(decoder, data + fed, piece);
        fed += piece;
        while (frame_next(decoder, &frame)) {
            expect(frame.size <= CAP);
            found = find(&frame, data, fed, found) + FRAME_HEADER + frame.size;
            given += FRAME_HEADER + frame.size;
        }
        expect(given + frame_skipped(decoder) <= fed);
        expect(fed - given - frame_skipped(decoder) < FRAME_HEADER + CAP);
    }
    frame_decoder_free(decoder);
}

/* ---- A session. ---- */

/* Up to three bytes of a frame in a row: so many are always noticed. */
static void spoil(struct session *session, struct wire_reader *plan, size_t at)
{
    struct sent *sent = sent_of(session, session->sent->len - 1);
    uint8_t *row = session->row->data + sent->at;
    for (size_t i = at; i < at + 3 && i < FRAME_HEADER + sent->size; i++) {
        uint8_t damage = wire_get_u8(plan);
        sent->lost = sent->lost || damage != 0;
        row[i] = (uint8_t)(row[i] ^ damage);
    }
}

/* Bytes that are no frame; or the beginning of a header. */
static void send_other(struct session *session, uint64_t id, size_t size,
                       bool half)
{
    g_autofree uint8_t *data = filling(id, size);
    struct session other = session_new();
    send_frame(&other, id, 0);
    if (half)
        send_garbage(session, other.row->data, size % FRAME_HEADER);
    else
        send_garbage(session, data, size);
    session_free(other);
}

/* A frame that holds a frame, and some bytes behind that. */
static void send_picture(struct session *session, uint64_t id, size_t size)
{
    struct session inside = session_new();
    send_frame(&inside, id + EVENTS, size % 200);
    send_garbage(&inside, "....", 4);
    send_payload(session, id, inside.row->data, inside.row->len);
    session_free(inside);
}

static void send_event(struct session *session, struct wire_reader *plan,
                       uint64_t id)
{
    uint8_t kind = wire_get_u8(plan) % 8;
    size_t size = wire_get_u16(plan) % (CAP + 20);
    size_t at = wire_get_u16(plan) % (FRAME_HEADER + size);
    if (kind < 2) {
        send_other(session, id, size, kind == 1);
    } else if (kind == 2) { /* Its header is right, and says how long it is. */
        send_picture(session, id, size);
        spoil(session, plan, MAX(at, FRAME_HEADER));
    } else {
        send_frame(session, id, size);
        sent_of(session, session->sent->len - 1)->lost = size > CAP;
        if (kind < 5)
            spoil(session, plan, at);
    }
}

static struct session session_of(struct wire_reader *plan)
{
    struct session session = session_new();
    uint64_t id = 1;
    for (; plan->left > 0 && id < EVENTS; id++)
        send_event(&session, plan, id);
    send_frame(&session, id, 3); /* Behind it nothing waits. */
    return session;
}

static void expect_next(struct session *session, guint *next,
                        const struct frame *frame)
{
    while (*next < session->sent->len && sent_of(session, *next)->lost)
        ++*next;
    expect(*next < session->sent->len);
    const struct sent *sent = sent_of(session, (*next)++);
    struct frame wanted = fields(sent->id);
    expect(frame->id == wanted.id && frame->flags == wanted.flags &&
           frame->deadline == wanted.deadline && frame->size == sent->size);
    expect(memcmp(frame->payload, session->row->data + sent->at + FRAME_HEADER,
                  sent->size) == 0);
}

/* How many frames are whole in the first @p fed bytes? */
static guint whole_ones(struct session *session, size_t fed)
{
    guint count = 0;
    for (guint i = 0; i < session->sent->len; i++) {
        const struct sent *sent = sent_of(session, i);
        count += !sent->lost && end_of(sent) <= fed;
    }
    return count;
}

static void feed_session(struct session *session, size_t most)
{
    struct frame_decoder *decoder = frame_decoder_new(CAP);
    struct frame frame;
    size_t fed = 0, given = 0, size = session->row->len;
    guint next = 0, count = 0;
    for (size_t i = 0; fed < size; i++) {
        size_t piece = piece_of(most, size - fed, i);
        frame_feed(decoder, session->row->data + fed, piece);
        fed += piece;
        for (; frame_next(decoder, &frame); count++) {
            expect_next(session, &next, &frame);
            given += FRAME_HEADER + frame.size;
        }
        expect(count == whole_ones(session, fed));
    }
    expect(given + frame_skipped(decoder) == size);
    frame_decoder_free(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (data[0] % 2) {
        feed_raw(data + 2, size - 2, data[1]);
        return 0;
    }
    struct wire_reader plan = wire_read(data + 2, size - 2);
    struct session session = session_of(&plan);
    feed_session(&session, data[1]);
    session_free(session);
    return 0;
}

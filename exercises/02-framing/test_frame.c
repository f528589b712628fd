/* Frames, written and read: whole ones, damaged ones, and lengths that lie. */
#include "02-framing/frame.h"
#include "02-framing/test_damage.h"
#include "common/course/allocated.h"

enum { MANY = 150000, KIB = 1 << 10, MIB = 1 << 20, GIB = 1 << 30 };
enum { SLACK = 4 * KIB }; /* The heap keeps that much. */

/* ---- Encoding. ---- */

static const uint8_t drawn[] = {
    0xc3, 0x5a, 0x01, 0x85, 0x00, 0x00, 0x00, 0x04, 0x91, 0x82, 0x73,
    0x64, 0x55, 0x46, 0x37, 0x05, 0xd0, 0xe0, 0xf0, 0x05, 0x90, 0x40,
    0xc8, 0x29, 0xa7, 0xf2, 0x55, 0x01, 'w',  'o',  'r',  'd',
};

static void expect_encoding(const struct frame *frame, const uint8_t *wanted)
{
    g_autoptr(GBytes) message = frame_bytes(frame);
    expect_that(message, "frame_bytes to return a message", "NULL");
    expect_equal("bytes of a frame:", g_bytes_get_size(message),
                 FRAME_HEADER + frame->size);
    expect_bytes("a frame", g_bytes_get_data(message, NULL), wanted,
                 FRAME_HEADER + frame->size);
}

static void a_frame_is_written_as_drawn(void)
{
    struct frame frame = fields(5);
    frame.payload = (const uint8_t *)"word";
    frame.size = 4;
    expect_encoding(&frame, drawn);
    for (size_t size = 0; size < 300; size++) {
        struct session session = session_new();
        g_autofree uint8_t *payload = filling(size, size);
        send_payload(&session, size, payload, size);
        frame = fields(size);
        frame.payload = size > 0 ? payload : NULL;
        frame.size = size;
        expect_encoding(&frame, session.row->data);
        session_free(session);
    }
}

static void a_frame_is_written_behind_what_is_there(void)
{
    struct session session = session_new();
    struct wire_writer out = {.most = 4 * KIB};
    send_garbage(&session, "\x01\x02\x03", 3);
    wire_put_raw(&out, "\x01\x02\x03", 3);
    for (size_t size = 0; size < 60; size++) {
        struct frame frame = fields(size);
        g_autofree uint8_t *payload = filling(size, size);
        frame.payload = payload;
        frame.size = size;
        frame_put(&out, &frame);
        send_payload(&session, size, payload, size);
    }
    expect_equal("bytes written:", out.size, session.row->len);
    expect_bytes("frames in a row", out.data, session.row->data, out.size);
    wire_clear(&out);
    session_free(session);
}

static void a_writer_that_is_full_fails(void)
{
    struct frame frame = fields(5);
    frame.payload = (const uint8_t *)"word";
    frame.size = 4;
    for (size_t most = 0; most <= sizeof drawn; most++) {
        struct wire_writer out = {.most = most};
        frame_put(&out, &frame);
        expect_equal("did a writer fail that was too small?", out.failed,
                     most < sizeof drawn);
        wire_clear(&out);
    }
}

/* ---- A frame that is a message. ---- */

static void one_intact_frame_is_a_message(void)
{
    for (size_t size = 0; size <= 40; size++) {
        struct session session = session_new();
        struct frame frame;
        send_frame(&session, size, size);
        g_autoptr(GBytes) message =
            g_bytes_new(session.row->data, session.row->len);
        const uint8_t *data = g_bytes_get_data(message, NULL);
        expect_that(frame_of(message, &frame), "frame_of a frame to say yes",
                    "no");
        expect_frame(&frame, size, data + FRAME_HEADER, size);
        expect_that(size == 0 || frame.payload == data + FRAME_HEADER,
                    "the payload to stand in the message", "another place");
        session_free(session);
    }
    expect_extremes();
}

static void nothing_else_is_a_message(void)
{
    expect_checks_of_all_bits();
    struct session session = session_new();
    send_frame(&session, 1, 30);
    size_t size = session.row->len;
    for (size_t cut = 0; cut < size; cut++)
        expect_none("a frame that is cut", session.row->data, cut);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        uint8_t *at = &session.row->data[bit / 8];
        *at = (uint8_t)(*at ^ 1 << bit % 8);
        expect_none("a damaged frame", session.row->data, size);
        *at = (uint8_t)(*at ^ 1 << bit % 8);
    }
    send_frame(&session, 2, 0);
    expect_none("a frame and a byte", session.row->data, size + 1);
    expect_none("two frames", session.row->data, session.row->len);
    expect_none("a frame behind a byte", session.row->data + size - 1,
                FRAME_HEADER + 1);
    session_free(session);
}

/* ---- Decoding: whole frames. ---- */

static void a_session_may_be_cut_anywhere(void)
{
    play(all_sizes());
    struct session session = extremes();
    play_whole(&session, MOST);
    play_bytes(&session);
    session_free(session);
}

static void a_session_may_come_in_any_pieces(void)
{
    struct session all = all_sizes();
    struct listener listener = listener_new(&all);
    while (rest_of(&listener) > 0)
        feed(&listener, 1);
    listener_end(&listener);
    session_free(all);
    for_each_seed (seed, 200) {
        struct dice dice = dice_at(seed, 5, 1);
        struct session session = all_sizes();
        play_pieces(&session, &dice);
        session_free(session);
    }
}

static void a_payload_may_hold_any_bytes(void)
{
    uint8_t magics[60];
    struct session session = session_new();
    for (size_t i = 0; i < sizeof magics; i++)
        magics[i] = (uint8_t)(i % 3 == 0 ? 0xc3 : i % 3 == 1 ? 0x5a : 1);
    for (size_t size = 0; size < 8; size++)
        send_payload(&session, size, magics, sizeof magics - size);
    send_payload(&session, 9, session.row->data, MOST);
    send_frame(&session, 10, 3);
    play(session);
}

/* One frame from each, in turns: what one has kept does not help the other. */
static void two_decoders_do_not_mix(void)
{
    expect_payloads_apart();
    struct session one = all_sizes(), two = session_new();
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        send_frame(&two, 100 + i, sizes[G_N_ELEMENTS(sizes) - 1 - i]);
    struct listener first = listener_new(&one), second = listener_new(&two);
    while (rest_of(&first) > 0) {
        feed(&first, 1);
        feed(&second, 1);
        take(&first);
        take(&second);
    }
    listener_end(&first);
    listener_end(&second);
    session_free(one);
    session_free(two);
}

/* ---- Decoding: damage. ---- */

static void one_flipped_bit_costs_one_frame(void)
{
    struct session session = three(30);
    const struct sent second = *sent_of(&session, 1);
    sent_of(&session, 1)->lost = true;
    for (size_t bit = 8 * second.at; bit < 8 * end_of(&second); bit++) {
        uint8_t *at = &session.row->data[bit / 8];
        *at = (uint8_t)(*at ^ 1 << bit % 8);
        say("In the second frame bit %zu of byte %zu is flipped.", bit % 8,
            bit / 8 - second.at);
        play_bytes(&session);
        play_cut(&session, session.row->len);
        *at = (uint8_t)(*at ^ 1 << bit % 8);
    }
    session_free(session);
}

/* The length of a header whose check is wrong says nothing. */
static void a_damaged_length_is_not_believed(void)
{
    static const uint32_t lengths[] = {0, 1, 19, 21, 49, 50, 80, MOST};
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        struct session session = three(20);
        struct sent *second = sent_of(&session, 1);
        second->lost = true;
        session.row->data[second->at + 7] = (uint8_t)lengths[i];
        say("The second frame's length is %u in place of 20.", lengths[i]);
        play(session);
    }
}

/* Here the check is right: whoever sent it meant it. */
static void a_length_beyond_the_cap_is_skipped(void)
{
    static const uint32_t lengths[] = {1 << 16,    0x7fffffff, 0x80000000,
                                       0xffffffe3, 0xffffffe4, 0xfffffffe,
                                       UINT32_MAX, MOST + 1};
    play_too_large(10 * MOST);
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        struct session session = session_new();
        say("Between frames stand headers of length %u.", lengths[i]);
        send_frame(&session, 1, i);
        put_head(session.row, (struct head){.id = 2, .length = lengths[i]});
        send_frame(&session, 3, MOST);
        put_head(session.row, (struct head){.id = 4, .length = lengths[i]});
        send_frame(&session, 5, 0);
        play(session);
    }
    play_too_large(MOST + 1);
    play_cap_of_0();
    play_two_in_one();
}

static void a_damaged_payload_is_skipped_whole(void)
{
    play_large_picture();
    play_wrong_checks();
    play(picture(FRAME_HEADER));      /* Before the picture. */
    play(picture(FRAME_HEADER + 40)); /* And behind it. */
    struct session session = session_new();
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        if (sizes[i] > 0) {
            send_frame(&session, i, sizes[i]);
            struct sent *last = sent_of(&session, session.sent->len - 1);
            last->lost = true;
            session.row->data[end_of(last) - 1] ^= 0x80;
        }
    send_frame(&session, 20, 0);
    play(session);
}

static void behind_a_bad_header_every_byte_is_looked_at(void)
{
    struct session large = session_new();
    g_autofree uint8_t *other = filling(1, LARGE);
    say("Before a frame are %d other bytes.", LARGE);
    send_garbage(&large, other, LARGE);
    send_frame(&large, 1, 2);
    play_cut(&large, LARGE);
    session_free(large);
    play(picture(3));
    for (size_t size = 1; size < 2 * FRAME_HEADER + 2; size++) {
        struct session session = session_new();
        g_autofree uint8_t *data = filling(size, size);
        send_garbage(&session, data, size);
        send_frame(&session, 1, 2);
        say("Before and between the frames are %zu other bytes.", size);
        send_garbage(&session, data, size);
        send_frame(&session, 2, 0);
        play(session);
    }
}

/* What looks like the beginning of a frame just before one begins. */
static void half_a_header_hides_no_frame(void)
{
    struct session parts = session_new();
    put_head(parts.row, (struct head){.id = 9});
    for (guint size = 1; size < FRAME_HEADER; size++) {
        struct session session = session_new();
        send_garbage(&session, parts.row->data, size);
        send_garbage(&session, parts.row->data, FRAME_HEADER - size);
        send_garbage(&session, parts.row->data, 1);
        send_frame(&session, 1, 2);
        say("Before each frame are the first %u bytes of a header.", size);
        send_garbage(&session, parts.row->data, size);
        send_frame(&session, 2, 0);
        play(session);
    }
    session_free(parts);
}

static void another_magic_or_version_is_no_frame(void)
{
    struct session session = session_new();
    for (unsigned bits = 1; bits < 256; bits++)
        send_other_head(&session, (struct head){.version = (uint8_t)bits});
    for (unsigned bit = 0; bit < 16; bit++)
        send_other_head(&session, (struct head){.magic = (uint16_t)(1 << bit)});
    send_other_head(&session, (struct head){.magic = FRAME_MAGIC ^ 0x5ac3});
    play_whole(&session, MOST);
    play_bytes(&session);
    session_free(session);
}

static void through_any_damage_whole_frames_come(void)
{
    for_each_seed (seed, 60) {
        struct dice dice = dice_at(seed, 6, 1);
        struct session session = session_new();
        for (uint64_t id = 0; id < 20; id++)
            send_luck(&session, id, &dice);
        send_frame(&session, 20, 0);
        play_pieces(&session, &dice);
        play_bytes(&session);
        session_free(session);
    }
}

/* ---- Memory, and time. ---- */

static void expect_thrift(size_t before, size_t kept)
{
    size_t now = allocated_bytes(), used = now > before ? now - before : 0;
    expect_that(used <= 8 * kept + 32 * KIB + SLACK,
                "at most eight times the bytes that are kept, and 32 KiB",
                "%zu KiB for %zu bytes", used / KIB, kept);
}

/* It claims nearly a GiB, and few bytes come. */
static void memory_follows_what_was_fed(void)
{
    struct session session = session_new();
    g_autofree uint8_t *piece = filling(1, KIB);
    size_t before = allocated_bytes(), fed = FRAME_HEADER;
    struct frame_decoder *decoder = frame_decoder_new(GIB);
    struct frame frame;
    put_head(session.row, (struct head){.id = 1, .length = GIB - 1});
    frame_feed(decoder, session.row->data, FRAME_HEADER);
    for (int i = 0; i < KIB; i++, fed++) {
        expect_equal("frame_next returns", frame_next(decoder, &frame), false);
        expect_thrift(before, fed);
        frame_feed(decoder, piece, 1);
    }
    for (int i = 0; i < 2 * KIB; i++, fed += KIB) {
        frame_feed(decoder, piece, KIB);
        expect_equal("frame_next returns", frame_next(decoder, &frame), false);
        expect_thrift(before, fed + KIB);
    }
    frame_decoder_free(decoder);
    session_free(session);
}

/* Feed it in pieces; then the first byte of another frame, and one more. */
static void expect_no_trace(struct session session, unsigned given)
{
    GByteArray *row = session.row;
    put(row, FRAME_MAGIC, 2);
    size_t before = allocated_bytes();
    struct frame_decoder *decoder = frame_decoder_new(GIB);
    struct frame frame;
    unsigned count = 0;
    for (size_t done = 0; done + 1 < row->len;) {
        size_t piece = MIN(64 * KIB, row->len - 1 - done);
        frame_feed(decoder, row->data + done, piece);
        for (done += piece; frame_next(decoder, &frame);)
            count++;
    }
    expect_equal("frames that are given:", count, given);
    frame_feed(decoder, row->data + row->len - 1, 1);
    expect_equal("frame_next returns", frame_next(decoder, &frame), false);
    expect_thrift(before, 2);
    frame_decoder_free(decoder);
    session_free(session);
}

/* A decoder is freed while frames are left. */
static void expect_all_freed(struct session session)
{
    size_t before = allocated_bytes();
    for (int takes = 0; takes < 2; takes++) {
        struct frame_decoder *decoder = frame_decoder_new(GIB);
        struct frame frame;
        frame_feed(decoder, session.row->data, session.row->len);
        for (int i = 0; i < takes; i++)
            frame_next(decoder, &frame);
        frame_decoder_free(decoder);
    }
    expect_thrift(before, 0);
    session_free(session);
}

static void what_is_done_leaves_no_memory(void)
{
    struct session session = session_new();
    for (unsigned i = 0; i < 8; i++)
        send_frame(&session, i, 64 * KIB);
    expect_no_trace(session, 8);
    session = session_new();
    for (unsigned i = 0; i < 8; i++)
        send_frame(&session, i, 64 * KIB);
    expect_all_freed(session);
    for (int damaged = 0; damaged < 3; damaged++) {
        session = session_new();
        send_frame(&session, 1, MIB);
        if (damaged > 0) /* Its header, or its payload. */
            session.row->data[damaged == 1 ? 4 : FRAME_HEADER] = 0xff;
        expect_no_trace(session, damaged == 0);
    }
}

/* It comes at once but for its end, which comes byte by byte. */
static void a_large_payload_may_dribble_in(void)
{
    enum { SIZE = 2 * MIB, END = 30000 };
    struct session session = session_new();
    g_autofree uint8_t *data = g_malloc0(SIZE);
    struct frame frame;
    send_payload(&session, 1, data, SIZE);
    const uint8_t *end = session.row->data + session.row->len - END;
    struct frame_decoder *decoder = frame_decoder_new(SIZE);
    frame_feed(decoder, session.row->data, session.row->len - END);
    for (size_t i = 0; i < END; i++) {
        expect_equal("frame_next returns", frame_next(decoder, &frame), false);
        frame_feed(decoder, end + i, 1);
    }
    expect_equal("frame_next returns", frame_next(decoder, &frame), true);
    expect_frame(&frame, 1, data, SIZE);
    frame_decoder_free(decoder);
    session_free(session);
}

/* All at once, then taken one by one, while single bytes come. */
static void many_small_frames_are_taken_in_their_time(void)
{
    struct session session = session_new();
    struct frame_decoder *decoder = frame_decoder_new(MOST);
    struct frame frame;
    send_frame(&session, 1, 0);
    g_autofree uint8_t *all = g_malloc(MANY * FRAME_HEADER);
    for (size_t i = 0; i < MANY; i++)
        memcpy(all + i * FRAME_HEADER, session.row->data, FRAME_HEADER);
    frame_feed(decoder, all, MANY * FRAME_HEADER);
    for (size_t i = 0; i < MANY; i++) {
        expect_equal("frame_next returns", frame_next(decoder, &frame), true);
        frame_feed(decoder, all + i % FRAME_HEADER, 1);
    }
    for (size_t i = 0; i < MANY / FRAME_HEADER; i++)
        expect_equal("frame_next returns", frame_next(decoder, &frame), true);
    expect_equal("frame_next returns", frame_next(decoder, &frame), false);
    frame_decoder_free(decoder);
    session_free(session);
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(a_frame_is_written_as_drawn),
        GRADED(a_frame_is_written_behind_what_is_there),
        GRADED(a_writer_that_is_full_fails),
        GRADED(one_intact_frame_is_a_message),
        GRADED(nothing_else_is_a_message),
        GRADED(a_session_may_be_cut_anywhere),
        GRADED(a_session_may_come_in_any_pieces),
        GRADED(a_payload_may_hold_any_bytes),
        GRADED(two_decoders_do_not_mix),
        GRADED(one_flipped_bit_costs_one_frame),
        GRADED(a_damaged_length_is_not_believed),
        GRADED(a_length_beyond_the_cap_is_skipped),
        GRADED(a_damaged_payload_is_skipped_whole),
        GRADED(behind_a_bad_header_every_byte_is_looked_at),
        GRADED(half_a_header_hides_no_frame),
        GRADED(another_magic_or_version_is_no_frame),
        GRADED(through_any_damage_whole_frames_come),
        GRADED(memory_follows_what_was_fed),
        GRADED(what_is_done_leaves_no_memory),
        GRADED(a_large_payload_may_dribble_in),
        GRADED(many_small_frames_are_taken_in_their_time),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

/* Segments, written and read; hostile ones; and numbers that go in a circle. */
#include "02-framing/crc32c.h"
#include "03-transport/segment.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <string.h>

static const uint8_t drawn[] = {
    0x01, 0x12, 0x79, 0x03, 0x01, 0x02, 0x03, 0x04, 0x05, 0x01, 0x00,
    0x00, 0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24, 0x31, 0x32,
    0x33, 0x34, 0x41, 0x42, 0x43, 0x44, 0x51, 0x52, 0x53, 0x54, 0x61,
    0x62, 0x63, 0x64, 0x71, 0x72, 0x73, 0x74, 'd',  'a',  't',  'a',
};

static struct segment full(void)
{
    return (struct segment){.connection = 0x01020304,
                            .flags = SEGMENT_ACK | SEGMENT_FIN,
                            .packet = 0x11121314,
                            .seq = 0x21222324,
                            .ack = 0x31323334,
                            .window = 0x41424344,
                            .echo = 0x51525354,
                            .ranges = 1,
                            .range = {{0x61626364, 0x71727374}},
                            .data = (const uint8_t *)"data",
                            .size = 4};
}

/* A message with this body behind a right check. Returns new. */
static GBytes *checked(const uint8_t *body, size_t size)
{
    uint8_t *data = g_malloc(4 + size);
    uint32_t check = GUINT32_TO_BE(crc32c(0, body, size));
    memcpy(data, &check, 4);
    memcpy(data + 4, body, size);
    return g_bytes_new_take(data, 4 + size);
}

static bool is_segment(const void *data, size_t size)
{
    struct segment segment;
    g_autoptr(GBytes) message = g_bytes_new(data, size);
    return segment_of(message, &segment);
}

/* Is the drawn segment one, when a byte of it is another? */
static bool is_with(size_t place, uint8_t byte, size_t size)
{
    struct segment segment;
    uint8_t copy[sizeof drawn];
    memcpy(copy, drawn, sizeof drawn);
    copy[place] = byte;
    g_autoptr(GBytes) message = checked(copy + 4, size - 4);
    return segment_of(message, &segment);
}

/* ---- Writing and reading. ---- */

static void a_segment_is_written_as_drawn(void **state)
{
    (void)state;
    struct segment segment = full();
    g_autoptr(GBytes) message = segment_bytes(&segment);
    assert_int_equal(g_bytes_get_size(message), sizeof drawn);
    assert_memory_equal(g_bytes_get_data(message, NULL), drawn, sizeof drawn);
    segment.flags = SEGMENT_OPEN;
    segment.ranges = 0;
    segment.data = NULL;
    segment.size = 0;
    g_autoptr(GBytes) bare = segment_bytes(&segment);
    assert_int_equal(g_bytes_get_size(bare), SEGMENT_HEADER);
}

static void expect_equal(const struct segment *got,
                         const struct segment *wanted)
{
    assert_int_equal(got->connection, wanted->connection);
    assert_int_equal(got->flags, wanted->flags);
    assert_int_equal(got->packet, wanted->packet);
    assert_int_equal(got->seq, wanted->seq);
    assert_int_equal(got->ack, wanted->ack);
    assert_int_equal(got->window, wanted->window);
    assert_int_equal(got->echo, wanted->echo);
    assert_int_equal(got->ranges, wanted->ranges);
    for (unsigned i = 0; i < wanted->ranges; i++) {
        assert_int_equal(got->range[i].first, wanted->range[i].first);
        assert_int_equal(got->range[i].end, wanted->range[i].end);
    }
    assert_int_equal(got->size, wanted->size);
    if (wanted->size > 0)
        assert_memory_equal(got->data, wanted->data, wanted->size);
}

static uint32_t any(struct dice *dice)
{
    return (uint32_t)dice_roll(dice);
}

static struct segment any_segment(struct dice *dice, const uint8_t *data)
{
    struct segment segment = {.connection = any(dice),
                              .flags = (uint8_t)dice_between(dice, 0, 31),
                              .packet = any(dice),
                              .seq = any(dice),
                              .data = data,
                              .size = dice_between(dice, 0, 40)};
    if (!(segment.flags & SEGMENT_ACK))
        return segment;
    segment.ack = any(dice);
    segment.window = any(dice);
    segment.echo = any(dice);
    segment.ranges = (unsigned)dice_between(dice, 0, SEGMENT_RANGES);
    for (unsigned i = 0; i < segment.ranges; i++)
        segment.range[i] = (struct range){any(dice), any(dice)};
    return segment;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    uint8_t data[40];
    for_each_seed (seed, 1000) {
        struct dice dice = dice_at(seed, 1, 1);
        struct segment got;
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)dice_roll(&dice);
        struct segment segment = any_segment(&dice, data);
        g_autoptr(GBytes) message = segment_bytes(&segment);
        assert_true(segment_of(message, &got));
        expect_equal(&got, &segment);
    }
}

/* Its data is not copied. */
static void data_stands_in_the_message(void **state)
{
    (void)state;
    struct segment segment = full(), got;
    g_autoptr(GBytes) message = segment_bytes(&segment);
    const uint8_t *bytes = g_bytes_get_data(message, NULL);
    assert_true(segment_of(message, &got));
    assert_ptr_equal(got.data, bytes + sizeof drawn - 4);
}

/* What stands there with a flag alone is zero without it. */
static void without_a_flag_nothing_is_said(void **state)
{
    (void)state;
    struct segment segment = full(), got = full();
    segment.flags = SEGMENT_OPEN;
    segment.ranges = 0;
    g_autoptr(GBytes) message = segment_bytes(&segment);
    assert_int_equal(g_bytes_get_size(message), SEGMENT_HEADER + 4);
    assert_true(segment_of(message, &got));
    segment.ack = segment.window = segment.echo = 0;
    expect_equal(&got, &segment);
}

/* ---- Hostile ones. ---- */

static void every_turned_bit_is_noticed(void **state)
{
    (void)state;
    uint8_t copy[sizeof drawn];
    assert_true(is_segment(drawn, sizeof drawn));
    for (size_t first = 0; first < 8 * sizeof drawn; first++)
        for (size_t second = first; second < 8 * sizeof drawn; second++) {
            memcpy(copy, drawn, sizeof drawn);
            copy[first / 8] ^= (uint8_t)(1 << first % 8);
            if (second > first)
                copy[second / 8] ^= (uint8_t)(1 << second % 8);
            assert_false(is_segment(copy, sizeof copy));
        }
}

static void what_is_cut_or_longer_is_no_segment(void **state)
{
    (void)state;
    uint8_t longer[2 * sizeof drawn] = {0};
    memcpy(longer, drawn, sizeof drawn);
    for (size_t size = 0; size < sizeof longer; size++)
        assert_int_equal(is_segment(longer, size), size == sizeof drawn);
}

/* With a right check: whoever sent it meant it. */
static void a_header_that_is_cut_is_no_segment(void **state)
{
    (void)state;
    for (size_t size = 4; size < SEGMENT_HEADER; size++)
        assert_false(is_with(8, 0, size));
    assert_false(is_segment("\0\0\0\0", 4)); /* The check of nothing. */
    for (size_t size = SEGMENT_HEADER; size <= sizeof drawn; size++)
        assert_int_equal(is_with(0, 0, size), size >= sizeof drawn - 4);
}

static void unknown_flags_are_refused(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 256; flags++)
        assert_int_equal(is_with(8, (uint8_t)flags, sizeof drawn),
                         flags < 32 && flags % 2 == 1);
}

static void spare_bytes_are_zero(void **state)
{
    (void)state;
    for (unsigned byte = 1; byte < 256; byte++) {
        assert_false(is_with(10, (uint8_t)byte, sizeof drawn));
        assert_false(is_with(11, (uint8_t)byte, sizeof drawn));
    }
}

/* As many ranges as the bytes that came can hold, and no more than 32. */
static void more_ranges_than_there_are_is_refused(void **state)
{
    (void)state;
    uint8_t body[4096] = {[4] = SEGMENT_ACK};
    for (unsigned ranges = 0; ranges < 256; ranges++)
        for (int less = 0; less < 2; less++) {
            struct segment segment;
            size_t needed = SEGMENT_HEADER - 4 + SEGMENT_ACK_SIZE +
                            ranges * SEGMENT_RANGE_SIZE - (size_t)less;
            body[5] = (uint8_t)ranges;
            g_autoptr(GBytes) message = checked(body, needed);
            assert_int_equal(segment_of(message, &segment),
                             ranges <= SEGMENT_RANGES && !less);
            g_autoptr(GBytes) longer = checked(body, sizeof body);
            assert_int_equal(segment_of(longer, &segment),
                             ranges <= SEGMENT_RANGES);
        }
}

static void ranges_without_an_ack_are_refused(void **state)
{
    (void)state;
    uint8_t body[400] = {[4] = SEGMENT_FIN};
    for (unsigned ranges = 0; ranges < 256; ranges++) {
        struct segment segment;
        body[5] = (uint8_t)ranges;
        g_autoptr(GBytes) message = checked(body, sizeof body);
        assert_int_equal(segment_of(message, &segment), ranges == 0);
    }
}

/* ---- Numbers in a circle. ---- */

static void numbers_go_in_a_circle(void **state)
{
    (void)state;
    static const uint32_t places[] = {
        0, 1, 1000, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
    static const int32_t steps[] = {1, 2, 1 << 16, 1 << 30, INT32_MAX};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        uint32_t place = places[i];
        assert_int_equal(sequence_distance(place, place), 0);
        assert_false(sequence_is_before(place, place));
        for (size_t j = 0; j < G_N_ELEMENTS(steps); j++) {
            uint32_t later = place + (uint32_t)steps[j];
            assert_int_equal(sequence_distance(place, later), steps[j]);
            assert_int_equal(sequence_distance(later, place), -steps[j]);
            assert_true(sequence_is_before(place, later));
            assert_false(sequence_is_before(later, place));
        }
    }
}

/* Nobody can tell; and then nothing is done about it twice. */
static void half_a_circle_apart_neither_is_before(void **state)
{
    (void)state;
    for (uint32_t place = 0; place < 5; place++) {
        uint32_t one = place - 2, other = one + (1u << 31);
        assert_int_equal(sequence_distance(one, other), INT32_MIN);
        assert_false(sequence_is_before(one, other));
        assert_false(sequence_is_before(other, one));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_is_written_as_drawn),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(data_stands_in_the_message),
        cmocka_unit_test(without_a_flag_nothing_is_said),
        cmocka_unit_test(every_turned_bit_is_noticed),
        cmocka_unit_test(what_is_cut_or_longer_is_no_segment),
        cmocka_unit_test(a_header_that_is_cut_is_no_segment),
        cmocka_unit_test(unknown_flags_are_refused),
        cmocka_unit_test(spare_bytes_are_zero),
        cmocka_unit_test(more_ranges_than_there_are_is_refused),
        cmocka_unit_test(ranges_without_an_ack_are_refused),
        cmocka_unit_test(numbers_go_in_a_circle),
        cmocka_unit_test(half_a_circle_apart_neither_is_before),
    };
    return test_run(argc, argv, tests);
}

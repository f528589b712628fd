/* Numbers and strings in messages: as they are written, and what is refused. */
#include "02-framing/wire.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <string.h>

#define expect_written(out, ...)                                     \
    do {                                                             \
        const uint8_t wanted[] = {__VA_ARGS__};                      \
        g_autoptr(GBytes) written = wire_finish(out);                \
        assert_non_null(written);                                    \
        assert_int_equal(g_bytes_get_size(written), sizeof wanted);  \
        assert_memory_equal(g_bytes_get_data(written, NULL), wanted, \
                            sizeof wanted);                          \
    } while (0)

/* A reader of these bytes, at the end of their memory: a sanitizer sees who
 * reads on. */
#define read_these(in, ...)                                                   \
    const uint8_t in##_bytes[] = {__VA_ARGS__};                               \
    g_autofree uint8_t *in##_copy = g_memdup2(in##_bytes, sizeof in##_bytes); \
    struct wire_reader in = wire_read(in##_copy, sizeof in##_bytes)

static void a_fixed_number_has_its_high_byte_first(void **state)
{
    (void)state;
    struct wire_writer out = {.most = 100};
    wire_put_u8(&out, 0x01);
    wire_put_u16(&out, 0x0203);
    wire_put_u32(&out, 0x04050607);
    wire_put_u64(&out, 0x08090a0b0c0d0e0f);
    expect_written(&out, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

static void a_fixed_number_is_read_as_it_was_written(void **state)
{
    (void)state;
    read_these(in, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    assert_int_equal(wire_get_u8(&in), 0x01);
    assert_int_equal(wire_get_u16(&in), 0x0203);
    assert_int_equal(wire_get_u32(&in), 0x04050607);
    assert_true(wire_get_u64(&in) == 0x08090a0b0c0d0e0f);
    assert_true(wire_whole(&in));
}

static void a_varint_takes_seven_bits_a_byte(void **state)
{
    (void)state;
    struct wire_writer out = {.most = 100};
    wire_put_varint(&out, 0);
    wire_put_varint(&out, 127);
    wire_put_varint(&out, 128);
    wire_put_varint(&out, 300);
    wire_put_varint(&out, UINT64_MAX);
    expect_written(&out, 0, 0x7f, 0x80, 0x01, 0xac, 0x02, 0xff, 0xff, 0xff,
                   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
}

static void a_string_tells_its_length_first(void **state)
{
    (void)state;
    struct wire_writer out = {.most = 100};
    wire_put_string(&out, "abc", 3);
    wire_put_string(&out, NULL, 0);
    wire_put_raw(&out, "d", 1);
    expect_written(&out, 3, 'a', 'b', 'c', 0, 'd');
}

static uint64_t any_number(struct dice *dice)
{
    return dice_roll(dice) >> dice_between(dice, 0, 63);
}

/* One field of each kind that there is, drawn from dice. */
static void put_fields(struct wire_writer *out, struct dice dice, int count)
{
    for (int i = 0; i < count; i++) {
        uint64_t number = any_number(&dice);
        char text[40] = "the bytes of a string, and some more.";
        wire_put_u8(out, (uint8_t)number);
        wire_put_u16(out, (uint16_t)number);
        wire_put_u32(out, (uint32_t)number);
        wire_put_u64(out, number);
        wire_put_varint(out, number);
        wire_put_string(out, text, number % sizeof text);
        wire_put_raw(out, text, 2);
    }
}

static bool fields_are_equal(struct wire_reader *in, struct dice dice,
                             int count)
{
    bool equal = true;
    for (int i = 0; i < count; i++) {
        uint64_t number = any_number(&dice);
        size_t size;
        equal &= wire_get_u8(in) == (uint8_t)number;
        equal &= wire_get_u16(in) == (uint16_t)number;
        equal &= wire_get_u32(in) == (uint32_t)number;
        equal &= wire_get_u64(in) == number;
        equal &= wire_get_varint(in) == number;
        const uint8_t *text = wire_get_string(in, &size);
        equal &= size == number % 40;
        equal &=
            text && memcmp(text, "the bytes of a string", MIN(size, 20)) == 0;
        const uint8_t *raw = wire_get_raw(in, 2);
        equal &= raw && memcmp(raw, "th", 2) == 0;
    }
    return equal;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for_each_seed (seed, 200) {
        struct dice dice = dice_at(seed, 0, 0);
        struct wire_writer out = {.most = 1 << 20};
        put_fields(&out, dice, 20);
        g_autoptr(GBytes) message = wire_finish(&out);
        struct wire_reader in = wire_read_bytes(message);
        assert_true(fields_are_equal(&in, dice, 20));
        assert_true(wire_whole(&in));
    }
}

static void a_message_cut_anywhere_is_not_whole(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        struct dice dice = dice_at(seed, 0, 0);
        struct wire_writer out = {.most = 1 << 20};
        put_fields(&out, dice, 2);
        g_autoptr(GBytes) message = wire_finish(&out);
        size_t size = g_bytes_get_size(message);
        for (size_t cut = 0; cut < size; cut++) {
            g_autofree void *copy =
                g_memdup2(g_bytes_get_data(message, NULL), cut);
            struct wire_reader in = wire_read(copy, cut);
            fields_are_equal(&in, dice, 2);
            assert_false(wire_whole(&in));
        }
    }
}

static void what_is_left_over_is_noticed(void **state)
{
    (void)state;
    read_these(in, 0, 1, 2);
    assert_int_equal(wire_get_u16(&in), 1);
    assert_false(in.failed);
    assert_false(wire_whole(&in));
}

static void behind_an_error_everything_is_nothing(void **state)
{
    (void)state;
    read_these(in, 5, 1, 2, 3, 4);
    size_t size = 99;
    assert_null(wire_get_string(&in, &size));
    assert_int_equal(size, 0);
    assert_int_equal(wire_get_u8(&in), 0);
    assert_int_equal(wire_get_u16(&in), 0);
    assert_int_equal(wire_get_u32(&in), 0);
    assert_true(wire_get_u64(&in) == 0);
    assert_true(wire_get_varint(&in) == 0);
    assert_int_equal(wire_get_count(&in, 1), 0);
    assert_null(wire_get_raw(&in, 1));
    assert_null(wire_get_raw(&in, 0));
    assert_false(wire_whole(&in));
}

static void a_number_has_one_varint_and_no_other(void **state)
{
    (void)state;
    read_these(zero, 0x80, 0x00);
    wire_get_varint(&zero);
    assert_true(zero.failed);
    read_these(longer, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
               0x81, 0x00);
    wire_get_varint(&longer);
    assert_true(longer.failed);
    read_these(larger, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
               0x02);
    wire_get_varint(&larger);
    assert_true(larger.failed);
    read_these(open, 0x80);
    wire_get_varint(&open);
    assert_true(open.failed);
}

/* A million items of four bytes cannot be in six bytes. */
static void a_count_that_cannot_be_true_is_refused(void **state)
{
    (void)state;
    read_these(bomb, 0xc0, 0x84, 0x3d, 1, 2, 3);
    assert_int_equal(wire_get_count(&bomb, 4), 0);
    assert_true(bomb.failed);
    read_these(huge, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
    assert_int_equal(wire_get_count(&huge, 1), 0);
    assert_true(huge.failed);
    read_these(just, 2, 1, 2, 3, 4);
    assert_int_equal(wire_get_count(&just, 2), 2);
    assert_false(just.failed);
    read_these(beyond, 3, 1, 2, 3, 4, 5);
    wire_get_count(&beyond, 2);
    assert_true(beyond.failed);
}

static void a_writer_takes_what_it_may_and_no_more(void **state)
{
    (void)state;
    struct wire_writer out = {.most = 4};
    wire_put_u32(&out, 1);
    assert_false(out.failed);
    wire_put_raw(&out, NULL, 0);
    assert_false(out.failed);
    wire_put_u8(&out, 2);
    assert_true(out.failed);
    assert_null(wire_finish(&out));
    wire_put_u8(&out, 3);
    expect_written(&out, 3);
}

/* What comes behind must not fill the gap: a message lacks nothing inside. */
static void what_did_not_fit_leaves_no_gap(void **state)
{
    (void)state;
    struct wire_writer out = {.most = 4};
    wire_put_u16(&out, 1);
    wire_put_u32(&out, 2);
    wire_put_u8(&out, 3);
    assert_null(wire_finish(&out));
}

static void a_size_beyond_all_memory_does_not_wrap(void **state)
{
    (void)state;
    struct wire_writer out = {.most = SIZE_MAX / 2};
    wire_put_u8(&out, 1);
    wire_put_raw(&out, "x", SIZE_MAX);
    assert_true(out.failed);
    wire_clear(&out);
    read_these(in, 1, 2, 3);
    wire_get_u8(&in);
    assert_null(wire_get_raw(&in, SIZE_MAX));
    assert_true(in.failed);
}

static void a_message_of_nothing_is_a_message(void **state)
{
    (void)state;
    struct wire_writer out = {.most = 4};
    g_autoptr(GBytes) message = wire_finish(&out);
    assert_non_null(message);
    assert_int_equal(g_bytes_get_size(message), 0);
    struct wire_reader in = wire_read_bytes(message);
    assert_true(wire_whole(&in));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_number_has_its_high_byte_first),
        cmocka_unit_test(a_fixed_number_is_read_as_it_was_written),
        cmocka_unit_test(a_varint_takes_seven_bits_a_byte),
        cmocka_unit_test(a_string_tells_its_length_first),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_message_cut_anywhere_is_not_whole),
        cmocka_unit_test(what_is_left_over_is_noticed),
        cmocka_unit_test(behind_an_error_everything_is_nothing),
        cmocka_unit_test(a_number_has_one_varint_and_no_other),
        cmocka_unit_test(a_count_that_cannot_be_true_is_refused),
        cmocka_unit_test(a_writer_takes_what_it_may_and_no_more),
        cmocka_unit_test(what_did_not_fit_leaves_no_gap),
        cmocka_unit_test(a_size_beyond_all_memory_does_not_wrap),
        cmocka_unit_test(a_message_of_nothing_is_a_message),
    };
    return test_run(argc, argv, tests);
}

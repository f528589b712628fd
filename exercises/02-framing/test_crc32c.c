/* CRC-32C: published values, a reference bit by bit, and damage. */
#include "02-framing/crc32c.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include <string.h>

enum { SMALL = 28, SPAN = 200, LONG = 100000, SHIFTS = 17, BURST = 32 };

/* ---- By the book: a bit at a time. ---- */

static uint32_t divide(uint32_t crc, const uint8_t *data, size_t size)
{
    uint32_t remainder = ~crc;
    for (size_t i = 0; i < 8 * size; i++) {
        uint32_t bit = data[i / 8] >> (i % 8) & 1;
        bool out = (remainder ^ bit) & 1;
        remainder = remainder >> 1 ^ (out ? CRC32C_POLYNOMIAL : 0);
    }
    return ~remainder;
}

static void fill(uint8_t *data, size_t size, uint64_t seed)
{
    struct dice dice = dice_at(seed, 2, 1);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)dice_roll(&dice);
}

static void expect_crc(const char *of, uint32_t got, uint32_t wanted)
{
    g_autofree char *text = g_strdup_printf("the CRC of %s: %08x", of, wanted);
    expect_that(got == wanted, text, "%08x", got);
}

/* In memory of just that size: a sanitizer sees who reads beyond it. */
static uint32_t crc_alone(uint32_t crc, const uint8_t *data, size_t size)
{
    g_autofree uint8_t *alone = g_malloc(size + 1); /* Never NULL. */
    memcpy(alone + 1, data, size);
    return crc32c(crc, alone + 1, size);
}

/* ---- Values. ---- */

static void expect_published(const char *of, const uint8_t *data, size_t size,
                             uint32_t wanted)
{
    expect_crc(of, crc_alone(0, data, size), wanted);
}

static void published_values_come_out(void)
{
    /* RFC 3720, B.4: the last one reads 16 blocks of a disk. */
    static const uint8_t command[48] = {
        [0] = 0x01,  [1] = 0xc0,  [16] = 0x14, [22] = 0x04,
        [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02,
    };
    uint8_t same[32], up[32], down[32];
    for (uint8_t i = 0; i < 32; i++)
        up[i] = i, down[i] = (uint8_t)(31 - i);
    expect_published("\"123456789\"", (const uint8_t *)"123456789", 9,
                     0xe3069283);
    memset(same, 0, sizeof same);
    expect_published("32 bytes 00", same, 32, 0x8a9136aa);
    memset(same, 0xff, sizeof same);
    expect_published("32 bytes ff", same, 32, 0x62a8ab43);
    expect_published("00 01 02 .. 1f", up, 32, 0x46dd794e);
    expect_published("1f 1e 1d .. 00", down, 32, 0x113fdb5c);
    expect_published("the read command of iSCSI", command, 48, 0xd9963a56);
}

static void no_bytes_change_nothing(void)
{
    static const uint32_t values[] = {0, 1, 0xe3069283, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        expect_crc("no bytes, behind others", crc32c(values[i], "x", 0),
                   values[i]);
}

static void every_length_and_place_agrees_with_long_division(void)
{
    uint8_t data[SPAN + SHIFTS];
    fill(data, sizeof data, 1);
    for (size_t size = 0; size <= SPAN; size++) {
        g_autofree char *of = g_strdup_printf("%zu bytes", size);
        expect_crc(of, crc_alone(0, data, size), divide(0, data, size));
    }
    for (size_t shift = 0; shift < SHIFTS; shift++)
        for (size_t size = 0; size <= SPAN; size++)
            expect_crc("bytes at an odd address", crc32c(0, data + shift, size),
                       divide(0, data + shift, size));
}

static void every_byte_of_a_long_message_counts(void)
{
    static const size_t sizes[] = {255,  256,  257,   1023,  1460,  4095,
                                   4096, 4097, 65535, 65536, 65537, LONG};
    g_autofree uint8_t *data = g_malloc(LONG);
    for (int i = 0; i < 256; i++) {
        g_autofree char *of = g_strdup_printf("one byte, %02x", i);
        data[0] = (uint8_t)i;
        expect_crc(of, crc_alone(0, data, 1), divide(0, data, 1));
    }
    fill(data, LONG, 2);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *of = g_strdup_printf("%zu bytes", sizes[i]);
        expect_crc(of, crc_alone(0, data, sizes[i]), divide(0, data, sizes[i]));
    }
}

/* ---- Pieces. ---- */

static void a_message_in_pieces_has_the_crc_of_the_whole(void)
{
    uint8_t data[SPAN];
    fill(data, sizeof data, 3);
    uint32_t whole = divide(0, data, SPAN);
    for (size_t cut = 0; cut <= SPAN; cut++) {
        uint32_t crc = crc_alone(0, data, cut);
        crc = crc_alone(crc, data + cut, SPAN - cut);
        expect_crc("a message in two pieces", crc, whole);
    }
    for (size_t one = 0; one <= SPAN; one++)
        for (size_t two = one; two <= SPAN; two++) {
            uint32_t crc = crc32c(0, data, one);
            crc = crc32c(crc, data + one, two - one);
            crc = crc32c(crc, data + two, SPAN - two);
            expect_crc("a message in three pieces", crc, whole);
        }
}

static void two_messages_in_turns_do_not_mix(void)
{
    uint8_t one[SPAN], two[SPAN];
    uint32_t first = 0, second = 0;
    fill(one, SPAN, 4);
    fill(two, SPAN, 5);
    for (size_t i = 0; i < SPAN; i++) {
        first = crc32c(first, one + i, 1);
        second = crc32c(second, two + i, 1);
    }
    expect_crc("the first of two messages", first, divide(0, one, SPAN));
    expect_crc("the second of two messages", second, divide(0, two, SPAN));
}

/* ---- Damage. ---- */

static void flip(uint8_t *data, size_t bit)
{
    data[bit / 8] = (uint8_t)(data[bit / 8] ^ 1 << bit % 8);
}

static void expect_noticed(const char *what, const uint8_t *frame,
                           uint32_t right)
{
    g_autofree char *text = g_strdup_printf("another CRC after %s", what);
    expect_that(crc32c(0, frame, SMALL) != right, text, "the same, %08x",
                right);
}

/* One bit, or two. The bits of a byte are numbered from the lowest. */
static void every_one_and_two_flipped_bits_are_noticed(void)
{
    uint8_t frame[SMALL];
    fill(frame, SMALL, 6);
    uint32_t right = crc32c(0, frame, SMALL);
    for (size_t one = 0; one < 8 * SMALL; one++) {
        flip(frame, one);
        expect_noticed("one flipped bit", frame, right);
        for (size_t two = 0; two < one; two++) {
            flip(frame, two);
            expect_noticed("two flipped bits", frame, right);
            flip(frame, two);
        }
        flip(frame, one);
    }
}

/* A burst begins and ends with a flipped bit; between them anything may be. */
static void flip_burst(uint8_t *frame, size_t at, size_t length, uint64_t inner)
{
    flip(frame, at);
    if (length > 1)
        flip(frame, at + length - 1);
    for (size_t i = 1; i + 1 < length; i++)
        if (inner >> i & 1)
            flip(frame, at + i);
}

static void every_burst_up_to_32_bits_is_noticed(void)
{
    uint8_t frame[SMALL];
    for_each_seed (seed, 8) {
        struct dice dice = dice_at(seed, 3, 1);
        fill(frame, SMALL, seed);
        uint32_t right = crc32c(0, frame, SMALL);
        for (size_t length = 1; length <= BURST; length++)
            for (size_t at = 0; at + length <= 8 * SMALL; at++) {
                uint64_t inner = dice_roll(&dice);
                flip_burst(frame, at, length, inner);
                expect_noticed("a burst of damage", frame, right);
                flip_burst(frame, at, length, inner);
            }
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(published_values_come_out),
        GRADED(no_bytes_change_nothing),
        GRADED(every_length_and_place_agrees_with_long_division),
        GRADED(every_byte_of_a_long_message_counts),
        GRADED(a_message_in_pieces_has_the_crc_of_the_whole),
        GRADED(two_messages_in_turns_do_not_mix),
        GRADED(every_one_and_two_flipped_bits_are_noticed),
        GRADED(every_burst_up_to_32_bits_is_noticed),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

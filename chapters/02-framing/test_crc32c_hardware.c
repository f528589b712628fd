/* The processor's CRC-32C beside a division bit by bit. */
#include "02-framing/crc32c.h"
#include "02-framing/crc32c_hardware.h"
#include "common/judge/test.h"
#include "common/world/dice.h"

enum { MOST = 2000, WORD = 8, LEAST = 64 };

static uint32_t divide(uint32_t remainder, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < 8 * size; i++) {
        uint32_t bit = (remainder ^ (uint32_t)data[i / 8] >> i % 8) & 1;
        remainder = remainder >> 1 ^ (bit ? CRC32C_POLYNOMIAL : 0);
    }
    return remainder;
}

static void fill(uint8_t *data, struct dice *dice)
{
    for (size_t i = 0; i < MOST; i++)
        data[i] = (uint8_t)dice_roll(dice);
}

/* Whole words or nothing, from any byte on, and the rest is left. */
static void what_the_processor_divides_is_right(void **state)
{
    (void)state;
    for_each_seed (seed, 300) {
        struct dice dice = dice_at(seed, 0, 0);
        uint8_t data[MOST];
        fill(data, &dice);
        size_t at = dice_between(&dice, 0, 15);
        size_t size = dice_between(&dice, 0, MOST - at);
        uint32_t begin = (uint32_t)dice_roll(&dice), remainder = begin;
        size_t done = crc32c_hardware(&remainder, data + at, size);
        assert_true(done == 0 || (size >= LEAST && done == size / WORD * WORD));
        assert_int_equal(remainder, divide(begin, data + at, done));
    }
}

static void with_it_and_without_the_crc_is_the_same(void **state)
{
    (void)state;
    for_each_seed (seed, 300) {
        struct dice dice = dice_at(seed, 1, 0);
        uint8_t data[MOST];
        fill(data, &dice);
        size_t size = dice_between(&dice, 0, MOST);
        uint32_t begin = (uint32_t)dice_roll(&dice), slow = begin;
        for (size_t i = 0; i < size; i++) /* Too short to be left to it. */
            slow = crc32c(slow, data + i, 1);
        assert_int_equal(crc32c(begin, data, size), slow);
        assert_int_equal(slow, ~divide(~begin, data, size));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_processor_divides_is_right),
        cmocka_unit_test(with_it_and_without_the_crc_is_the_same),
    };
    return test_run(argc, argv, tests);
}

/* Damage: as much as was asked for, where it may be, and the same each time. */
#include "02-framing/garble/noise.h"
#include "common/judge/test.h"
#include <string.h>

enum { SIZE = 24, SEEDS = 200 };

/* A row of zeros; what is not zero is damage. */
struct row {
    struct dice dice;
    uint8_t bytes[SIZE];
};

static struct row row_of(uint64_t seed)
{
    return (struct row){dice_at(seed, 1, 2), {0}};
}

static bool is_flipped(const struct row *row, size_t bit, bool low_first)
{
    return row->bytes[bit / 8] >> (low_first ? bit % 8 : 7 - bit % 8) & 1;
}

static unsigned count_flipped(const struct row *row)
{
    unsigned count = 0;
    for (size_t bit = 0; bit < 8 * SIZE; bit++)
        count += is_flipped(row, bit, true);
    return count;
}

/* From the first flipped bit to the last. */
static unsigned extent(const struct row *row, bool low_first)
{
    size_t first = 8 * SIZE, last = 0;
    for (size_t bit = 0; bit < 8 * SIZE; bit++)
        if (is_flipped(row, bit, low_first)) {
            first = MIN(first, bit);
            last = bit;
        }
    return (unsigned)(last + 1 - first);
}

static void as_many_bits_are_flipped_as_were_asked_for(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS)
        for (unsigned bits = 0; bits <= 8 * SIZE; bits += 16) {
            struct row row = row_of(seed);
            noise_flip(&row.dice, row.bytes, SIZE, bits);
            assert_int_equal(count_flipped(&row), bits);
        }
}

static void every_bit_is_flipped_sooner_or_later(void **state)
{
    (void)state;
    struct row ever = row_of(0);
    for (uint64_t seed = 1; seed <= 4000; seed++) {
        struct row row = row_of(seed);
        noise_flip(&row.dice, row.bytes, SIZE, 1);
        for (size_t i = 0; i < SIZE; i++)
            ever.bytes[i] |= row.bytes[i];
    }
    assert_int_equal(count_flipped(&ever), 8 * SIZE);
}

static void a_burst_is_as_long_as_was_asked_for(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS)
        for (unsigned bits = 1; bits <= 64; bits++) {
            struct row row = row_of(seed);
            bool low_first = seed % 2;
            noise_burst(&row.dice, row.bytes, SIZE,
                        (struct noise_burst){bits, low_first});
            assert_int_equal(extent(&row, low_first), bits);
        }
}

static void a_burst_flips_about_half_of_its_bits(void **state)
{
    (void)state;
    for (int low_first = 0; low_first <= 1; low_first++) {
        unsigned flipped = 0;
        for (uint64_t seed = 1; seed <= 1000; seed++) {
            struct row row = row_of(seed);
            noise_burst(&row.dice, row.bytes, SIZE,
                        (struct noise_burst){64, low_first});
            flipped += count_flipped(&row);
        }
        assert_in_range(flipped, 32500, 33500); /* 33 each: two are certain. */
    }
}

static void a_burst_reaches_both_ends_of_the_row(void **state)
{
    bool first = false, last = false;
    (void)state;
    for (uint64_t seed = 1; seed <= 4000; seed++) {
        struct row row = row_of(seed);
        noise_burst(&row.dice, row.bytes, SIZE,
                    (struct noise_burst){20, false});
        first |= is_flipped(&row, 0, false);
        last |= is_flipped(&row, 8 * SIZE - 1, false);
    }
    assert_true(first);
    assert_true(last);
}

static void a_burst_may_fill_its_row(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct row row = row_of(seed);
        noise_burst(&row.dice, row.bytes, 8, (struct noise_burst){64, false});
        assert_int_equal(extent(&row, false), 64);
        assert_int_equal(row.bytes[8], 0);
    }
}

static void two_words_change_places_and_no_others(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct row before = row_of(seed);
        unsigned moved[2], count = 0;
        noise_fill(&before.dice, before.bytes, SIZE);
        struct row after = before;
        assert_true(noise_swap(&after.dice, after.bytes, SIZE));
        for (unsigned at = 0; at < SIZE; at += 2)
            if (memcmp(before.bytes + at, after.bytes + at, 2) != 0) {
                assert_true(count < 2);
                moved[count++] = at;
            }
        assert_int_equal(count, 2);
        assert_memory_equal(before.bytes + moved[0], after.bytes + moved[1], 2);
        assert_memory_equal(before.bytes + moved[1], after.bytes + moved[0], 2);
    }
}

static void equal_words_cannot_be_swapped(void **state)
{
    (void)state;
    struct row row = row_of(1);
    assert_false(noise_swap(&row.dice, row.bytes, SIZE));
    assert_false(noise_swap(&row.dice, row.bytes, 0));
    row.bytes[SIZE - 1] = 1;
    assert_false(noise_swap(&row.dice, row.bytes, SIZE - 1)); /* Half a word. */
    assert_true(noise_swap(&row.dice, row.bytes, SIZE));
    assert_int_equal(row.bytes[SIZE - 1], 0);
}

static void the_same_seed_makes_the_same_noise(void **state)
{
    (void)state;
    struct row one = row_of(7), same = row_of(7), other = row_of(8);
    noise_fill(&one.dice, one.bytes, SIZE - 1);
    noise_fill(&same.dice, same.bytes, SIZE - 1);
    noise_fill(&other.dice, other.bytes, SIZE - 1);
    assert_memory_equal(one.bytes, same.bytes, SIZE);
    assert_memory_not_equal(one.bytes, other.bytes, SIZE);
    assert_int_equal(one.bytes[SIZE - 1], 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_bits_are_flipped_as_were_asked_for),
        cmocka_unit_test(every_bit_is_flipped_sooner_or_later),
        cmocka_unit_test(a_burst_is_as_long_as_was_asked_for),
        cmocka_unit_test(a_burst_flips_about_half_of_its_bits),
        cmocka_unit_test(a_burst_reaches_both_ends_of_the_row),
        cmocka_unit_test(a_burst_may_fill_its_row),
        cmocka_unit_test(two_words_change_places_and_no_others),
        cmocka_unit_test(equal_words_cannot_be_swapped),
        cmocka_unit_test(the_same_seed_makes_the_same_noise),
    };
    return test_run(argc, argv, tests);
}

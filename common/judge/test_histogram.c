#include "common/judge/histogram.h"
#include "common/judge/stats.h"
#include "common/judge/test.h"

static void an_empty_histogram_says_zero(void **state)
{
    (void)state;
    struct histogram *histogram = histogram_new();
    assert_int_equal(histogram_count(histogram), 0);
    assert_int_equal(histogram_percentile(histogram, 0.5), 0);
    histogram_free(histogram);
}

/* What a histogram of @p value alone says about it. */
static uint64_t seen(uint64_t value)
{
    struct histogram *histogram = histogram_new();
    histogram_add(histogram, value);
    uint64_t percentile = histogram_percentile(histogram, 1);
    histogram_free(histogram);
    return percentile;
}

static void values_below_128_are_kept_exactly(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 128; value++)
        assert_int_equal(seen(value), value);
}

/* At the edge of each octave, and one to either side. */
static void every_value_is_seen_within_one_part_in_64(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++)
        for (uint64_t step = 0; step < 3; step++) {
            uint64_t value = ((uint64_t)1 << bit) - 1 + step;
            assert_in_range(seen(value) - value, 0, value / 64);
        }
    assert_true(seen(UINT64_MAX) == UINT64_MAX);
}

/* Values of every magnitude. */
static uint64_t roll(GRand *dice)
{
    uint64_t bits = (uint64_t)g_rand_int(dice) << 32 | g_rand_int(dice);
    return bits >> g_rand_int_range(dice, 12, 64); /* A double holds it. */
}

static void percentiles_are_the_exact_ones_or_just_above(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        g_autoptr(GRand) dice = g_rand_new_with_seed((uint32_t)seed);
        g_autoptr(stats) sample = stats_new();
        struct histogram *histogram = histogram_new();
        for (int i = g_rand_int_range(dice, 1, 2000); i > 0; i--) {
            uint64_t value = roll(dice);
            histogram_add(histogram, value);
            stats_add(sample, (double)value);
        }
        for (unsigned permille = 0; permille <= 1000; permille++) {
            double share = permille / 1000.0;
            uint64_t exact = (uint64_t)stats_percentile(sample, share);
            uint64_t near = histogram_percentile(histogram, share);
            assert_in_range(near - exact, 0, exact / 64);
        }
        histogram_free(histogram);
    }
}

static void two_histograms_merged_are_one_of_all_their_values(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        g_autoptr(GRand) dice = g_rand_new_with_seed((uint32_t)seed);
        struct histogram *whole = histogram_new();
        struct histogram *parts[] = {histogram_new(), histogram_new()};
        for (int i = 0; i < 1000; i++) {
            uint64_t value = roll(dice);
            histogram_add(whole, value);
            histogram_add(parts[i % 2], value);
        }
        histogram_merge(parts[0], parts[1]);
        assert_int_equal(histogram_count(parts[0]), 1000);
        for (double share = 0; share <= 1; share += 0.125)
            assert_int_equal(histogram_percentile(parts[0], share),
                             histogram_percentile(whole, share));
        histogram_free(parts[1]);
        histogram_free(parts[0]);
        histogram_free(whole);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_histogram_says_zero),
        cmocka_unit_test(values_below_128_are_kept_exactly),
        cmocka_unit_test(every_value_is_seen_within_one_part_in_64),
        cmocka_unit_test(percentiles_are_the_exact_ones_or_just_above),
        cmocka_unit_test(two_histograms_merged_are_one_of_all_their_values),
    };
    return test_run(argc, argv, tests);
}

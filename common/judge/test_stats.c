#include "common/judge/stats.h"
#include "common/judge/test.h"
#include <math.h>

/* cmocka's own compares floats. */
#define assert_near(value, wanted, distance)               \
    do {                                                   \
        double value_ = (value), wanted_ = (wanted);       \
        if (!(fabs(value_ - wanted_) <= (distance)))       \
            fail_msg("%.9g is not %.9g", value_, wanted_); \
    } while (0)

/* ---- A sample. ---- */

static struct stats *sample_of_array(const double *values, size_t count)
{
    struct stats *sample = stats_new();
    for (size_t i = 0; i < count; i++)
        stats_add(sample, values[i]);
    return sample;
}

#define sample_of(...)                             \
    sample_of_array((const double[]){__VA_ARGS__}, \
                    sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static void an_empty_sample_says_nothing(void **state)
{
    (void)state;
    g_autoptr(stats) sample = stats_new();
    assert_int_equal(stats_count(sample), 0);
    assert_true(isnan(stats_mean(sample)));
    assert_true(isnan(stats_deviation(sample)));
    assert_true(isnan(stats_percentile(sample, 0.5)));
    assert_true(isnan(stats_mean_interval(sample, 0.95).low));
}

static void one_value_has_a_mean_and_no_spread(void **state)
{
    (void)state;
    g_autoptr(stats) sample = sample_of(7);
    assert_near(stats_mean(sample), 7, 0);
    assert_near(stats_percentile(sample, 1), 7, 0);
    assert_true(isnan(stats_deviation(sample)));
    assert_true(isnan(stats_mean_interval(sample, 0.95).high));
}

static void the_spread_is_that_of_a_sample(void **state)
{
    (void)state;
    g_autoptr(stats) sample = sample_of(2, 4, 4, 4, 5, 5, 7, 9);
    assert_near(stats_mean(sample), 5, 1e-12);
    assert_near(stats_deviation(sample), sqrt(32.0 / 7), 1e-12);
}

static void a_large_mean_does_not_hide_a_small_spread(void **state)
{
    (void)state;
    g_autoptr(stats) sample = sample_of(1e12 + 1, 1e12 + 2, 1e12 + 3);
    assert_near(stats_deviation(sample), 1, 1e-9);
}

static void a_percentile_is_the_value_of_the_nearest_rank(void **state)
{
    (void)state;
    g_autoptr(stats) sample = sample_of(50, 15, 40, 20, 35);
    assert_near(stats_percentile(sample, 0), 15, 0);
    assert_near(stats_percentile(sample, 0.2), 15, 0);
    assert_near(stats_percentile(sample, 0.3), 20, 0);
    assert_near(stats_percentile(sample, 0.5), 35, 0);
    assert_near(stats_percentile(sample, 1), 50, 0);
}

static void a_value_after_a_percentile_counts_too(void **state)
{
    (void)state;
    g_autoptr(stats) sample = sample_of(3, 2);
    assert_near(stats_percentile(sample, 0), 2, 0);
    stats_add(sample, 1);
    assert_near(stats_percentile(sample, 0), 1, 0);
}

static void a_rank_is_not_pushed_up_by_rounding(void **state)
{
    (void)state;
    for (unsigned percent = 1; percent <= 100; percent++)
        assert_int_equal(stats_rank(100, percent / 100.0), percent);
    assert_int_equal(stats_rank(1000000, 0.000001), 1);
    assert_int_equal(stats_rank(3, 0.34), 2);
}

/* ---- Confidence. ---- */

/* Half the interval, in standard errors of the mean. */
static double quantile(size_t count, double confidence)
{
    g_autoptr(stats) sample = stats_new();
    double away = sqrt((double)count - 1);
    for (size_t i = 0; i < count; i++)
        stats_add(sample, i == 0 ? away : i == 1 ? -away : 0);
    struct interval mean = stats_mean_interval(sample, confidence);
    double error = stats_deviation(sample) / sqrt((double)count);
    return (mean.high - mean.low) / 2 / error;
}

static void students_quantiles_are_those_of_the_tables(void **state)
{
    static const struct {
        size_t freedom;
        double confidence, quantile;
    } table[] = {
        {1, 0.95, 12.706205},  {2, 0.95, 4.302653},   {3, 0.95, 3.182446},
        {4, 0.95, 2.776445},   {5, 0.90, 2.015048},   {9, 0.95, 2.262157},
        {10, 0.99, 3.169273},  {20, 0.95, 2.085963},  {29, 0.99, 2.756386},
        {30, 0.95, 2.042272},  {60, 0.95, 2.000298},  {120, 0.95, 1.979930},
        {1, 0.99, 63.656741},  {2, 0.999, 31.599055}, {4, 0.5, 0.740697},
        {1000, 0.95, 1.96234},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        assert_near(quantile(table[i].freedom + 1, table[i].confidence),
                    table[i].quantile, 2e-6);
}

static void many_values_make_the_bell_normal(void **state)
{
    (void)state;
    assert_near(quantile(9000, 0.95), 1.959964, 5e-4);
    assert_near(quantile(20000, 0.95), 1.959964, 1e-6);
    assert_near(quantile(20000, 0.99), 2.575829, 1e-6);
}

static void the_interval_lies_about_the_mean(void **state)
{
    (void)state;
    g_autoptr(stats) sample = sample_of(9, 10, 11);
    struct interval mean = stats_mean_interval(sample, 0.95);
    assert_near(mean.low, 10 - 4.302653 / sqrt(3), 1e-6);
    assert_near(mean.high, 10 + 4.302653 / sqrt(3), 1e-6);
}

/* The sum of twelve even values is nearly normal, about a mean of 6. */
static double roll_bell(GRand *dice)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += g_rand_double(dice);
    return sum;
}

static void an_interval_of_95_percent_holds_the_mean_in_95_percent(void **state)
{
    unsigned held = 0, trials = 4000;
    g_autoptr(GRand) dice = g_rand_new_with_seed(1);
    (void)state;
    for (unsigned trial = 0; trial < trials; trial++) {
        g_autoptr(stats) sample = stats_new();
        for (int i = 0; i < 5; i++)
            stats_add(sample, roll_bell(dice));
        struct interval mean = stats_mean_interval(sample, 0.95);
        held += mean.low <= 6 && 6 <= mean.high;
    }
    assert_in_range(held, trials * 94 / 100, trials * 96 / 100);
}

/* ---- Shares. ---- */

static void assert_share(uint64_t hits, uint64_t trials, struct interval wanted)
{
    struct interval share = stats_share_interval(hits, trials, 0.95);
    assert_near(share.low, wanted.low, 5e-5);
    assert_near(share.high, wanted.high, 5e-5);
}

/* Newcombe, Two-sided confidence intervals for the single proportion (1998),
 * table I, method 3. */
static void wilsons_intervals_are_those_of_the_literature(void **state)
{
    (void)state;
    assert_share(81, 263, (struct interval){0.2553, 0.3662});
    assert_share(15, 148, (struct interval){0.0624, 0.1605});
    assert_share(0, 20, (struct interval){0, 0.1611});
    assert_share(1, 29, (struct interval){0.0061, 0.1718});
}

static void a_share_of_none_or_all_stays_within_its_bounds(void **state)
{
    (void)state;
    for (uint64_t trials = 1; trials < 1000; trials++) {
        struct interval none = stats_share_interval(0, trials, 0.99);
        struct interval all = stats_share_interval(trials, trials, 0.99);
        assert_true(none.low >= 0 && none.low < 1e-9);
        assert_true(none.high > 0 && none.high < 1);
        assert_true(all.high <= 1 && all.high > 1 - 1e-9);
        assert_true(all.low < 1 && all.low > 0);
    }
}

static void no_trials_leave_every_share_open(void **state)
{
    (void)state;
    assert_share(0, 0, (struct interval){0, 1});
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_sample_says_nothing),
        cmocka_unit_test(one_value_has_a_mean_and_no_spread),
        cmocka_unit_test(the_spread_is_that_of_a_sample),
        cmocka_unit_test(a_large_mean_does_not_hide_a_small_spread),
        cmocka_unit_test(a_percentile_is_the_value_of_the_nearest_rank),
        cmocka_unit_test(a_value_after_a_percentile_counts_too),
        cmocka_unit_test(a_rank_is_not_pushed_up_by_rounding),
        cmocka_unit_test(students_quantiles_are_those_of_the_tables),
        cmocka_unit_test(many_values_make_the_bell_normal),
        cmocka_unit_test(the_interval_lies_about_the_mean),
        cmocka_unit_test(
            an_interval_of_95_percent_holds_the_mean_in_95_percent),
        cmocka_unit_test(wilsons_intervals_are_those_of_the_literature),
        cmocka_unit_test(a_share_of_none_or_all_stays_within_its_bounds),
        cmocka_unit_test(no_trials_leave_every_share_open),
    };
    return test_run(argc, argv, tests);
}

/* The wait for an acknowledgement, beside RFC 6298 in floating point. */
#include "03-transport/rto.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SLACK = 32, SAMPLES = 300, LONG = 100000, SEEDS = 100 };

/* ---- By the RFC. ---- */

struct exact {
    double srtt, rttvar;
    bool any;
};

static void take(struct exact *exact, double sample)
{
    if (!exact->any)
        *exact = (struct exact){sample, sample / 2, true};
    else {
        double off = fabs(exact->srtt - sample);
        exact->rttvar = .75 * exact->rttvar + .25 * off;
        exact->srtt = .875 * exact->srtt + .125 * sample;
    }
}

static double wait_of(const struct exact *exact, nsec floor)
{
    double wait = exact->srtt + fmax((double)RTO_GRANULE, 4 * exact->rttvar);
    return fmin(fmax(wait, (double)floor), (double)RTO_MOST);
}

/* ---- Expectations. ---- */

static void expect_near(const char *what, nsec got, double wanted, int slack)
{
    g_autofree char *text = g_strdup_printf("%s to be %.0f ns, %d more or less",
                                            what, wanted, slack);
    expect_that(fabs((double)got - wanted) <= slack, text, "%" PRIu64 " ns",
                got);
}

static void expect_state(const struct rto *rto, const struct exact *exact)
{
    expect_near("SRTT", rto->srtt, exact->srtt, SLACK);
    expect_near("RTTVAR", rto->rttvar, exact->rttvar, SLACK);
    expect_near("the wait", rto_value(rto), wait_of(exact, rto->floor),
                5 * SLACK);
}

static void expect_wait(const char *when, const struct rto *rto, nsec wanted)
{
    g_autofree char *what = g_strdup_printf("the wait %s, in ns, is", when);
    expect_equal(what, rto_value(rto), wanted);
}

static struct rto begin(nsec floor)
{
    struct rto rto;
    memset(&rto, 0xa5, sizeof rto); /* No memory is empty by itself. */
    rto_init(&rto, floor);
    return rto;
}

static struct rto after(nsec floor, nsec sample)
{
    struct rto rto = begin(floor);
    rto_sample(&rto, sample);
    return rto;
}

/* ---- The formulas. ---- */

static void before_a_sample_the_wait_is_the_first(void)
{
    struct rto rto = begin(10 * MSEC);
    expect_wait("before a sample", &rto, RTO_FIRST);
    expect_equal("SRTT before a sample is", rto.srtt, 0);
    rto = begin(0);
    expect_wait("before a sample, without a floor", &rto, RTO_FIRST);
    rto = begin(RTO_FIRST + 1);
    expect_wait("before a sample, with a higher floor", &rto, RTO_FIRST + 1);
    rto = begin(RTO_MOST);
    expect_wait("before a sample, with the highest floor", &rto, RTO_MOST);
}

static void the_first_sample_sets_mean_and_deviation(void)
{
    static const nsec samples[] = {MSEC,       2 * MSEC, 47 * MSEC + 13,
                                   100 * MSEC, 3 * SEC,  15 * SEC,
                                   USEC,       2,        77 * USEC};
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        struct rto rto = after(0, samples[i]);
        struct exact exact = {0};
        take(&exact, (double)samples[i]);
        expect_equal("SRTT after one sample is", rto.srtt, samples[i]);
        expect_state(&rto, &exact);
    }
}

static void later_samples_move_them_by_the_formulas(void)
{
    static const nsec some[] = {100 * MSEC, 120 * MSEC, 80 * MSEC, 80 * MSEC,
                                300 * MSEC, 100 * MSEC, 1,         99 * MSEC};
    struct rto rto = begin(0);
    struct exact exact = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(some); i++) {
        rto_sample(&rto, some[i]);
        take(&exact, (double)some[i]);
        expect_state(&rto, &exact);
    }
    for_each_seed (seed, SEEDS) {
        struct dice dice = dice_at(seed, 1, 1);
        nsec most = MSEC << seed % 18;
        rto = begin(MSEC);
        exact = (struct exact){0};
        for (int i = 0; i < SAMPLES; i++) {
            nsec sample = dice_between(&dice, 1, most);
            rto_sample(&rto, sample);
            take(&exact, (double)sample);
            expect_state(&rto, &exact);
        }
    }
}

/* A step shows it: the deviation first, and then the mean. */
static void the_deviation_is_taken_from_the_old_mean(void)
{
    struct rto rto = after(0, 100 * MSEC);
    rto_sample(&rto, 200 * MSEC);
    expect_near("RTTVAR after 100 ms and 200 ms", rto.rttvar, 62.5e6, SLACK);
    expect_near("SRTT after 100 ms and 200 ms", rto.srtt, 112.5e6, SLACK);
    rto = after(0, 200 * MSEC);
    rto_sample(&rto, 100 * MSEC);
    expect_near("RTTVAR after 200 ms and 100 ms", rto.rttvar, 100e6, SLACK);
    expect_near("SRTT after 200 ms and 100 ms", rto.srtt, 187.5e6, SLACK);
}

/* From the same first sample on, two paths mirror each other. */
static void a_sample_below_the_mean_counts_as_one_above(void)
{
    struct rto above = after(0, 50 * MSEC), below = after(0, 50 * MSEC);
    for (int i = 0; i < 50; i++) {
        nsec off = (nsec)(i % 7) * MSEC;
        rto_sample(&above, 50 * MSEC + off);
        rto_sample(&below, 50 * MSEC - off);
        expect_near("the middle of two SRTT", (above.srtt + below.srtt) / 2,
                    50e6, SLACK);
        expect_near("RTTVAR of samples below the mean", below.rttvar,
                    (double)above.rttvar, 2 * SLACK);
    }
}

static void a_steady_path_waits_a_granule_longer(void)
{
    struct rto rto = begin(0);
    struct exact exact = {0};
    for (int i = 0; i < SAMPLES; i++) {
        rto_sample(&rto, 20 * MSEC);
        take(&exact, 20e6);
        expect_state(&rto, &exact);
    }
    expect_near("the wait on a steady path", rto_value(&rto),
                (double)(20 * MSEC + RTO_GRANULE), SLACK);
    rto = after(0, 400 * USEC); /* Four deviations are 800 us: less than G. */
    expect_wait("after one sample of 400 us", &rto, 400 * USEC + RTO_GRANULE);
    rto = after(0, 600 * USEC); /* And here 1200 us: more. */
    expect_wait("after one sample of 600 us", &rto, 1800 * USEC);
}

/* ---- Nothing is lost by rounding. ---- */

/* From @p first, then always @p sample. */
static void settle(nsec first, nsec sample)
{
    struct rto rto = after(0, first);
    struct exact exact = {0};
    take(&exact, (double)first);
    for (int i = 0; i < 4 * SAMPLES; i++) {
        rto_sample(&rto, sample);
        take(&exact, (double)sample);
        expect_state(&rto, &exact);
    }
    expect_near("SRTT of equal samples", rto.srtt, (double)sample, SLACK);
    expect_near("RTTVAR of equal samples", rto.rttvar, 0, SLACK);
}

static void what_is_rounded_away_does_not_add_up(void)
{
    static const nsec ends[] = {1, 7, 100, 999, 20 * USEC + 3, 30 * MSEC + 5};
    for (size_t from = 0; from < G_N_ELEMENTS(ends); from++)
        for (size_t to = 0; to < G_N_ELEMENTS(ends); to++)
            settle(ends[from], ends[to]);
    struct rto rto = begin(0);
    struct exact exact = {0};
    for (nsec i = 0; i < LONG; i++) {
        nsec sample = 40 * MSEC + i * i % 1009;
        rto_sample(&rto, sample);
        take(&exact, (double)sample);
        expect_state(&rto, &exact);
    }
}

static void a_sample_of_nothing_counts_as_one(void)
{
    struct rto rto = after(0, 0);
    expect_equal("SRTT after a sample of 0 is", rto.srtt, 1);
    expect_equal("the last sample is", rto.latest, 1);
    expect_equal("the smallest sample is", rto.least, 1);
    expect_near("the wait", rto_value(&rto), (double)RTO_GRANULE + 1, SLACK);
    for (nsec first = 0; first < 20; first++) {
        rto = after(0, first);
        for (int i = 0; i < SAMPLES; i++) {
            rto_sample(&rto, (nsec)(i % 2));
            expect_that(rto.srtt > 0, "SRTT not to be 0 after a sample", "0");
        }
        expect_near("the wait", rto_value(&rto), (double)RTO_GRANULE, SLACK);
    }
}

static void the_last_and_the_least_are_remembered(void)
{
    static const nsec samples[] = {50, 60, 40, 45, 41, 39, 900, 40};
    struct rto rto = begin(0);
    nsec least = UINT64_MAX;
    expect_equal("the last sample, before any, is", rto.latest, 0);
    expect_equal("the smallest sample, before any, is", rto.least, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        nsec sample = samples[i] * MSEC;
        rto_sample(&rto, sample);
        least = MIN(least, sample);
        expect_equal("the last sample is", rto.latest, sample);
        expect_equal("the smallest sample is", rto.least, least);
        rto_expire(&rto);
        expect_equal("the smallest, after it expired, is", rto.least, least);
    }
}

/* ---- Bounds. ---- */

static void the_wait_is_never_below_its_floor(void)
{
    static const nsec floors[] = {0, 1, MSEC, 10 * MSEC, 200 * MSEC, SEC};
    for (size_t i = 0; i < G_N_ELEMENTS(floors); i++) {
        struct rto rto = begin(floors[i]);
        struct exact exact = {0};
        for (int j = 0; j < SAMPLES; j++) {
            nsec sample = (nsec)(j % 5 + 1) * 100 * USEC;
            rto_sample(&rto, sample);
            take(&exact, (double)sample);
            expect_state(&rto, &exact);
            expect_that(rto_value(&rto) >= floors[i], "a wait from the floor",
                        "%" PRIu64 " ns, below %" PRIu64, rto_value(&rto),
                        floors[i]);
        }
    }
    struct rto rto = after(30 * MSEC, 10 * MSEC);
    expect_wait("just at the floor", &rto, 30 * MSEC);
    rto = after(30 * MSEC + 1, 10 * MSEC);
    expect_wait("just below the floor", &rto, 30 * MSEC + 1);
}

static void the_wait_is_never_above_the_most(void)
{
    static const nsec samples[] = {20 * SEC - 2, 20 * SEC + 2, 60 * SEC,
                                   61 * SEC, 3600 * SEC};
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        struct rto rto = after(MSEC, samples[i]);
        struct exact exact = {0};
        take(&exact, (double)samples[i]);
        expect_state(&rto, &exact);
        expect_that(rto_value(&rto) <= RTO_MOST, "a wait up to RTO_MOST",
                    "%" PRIu64 " ns", rto_value(&rto));
        rto_expire(&rto);
        expect_wait("after long samples, expired", &rto, RTO_MOST);
    }
}

/* ---- Doubling. ---- */

/* It expires @p times, and each time the wait is twice what it was. */
static void expire(struct rto *rto, int times)
{
    for (int i = 0; i < times; i++) {
        nsec before = rto_value(rto);
        rto_expire(rto);
        expect_wait("after it expired", rto, MIN(2 * before, RTO_MOST));
        expect_wait("asked again", rto, MIN(2 * before, RTO_MOST));
    }
}

static void each_expiry_doubles_the_wait(void)
{
    struct rto rto = begin(10 * MSEC);
    expire(&rto, 3);
    expect_wait("before a sample, after three expiries", &rto, 8 * RTO_FIRST);
    rto = after(0, 40 * MSEC); /* 120 ms. */
    for (unsigned i = 1; i <= 5; i++) {
        expire(&rto, 1);
        expect_wait("after some expiries", &rto, (120 * MSEC) << i);
        expect_equal("how often it was doubled:", rto.doubled, i);
    }
    for_each_seed (seed, SEEDS) {
        struct dice dice = dice_at(seed, 2, 1);
        rto = begin(dice_between(&dice, 0, 300 * MSEC));
        for (int i = 0; i < 8; i++)
            rto_sample(&rto, dice_between(&dice, 1, 200 * MSEC));
        expire(&rto, 12);
    }
}

static void what_is_doubled_is_the_wait_and_not_the_formula(void)
{
    struct rto rto = after(200 * MSEC, 2 * MSEC);
    expire(&rto, 1);
    expect_wait("from the floor, after one expiry", &rto, 400 * MSEC);
    expire(&rto, 1);
    expect_wait("from the floor, after two expiries", &rto, 800 * MSEC);
    rto = begin(3 * SEC);
    expire(&rto, 1);
    expect_wait("from a high floor, after one expiry", &rto, 6 * SEC);
}

static void doubling_ends_at_the_most(void)
{
    struct rto rto = after(0, 10 * MSEC);
    expire(&rto, 300);
    expect_wait("after 300 expiries", &rto, RTO_MOST);
    rto = begin(0);
    expire(&rto, 300);
    expect_wait("before a sample, after 300 expiries", &rto, RTO_MOST);
    rto = after(RTO_MOST, MSEC);
    expire(&rto, 2);
}

static void expect_two_paths_apart(void)
{
    struct rto one = begin(10 * MSEC), two = begin(SEC);
    struct exact first = {0}, second = {0};
    for (int i = 0; i < SAMPLES; i++) {
        rto_sample(&one, (nsec)(i % 9 + 1) * MSEC);
        take(&first, (i % 9 + 1) * 1e6);
        rto_sample(&two, (nsec)(i % 4 + 1) * SEC);
        take(&second, (i % 4 + 1) * 1e9);
        expect_state(&one, &first);
        expect_state(&two, &second);
    }
    rto_expire(&two);
    expect_state(&one, &first);
}

static void doubled_it_stays_until_a_sample_comes(void)
{
    struct rto rto = after(0, 100 * MSEC);
    struct exact exact = {0};
    take(&exact, 100e6);
    for (int round = 0; round < 6; round++) {
        expire(&rto, round + 1);
        expect_near("SRTT, after it expired", rto.srtt, exact.srtt, SLACK);
        expect_near("RTTVAR, after it expired", rto.rttvar, exact.rttvar,
                    SLACK);
        nsec sample = (nsec)(80 + 10 * round) * MSEC;
        rto_sample(&rto, sample);
        take(&exact, (double)sample);
        expect_equal("how often it was doubled, after a sample:", rto.doubled,
                     0);
        expect_state(&rto, &exact);
    }
    rto = begin(0);
    expire(&rto, 4);
    rto_sample(&rto, 100 * MSEC);
    expect_wait("after expiries, and then the first sample", &rto, 300 * MSEC);
    expect_two_paths_apart();
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(before_a_sample_the_wait_is_the_first),
        GRADED(the_first_sample_sets_mean_and_deviation),
        GRADED(later_samples_move_them_by_the_formulas),
        GRADED(the_deviation_is_taken_from_the_old_mean),
        GRADED(a_sample_below_the_mean_counts_as_one_above),
        GRADED(a_steady_path_waits_a_granule_longer),
        GRADED(what_is_rounded_away_does_not_add_up),
        GRADED(a_sample_of_nothing_counts_as_one),
        GRADED(the_last_and_the_least_are_remembered),
        GRADED(the_wait_is_never_below_its_floor),
        GRADED(the_wait_is_never_above_the_most),
        GRADED(each_expiry_doubles_the_wait),
        GRADED(what_is_doubled_is_the_wait_and_not_the_formula),
        GRADED(doubling_ends_at_the_most),
        GRADED(doubled_it_stays_until_a_sample_comes),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

/*
 * When slow start ends: what is late, what a row is, and what was only the
 * path.
 */
#include "03-transport/newreno.h"
#include "03-transport/slowstart.h"
#include "common/judge/test.h"

enum { S = 1000, ROW = SLOWSTART_LATE };

struct sampled {
    struct slowstart slowstart;
    struct controller *controller;
    nsec now;
};

static void begin(struct sampled *sampled)
{
    *sampled = (struct sampled){.controller = newreno_new(S), .now = SEC};
}

static void end(struct sampled *sampled)
{
    controller_free(sampled->controller);
}

/* So many more samples in this round. */
static void sample(struct sampled *sampled, nsec rtt, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        slowstart_sample(&sampled->slowstart, sampled->controller, sampled->now,
                         rtt);
}

/* And in one that begins with them: they were sent when the last one had
 * begun. */
static void sample_round(struct sampled *sampled, nsec rtt, unsigned count)
{
    sampled->now += rtt;
    sample(sampled, rtt, count);
}

static bool is_held(const struct sampled *sampled)
{
    return slowstart_holds(&sampled->slowstart);
}

static bool is_starting(const struct sampled *sampled)
{
    return sampled->controller->window < sampled->controller->threshold;
}

static void eight_in_a_row_hold_the_window(void **state)
{
    (void)state;
    struct sampled sampled;
    begin(&sampled);
    sample_round(&sampled, 20 * MSEC, 1);
    sample_round(&sampled, 30 * MSEC, ROW - 1);
    assert_false(is_held(&sampled));
    sample(&sampled, 30 * MSEC, 1);
    assert_true(is_held(&sampled));
    assert_true(is_starting(&sampled));
    end(&sampled);
}

static void one_that_is_in_time_begins_the_row_anew(void **state)
{
    (void)state;
    struct sampled sampled;
    begin(&sampled);
    sample_round(&sampled, 20 * MSEC, 1);
    sample_round(&sampled, 30 * MSEC, ROW - 1);
    sample(&sampled, 20 * MSEC, 1);
    sample(&sampled, 30 * MSEC, ROW - 1);
    assert_false(is_held(&sampled));
    sample(&sampled, 30 * MSEC, 1);
    assert_true(is_held(&sampled));
    end(&sampled);
}

/* An eighth, between 4 and 16 ms. */
static void late_is_an_eighth_more_within_limits(void **state)
{
    (void)state;
    const struct {
        nsec least, late;
    } rows[] = {{MSEC, 5 * MSEC},
                {32 * MSEC, 36 * MSEC},
                {80 * MSEC, 90 * MSEC},
                {128 * MSEC, 144 * MSEC},
                {SEC, SEC + 16 * MSEC}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sampled sampled;
        begin(&sampled);
        sample_round(&sampled, rows[i].least, 1);
        sample_round(&sampled, rows[i].late - 1, 3 * ROW);
        assert_false(is_held(&sampled));
        end(&sampled);
        begin(&sampled);
        sample_round(&sampled, rows[i].least, 1);
        sample_round(&sampled, rows[i].late, ROW);
        assert_true(is_held(&sampled));
        end(&sampled);
    }
}

/* Nobody knows yet what is long. */
static void in_the_first_round_nothing_is_late(void **state)
{
    (void)state;
    struct sampled sampled;
    begin(&sampled);
    sample_round(&sampled, 20 * MSEC, 1);
    sample(&sampled, 90 * MSEC, 100);
    assert_false(is_held(&sampled));
    end(&sampled);
}

/* So a path that gets longer, a little each round, ends nothing. */
static void what_counts_is_the_least_of_the_round_before(void **state)
{
    (void)state;
    struct sampled sampled;
    begin(&sampled);
    for (nsec rtt = 20 * MSEC; rtt < 80 * MSEC; rtt += 3 * MSEC) {
        sample_round(&sampled, rtt + 2 * MSEC, ROW - 1);
        sample(&sampled, rtt, ROW);
        assert_false(is_held(&sampled));
    }
    end(&sampled);
}

/* A queue stays, for as long as the window does. */
static void five_rounds_later_slow_start_is_over(void **state)
{
    (void)state;
    struct sampled sampled;
    begin(&sampled);
    sample_round(&sampled, 20 * MSEC, 1);
    sample_round(&sampled, 30 * MSEC, ROW);
    for (int i = 1; i < SLOWSTART_ROUNDS; i++) {
        sample_round(&sampled, 30 * MSEC, 20);
        assert_true(is_held(&sampled));
        assert_true(is_starting(&sampled));
    }
    sample_round(&sampled, 30 * MSEC, 1);
    assert_false(is_starting(&sampled));
    assert_false(is_held(&sampled));
    assert_int_equal(sampled.controller->window, CONTROLLER_FIRST * S);
    end(&sampled);
}

/* Shorter than all of the row: so nothing had filled. Then it begins anew. */
static void one_shorter_than_the_row_sets_the_window_free(void **state)
{
    (void)state;
    struct sampled sampled;
    begin(&sampled);
    sample_round(&sampled, 20 * MSEC, 1);
    sample_round(&sampled, 35 * MSEC, ROW / 2);
    sample(&sampled, 30 * MSEC, 1);
    sample(&sampled, 35 * MSEC, ROW / 2);
    assert_true(is_held(&sampled));
    sample_round(&sampled, 30 * MSEC, 1);
    assert_true(is_held(&sampled));
    sample(&sampled, 30 * MSEC - 1, 1);
    assert_false(is_held(&sampled));
    assert_true(is_starting(&sampled));
    sample_round(&sampled, 40 * MSEC, ROW - 1);
    assert_false(is_held(&sampled));
    sample(&sampled, 40 * MSEC, 1);
    assert_true(is_held(&sampled));
    end(&sampled);
}

/* For instance since something was lost. */
static void outside_of_slow_start_nothing_is_held(void **state)
{
    (void)state;
    struct sampled sampled;
    begin(&sampled);
    sample_round(&sampled, 20 * MSEC, 1);
    sample_round(&sampled, 30 * MSEC, ROW);
    sampled.controller->threshold = sampled.controller->window;
    sample_round(&sampled, 30 * MSEC, 1);
    assert_false(is_held(&sampled));
    sampled.controller->window /= 2;
    sample_round(&sampled, 50 * MSEC, 2 * ROW);
    assert_false(is_held(&sampled));
    end(&sampled);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_in_a_row_hold_the_window),
        cmocka_unit_test(one_that_is_in_time_begins_the_row_anew),
        cmocka_unit_test(late_is_an_eighth_more_within_limits),
        cmocka_unit_test(in_the_first_round_nothing_is_late),
        cmocka_unit_test(what_counts_is_the_least_of_the_round_before),
        cmocka_unit_test(five_rounds_later_slow_start_is_over),
        cmocka_unit_test(one_shorter_than_the_row_sets_the_window_free),
        cmocka_unit_test(outside_of_slow_start_nothing_is_held),
    };
    return test_run(argc, argv, tests);
}

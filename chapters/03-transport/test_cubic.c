#include "03-transport/cubic.h"
#include "03-transport/test_controller.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <math.h>
#include <string.h>

#define TIE .02 /* Segments. */
enum { S = 1400, SEEDS = 100, STEPS = 3000 };

/* ---- RFC 9438 in floating point, in segments and seconds. ---- */

struct exact {
    double window, threshold, most, prior, k, t, last, reno;
    bool begun, paused, silent, answered;
    nsec answer;
};

static struct exact exact_new(void)
{
    return (struct exact){.window = 10, .threshold = INFINITY};
}

static double exact_at(const struct exact *exact, double t)
{
    return fmax(.4 * pow(t - exact->k, 3) + exact->most, 0);
}

static void exact_begin(struct exact *exact, double now)
{
    exact->most = fmax(exact->most, exact->window);
    exact->k = cbrt((exact->most - exact->window) / .4);
    exact->reno = exact->window;
    exact->last = now;
    exact->t = 0;
    exact->begun = true;
    exact->paused = false;
}

/* Which of both did the code take, at a tie? */
static double taken(double one, double other, double seen)
{
    return fabs(one - seen) <= fabs(other - seen) ? one : other;
}

/* Whether Reno is ahead of the cubic, or of where the loss was, may be decided
 * by the last digit: then by what was seen. */
static void exact_grow(struct exact *exact, double acked, double rtt,
                       double seen)
{
    double share = acked / exact->window;
    double below = exact->reno + 9.0 / 17 * share, beyond = exact->reno + share;
    double ahead = exact->reno - exact->prior;
    exact->reno = ahead < 0 ? below : beyond;
    if (fabs(ahead) < TIE)
        exact->reno = taken(below, beyond, seen);
    double target = exact_at(exact, exact->t + rtt);
    target = fmin(fmax(target, exact->window), 1.5 * exact->window);
    double slow = fmax(exact->window, exact->reno);
    double fast = exact->window + (target - exact->window) * share;
    ahead = exact->reno - exact_at(exact, exact->t);
    exact->window = ahead > 0 ? slow : fast;
    if (fabs(ahead) < TIE)
        exact->window = taken(slow, fast, seen);
}

static bool exact_is_old(const struct exact *exact, nsec sent)
{
    return exact->answered && sent <= exact->answer;
}

static void exact_acked(struct exact *exact, struct controller_ack ack,
                        double seen)
{
    double acked = (double)ack.acked / S, now = (double)ack.now / 1e9;
    exact->silent = false;
    exact->paused = exact->paused || !ack.limited;
    if (!ack.limited || exact_is_old(exact, ack.sent))
        return;
    if (exact->window < exact->threshold) {
        exact->window = fmin(exact->window + acked, exact->threshold);
        return;
    }
    if (!exact->begun)
        exact_begin(exact, now);
    if (!exact->paused)
        exact->t += now - exact->last;
    exact->last = now;
    exact->paused = false;
    exact_grow(exact, acked, (double)ack.rtt / 1e9, seen);
}

static void exact_lost(struct exact *exact, struct controller_loss loss)
{
    if (exact_is_old(exact, loss.sent))
        return;
    exact->prior = exact->window;
    exact->most = exact->window * (exact->window < exact->most ? .85 : 1);
    exact->window = exact->threshold = fmax(.7 * (double)loss.flying / S, 2);
    exact->answered = true;
    exact->answer = loss.now;
    exact->begun = false;
}

static void exact_expired(struct exact *exact, size_t flying, nsec now)
{
    if (!exact->silent) {
        exact->prior = exact->window;
        exact->threshold = fmax(.7 * (double)flying / S, 2);
    }
    exact->window = 2;
    exact->most = 0;
    exact->silent = exact->answered = true;
    exact->answer = now;
    exact->begun = false;
}

/* ---- Side by side. ---- */

/* A controller and its model, on a path with that round trip. */
struct pair {
    struct controller *controller;
    struct exact exact;
    nsec now, rtt;
};

static struct pair pair_new(nsec rtt)
{
    return (struct pair){cubic_new(S), exact_new(), SEC, rtt};
}

static double segments_of(const struct pair *pair)
{
    return (double)controller_window(pair->controller) / S;
}

static void expect_alike(const struct pair *pair)
{
    double window = segments_of(pair), wanted = pair->exact.window;
    if (fabs(window / wanted - 1) >= .01)
        fail_msg("a window of %.3f segments, and not of %.3f", window, wanted);
}

/* What is rounded at an event may decide what comes next: so both go on from
 * the same. */
static void begin_alike(struct pair *pair)
{
    expect_alike(pair);
    pair->exact.window = segments_of(pair);
    pair->exact.threshold = (double)pair->controller->threshold / S;
}

/* Bytes of what was sent a round trip ago. */
static void pair_ack(struct pair *pair, size_t bytes, bool limited)
{
    struct controller_ack ack = {
        .acked = bytes,
        .flying = controller_window(pair->controller),
        .limited = limited,
        .sent = pair->now - pair->rtt,
        .now = pair->now,
        .rtt = pair->rtt,
    };
    controller_acked(pair->controller, ack);
    exact_acked(&pair->exact, ack, segments_of(pair));
    expect_alike(pair);
}

static void pair_lose(struct pair *pair, size_t flying)
{
    struct controller_loss loss = {flying, pair->now - pair->rtt, pair->now};
    controller_lost(pair->controller, loss);
    exact_lost(&pair->exact, loss);
    begin_alike(pair);
}

/* All that flies is lost at once, and then that long passes. */
static void pair_lose_all(struct pair *pair)
{
    pair_lose(pair, controller_window(pair->controller));
    pair->now += pair->rtt + 1;
}

static void pair_expire(struct pair *pair, size_t flying)
{
    controller_expired(pair->controller, flying, pair->now);
    exact_expired(&pair->exact, flying, pair->now);
    begin_alike(pair);
    pair->now += pair->rtt + 1;
}

/* Round trips, each with a window of acks, until that long has passed. */
static void pair_run(struct pair *pair, nsec duration)
{
    for (nsec end = pair->now + duration; pair->now < end;) {
        size_t acks = controller_window(pair->controller) / S;
        for (size_t i = 0; i < acks; i++) {
            pair->now += pair->rtt / acks;
            pair_ack(pair, S, true);
        }
    }
}

/* After slow start up to so many segments. */
static struct pair pair_grown(nsec rtt, size_t segments)
{
    struct pair pair = pair_new(rtt);
    for (size_t i = 10; i < segments; i++)
        pair_ack(&pair, S, true);
    return pair;
}

/* ---- The rules. ---- */

static void it_begins_and_starts_slowly_as_newreno_does(void **state)
{
    (void)state;
    struct pair pair = pair_new(50 * MSEC);
    assert_string_equal(pair.controller->ops->name, "cubic");
    assert_int_equal(controller_window(pair.controller), 10 * S);
    assert_true(pair.controller->threshold == SIZE_MAX);
    pair_ack(&pair, S, false);
    assert_int_equal(controller_window(pair.controller), 10 * S);
    pair_ack(&pair, 3 * S + 7, true);
    assert_int_equal(controller_window(pair.controller), 13 * S + 7);
    controller_free(pair.controller);
}

static void a_loss_leaves_seven_tenths_of_what_flew_and_once(void **state)
{
    (void)state;
    struct pair pair = pair_grown(50 * MSEC, 100);
    pair_lose(&pair, 90 * S);
    assert_int_equal(controller_window(pair.controller), 63 * S);
    assert_int_equal(pair.controller->threshold, 63 * S);
    pair_lose(&pair, 63 * S);
    pair.now += pair.rtt; /* Sent at that moment: it is of the event too. */
    pair_lose(&pair, 63 * S);
    pair_ack(&pair, S, true);
    assert_int_equal(controller_window(pair.controller), 63 * S);
    pair.now++;
    pair_lose(&pair, S);
    assert_int_equal(controller_window(pair.controller), 2 * S);
    controller_free(pair.controller);
}

/* K = cbrt(.3 Wmax / .4): 6.08 s for 300 segments. */
static void after_k_seconds_it_is_where_it_was_lost(void **state)
{
    (void)state;
    struct pair pair = pair_grown(200 * MSEC, 300);
    pair_lose_all(&pair);
    pair_run(&pair, 3 * SEC);
    assert_true(segments_of(&pair) > 280 && segments_of(&pair) < 299);
    pair_run(&pair, 3 * SEC);
    assert_true(fabs(segments_of(&pair) - 300) < 3);
    pair_run(&pair, 6 * SEC);
    assert_true(segments_of(&pair) > 380);
    controller_free(pair.controller);
}

static void on_a_short_path_it_grows_as_reno_would(void **state)
{
    (void)state;
    struct pair pair = pair_grown(2 * MSEC, 40);
    pair_lose_all(&pair); /* 28 segments. */
    pair_run(&pair, 20 * MSEC);
    double slope = (segments_of(&pair) - 28) / 10;
    assert_true(fabs(slope - .529) < .06); /* Up to the last loss, alpha. */
    pair_run(&pair, 100 * MSEC);
    double before = segments_of(&pair);
    assert_true(before > 40);
    pair_run(&pair, 20 * MSEC);
    slope = (segments_of(&pair) - before) / 10;
    assert_true(fabs(slope - 1) < .1);
    controller_free(pair.controller);
}

/* Lost again before it was back: it makes room, and is slow already at .85. */
static void a_second_loss_lowers_the_most(void **state)
{
    (void)state;
    struct pair pair = pair_grown(200 * MSEC, 400);
    pair_lose_all(&pair);
    pair_run(&pair, SEC);
    double second = segments_of(&pair);
    assert_true(second < 390);
    pair_lose_all(&pair);
    double k = cbrt(.15 * second / .4);
    pair_run(&pair, (nsec)(k * 1e9));
    assert_true(fabs(segments_of(&pair) / (.85 * second) - 1) < .02);
    controller_free(pair.controller);
}

static void after_the_timer_it_begins_where_slow_start_ends(void **state)
{
    (void)state;
    struct pair pair = pair_grown(100 * MSEC, 100);
    pair_expire(&pair, 100 * S);
    assert_int_equal(controller_window(pair.controller), 2 * S);
    assert_int_equal(pair.controller->threshold, 70 * S);
    pair_expire(&pair, 2 * S); /* Nothing arrived: the threshold stays. */
    assert_int_equal(pair.controller->threshold, 70 * S);
    for (int i = 0; i < 68; i++)
        pair_ack(&pair, S, true);
    assert_int_equal(controller_window(pair.controller), 70 * S);
    pair_run(&pair,
             5 * SEC); /* .4 * 5^3 is 50; and there is no way up to 100. */
    assert_true(segments_of(&pair) > 115 && segments_of(&pair) < 130);
    pair_expire(&pair, 10 * S);
    assert_int_equal(pair.controller->threshold, 7 * S);
    controller_free(pair.controller);
}

static void a_pause_of_the_sender_is_no_time(void **state)
{
    (void)state;
    struct pair pair = pair_grown(200 * MSEC, 300);
    pair_lose_all(&pair);
    pair_run(&pair, 3 * SEC);
    double before = segments_of(&pair);
    for (int i = 0; i < 60; i++) {
        pair.now += SEC;
        pair_ack(&pair, S, false);
    }
    assert_true(segments_of(&pair) == before);
    pair_run(&pair, SEC);
    assert_true(segments_of(&pair) < 300);
    controller_free(pair.controller);
}

static void it_never_aims_beyond_half_as_much_again(void **state)
{
    (void)state;
    struct pair pair = pair_new(200 * MSEC);
    pair_lose_all(&pair);
    for (int i = 0; i < 60; i++) {
        double before = segments_of(&pair);
        pair.now += SEC;
        pair_ack(&pair, S, true);
        assert_true(segments_of(&pair) < before + .51);
    }
    assert_true(segments_of(&pair) > 30);
    controller_free(pair.controller);
}

static void a_shorter_round_trip_takes_nothing_back(void **state)
{
    (void)state;
    struct pair pair = pair_grown(400 * MSEC, 300);
    pair_lose_all(&pair);
    pair_run(&pair, 2 * SEC);
    for (int i = 0; i < 2000; i++) /* Up to where it aims. */
        pair_ack(&pair, S, true);
    double before = segments_of(&pair);
    pair.rtt = MSEC;
    pair_ack(&pair, S, true);
    assert_true(segments_of(&pair) >= before);
    controller_free(pair.controller);
}

static void time_may_begin_at_nothing(void **state)
{
    (void)state;
    struct pair pair = pair_new(0);
    pair.now = 0;
    pair_ack(&pair, S, true);
    assert_int_equal(controller_window(pair.controller), 11 * S);
    pair_lose(&pair, 10 * S);
    assert_int_equal(controller_window(pair.controller), 7 * S);
    controller_free(pair.controller);
}

static void no_time_and_no_window_is_too_large(void **state)
{
    (void)state;
    struct controller *controller = cubic_new(65535);
    struct controller_ack ack = {
        .acked = (size_t)1 << 31,
        .limited = true,
        .sent = 1,
        .now = 2,
        .rtt = 60 * SEC,
    };
    controller_acked(controller, ack);
    controller_lost(controller, (struct controller_loss){1u << 31, 1, 2});
    size_t before = controller_window(controller);
    for (int i = 1; i < 60; i++) {
        ack.sent = ack.now = (nsec)i * 600 * SEC;
        ack.acked = 1 << 20;
        controller_acked(controller, ack);
        /* From the second on the cubic is far beyond half as much again. */
        assert_true(controller_window(controller) >=
                    before + (i > 1 ? ack.acked / 2 : 0));
        before = controller_window(controller);
    }
    controller_free(controller);
}

/* 2^22 ms, cubed, is 2^66. */
static void seventy_minutes_are_not_none(void **state)
{
    (void)state;
    struct pair pair = pair_new(0);
    pair_expire(&pair, 200 * S);
    for (int i = 0; i < 138; i++)
        pair_ack(&pair, S, true);
    pair_ack(&pair, 1, true);
    double before = segments_of(&pair);
    pair.now += (1 << 22) * MSEC;
    pair_ack(&pair, S, true);
    assert_true(segments_of(&pair) > before + .49);
    controller_free(pair.controller);
}

/* ---- All of it. ---- */

static void step(struct pair *pair, struct dice *dice)
{
    uint64_t kind = dice_between(dice, 0, 999);
    size_t window = controller_window(pair->controller);
    pair->now += dice_between(dice, 0, pair->rtt / 20);
    if (kind < 1)
        pair_expire(pair, dice_between(dice, 0, window));
    else if (kind < 5)
        pair_lose(pair, window / 100 * dice_between(dice, 80, 100));
    else
        pair_ack(pair, dice_between(dice, 1, 2 * S), kind % 10 > 0);
}

static void in_any_course_of_events_it_is_as_by_the_rfc(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct dice dice = dice_at(seed, 1, 1);
        struct pair pair = pair_new((seed % 8 * 40 + 1) * MSEC);
        for (int i = 0; i < STEPS; i++)
            step(&pair, &dice);
        controller_free(pair.controller);
    }
}

/* The mean window, when of so many packets one is lost. */
static double mean(nsec rtt, uint64_t period)
{
    struct fluid fluid = {rtt, period, 10, 40};
    struct controller *controller = cubic_new(S);
    double window = fluid_window(&fluid, controller);
    controller_free(controller);
    return window;
}

/* RFC 9438, 5.1: 1.054 (RTT / p)^(3/4) on long paths; and on short ones as
 * Reno, with (1.5 / p)^(1/2). */
static void the_mean_window_is_that_of_the_rfc(void **state)
{
    (void)state;
    static const nsec longs[] = {100 * MSEC, 200 * MSEC, 300 * MSEC};
    for (size_t i = 0; i < G_N_ELEMENTS(longs); i++)
        for (uint64_t period = 10000; period <= 100000; period *= 10) {
            double wanted =
                1.054 * pow((double)longs[i] / 1e9 * (double)period, .75);
            double got = mean(longs[i], period);
            assert_true(fabs(got / wanted - 1) < .15);
        }
    for (uint64_t period = 200; period <= 20000; period *= 10) {
        double wanted = sqrt(1.5 * (double)period);
        double got = mean(MSEC, period);
        assert_true(fabs(got / wanted - 1) < .15);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_and_starts_slowly_as_newreno_does),
        cmocka_unit_test(a_loss_leaves_seven_tenths_of_what_flew_and_once),
        cmocka_unit_test(after_k_seconds_it_is_where_it_was_lost),
        cmocka_unit_test(on_a_short_path_it_grows_as_reno_would),
        cmocka_unit_test(a_second_loss_lowers_the_most),
        cmocka_unit_test(after_the_timer_it_begins_where_slow_start_ends),
        cmocka_unit_test(a_pause_of_the_sender_is_no_time),
        cmocka_unit_test(it_never_aims_beyond_half_as_much_again),
        cmocka_unit_test(a_shorter_round_trip_takes_nothing_back),
        cmocka_unit_test(time_may_begin_at_nothing),
        cmocka_unit_test(no_time_and_no_window_is_too_large),
        cmocka_unit_test(seventy_minutes_are_not_none),
        cmocka_unit_test(in_any_course_of_events_it_is_as_by_the_rfc),
        cmocka_unit_test(the_mean_window_is_that_of_the_rfc),
    };
    return test_run(argc, argv, tests);
}

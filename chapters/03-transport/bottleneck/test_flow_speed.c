/*
 * A flow over a link that others share and that loses: a few of the numbers of
 * bench_flow.c, in simulated time. What is too slow here is a mistake.
 */
#include "03-transport/bottleneck/bottleneck_scene.h"
#include "03-transport/cubic.h"
#include "03-transport/newreno.h"
#include "common/judge/test.h"

typedef struct controller *speed_controller(size_t segment);

/* 10 Mbit/s, 20 ms there and back, a queue of as much. */
static const struct bottleneck_link usual = {
    .rate = 10000000, .delay = 10 * MSEC, .queue = 25000};

/* Kilobits of data a second. */
static uint64_t speed_of(struct bottleneck *scene)
{
    return bottleneck_arrived(scene, 1) * 8 * MSEC / bottleneck_time(scene);
}

static struct bottleneck *send_over(struct bottleneck_link link,
                                    speed_controller *controller, uint64_t size,
                                    uint64_t seed)
{
    struct bottleneck *scene = bottleneck_new(link, 1, seed);
    bottleneck_send(scene, 1, controller, size);
    bottleneck_run(scene, 1000 * SEC);
    assert_int_equal(bottleneck_arrived(scene, 1), size);
    return scene;
}

static void expect_full(struct bottleneck_link link)
{
    speed_controller *controllers[] = {newreno_new, cubic_new};
    for (size_t i = 0; i < G_N_ELEMENTS(controllers); i++) {
        struct bottleneck *scene =
            send_over(link, controllers[i], link.rate, 1);
        uint64_t full = link.rate / 1000 * BOTTLENECK_SEGMENT /
                        (BOTTLENECK_SEGMENT + BOTTLENECK_HEADERS);
        assert_in_range(speed_of(scene), full * 95 / 100, full);
        assert_true(bottleneck_carried(scene, 1) <= link.rate * 106 / 100);
        bottleneck_free(scene);
    }
}

static void a_link_that_loses_nothing_is_full(void **state)
{
    (void)state;
    struct bottleneck_link link = usual;
    expect_full(link);
    link.delay = MSEC;
    link.queue = 15000;
    expect_full(link);
}

/* 100 ms: it knows in time that a queue grows. */
static void slow_start_ends_before_the_queue_overflows(void **state)
{
    (void)state;
    struct bottleneck_link link = {
        .rate = 100000000, .delay = 50 * MSEC, .queue = 1250000};
    struct bottleneck *scene = send_over(link, newreno_new, 20000000, 1);
    assert_int_equal(flow_count(bottleneck_flow(scene, 1)).repeats, 0);
    assert_true(speed_of(scene) > 69000);
    bottleneck_free(scene);
}

/* Each way takes up to 10 ms more, and nothing is lost by chance: a round trip
 * that is late says little. */
static void on_a_path_that_trembles_slow_start_goes_on(void **state)
{
    (void)state;
    struct bottleneck_link link = {.rate = 150000000,
                                   .delay = 10 * MSEC,
                                   .queue = 562500,
                                   .tremble = 10 * MSEC};
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct bottleneck *scene = send_over(link, newreno_new, 20000000, seed);
        assert_true(speed_of(scene) > 100000);
        bottleneck_free(scene);
    }
}

/* Three quarters of Mathis' line, sqrt(3 / 2p) segments in 21.2 ms. */
static void what_is_lost_costs_no_more_than_it_must(void **state)
{
    (void)state;
    const struct {
        unsigned loss;
        uint64_t mathis;
    } rows[] = {{10000, 6660}, {20000, 4710}, {50000, 2980}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct bottleneck_link link = usual;
        link.loss = rows[i].loss;
        uint64_t sum = 0;
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct bottleneck *scene =
                send_over(link, newreno_new, 5000000, seed);
            sum += speed_of(scene);
            bottleneck_free(scene);
        }
        assert_true(sum / 5 >= rows[i].mathis * 3 / 4);
    }
}

/* The second comes 2 s later; between 10 s and 20 s neither has more than three
 * fifths. */
static void two_flows_share_a_link(void **state)
{
    (void)state;
    speed_controller *controllers[] = {newreno_new, cubic_new};
    for (unsigned i = 0; i < 4; i++) {
        struct bottleneck *scene = bottleneck_new(usual, 2, 1);
        bottleneck_send(scene, 1, controllers[i % 2], 1000000000);
        bottleneck_run(scene, 2 * SEC);
        bottleneck_send(scene, 2, controllers[i / 2], 1000000000);
        bottleneck_run(scene, 8 * SEC);
        uint64_t one = bottleneck_arrived(scene, 1);
        uint64_t two = bottleneck_arrived(scene, 2);
        bottleneck_run(scene, 10 * SEC);
        one = bottleneck_arrived(scene, 1) - one;
        two = bottleneck_arrived(scene, 2) - two;
        assert_in_range(100 * one / (one + two), 40, 60);
        bottleneck_free(scene);
    }
}

static void after_a_second_in_the_dark_it_goes_on_within_one(void **state)
{
    (void)state;
    for_each_seed (seed, 10) {
        struct bottleneck *scene = bottleneck_new(usual, 1, seed);
        bottleneck_send(scene, 1, newreno_new, 1000000000);
        bottleneck_run(scene, SEC + seed * 77 * MSEC);
        bottleneck_darken(scene, true);
        bottleneck_run(scene, SEC);
        bottleneck_darken(scene, false);
        uint64_t before = bottleneck_arrived(scene, 1);
        bottleneck_run(scene, SEC);
        assert_true(bottleneck_arrived(scene, 1) > before);
        bottleneck_free(scene);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_that_loses_nothing_is_full),
        cmocka_unit_test(slow_start_ends_before_the_queue_overflows),
        cmocka_unit_test(on_a_path_that_trembles_slow_start_goes_on),
        cmocka_unit_test(what_is_lost_costs_no_more_than_it_must),
        cmocka_unit_test(two_flows_share_a_link),
        cmocka_unit_test(after_a_second_in_the_dark_it_goes_on_within_one),
    };
    return test_run(argc, argv, tests);
}

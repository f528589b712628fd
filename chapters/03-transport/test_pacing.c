/*
 * Pacing: what a segment costs, how long it waits, and what may be made up for.
 */
#include "03-transport/newreno.h"
#include "03-transport/pacing.h"
#include "common/judge/test.h"

enum { S = 1000 };

/* With a window of 10 segments: in slow start two windows in a round trip, then
 * one and a quarter. */
static void a_segment_costs_a_share_of_the_round_trip(void **state)
{
    (void)state;
    struct controller *controller = newreno_new(S);
    assert_int_equal(pacing_cost(controller, S, 20 * MSEC), MSEC);
    assert_int_equal(pacing_cost(controller, S / 2, 20 * MSEC), MSEC / 2);
    controller->threshold = controller->window;
    assert_int_equal(pacing_cost(controller, S, 20 * MSEC), 2 * MSEC * 4 / 5);
    assert_int_equal(pacing_cost(controller, S, 0), 0);
    controller_free(controller);
}

/* So many leave at once, at @p now. */
static unsigned burst(struct pacing *pacing, nsec cost, nsec now)
{
    unsigned count = 0;
    for (; pacing_wait(pacing, now) == 0 && count < 1000; count++)
        pacing_spend(pacing, cost, now);
    return count;
}

static void segments_leave_one_after_the_other(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    nsec now = SEC;
    burst(&pacing, 3 * MSEC, now);
    for (int i = 0; i < 10; i++) {
        now += pacing_wait(&pacing, now);
        assert_int_equal(pacing_wait(&pacing, now), 0);
        pacing_spend(&pacing, 3 * MSEC, now);
        assert_int_equal(pacing_wait(&pacing, now), 3 * MSEC);
        assert_int_equal(pacing_wait(&pacing, now + MSEC), 2 * MSEC);
    }
}

/* 5 ms of credit, or two segments: and one that goes on credit. */
static void after_a_pause_little_leaves_at_once(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    assert_int_equal(burst(&pacing, MSEC, SEC), 6);
    assert_int_equal(burst(&pacing, MSEC, 100 * SEC), 6);
    assert_int_equal(burst(&pacing, 10 * MSEC, 200 * SEC), 3);
}

static void a_timer_that_is_late_costs_no_speed(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    unsigned sent = burst(&pacing, MSEC, SEC);
    for (nsec now = SEC + 4 * MSEC; now <= 2 * SEC; now += 4 * MSEC)
        sent += burst(&pacing, MSEC, now);
    assert_int_equal(sent, 1006);
}

static void what_costs_nothing_waits_for_nothing(void **state)
{
    (void)state;
    struct pacing pacing = {0};
    assert_int_equal(burst(&pacing, 0, 0), 1000);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_costs_a_share_of_the_round_trip),
        cmocka_unit_test(segments_leave_one_after_the_other),
        cmocka_unit_test(after_a_pause_little_leaves_at_once),
        cmocka_unit_test(a_timer_that_is_late_costs_no_speed),
        cmocka_unit_test(what_costs_nothing_waits_for_nothing),
    };
    return test_run(argc, argv, tests);
}

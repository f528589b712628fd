/* The scene of the figures: what is full stays so, and what comes is done. */
#include "04-queues/waiting/waiting_scene.h"
#include "common/judge/test.h"

/* So many units of work. */
static struct waiting_seen run(struct waiting_load load, unsigned units)
{
    struct waiting *waiting = waiting_new(load, 3);
    for (unsigned i = 0; i < units; i++) {
        waiting_run(waiting, WAITING_WORK);
        if (load.full != NEVER_FULL)
            assert_in_range(waiting_queued(waiting), 0, load.most);
        assert_in_range(waiting_in_work(waiting), 0, load.workers);
        if (waiting_queued(waiting) > 0)
            assert_int_equal(waiting_in_work(waiting), load.workers);
    }
    struct waiting_seen seen = waiting_seen(waiting);
    assert_int_equal(seen.arrived, seen.done + waiting_queued(waiting) +
                                       waiting_in_work(waiting));
    assert_int_equal(seen.begun, seen.done + waiting_in_work(waiting));
    waiting_free(waiting);
    return seen;
}

static void what_comes_is_the_load(void **state)
{
    (void)state;
    for (unsigned arrivals = POISSON; arrivals <= BURSTS; arrivals++)
        for (unsigned workers = 1; workers <= 4; workers += 3) {
            struct waiting_seen seen = run(
                (struct waiting_load){
                    .arrivals = arrivals, .load = 0.5, .workers = workers},
                20000);
            assert_in_range(seen.arrived, 9300 * workers, 10700 * workers);
            assert_in_range((uint64_t)(1000 * seen.worked / (double)seen.done),
                            970, 1030);
        }
}

static void even_work_that_comes_evenly_never_waits(void **state)
{
    (void)state;
    struct waiting_seen seen = run(
        (struct waiting_load){
            .arrivals = EVEN, .work = CONSTANT, .load = 0.99, .workers = 1},
        1000);
    assert_true(seen.waited == 0 && seen.stayed == (double)seen.done);
}

static void a_full_queue_drops_or_pushes_back(void **state)
{
    (void)state;
    struct waiting_load load = {
        .load = 2, .workers = 1, .full = DROPS, .most = 5};
    struct waiting_seen drops = run(load, 10000);
    load.full = PUSHES_BACK;
    struct waiting_seen pushes = run(load, 10000);
    load.full = NEVER_FULL;
    struct waiting_seen never = run(load, 10000);
    assert_in_range(drops.dropped, 9000, 11000);
    assert_in_range(drops.done, 9500, 10500);
    assert_int_equal(pushes.dropped, 0);
    assert_in_range(pushes.arrived, pushes.done, pushes.done + 6);
    assert_int_equal(never.dropped, 0);
    assert_in_range(never.arrived, 19000, 21000);
}

static void one_may_begin_to_count_anew(void **state)
{
    (void)state;
    struct waiting *waiting = waiting_new(
        (struct waiting_load){.arrivals = EVEN, .load = 0.5, .workers = 1}, 1);
    waiting_run(waiting, 100 * WAITING_WORK);
    assert_int_equal(waiting_seen(waiting).arrived, 50);
    waiting_forget(waiting);
    assert_int_equal(waiting_seen(waiting).arrived, 0);
    waiting_set_load(waiting, 0.25);
    waiting_run(waiting, 100 * WAITING_WORK);
    assert_in_range(waiting_seen(waiting).arrived, 25, 26);
    waiting_free(waiting);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_is_the_load),
        cmocka_unit_test(even_work_that_comes_evenly_never_waits),
        cmocka_unit_test(a_full_queue_drops_or_pushes_back),
        cmocka_unit_test(one_may_begin_to_count_anew),
    };
    return test_run(argc, argv, tests);
}

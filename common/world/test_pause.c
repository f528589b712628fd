/* A node that stands still, and goes on. */
#include "common/judge/onlooker.h"
#include "common/judge/test.h"
#include "common/world/timers.h"

/* ---- Pauses. ---- */

static void nothing_happens_on_a_paused_node_and_then_all_in_order(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    sim_pause(onlooker->sim, 2, 10 * MSEC);
    assert_int_equal(sim_resumes(onlooker->sim, 2), 10 * MSEC);
    assert_int_equal(sim_resumes(onlooker->sim, 1), 0);
    onlooker->fate.delay = 5 * MSEC;
    onlooker_say(sim_env(onlooker->sim, 1), 2, "a");
    onlooker_say(sim_env(onlooker->sim, 3), 2, "b");
    onlooker->fate.delay = MSEC;
    onlooker_say(sim_env(onlooker->sim, 1), 2, "c");
    onlooker_say(sim_env(onlooker->sim, 1), 3, "d");
    sim_farewell(onlooker->sim, 2, 3);
    sim_run(onlooker->sim, 10 * MSEC - 1);
    assert_string_equal(onlooker->came->str, "13d ");
    onlooker_run_out(onlooker);
    assert_string_equal(onlooker->came->str, "13d 32 12c 12a 32b ");
    assert_string_equal(onlooker->when->str, "1 10 10 10 10 ");
    assert_int_equal(sim_resumes(onlooker->sim, 2), sim_time(onlooker->sim));
    onlooker_free(onlooker);
}

/* What comes when the pause ends was sent before, or after, what waited. */
static void what_waited_comes_before_what_comes_then(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    onlooker->fate.delay = 10 * MSEC;
    onlooker_say(sim_env(onlooker->sim, 1), 2, "last");
    sim_pause(onlooker->sim, 2, 5 * MSEC);
    sim_pause(onlooker->sim, 2, 10 * MSEC);
    onlooker->fate.delay = 3 * MSEC;
    onlooker_say(sim_env(onlooker->sim, 1), 2, "first");
    onlooker->fate.delay = 5 * MSEC;
    onlooker_say(sim_env(onlooker->sim, 1), 2, "second");
    sim_pause(onlooker->sim, 2, 4 * MSEC); /* It was paused for longer. */
    onlooker_run_out(onlooker);
    assert_string_equal(onlooker->came->str, "12first 12second 12last ");
    assert_string_equal(onlooker->when->str, "10 10 10 ");
    onlooker_free(onlooker);
}

static void note_time(void *self)
{
    *(nsec *)self = sim_time(the_onlooker->sim);
}

static void timers_and_syncs_of_a_paused_node_are_late(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new(
        (struct sim_weather){.sync_min = 3 * MSEC, .sync_max = 3 * MSEC});
    struct env *env = sim_env(onlooker->sim, 2);
    nsec early = 0, late = 0;
    struct timer timer = {.fire = note_time, .self = &early};
    struct timer after_it = {.fire = note_time, .self = &late};
    env_arm(env, &timer, 2 * MSEC);
    env_arm(env, &after_it, 12 * MSEC);
    onlooker_write(env, "log", "a", true);
    onlooker_say(env, 1, "x");
    sim_run(onlooker->sim, MSEC);
    sim_pause(onlooker->sim, 2, 9 * MSEC);
    sim_run(onlooker->sim, 10 * MSEC - 1);
    assert_int_equal(early, 0);
    assert_string_equal(onlooker->left->str, "");
    onlooker_run_out(onlooker);
    assert_int_equal(early, 10 * MSEC);
    assert_int_equal(late, 12 * MSEC);
    assert_string_equal(onlooker->left->str, "21x ");
    assert_string_equal(onlooker->when->str, "11 ");
    onlooker_free(onlooker);
}

static void a_paused_node_crashes_and_what_waited_is_lost(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    onlooker_say(sim_env(onlooker->sim, 2), 2, "self");
    sim_pause(onlooker->sim, 2, 10 * MSEC);
    onlooker_say(sim_env(onlooker->sim, 1), 2, "a");
    sim_run(onlooker->sim, 5 * MSEC);
    sim_crash_now(onlooker->sim, 2, DISK_KEEPS);
    sim_run(onlooker->sim, 11 * MSEC);
    sim_boot(onlooker->sim, 2);
    env_bind(sim_env(onlooker->sim, 2), onlooker_on_message,
             sim_env(onlooker->sim, 2));
    onlooker_say(sim_env(onlooker->sim, 1), 2, "b");
    onlooker_run_out(onlooker);
    assert_string_equal(onlooker->came->str, "12b ");
    assert_string_equal(onlooker->when->str, "12 ");
    onlooker_free(onlooker);
}

static void a_boot_during_a_pause_ends_it(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    sim_pause(onlooker->sim, 2, 10 * MSEC);
    sim_crash_now(onlooker->sim, 2, DISK_KEEPS);
    sim_boot(onlooker->sim, 2);
    env_bind(sim_env(onlooker->sim, 2), onlooker_on_message,
             sim_env(onlooker->sim, 2));
    assert_int_equal(sim_resumes(onlooker->sim, 2), 0);
    onlooker_say(sim_env(onlooker->sim, 1), 2, "b");
    onlooker_run_out(onlooker);
    assert_string_equal(onlooker->when->str, "1 ");
    assert_int_equal(sim_time(onlooker->sim), MSEC);
    onlooker_free(onlooker);
}

static void what_one_says_to_oneself_waits_too(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    onlooker->fate.lost = true; /* Not to oneself. */
    onlooker_say(sim_env(onlooker->sim, 2), 2, "a");
    sim_pause(onlooker->sim, 2, 10 * MSEC);
    onlooker_say(sim_env(onlooker->sim, 2), 2, "b");
    onlooker_run_out(onlooker);
    assert_string_equal(onlooker->came->str, "22a 22b ");
    assert_string_equal(onlooker->when->str, "10 10 ");
    onlooker_free(onlooker);
}

static void timers_armed_first_come_first_in_their_order(void **state)
{
    (void)state;
    struct timers timers = {0};
    struct timer many[4] = {{0}};
    timers_arm(&timers, &many[0], 7);
    timers_arm_first(&timers, &many[1], 7);
    timers_arm_first(&timers, &many[2], 7);
    timers_arm(&timers, &many[3], 6);
    uint64_t mark = timers_mark(&timers);
    assert_ptr_equal(timers_due(&timers, 7, mark), &many[3]);
    timers_arm(&timers, &many[3], 5);
    assert_null(timers_due(&timers, 7, mark));
    timers_disarm(&timers, &many[3]);
    assert_ptr_equal(timers_due(&timers, 7, mark), &many[1]);
    assert_ptr_equal(timers_due(&timers, 7, mark), &many[2]);
    assert_ptr_equal(timers_due(&timers, 7, mark), &many[0]);
    timers_clear(&timers);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            nothing_happens_on_a_paused_node_and_then_all_in_order),
        cmocka_unit_test(what_waited_comes_before_what_comes_then),
        cmocka_unit_test(timers_and_syncs_of_a_paused_node_are_late),
        cmocka_unit_test(a_paused_node_crashes_and_what_waited_is_lost),
        cmocka_unit_test(a_boot_during_a_pause_ends_it),
        cmocka_unit_test(what_one_says_to_oneself_waits_too),
        cmocka_unit_test(timers_armed_first_come_first_in_their_order),
    };
    return test_run(argc, argv, tests);
}

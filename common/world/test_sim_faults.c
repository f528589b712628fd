/* What befalls a node, crashes in the midst of a turn and slow disks; and what
 * is seen of it by whoever looks on. */
#include "common/judge/test.h"
#include "common/world/witness.h"
#include <stdlib.h>
#include <string.h>

/* ---- Crashes in the midst of a turn. ---- */

/* Six effects in one turn: each kind, twice. */
static void do_six(struct env *env)
{
    witness_say(env, 2, "a");
    witness_write(env, "log", "b", true);
    witness_write(env, "value", "c", false);
    witness_say(env, 2, "d");
    witness_write(env, "log", "e", true);
    witness_say(env, 3, "f");
}

static void on_alarm(void *self)
{
    do_six(self);
}

/* What is there after a crash in which the disk keeps all. */
static const struct {
    const char *log, *value, *left;
} after[] = {
    {"(none)", "(none)", ""}, {"(none)", "(none)", "12a "},
    {"b", "(none)", "12a "},  {"b", "c", "12a "},
    {"b", "c", "12a "}, /* The second one still waited for the disk. */
    {"be", "c", "12a "},      {"be", "c", "12a "},
};

static void the_first_effects_have_happened_and_no_more(void **state)
{
    (void)state;
    for (unsigned effects = 1; effects <= 6; effects++) {
        struct witness *witness = witness_new(
            (struct sim_weather){.sync_min = MSEC, .sync_max = MSEC});
        struct timer alarm = {.fire = on_alarm,
                              .self = sim_env(witness->sim, 1)};
        sim_crash_after(witness->sim, 1, effects, DISK_KEEPS);
        env_arm(sim_env(witness->sim, 1), &alarm, MSEC);
        witness_run_out(witness);
        assert_false(sim_is_up(witness->sim, 1));
        witness_recalls(witness, "log", after[effects].log);
        witness_recalls(witness, "value", after[effects].value);
        assert_string_equal(witness->left->str, after[effects].left);
        assert_string_equal(witness->came->str, after[effects].left);
        witness_free(witness);
    }
}

static void effects_are_counted_over_several_turns(void **state)
{
    (void)state;
    struct witness *witness = witness_new((struct sim_weather){0});
    struct env *env = sim_env(witness->sim, 1);
    struct timer alarm = {.fire = on_alarm, .self = env};
    sim_crash_after(witness->sim, 1, 8, DISK_KEEPS);
    env_arm(env, &alarm, MSEC);
    witness_run_out(witness);
    assert_true(sim_is_up(witness->sim, 1));
    env_arm(env, &alarm, MSEC);
    witness_run_out(witness);
    assert_false(sim_is_up(witness->sim, 1));
    witness_recalls(witness, "log", "beb");
    assert_string_equal(witness->left->str, "12a 12d 13f 12a ");
    witness_free(witness);
}

static void a_crash_that_is_forgotten_does_not_come(void **state)
{
    (void)state;
    struct witness *witness = witness_new((struct sim_weather){0});
    sim_crash_after(witness->sim, 1, 2, DISK_KEEPS);
    sim_crash_after(witness->sim, 1, 0, DISK_KEEPS);
    do_six(sim_env(witness->sim, 1));
    witness_run_out(witness);
    assert_true(sim_is_up(witness->sim, 1));
    assert_string_equal(witness->left->str, "12a 12d 13f ");
    witness_free(witness);
}

/* What one crash counted, the next boot does not. */
static void a_crash_forgets_the_crash_that_was_to_come(void **state)
{
    (void)state;
    struct witness *witness = witness_new((struct sim_weather){0});
    sim_crash_after(witness->sim, 1, 3, DISK_KEEPS);
    witness_say(sim_env(witness->sim, 1), 2, "a");
    sim_crash_now(witness->sim, 1, DISK_KEEPS);
    sim_boot(witness->sim, 1);
    do_six(sim_env(witness->sim, 1));
    witness_run_out(witness);
    assert_true(sim_is_up(witness->sim, 1));
    witness_free(witness);
}

static void what_one_said_to_oneself_dies_with_the_boot(void **state)
{
    (void)state;
    struct witness *witness = witness_new((struct sim_weather){0});
    struct env *env = sim_env(witness->sim, 1);
    witness_say(env, 1, "old");
    witness_say(env, 2, "other");
    sim_crash_now(witness->sim, 1, DISK_KEEPS);
    sim_boot(witness->sim, 1);
    env_bind(env, witness_on_message, env);
    witness_say(env, 1, "new");
    witness_run_out(witness);
    assert_string_equal(witness->came->str, "11new 12other ");
    witness_free(witness);
}

static void *boot_six(struct env *env, void *context)
{
    (void)context;
    do_six(env);
    return env;
}

static void stop_nothing(void *protocol)
{
    (void)protocol;
}

static void a_node_crashes_in_the_midst_of_its_boot(void **state)
{
    (void)state;
    struct witness *witness = witness_new((struct sim_weather){0});
    struct sim_program program = {boot_six, stop_nothing, NULL};
    sim_crash_after(witness->sim, 1, 2, DISK_KEEPS);
    sim_install(witness->sim, 1, program);
    witness_run_out(witness);
    assert_false(sim_is_up(witness->sim, 1));
    assert_null(sim_protocol(witness->sim, 1));
    assert_string_equal(witness->left->str, "12a ");
    sim_crash_after(witness->sim, 1, 5, DISK_KEEPS);
    sim_boot(witness->sim, 1);
    witness_run_out(witness);
    assert_false(sim_is_up(witness->sim, 1));
    witness_recalls(witness, "log", "bbe");
    witness_recalls(witness, "value", "c");
    witness_free(witness);
}

struct ringer {
    struct timer timer;
    struct env *env;
    unsigned *rung;
};

static void ring(void *self)
{
    struct ringer *ringer = self;
    ++*ringer->rung;
    witness_say(ringer->env, 2, "a");
}

static void timers_of_the_same_time_do_not_fire_after_the_crash(void **state)
{
    (void)state;
    struct witness *witness = witness_new((struct sim_weather){0});
    struct ringer ringers[3];
    unsigned rung = 0;
    for (int i = 0; i < 3; i++) {
        ringers[i] =
            (struct ringer){.env = sim_env(witness->sim, 1), .rung = &rung};
        ringers[i].timer.fire = ring;
        ringers[i].timer.self = &ringers[i];
        env_arm(sim_env(witness->sim, 1), &ringers[i].timer, MSEC);
    }
    sim_crash_after(witness->sim, 1, 2, DISK_KEEPS);
    witness_run_out(witness);
    assert_int_equal(rung, 2);
    witness_free(witness);
}

/* ---- Slow disks. ---- */

static void a_slow_disk_takes_longer_until_it_is_not(void **state)
{
    (void)state;
    struct witness *witness = witness_new(
        (struct sim_weather){.sync_min = 2 * MSEC, .sync_max = 2 * MSEC});
    struct env *env = sim_env(witness->sim, 1),
               *other = sim_env(witness->sim, 2);
    sim_slow(witness->sim, 1, 40 * MSEC);
    witness_write(env, "log", "a", true);
    witness_write(other, "log", "a", true);
    witness_say(env, 3, "x");
    witness_say(other, 3, "y");
    sim_run(witness->sim, SEC);
    assert_string_equal(witness->when->str, "3 43 ");
    sim_slow(witness->sim, 1, 0);
    witness_write(env, "log", "a", true);
    witness_say(env, 3, "x");
    witness_run_out(witness);
    assert_string_equal(witness->when->str, "3 43 1003 ");
    witness_free(witness);
}

/* ---- Who looks on. ---- */

static void the_watcher_sees_what_the_gate_lets_pass(void **state)
{
    (void)state;
    struct witness *witness = witness_new(
        (struct sim_weather){.sync_min = 5 * MSEC, .sync_max = 5 * MSEC});
    struct env *env = sim_env(witness->sim, 1);
    witness_say(env, 2, "a");
    witness_write(env, "log", "x", true);
    witness_say(env, 2, "b");
    witness_say(env, 1, "c");
    witness_say(env, 9, "nobody");
    sim_run(witness->sim, 5 * MSEC - 1);
    assert_string_equal(witness->left->str, "12a ");
    sim_run(witness->sim, 5 * MSEC);
    assert_string_equal(witness->left->str, "12a 12b 11c ");
    witness_write(env, "log", "y", true);
    witness_say(env, 2, "d");
    sim_run(witness->sim, 6 * MSEC);
    sim_crash_now(witness->sim, 1, DISK_KEEPS);
    witness_run_out(witness);
    assert_string_equal(witness->left->str, "12a 12b 11c ");
    witness_free(witness);
}

static void fates_are_met_as_they_are_decided(void **state)
{
    (void)state;
    struct witness *witness = witness_new((struct sim_weather){.loss = 1000});
    struct env *env = sim_env(witness->sim, 1);
    witness->next = (struct sim_fate){.lost = true, .delay = 1};
    witness_say(env, 2, "a");
    witness->next = (struct sim_fate){
        .repeated = true, .delay = 4 * MSEC, .later = 2 * MSEC};
    witness_say(env, 2, "b");
    witness_say(env, 2, "c");
    witness_run_out(witness);
    assert_string_equal(witness->came->str, "12c 12b 12b ");
    assert_string_equal(witness->when->str, "1 2 4 ");
    witness_free(witness);
}

static void a_turned_bit_is_turned_in_one_copy_alone(void **state)
{
    (void)state;
    for (uint64_t bit = 0; bit < 24; bit++) {
        struct witness *witness = witness_new((struct sim_weather){0});
        g_autoptr(GBytes) bytes = g_bytes_new("aa", 2);
        char turned[] = "aa";
        turned[bit % 16 / 8] ^= (char)(1 << bit % 8);
        witness->next = (struct sim_fate){
            .repeated = true, .delay = 1, .later = MSEC, .turned = bit + 1};
        env_send(sim_env(witness->sim, 1), 2, bytes);
        env_send(sim_env(witness->sim, 1), 3, bytes);
        witness_run_out(witness);
        g_autofree char *came = g_strdup_printf("12%s 12aa 13aa ", turned);
        assert_string_equal(witness->came->str, came);
        assert_string_equal(witness->left->str, "12aa 13aa ");
        assert_memory_equal(g_bytes_get_data(bytes, NULL), "aa", 2);
        witness_free(witness);
    }
}

static void describe(GString *text, GBytes *message)
{
    g_string_append_printf(text, "<%zu bytes>", g_bytes_get_size(message));
}

static void a_trace_says_what_the_watcher_says(void **state)
{
    char *text = NULL;
    size_t size;
    (void)state;
    struct witness *witness = witness_new((struct sim_weather){0});
    FILE *file = open_memstream(&text, &size);
    sim_set_watch(witness->sim, (struct sim_watch){.describe = describe});
    sim_trace(witness->sim, file);
    witness_say(sim_env(witness->sim, 1), 2, "four");
    sim_farewell(witness->sim, 2, 1);
    sim_remark(witness->sim, 0, "broken", "R1");
    sim_slow(witness->sim, 3, MSEC);
    sim_slow(witness->sim, 3, MSEC);
    sim_slow(witness->sim, 3, 0);
    sim_pause(witness->sim, 2, MSEC);
    witness_run_out(witness);
    sim_trace(witness->sim, NULL);
    fclose(file);
    assert_null(strstr(text, "begins\n0\t3\tslow\t0\t0\tbegins"));
    const char *lines[] = {
        "0\t1\tsend\t2\t0\t<4 bytes>\n",
        "0\t0\tbroken\t0\t0\tR1\n",
        "0\t3\tslow\t0\t0\tbegins\n0\t3\tslow\t0\t0\tends\n",
        "0\t2\tpause\t0\t0\t\n1000000\t2\tresume\t0\t0\t\n",
        "1000000\t2\treceive\t1\t0\t<4 bytes>\n",
        "1000000\t2\tfarewell\t1\t0\t\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        if (!strstr(text, lines[i]))
            fail_msg("no \"%s\" in\n%s", lines[i], text);
    witness_free(witness);
    free(text);
}

static void numbers_count_what_left_on_each_link(void **state)
{
    char *text = NULL;
    size_t size;
    (void)state;
    struct witness *witness = witness_new((struct sim_weather){0});
    FILE *file = open_memstream(&text, &size);
    sim_trace(witness->sim, file);
    sim_cut(witness->sim, 1, 2, true);
    witness_say(sim_env(witness->sim, 1), 2, "a");
    witness_say(sim_env(witness->sim, 1), 3, "a");
    witness_say(sim_env(witness->sim, 1), 2, "b");
    witness_run_out(witness);
    fclose(file);
    assert_non_null(strstr(text, "\t1\tsend\t2\t0\ta\n"));
    assert_non_null(strstr(text, "\t1\tsend\t3\t0\ta\n"));
    assert_non_null(strstr(text, "\t1\tsend\t2\t1\tb\n"));
    assert_non_null(strstr(text, "\t1\tlose\t2\t1\tb\n"));
    sim_trace(witness->sim, NULL);
    witness_free(witness);
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_effects_have_happened_and_no_more),
        cmocka_unit_test(effects_are_counted_over_several_turns),
        cmocka_unit_test(a_crash_that_is_forgotten_does_not_come),
        cmocka_unit_test(a_crash_forgets_the_crash_that_was_to_come),
        cmocka_unit_test(what_one_said_to_oneself_dies_with_the_boot),
        cmocka_unit_test(a_node_crashes_in_the_midst_of_its_boot),
        cmocka_unit_test(timers_of_the_same_time_do_not_fire_after_the_crash),
        cmocka_unit_test(a_slow_disk_takes_longer_until_it_is_not),
        cmocka_unit_test(the_watcher_sees_what_the_gate_lets_pass),
        cmocka_unit_test(fates_are_met_as_they_are_decided),
        cmocka_unit_test(a_turned_bit_is_turned_in_one_copy_alone),
        cmocka_unit_test(a_trace_says_what_the_watcher_says),
        cmocka_unit_test(numbers_count_what_left_on_each_link),
    };
    return test_run(argc, argv, tests);
}

/* What befalls a node, crashes in the midst of a turn and slow disks; and what
 * is seen of it by whoever looks on. */
#include "common/judge/onlooker.h"
#include "common/judge/test.h"
#include <stdlib.h>
#include <string.h>

/* ---- Crashes in the midst of a turn. ---- */

/* Six effects in one turn: each kind, twice. */
static void do_six(struct env *env)
{
    onlooker_say(env, 2, "a");
    onlooker_write(env, "log", "b", true);
    onlooker_write(env, "value", "c", false);
    onlooker_say(env, 2, "d");
    onlooker_write(env, "log", "e", true);
    onlooker_say(env, 3, "f");
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
        struct onlooker *onlooker = onlooker_new(
            (struct sim_weather){.sync_min = MSEC, .sync_max = MSEC});
        struct timer alarm = {.fire = on_alarm,
                              .self = sim_env(onlooker->sim, 1)};
        sim_crash_after(onlooker->sim, 1, effects, DISK_KEEPS);
        env_arm(sim_env(onlooker->sim, 1), &alarm, MSEC);
        onlooker_run_out(onlooker);
        assert_false(sim_is_up(onlooker->sim, 1));
        onlooker_recalls(onlooker, "log", after[effects].log);
        onlooker_recalls(onlooker, "value", after[effects].value);
        assert_string_equal(onlooker->left->str, after[effects].left);
        assert_string_equal(onlooker->came->str, after[effects].left);
        onlooker_free(onlooker);
    }
}

/* Its handler runs on, and nobody hears it. */
static void after_its_last_effect_a_node_is_up_no_more(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    struct env *env = sim_env(onlooker->sim, 1);
    sim_crash_after(onlooker->sim, 1, 2, DISK_KEEPS);
    onlooker_say(env, 2, "a");
    assert_true(sim_is_up(onlooker->sim, 1));
    onlooker_say(env, 2, "b");
    assert_false(sim_is_up(onlooker->sim, 1));
    onlooker_free(onlooker);
}

static void effects_are_counted_over_several_turns(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    struct env *env = sim_env(onlooker->sim, 1);
    struct timer alarm = {.fire = on_alarm, .self = env};
    sim_crash_after(onlooker->sim, 1, 8, DISK_KEEPS);
    env_arm(env, &alarm, MSEC);
    onlooker_run_out(onlooker);
    assert_true(sim_is_up(onlooker->sim, 1));
    env_arm(env, &alarm, MSEC);
    onlooker_run_out(onlooker);
    assert_false(sim_is_up(onlooker->sim, 1));
    onlooker_recalls(onlooker, "log", "beb");
    assert_string_equal(onlooker->left->str, "12a 12d 13f 12a ");
    onlooker_free(onlooker);
}

static void a_crash_that_is_forgotten_does_not_come(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    sim_crash_after(onlooker->sim, 1, 2, DISK_KEEPS);
    sim_crash_after(onlooker->sim, 1, 0, DISK_KEEPS);
    do_six(sim_env(onlooker->sim, 1));
    onlooker_run_out(onlooker);
    assert_true(sim_is_up(onlooker->sim, 1));
    assert_string_equal(onlooker->left->str, "12a 12d 13f ");
    onlooker_free(onlooker);
}

/* What one crash counted, the next boot does not. */
static void a_crash_forgets_the_crash_that_was_to_come(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    sim_crash_after(onlooker->sim, 1, 3, DISK_KEEPS);
    onlooker_say(sim_env(onlooker->sim, 1), 2, "a");
    sim_crash_now(onlooker->sim, 1, DISK_KEEPS);
    sim_boot(onlooker->sim, 1);
    do_six(sim_env(onlooker->sim, 1));
    onlooker_run_out(onlooker);
    assert_true(sim_is_up(onlooker->sim, 1));
    onlooker_free(onlooker);
}

static void what_one_said_to_oneself_dies_with_the_boot(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    struct env *env = sim_env(onlooker->sim, 1);
    onlooker_say(env, 1, "old");
    onlooker_say(env, 2, "other");
    sim_crash_now(onlooker->sim, 1, DISK_KEEPS);
    sim_boot(onlooker->sim, 1);
    env_bind(env, onlooker_on_message, env);
    onlooker_say(env, 1, "new");
    onlooker_run_out(onlooker);
    assert_string_equal(onlooker->came->str, "11new 12other ");
    onlooker_free(onlooker);
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
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    struct sim_program program = {boot_six, stop_nothing, NULL};
    sim_crash_after(onlooker->sim, 1, 2, DISK_KEEPS);
    sim_install(onlooker->sim, 1, program);
    onlooker_run_out(onlooker);
    assert_false(sim_is_up(onlooker->sim, 1));
    assert_null(sim_protocol(onlooker->sim, 1));
    assert_string_equal(onlooker->left->str, "12a ");
    sim_crash_after(onlooker->sim, 1, 5, DISK_KEEPS);
    sim_boot(onlooker->sim, 1);
    onlooker_run_out(onlooker);
    assert_false(sim_is_up(onlooker->sim, 1));
    onlooker_recalls(onlooker, "log", "bbe");
    onlooker_recalls(onlooker, "value", "c");
    onlooker_free(onlooker);
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
    onlooker_say(ringer->env, 2, "a");
}

static void timers_of_the_same_time_do_not_fire_after_the_crash(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    struct ringer ringers[3];
    unsigned rung = 0;
    for (int i = 0; i < 3; i++) {
        ringers[i] =
            (struct ringer){.env = sim_env(onlooker->sim, 1), .rung = &rung};
        ringers[i].timer.fire = ring;
        ringers[i].timer.self = &ringers[i];
        env_arm(sim_env(onlooker->sim, 1), &ringers[i].timer, MSEC);
    }
    sim_crash_after(onlooker->sim, 1, 2, DISK_KEEPS);
    onlooker_run_out(onlooker);
    assert_int_equal(rung, 2);
    onlooker_free(onlooker);
}

/* ---- Slow disks. ---- */

static void a_slow_disk_takes_longer_until_it_is_not(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new(
        (struct sim_weather){.sync_min = 2 * MSEC, .sync_max = 2 * MSEC});
    struct env *env = sim_env(onlooker->sim, 1),
               *other = sim_env(onlooker->sim, 2);
    sim_slow(onlooker->sim, 1, 40 * MSEC);
    onlooker_write(env, "log", "a", true);
    onlooker_write(other, "log", "a", true);
    onlooker_say(env, 3, "x");
    onlooker_say(other, 3, "y");
    sim_run(onlooker->sim, SEC);
    assert_string_equal(onlooker->when->str, "3 43 ");
    sim_slow(onlooker->sim, 1, 0);
    onlooker_write(env, "log", "a", true);
    onlooker_say(env, 3, "x");
    onlooker_run_out(onlooker);
    assert_string_equal(onlooker->when->str, "3 43 1003 ");
    onlooker_free(onlooker);
}

/* ---- Who looks on. ---- */

static void the_watcher_sees_what_the_gate_lets_pass(void **state)
{
    (void)state;
    struct onlooker *onlooker = onlooker_new(
        (struct sim_weather){.sync_min = 5 * MSEC, .sync_max = 5 * MSEC});
    struct env *env = sim_env(onlooker->sim, 1);
    onlooker_say(env, 2, "a");
    onlooker_write(env, "log", "x", true);
    onlooker_say(env, 2, "b");
    onlooker_say(env, 1, "c");
    onlooker_say(env, 9, "nobody");
    sim_run(onlooker->sim, 5 * MSEC - 1);
    assert_string_equal(onlooker->left->str, "12a ");
    sim_run(onlooker->sim, 5 * MSEC);
    assert_string_equal(onlooker->left->str, "12a 12b 11c ");
    onlooker_write(env, "log", "y", true);
    onlooker_say(env, 2, "d");
    sim_run(onlooker->sim, 6 * MSEC);
    sim_crash_now(onlooker->sim, 1, DISK_KEEPS);
    onlooker_run_out(onlooker);
    assert_string_equal(onlooker->left->str, "12a 12b 11c ");
    onlooker_free(onlooker);
}

static void fates_are_met_as_they_are_decided(void **state)
{
    (void)state;
    struct onlooker *onlooker =
        onlooker_new((struct sim_weather){.loss = 1000});
    struct env *env = sim_env(onlooker->sim, 1);
    onlooker->next = (struct sim_fate){.lost = true, .delay = 1};
    onlooker_say(env, 2, "a");
    onlooker->next = (struct sim_fate){
        .repeated = true, .delay = 4 * MSEC, .later = 2 * MSEC};
    onlooker_say(env, 2, "b");
    onlooker_say(env, 2, "c");
    onlooker_run_out(onlooker);
    assert_string_equal(onlooker->came->str, "12c 12b 12b ");
    assert_string_equal(onlooker->when->str, "1 2 4 ");
    onlooker_free(onlooker);
}

static void a_turned_bit_is_turned_in_one_copy_alone(void **state)
{
    (void)state;
    for (uint64_t bit = 0; bit < 24; bit++) {
        struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
        g_autoptr(GBytes) bytes = g_bytes_new("aa", 2);
        char turned[] = "aa";
        turned[bit % 16 / 8] ^= (char)(1 << bit % 8);
        onlooker->next = (struct sim_fate){
            .repeated = true, .delay = 1, .later = MSEC, .turned = bit + 1};
        env_send(sim_env(onlooker->sim, 1), 2, bytes);
        env_send(sim_env(onlooker->sim, 1), 3, bytes);
        onlooker_run_out(onlooker);
        g_autofree char *came = g_strdup_printf("12%s 12aa 13aa ", turned);
        assert_string_equal(onlooker->came->str, came);
        assert_string_equal(onlooker->left->str, "12aa 13aa ");
        assert_memory_equal(g_bytes_get_data(bytes, NULL), "aa", 2);
        onlooker_free(onlooker);
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
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    FILE *file = open_memstream(&text, &size);
    sim_set_watch(onlooker->sim, (struct sim_watch){.describe = describe});
    sim_trace(onlooker->sim, file);
    onlooker_say(sim_env(onlooker->sim, 1), 2, "four");
    sim_farewell(onlooker->sim, 2, 1);
    sim_remark(onlooker->sim, 0, "broken", "R1");
    sim_slow(onlooker->sim, 3, MSEC);
    sim_slow(onlooker->sim, 3, MSEC);
    sim_slow(onlooker->sim, 3, 0);
    sim_pause(onlooker->sim, 2, MSEC);
    onlooker_run_out(onlooker);
    sim_trace(onlooker->sim, NULL);
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
    onlooker_free(onlooker);
    free(text);
}

static void numbers_count_what_left_on_each_link(void **state)
{
    char *text = NULL;
    size_t size;
    (void)state;
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    FILE *file = open_memstream(&text, &size);
    sim_trace(onlooker->sim, file);
    sim_cut(onlooker->sim, 1, 2, true);
    onlooker_say(sim_env(onlooker->sim, 1), 2, "a");
    onlooker_say(sim_env(onlooker->sim, 1), 3, "a");
    onlooker_say(sim_env(onlooker->sim, 1), 2, "b");
    onlooker_run_out(onlooker);
    fclose(file);
    assert_non_null(strstr(text, "\t1\tsend\t2\t0\ta\n"));
    assert_non_null(strstr(text, "\t1\tsend\t3\t0\ta\n"));
    assert_non_null(strstr(text, "\t1\tsend\t2\t1\tb\n"));
    assert_non_null(strstr(text, "\t1\tlose\t2\t1\tb\n"));
    sim_trace(onlooker->sim, NULL);
    onlooker_free(onlooker);
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_effects_have_happened_and_no_more),
        cmocka_unit_test(after_its_last_effect_a_node_is_up_no_more),
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

/* Runs: faults that overlap, the end of the storm, what is seen and told. */
#include "common/judge/test.h"
#include "common/storm/calling.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Runs. ---- */

static struct ordeal_report report;

static int set_up(void **state)
{
    (void)state;
    calling_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ordeal_report_clear(&report);
    calling_close();
    return 0;
}

static void pass(const char *text)
{
    ordeal_report_clear(&report);
    calling_run(text, (struct ordeal_wish){0}, &report);
}

static char *run(const char *text)
{
    ordeal_report_clear(&report);
    return calling_trace(text, &report);
}

static void assert_log(const char *log)
{
    assert_string_equal(calling_view.log->str, log);
}

/* The storm as it was. */
static void assert_storm_has(const char *line)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    storm_write(report.storm, file);
    fclose(file);
    if (!strstr(text, line))
        fail_msg("no \"%s\" in\n%s", line, text);
    free(text);
}

/* ---- Faults that overlap. ---- */

static void of_two_crashes_at_once_the_second_does_not_happen(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 1s\nat 0.1s crash 1 for 0.2s\n"
         "at 0.2s crash 1 for 0.5s\nat 0.4s crash 1 for 0.1s\n");
    assert_log("100-1 300+1 400-1 500+1 1000end ");
    assert_int_equal(report.happened[STORM_CRASH], 2);
    assert_null(report.id);
}

static void a_crash_after_effects_comes_with_the_last_of_them(void **state)
{
    (void)state;
    pass("nodes 3\nuntil 1s\nat 0.105s crash 1 for 0.2s after 3\n");
    assert_log("120-1 305+1 1000end ");
    pass("nodes 3\nuntil 1s\nat 0.105s crash 1 for 4ms after 3\n");
    assert_log("1000end ");
}

static void a_link_is_cut_until_the_last_cut_of_it_ends(void **state)
{
    (void)state;
    pass("nodes 3\nuntil 1s\nat 105ms cut 1 3 for 100ms\n"
         "at 155ms cut 1 3 for 200ms\nat 175ms cut 1 3 for 10ms\n");
    assert_string_equal(calling_view.quiet->str, "13:101-361 ");
    assert_int_equal(report.happened[STORM_CUT], 3);
}

static void a_split_cuts_both_ways_and_over_a_cut(void **state)
{
    (void)state;
    pass("nodes 4\nuntil 1s\nat 105ms split 1 2 for 100ms\n"
         "at 155ms cut 3 1 for 100ms\nat 155ms cut 1 2 for 100ms\n");
    assert_string_equal(calling_view.quiet->str,
                        "41:101-211 42:101-211 32:101-211 23:101-211 "
                        "24:101-211 13:101-211 14:101-211 31:101-261 "
                        "12:151-261 ");
}

static void a_drift_and_a_slow_disk_end(void **state)
{
    (void)state;
    char *trace = run("nodes 2\nuntil 1s\nat 100ms drift 1 1000 for 100ms\n"
                      "at 100ms slow 1 5ms for 100ms\n");
    assert_non_null(strstr(trace, "\n100000000\t1\tdrift"));
    assert_non_null(strstr(trace, "\n200000000\t1\tdrift"));
    assert_non_null(strstr(trace, "\n100000000\t1\tslow\t0\t0\tbegins"));
    assert_non_null(strstr(trace, "\n200000000\t1\tslow\t0\t0\tends"));
    free(trace);
}

static void who_is_down_hears_no_farewell_and_no_question(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 1s\nat 100ms crash 1 for 100ms\n"
         "at 150ms farewell 1 2\nat 150ms ask 1 hello\nat 150ms pause 1 for "
         "900ms\nat 250ms farewell 1 2\nat 260ms ask 1 hello\n"
         "at 300ms farewell 1 1\n");
    assert_log("100-1 200+1 250bye12 260?1hello 1000end ");
    assert_int_equal(report.happened[STORM_FAREWELL], 1);
    assert_int_equal(report.happened[STORM_ASK], 1);
    assert_int_equal(report.happened[STORM_PAUSE], 0);
    assert_int_equal(report.asked, 1);
}

static void who_is_paused_hears_a_question_later(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 1s\nat 100ms pause 1 for 100ms\n"
         "at 150ms ask 1 hello\nat 160ms ask 2 hello\nat 170ms ask 1 you\n"
         "at 180ms farewell 1 2\n");
    assert_log("160?2hello 200bye12 200?1hello 200?1you 1000end ");
    pass("nodes 2\nuntil 1s\nat 100ms pause 1 for 100ms\n"
         "at 150ms ask 1 hello\nat 160ms crash 1\n");
    assert_log("160-1 1000+1 1000end ");
    assert_int_equal(report.asked, 0);
}

/* ---- The end of the storm. ---- */

static void the_core_heals_and_the_rest_is_frozen(void **state)
{
    (void)state;
    pass("nodes 3\nuntil 500ms\ncore 1 2\nat 0s ask 1 await 120\n"
         "at 400ms crash 1 for 500ms\nat 400ms crash 3 for 200ms\n"
         "at 405ms cut 2 1 for 900ms\nat 405ms cut 2 1 for 900ms\n");
    assert_null(report.id);
    g_string_set_size(calling_view.log,
                      strlen("0?1await 120 400-1 400-3 500+1"));
    assert_log("0?1await 120 400-1 400-3 500+1");
    assert_string_equal(calling_view.quiet->str, "21:391-501 12:391-511 ");
}

static void links_of_the_core_alone_are_mended(void **state)
{
    (void)state;
    pass("nodes 3\nuntil 500ms\ncore 1 2\nat 0s ask 1 await 120\n"
         "at 305ms split 1 for 900ms\n");
    assert_null(report.id);
    assert_string_equal(calling_view.quiet->str, "21:301-501 12:301-501 ");
    pass("nodes 3\nuntil 500ms\ncore 2 3\nat 0s ask 1 await 120\n"
         "at 305ms split 1 for 900ms\n");
    assert_string_equal(report.id, "W3");
    assert_string_equal(calling_view.quiet->str, "");
}

static void a_crash_to_come_does_not_come_to_the_core(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 500ms\ncore 1 2\nat 0s ask 1 await 120\n"
         "at 495ms crash 1 after 4\n");
    assert_null(report.id);
    assert_null(strchr(calling_view.log->str, '-'));
    pass("nodes 2\nuntil 500ms\ncore 2\nat 0s ask 1 await 120\n"
         "at 495ms crash 1 after 4\n");
    assert_non_null(strstr(calling_view.log->str, "530-1 "));
    assert_string_equal(report.id, "W3");
}

static void disks_and_clocks_of_the_core_are_well_again(void **state)
{
    (void)state;
    char *trace = run("nodes 2\nuntil 500ms\ncore 1\nat 0s ask 1 await 120\n"
                      "at 100ms drift 1 1000\nat 100ms slow 1 5ms\n"
                      "at 100ms drift 2 1000\nat 100ms slow 2 5ms\n");
    assert_null(report.id);
    assert_non_null(strstr(trace, "\n500000000\t1\tdrift"));
    assert_non_null(strstr(trace, "\n500000000\t1\tslow\t0\t0\tends"));
    assert_null(strstr(trace, "\n500000000\t2\t"));
    free(trace);
}

static void nothing_begins_when_the_storm_is_over(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 500ms\ncore 1\nat 0s ask 1 await 60\n"
         "at 501ms crash 2\nat 550ms ask 1 hello\n");
    assert_null(report.id);
    assert_int_equal(report.asked, 1);
    assert_int_equal(report.time / MSEC, 601);
    assert_int_equal(report.healed / MSEC, 101);
}

static void patience_begins_when_the_last_pause_ends(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 500ms\ncore 1 2\nat 0s ask 1 await 9999\n"
         "at 400ms pause 2 for 300ms\n");
    assert_string_equal(report.id, "W3");
    assert_int_equal(report.time, 1700 * MSEC);
    pass("nodes 2\nuntil 500ms\ncore 1 2\nat 0s ask 1 await 9999\n");
    assert_int_equal(report.time, 1500 * MSEC);
}

/* It keeps the order of its links: so it waits for what is late on them. */
static void patience_begins_when_the_last_late_message_comes(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 500ms\ncore 1 2\nat 0s ask 1 await 9999\n"
         "message 2 1 40 after 2s\n");
    assert_string_equal(report.id, "W3");
    assert_int_equal(report.time, 3410 * MSEC);
    assert_string_equal(calling_view.quiet->str, "21:401-2410 ");
}

/* ---- What must be so. ---- */

static void what_must_be_so_is_looked_at_after_every_event(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 1s\nat 0.3s ask 1 x\n");
    assert_true(calling_view.looks > 390);
    assert_int_equal(calling_view.looks, report.events);
    pass("nodes 2\nuntil 1s\nat 0s ask 1 await 3\nat 0.3s ask 2 break\n");
    assert_string_equal(report.id, "W2");
    assert_string_equal(report.why, "it is broken");
    assert_int_equal(report.time, 300 * MSEC);
    assert_int_equal(report.healed, 0);
    assert_log("0?1await 3 300?2break ");
    assert_null(report.more);
}

/* Of what was awaited before nothing is said. */
static void a_break_in_the_calm_has_its_own_words(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 10ms\ncore 1 2\nat 0s ask 1 await 9999\n"
         "at 5ms pause 1 for 20ms\nat 10ms ask 2 break\n");
    assert_string_equal(report.id, "W2");
    assert_string_equal(report.why, "it is broken");
}

static void what_a_checker_says_ends_the_run(void **state)
{
    (void)state;
    char *trace = run("nodes 2\nuntil 1s\nat 0.3s ask 2 say so\n");
    assert_string_equal(report.id, "W4");
    assert_string_equal(report.why, "node 2 says so");
    assert_int_equal(report.node, 2);
    assert_int_equal(report.time, 300 * MSEC);
    assert_non_null(strstr(trace, "\t2\tbroken\t0\t0\tW4: node 2 says so\n"));
    free(trace);
}

static void of_two_things_that_break_the_first_is_told(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 1s\nat 0.3s ask 2 say both\nat 0.3s ask 1 say so\n");
    assert_string_equal(report.why, "node 2 says so");
    assert_int_equal(report.node, 2);
}

static void what_does_not_come_is_told_with_what_is_awaited(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 500ms\ncore 1\nat 0s ask 1 await 60\n"
         "at 105ms cut 1 2\n");
    assert_string_equal(report.id, "W3");
    assert_string_equal(report.why,
                        "node 1 had healed at 500ms, and it has not "
                        "come in 1s: 10 of 60");
    assert_int_equal(report.time, 1500 * MSEC);
}

static void what_has_come_at_once_ends_the_run_at_once(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 500ms\n");
    assert_null(report.id);
    assert_int_equal(report.time, 500 * MSEC);
    assert_int_equal(report.healed, 0);
    assert_log("500end ");
    assert_string_equal(report.more, "more\n");
}

static void a_storm_without_end_is_given_up(void **state)
{
    (void)state;
    pass("nodes 2\nuntil 2s\ndelay 0s\nat 1s ask 1 loop\n");
    assert_true(report.endless);
    assert_null(report.id);
    assert_int_equal(report.events, ORDEAL_EVENTS);
    assert_true(report.time <= 1010 * MSEC);
    assert_null(strstr(calling_view.log->str, "end"));
    pass("nodes 2\nuntil 2s\n");
    assert_false(report.endless);
}

/* ---- Roles. ---- */

static void a_role_is_resolved_when_it_happens_and_written_back(void **state)
{
    (void)state;
    pass("nodes 3\nuntil 1s\nat 0.1s ask 1 lead 2\nat 0.2s crash leader for "
         "0.1s\nat 0.4s ask 1 lead 3\nat 0.5s crash leader for 0.1s\n"
         "at 0.7s ask leader hello\nat 0.8s cut leader 1 for 1ms\n");
    assert_log("100?1lead 2 200-2 300+2 400?1lead 3 500-3 600+3 700?3hello "
               "1000end ");
    assert_storm_has("at 200ms crash 2 for 100ms\n");
    assert_storm_has("at 500ms crash 3 for 100ms\n");
    assert_storm_has("at 700ms ask 3 hello\n");
    assert_storm_has("at 800ms cut 3 1 for 1ms\n");
}

static void a_role_that_nobody_has_is_skipped(void **state)
{
    (void)state;
    pass("nodes 3\nuntil 1s\nat 0.2s crash leader\nat 0.2s pause king for 3s\n"
         "at 0.3s ask king hello\nat 0.4s drift leader 7\n");
    assert_log("1000end ");
    assert_storm_has("at 200ms crash leader\n");
    for (unsigned kind = 0; kind < STORM_KINDS; kind++)
        assert_int_equal(report.happened[kind], 0);
}

/* ---- Counting. ---- */

static void operations_are_counted_and_those_that_overlap(void **state)
{
    (void)state;
    pass("nodes 3\nuntil 1s\nat 0.1s ask 1 answer\nat 0.2s ask 2 answer\n"
         "at 0.3s ask 1 x\nat 0.4s ask 2 x\nat 0.5s ask 3 mark\n"
         "at 0.6s ask 3 mark\n");
    assert_int_equal(report.asked, 6);
    assert_int_equal(report.overlapping, 3);
    assert_int_equal(report.answered, 2);
    assert_int_equal(report.marks[0], 0);
    assert_int_equal(report.marks[1], 2);
    pass("nodes 3\nuntil 1s\nat 0.3s ask 1 x\nat 0.4s crash 1 for 1ms\n"
         "at 0.5s ask 2 x\n");
    assert_int_equal(report.overlapping, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            of_two_crashes_at_once_the_second_does_not_happen, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            a_crash_after_effects_comes_with_the_last_of_them, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            a_link_is_cut_until_the_last_cut_of_it_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_split_cuts_both_ways_and_over_a_cut,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_drift_and_a_slow_disk_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            who_is_down_hears_no_farewell_and_no_question, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_paused_hears_a_question_later,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_core_heals_and_the_rest_is_frozen,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_of_the_core_alone_are_mended,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_crash_to_come_does_not_come_to_the_core, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            disks_and_clocks_of_the_core_are_well_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_begins_when_the_storm_is_over,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            patience_begins_when_the_last_pause_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            patience_begins_when_the_last_late_message_comes, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            what_must_be_so_is_looked_at_after_every_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_break_in_the_calm_has_its_own_words,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_checker_says_ends_the_run,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            of_two_things_that_break_the_first_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_does_not_come_is_told_with_what_is_awaited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_has_come_at_once_ends_the_run_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_storm_without_end_is_given_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_role_is_resolved_when_it_happens_and_written_back, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(a_role_that_nobody_has_is_skipped,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            operations_are_counted_and_those_that_overlap, set_up, tear_down),
    };
    return test_run(argc, argv, tests);
}

/* A run, and the same run again; and what disks do in one. */
#include "common/judge/test.h"
#include "common/storm/calling.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- The same again. ---- */

static const char rough[] =
    "nodes 4\nuntil 1s\ncore 1 2 3\ndelay 1ms exponential 20ms\nloss 1/4\n"
    "repeat 1/4\nturn 1/9\nat 0s ask 1 await 150\nat 0.2s crash 2 for 0.1s "
    "tearing after 2\nat 0.3s split 1 2 for 0.2s\nat 0.7s pause 4 for 0.2s\n"
    "at 0.9s cut 1 2 for 0.2s\nmessage 1 2 3 lost\n";

static void a_run_is_a_function_of_its_storm(void **state)
{
    (void)state;
    char *first = calling_trace(rough, &report);
    ordeal_report_clear(&report);
    char *second = calling_trace(rough, &report);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void a_run_with_its_fates_is_the_same_again(void **state)
{
    (void)state;
    char *first = calling_trace(rough, &report), *text = NULL;
    size_t size;
    ordeal_report_clear(&report);
    calling_run(rough, (struct ordeal_wish){.write_fates = true}, &report);
    FILE *file = open_memstream(&text, &size);
    storm_write(report.storm, file);
    fclose(file);
    unsigned lines = report.storm->events->len;
    assert_true(lines > 1000);
    ordeal_report_clear(&report);
    char *second = calling_trace(text, &report);
    assert_string_equal(first, second);
    ordeal_report_clear(&report);
    calling_run(text, (struct ordeal_wish){.write_fates = true}, &report);
    assert_int_equal(report.storm->events->len, lines); /* Each once. */
    free(first);
    free(second);
    free(text);
}

/* ---- Disks. ---- */

/* What node 1 has after a crash that comes before the sync is done. */
static void assert_kept(const char *crash, const char *kept)
{
    g_autofree char *text = g_strdup_printf(
        "nodes 2\nuntil 1s\nsync 50ms 50ms\nat 0.1s ask 1 write\n"
        "at 0.2s ask 1 write\nat 0.21s crash 1 for 1ms %s\n",
        crash);
    ordeal_report_clear(&report);
    calling_run(text, (struct ordeal_wish){0}, &report);
    if (!strstr(calling_view.log->str, kept))
        fail_msg("no %s in: %s", kept, calling_view.log->str);
}

static void a_crash_loses_what_its_line_says(void **state)
{
    (void)state;
    assert_kept("", "211has10 ");
    assert_kept("losing", "211has5 ");
    assert_kept("tearing", "211has");
}

static void a_crash_after_effects_loses_what_its_line_says(void **state)
{
    (void)state;
    for (int loses = 0; loses < 2; loses++) {
        g_autofree char *text =
            g_strdup_printf("nodes 2\nuntil 1s\nsync 50ms 50ms\nat 105ms crash "
                            "1 for 10ms%s after "
                            "1\nat 106ms ask 1 write\n",
                            loses ? " losing" : "");
        ordeal_report_clear(&report);
        calling_run(text, (struct ordeal_wish){0}, &report);
        assert_non_null(strstr(calling_view.log->str, "106-1 115"));
        assert_int_equal(strstr(calling_view.log->str, "has5 ") != NULL,
                         !loses);
    }
}

static void a_sync_takes_as_long_as_the_weather_says(void **state)
{
    nsec shortest = SEC, longest = 0;
    (void)state;
    char *trace = calling_trace("nodes 2\nuntil 3s\nsync 2ms 40ms\n"
                                "at 0.1s ask 1 write\nat 0.2s ask 1 write\n"
                                "at 0.3s ask 1 write\nat 0.4s ask 1 write\n"
                                "at 0.5s ask 1 write\nat 0.6s ask 1 write\n"
                                "at 0.7s ask 1 write\nat 0.8s ask 1 write\n",
                                &report);
    g_auto(GStrv) lines = g_strsplit(trace, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        if (!strstr(lines[i], "\tsynced\t"))
            continue;
        nsec took = g_ascii_strtoull(lines[i], NULL, 10) % (100 * MSEC);
        shortest = MIN(shortest, took);
        longest = MAX(longest, took);
    }
    assert_in_range(shortest, 2 * MSEC, 15 * MSEC);
    assert_in_range(longest, 25 * MSEC, 40 * MSEC);
    free(trace);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_is_a_function_of_its_storm,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_with_its_fates_is_the_same_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_loses_what_its_line_says,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_crash_after_effects_loses_what_its_line_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_sync_takes_as_long_as_the_weather_says, set_up, tear_down),
    };
    return test_run(argc, argv, tests);
}

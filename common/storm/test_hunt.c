/* Hunts: what is counted, what ends one, and the program round them. */
#include "common/judge/test.h"
#include "common/storm/calling.h"
#include "common/storm/draw.h"
#include "common/storm/hunt.h"
#include "common/storm/main.h"
#include "common/toys/counter_scene.h"
#include "common/world/stage.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is counted. ---- */

static void a_hunt_is_the_sum_of_its_storms(void **state)
{
    enum { COUNT = 12 };
    struct hunt hunt = {
        .subject = &counter_subject, .first = 7, .count = COUNT};
    uint64_t delivered = 0, asked = 0, answered = 0, overlapping = 0;
    uint64_t marks = 0, crashes = 0;
    nsec healed = 0;
    (void)state;
    assert_false(hunt_run(&hunt));
    for (uint64_t seed = 7; seed < 7 + COUNT; seed++) {
        struct ordeal_report report;
        struct storm *storm = storm_draw(&counter_subject, seed);
        ordeal_run(&counter_subject, storm, (struct ordeal_wish){0}, &report);
        delivered += report.delivered;
        asked += report.asked;
        answered += report.answered;
        overlapping += report.overlapping;
        marks += report.marks[0];
        crashes += report.happened[STORM_CRASH];
        healed = MAX(healed, report.healed);
        ordeal_report_clear(&report);
        storm_free(storm);
    }
    assert_int_equal(hunt.storms, COUNT);
    assert_int_equal(hunt.delivered, delivered);
    assert_int_equal(hunt.asked, asked);
    assert_int_equal(hunt.answered, answered);
    assert_int_equal(hunt.overlapping, overlapping);
    assert_int_equal(hunt.marks[0], marks);
    assert_int_equal(hunt.happened[STORM_CRASH], crashes);
    assert_int_equal(hunt.healed, healed);
    assert_true(marks > 0 && crashes > 0 && healed > 0 && overlapping > 0);
    hunt_clear(&hunt);
}

static void a_mark_that_no_storm_reaches_is_told(void **state)
{
    static const char *const marks[] = {"answered while a copy is missing",
                                        "what is in the log is asked again",
                                        "pigs fly", NULL};
    struct subject subject = counter_subject;
    struct hunt hunt = {.subject = &subject, .first = 1, .count = 5};
    (void)state;
    subject.marks = marks;
    hunt_run(&hunt);
    assert_string_equal(hunt_unreached(&hunt), "pigs fly");
    hunt_clear(&hunt);
    hunt.subject = &counter_subject;
    hunt.storms = 0;
    hunt_run(&hunt);
    assert_null(hunt_unreached(&hunt));
    hunt_clear(&hunt);
}

/* ---- What ends one. ---- */

/* In some storms the nodes answer each other for ever, or it breaks. */
static void draw_word(struct dice *dice, node_id node, GString *operation)
{
    (void)node;
    if (dice_between(dice, 0, 30) == 0)
        g_string_append(operation, "break");
}

static void draw_loop(struct dice *dice, node_id node, GString *operation)
{
    (void)dice, (void)node;
    g_string_append(operation, "loop");
}

static int set_up(void **state)
{
    (void)state;
    calling_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    calling_close();
    return 0;
}

static void a_hunt_ends_with_the_first_that_breaks(void **state)
{
    struct subject subject = calling_subject;
    struct hunt hunt = {.subject = &subject, .first = 1, .count = 1000};
    (void)state;
    subject.draw = draw_word;
    subject.lasts = SEC;
    subject.questions = 4;
    assert_true(hunt_run(&hunt));
    assert_string_equal(hunt.report.id, "W2");
    assert_int_equal(hunt.storms, hunt.seed);
    hunt_clear(&hunt);
    hunt.count = hunt.storms - 1;
    hunt.storms = 0;
    assert_false(hunt_run(&hunt));
    hunt_clear(&hunt);
}

static void a_storm_without_end_ends_a_hunt(void **state)
{
    struct subject subject = calling_subject;
    struct hunt hunt = {.subject = &subject, .first = 1, .count = 3};
    (void)state;
    subject.draw = draw_loop;
    subject.least = 5;
    subject.spared = UINT32_MAX;
    subject.lasts = 1000 * SEC;
    assert_true(hunt_run(&hunt));
    assert_true(hunt.report.endless);
    assert_null(hunt.report.id);
    hunt_clear(&hunt);
}

/* ---- The program. ---- */

static char *run(const char *arguments, int expected)
{
    int status;
    g_autofree char *program = stage_program("storm_counter");
    g_autofree char *line = g_strdup_printf("'%s' %s", program, arguments);
    char *output = test_shell(&status, line);
    if (status != expected)
        fail_msg("%s: exit %d, and: %s", arguments, status, output);
    return output;
}

static void the_program_hunts_and_says_what_the_storms_were_worth(void **state)
{
    (void)state;
    g_autofree char *output = run("--seeds=20", 0);
    assert_true(g_str_has_prefix(output, "counter: 20 storms, and nothing "
                                         "broke.\n  operations  "));
    assert_non_null(strstr(output, " crashes, "));
    assert_non_null(strstr(output, "\n  recovery    in "));
    assert_null(strstr(output, "184467")); /* No time is negative. */
}

static void a_hash_is_that_of_all_runs(void **state)
{
    (void)state;
    g_autofree char *first = run("--hash --seeds=5", 0);
    g_autofree char *expected = g_strdup_printf(
        "counter 5 storms 0x%016" PRIx64 "\n", storm_hash(&counter_subject, 5));
    assert_string_equal(first, expected);
    assert_true(storm_hash(&counter_subject, 4) !=
                storm_hash(&counter_subject, 5));
}

static void one_seed_comes_through_and_has_a_trace(void **state)
{
    (void)state;
    g_autofree char *output = run("--seed=0x2", 0);
    g_autofree char *trace = run("--seed=2 --trace", 0);
    assert_true(g_str_has_prefix(output, "counter comes through. Of "));
    assert_non_null(strstr(trace, "\tboot\t"));
    assert_non_null(strstr(trace, "\tanswer\t"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hunt_is_the_sum_of_its_storms),
        cmocka_unit_test(a_mark_that_no_storm_reaches_is_told),
        cmocka_unit_test_setup_teardown(a_hunt_ends_with_the_first_that_breaks,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_storm_without_end_ends_a_hunt, set_up,
                                        tear_down),
        cmocka_unit_test(the_program_hunts_and_says_what_the_storms_were_worth),
        cmocka_unit_test(a_hash_is_that_of_all_runs),
        cmocka_unit_test(one_seed_comes_through_and_has_a_trace),
    };
    return test_run(argc, argv, tests);
}

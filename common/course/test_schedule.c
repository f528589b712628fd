/*
 * Schedules that break programs. The stage is this program, started again: it
 * adds numbers, and as "wrong" (by the name of a link) it cannot add beyond 5.
 */
#include "common/course/graded.h"
#include "common/course/schedule.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wrong;

/* ---- The stage. ---- */

static void a_small_sum(void)
{
    g_auto(GStrv) lines = schedule_lines("a_small_sum");
    int sum = 0;
    for (int i = 0; lines[i]; i++) {
        if (!g_str_has_prefix(lines[i], "add "))
            schedule_refuse(lines[i], "add 3");
        sum += atoi(lines[i] + 4);
    }
    expect_that(sum != 13, "a sum that is not unlucky", "13");
    expect_that(!wrong || sum != 7, "a sum that is not holy", "7");
    expect_that(!wrong || sum <= 5, "to add beyond 5", "%d", sum);
    if (wrong && sum < 0)
        abort();
}

static int be_the_stage(int argc, char **argv)
{
    static const struct graded tests[] = {GRADED(a_small_sum)};
    wrong = g_str_has_suffix(argv[0], "wrong");
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

/* ---- The judge. ---- */

static struct rule rule = {.test = "a_small_sum",
                           .text = "Sums are right.",
                           .points = 5,
                           .ours = 2,
                           .expects = "to add beyond 5"};

/* What is said of a schedule whose events these are; NULL: there is no file. */
static struct verdict *judge(const char *text)
{
    char *dir = test_dir_make();
    struct task task = {.module = "sum", .chapter = "09-sums"};
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *path = g_build_filename(dir, "sum.schedule", NULL);
    g_autofree char *other = g_build_filename(dir, "wrong", NULL);
    if (text)
        g_file_set_contents(path, text, -1, NULL);
    assert_int_equal(symlink(self, other), 0);
    struct verdict *verdict = schedule_judge(
        &task, &rule, &(struct schedule_plan){path, self, other});
    test_dir_remove(dir);
    return verdict;
}

static void expect_verdict(const char *text, enum verdict_word word,
                           unsigned earned, const char *got)
{
    struct verdict *verdict = judge(text);
    if (verdict->word != word || verdict->earned != earned ||
        !strstr(verdict->got, got))
        fail_msg("%s, %u points, \"%s\", and not %s, %u points, \"%s\"",
                 verdict_name(verdict->word), verdict->earned, verdict->got,
                 verdict_name(word), earned, got);
    verdict_free(verdict);
}

#define HEAD "# A comment.\nBreak: other\n    add 9\nBreak: a_small_sum\n"

static void
a_schedule_that_breaks_the_wrong_one_alone_earns_points(void **state)
{
    (void)state;
    expect_verdict(HEAD "    add 6\n", PASS, 5, "1 events; 4 or fewer");
    expect_verdict(HEAD "    # Now.\n\n    add 6 # At once.\n", PASS, 5,
                   "1 events");
    expect_verdict(HEAD "    add 2\n    add 2\n    add 2\n    add 2\n", PASS, 5,
                   "4 events");
}

static void beyond_twice_our_length_points_fall(void **state)
{
    GString *text = g_string_new(HEAD);
    (void)state;
    for (int i = 0; i < 8; i++)
        g_string_append(text, "    add 1\n");
    expect_verdict(text->str, PASS, 2, "8 events");
    for (int i = 0; i < 92; i++)
        g_string_append(text, "    add 1\n");
    expect_verdict(text->str, PASS, 1, "100 events");
    g_string_free(text, TRUE);
}

static void what_breaks_nothing_earns_nothing(void **state)
{
    (void)state;
    expect_verdict(HEAD "    add 5\n", WRONG, 0, "it comes through");
    expect_verdict(HEAD "    add 7\n", WRONG, 0,
                   "it fails in another way: expected a sum that is not holy");
    expect_verdict(HEAD "    add -1\n", WRONG, 0, "another way");
    expect_verdict(HEAD "    add 13\n", WRONG, 0, "it fails, too");
}

static void what_is_no_schedule_is_refused(void **state)
{
    (void)state;
    expect_verdict(HEAD, TODO, 0, "nothing below \"Break: a_small_sum\"");
    expect_verdict("# Empty.\n", TODO, 0, "no line \"Break: a_small_sum\"");
    expect_verdict(NULL, TODO, 0, "make reset EX=sum lays one out");
    expect_verdict(HEAD "    add 3\nBreak: a_small_sum\n    add 3\n", WRONG, 0,
                   "line 6: this program has been named before");
    expect_verdict(HEAD "\tadd 6\n", WRONG, 0, "line 5: there is a tab");
    expect_verdict(HEAD "    add 3\nadd 3\n", WRONG, 0,
                   "line 6: an event is indented by four spaces");
    expect_verdict("    add 6\n" HEAD, WRONG, 0,
                   "line 1: an event stands below \"Break: NAME\"");
    expect_verdict(HEAD "    subtract 3\n", WRONG, 0,
                   "\"subtract 3\", which is no event; there are: add 3");
}

static void what_is_wrong_with_another_harms_none(void **state)
{
    (void)state;
    expect_verdict(HEAD "    add 6\nBreak: third\nadd 3\n\tadd 3\n", PASS, 5,
                   "1 events");
    expect_verdict("Break: third\nadd 3\n" HEAD "    add 6\n", PASS, 5,
                   "1 events");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_schedule_that_breaks_the_wrong_one_alone_earns_points),
        cmocka_unit_test(beyond_twice_our_length_points_fall),
        cmocka_unit_test(what_breaks_nothing_earns_nothing),
        cmocka_unit_test(what_is_no_schedule_is_refused),
        cmocka_unit_test(what_is_wrong_with_another_harms_none),
    };
    return g_getenv("GRADE_TEST") ? be_the_stage(argc, argv)
                                  : test_run(argc, argv, tests);
}

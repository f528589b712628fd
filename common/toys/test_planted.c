/*
 * The judge judged. In each toy mistakes are planted (TOY.mistakes): each must be
 * found within 1000 storms, by the invariant that it breaks, shrunk to fewer than
 * 20 lines, drawn, and found again in its file. The toys themselves come through.
 */
#include "common/judge/test.h"
#include "common/storm/hunt.h"
#include "common/storm/main.h"
#include "common/storm/shrink.h"
#include "common/toys/counter_scene.h"
#include "common/toys/stopwait_scene.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* build/planted stands beside build/test. */
static char *planted_dir(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *toys = g_path_get_dirname(program);
    return g_canonicalize_filename("../../../planted", toys);
}

static void expect_text(const char *program, const char *output,
                        const char *text)
{
    if (!strstr(output, text))
        fail_msg("%s: expected \"%s\", got:\n%s", program, text, output);
}

static void expect_small(const char *program, const char *output)
{
    const char *left = strstr(output, "\nOf ");
    unsigned before, after;
    assert_non_null(left);
    assert_int_equal(sscanf(left, "\nOf %u lines %u", &before, &after), 2);
    if (after >= 20)
        fail_msg("%s: expected fewer than 20 lines, got %u", program, after);
}

static char *run(int *status, const char *program, const char *arguments)
{
    g_autofree char *line = g_strdup_printf("%s %s", program, arguments);
    return test_shell(status, line);
}

/* The file that is named last breaks the same again. */
static void expect_again(const char *program, const char *output,
                         const char *broken)
{
    int status;
    const char *file = strrchr(output, ' ');
    assert_non_null(file);
    g_autofree char *path = g_strstrip(g_strdup(file));
    g_autofree char *again = run(&status, program, path);
    assert_int_equal(status, 1);
    expect_text(program, again, broken);
}

static void expect_found(const char *toy, const char *name, const char *id)
{
    int status;
    g_autofree char *planted = planted_dir();
    g_autofree char *program = g_build_filename(planted, toy, name, NULL);
    char *dir = test_dir_make();
    g_autofree char *arguments =
        g_strdup_printf("--seeds=1000 --budget=800000 --out=%s", dir);
    g_autofree char *output = run(&status, program, arguments);
    g_autofree char *breaks = g_strdup_printf("breaks %s.", id);
    g_autofree char *box = g_strdup_printf("┃ %s: ", id);
    assert_int_equal(status, 1);
    expect_text(program, output, breaks);
    expect_text(program, output, box);
    expect_small(program, output);
    expect_again(program, output, box);
    test_dir_remove(dir);
}

static void each_mistake_is_found_small_drawn_and_replayed(const char *toy)
{
    g_autofree char *planted = planted_dir();
    g_autofree char *made = g_build_filename(planted, toy, "made", NULL);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(made, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(g_strstrip(text), "\n", -1);
    assert_true(g_strv_length(lines) >= 5);
    for (unsigned i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 2);
        g_autofree char *id = g_ascii_strup(words[1], -1);
        expect_found(toy, words[0], id);
    }
}

static void every_mistake_in_stopwait_is_found(void **state)
{
    (void)state;
    each_mistake_is_found_small_drawn_and_replayed("stopwait");
}

static void every_mistake_in_the_counter_is_found(void **state)
{
    (void)state;
    each_mistake_is_found_small_drawn_and_replayed("counter");
}

/* ---- What is right. ---- */

static void expect_through(const struct subject *subject, uint64_t count)
{
    struct hunt hunt = {.subject = subject, .first = 1, .count = count};
    if (hunt_run(&hunt))
        fail_msg("%s: seed %" PRIu64 " breaks %s: %s", subject->name, hunt.seed,
                 hunt.report.id, hunt.report.why);
    assert_null(hunt_unreached(&hunt));
    assert_true(hunt.answered * 10 > hunt.asked * 3);
    hunt_clear(&hunt);
}

static void the_right_ones_come_through(void **state)
{
    (void)state;
    expect_through(&stopwait_subject, 300);
    expect_through(&counter_subject, 300);
}

/* ---- The same everywhere. ---- */

/* These numbers are the same with any compiler, with and without sanitizers: the
 * tests are run with each. Who changes a toy or the simulator, changes them. */
static void expect_hash(const struct subject *subject, uint64_t wanted)
{
    uint64_t got = storm_hash(subject, 50);
    if (got != wanted)
        fail_msg("%s: expected the traces of 50 storms to have the hash "
                 "0x%016" PRIx64 ", got 0x%016" PRIx64,
                 subject->name, wanted, got);
}

static void fifty_storms_have_the_same_trace_everywhere(void **state)
{
    (void)state;
    expect_hash(&stopwait_subject, 0x8b8d3f2ca33df67a);
    expect_hash(&counter_subject, 0xa87bf74fd0b83a0c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_in_stopwait_is_found),
        cmocka_unit_test(every_mistake_in_the_counter_is_found),
        cmocka_unit_test(the_right_ones_come_through),
        cmocka_unit_test(fifty_storms_have_the_same_trace_everywhere),
    };
    return test_run(argc, argv, tests);
}

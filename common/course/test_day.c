/* The reader's day: hints, what to do next, questions, answers, watching. */
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *dir;

static void put(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *above = g_path_get_dirname(path);
    g_mkdir_with_parents(above, 0700);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* A book with one chapter and two exercises. */
static int set_up(void **state)
{
    g_autofree char *here = g_get_current_dir();
    g_autofree char *tools = g_build_filename(here, "common", NULL);
    (void)state;
    dir = test_dir_make();
    g_autofree char *link = g_build_filename(dir, "common", NULL);
    assert_int_equal(symlink(tools, link), 0);
    put("exercises/09-nines/nine.task",
        "Exercise: 9.1\nTitle: Nine\nRead: section 9\nCalls: recv\n"
        "Test: it_works\nPoints: 7\nRule: It works.\n"
        "Hint: Think.\nHint: Think again.\nHint: return 9;\n"
        "Question: Why nine?\nAnswer: It is odd.\n"
        "Question: And ten?\nAnswer: It is even.\n");
    put("exercises/09-nines/ten.task",
        "Exercise: 9.2\nTitle: Ten\nCalls: recv\n"
        "Test: it_works\nPoints: 3\nRule: It works.\n");
    put("solutions/09-nines/nine.c",
        "/* SOLUTION: nine. */\nreturn 9;\n/* END SOLUTION: return 0; */\n");
    put("solutions/09-nines/ten.c", "/* TODO: ten. */\n");
    put("exercises/09-nines/nine.c", "/* TODO: nine. */\nreturn 0;\n");
    put("exercises/09-nines/ten.c", "/* TODO: ten. */\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_dir_remove(g_steal_pointer(&dir));
    return 0;
}

/* What a program of ours prints there, both ways; @p input is its input. */
static char *say(const char *words, const char *input, int *status)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", 2);
    g_autofree char *short_path = stage_program(parts[0]);
    g_autofree char *here = g_get_current_dir();
    g_autofree char *path = g_canonicalize_filename(short_path, here);
    g_autofree char *line =
        g_strdup_printf("cd %s; printf '%s' | %s %s", dir, input, path,
                        parts[1] ? parts[1] : "");
    return test_shell(status, line);
}

static void expect(const char *words, const char *input, int wanted,
                   const char *says)
{
    int status;
    g_autofree char *got = say(words, input, &status);
    if (status != wanted || !strstr(got, says))
        fail_msg("%s ends with %d and says \"%s\", without \"%s\"", words,
                 status, got, says);
}

static void expect_not(const char *words, const char *says)
{
    int status;
    g_autofree char *got = say(words, "", &status);
    if (strstr(got, says))
        fail_msg("%s says \"%s\", with \"%s\"", words, got, says);
}

static void hints_come_one_more_each_time(void **state)
{
    (void)state;
    expect_not("hint nine", "Think again");
    expect("hint nine", "", 0, "  1. Think.\n\n  2. Think again.\n\n  There");
    expect("hint nine", "", 0, "  3. return 9;\n\n  These are all.");
    expect("hint nine", "", 0, "These are all.");
    expect("hint ten", "", 1, "exercise 9.2 has no hints.");
    expect("hint what", "", 2, "there is no exercise \"what\".");
    expect("hint", "", 2, "it takes the name of one exercise.");
}

static void next_tells_how_far_and_what_to_do(void **state)
{
    (void)state;
    expect("next", "", 0, "0 of 10 points");
    expect("next", "", 0, "9.1  Nine ");
    expect("next", "", 0, "Now: 9.1. Nine");
    expect("next", "", 0, "read     section 9\n");
    expect("next 9", "", 0, "write    exercises/09-nines/nine.c\n");
    expect_not("next", "make hint");
    put("exercises/09-nines/nine.c", "return 8;\n");
    expect("next", "", 0, "begun, and not graded");
    put(".progress", "[points]\nnine=4\n[file]\nnine=1\n");
    expect("next", "", 0, "changed since");
    expect("next", "", 0, "stuck?   make hint EX=nine");
    expect("next what", "", 2, "there is no exercise \"what\".");
}

/* What stands in .progress may be anything. */
static void a_spoilt_memory_is_no_harm(void **state)
{
    (void)state;
    put(".progress", "[points]\nnine=99999999999999\nten=-4\n");
    expect("next", "", 0, "of 10 points");
    put(".progress", "\x01\x02 no key file \xff\n");
    expect("next", "", 0, "0 of 10 points");
    expect("hint nine", "", 0, "  1. Think.\n");
    expect("hint nine", "", 0, "  2. Think again.\n");
}

static void questions_wait_for_an_answer(void **state)
{
    (void)state;
    expect("viva nine", "\\n\\n", 0, "These were all.");
    expect("viva nine", "\\n", 0, "It is odd.");
    expect("viva nine", "", 0, "Why nine?");
    expect_not("viva nine", "It is odd.");
    expect("viva ten", "", 1, "exercise 9.2 has no questions.");
}

static void the_answer_is_shown_to_who_has_solved_it(void **state)
{
    (void)state;
    expect("solution nine", "", 1, "has not earned all its points yet");
    expect_not("solution nine", "return 9");
    put(".progress", "[whole]\nnine=1\n");
    expect("solution nine", "", 0, "return 9;\n");
    expect_not("solution nine", "SOLUTION");
    expect("solution ten", "", 1, "the answers are not handed out");
    g_setenv("REALLY", "1", TRUE);
    put(".progress", "");
    expect("solution nine", "", 0, "return 9;\n");
    g_unsetenv("REALLY");
}

/* Editors write into a file, or put another in its place. */
static void a_file_that_is_saved_is_noticed(void **state)
{
    (void)state;
    struct stage *stage = stage_new();
    put("watched.c", "one\n");
    put("beside.c", "one\n");
    g_autofree char *path = g_build_filename(dir, "watched.c", NULL);
    struct actor *watch = stage_start(stage, "watch", path, "cat", path, NULL);
    assert_non_null(watch);
    for (int i = 0; i < 4; i++) {
        g_autofree char *text = g_strdup_printf("number %d\n", i);
        g_autofree char *seen = actor_await(watch, "  Watching", 20 * SEC);
        assert_non_null(seen);
        put("beside.c", "two\n"); /* Not this one. */
        if (i % 2 == 0)
            put("watched.c", text); /* g_file_set_contents renames. */
        else {
            FILE *file = fopen(path, "w");
            fputs(text, file);
            fclose(file);
        }
        g_autofree char *prefix = g_strdup_printf("number %d", i);
        g_autofree char *got = actor_await(watch, prefix, 20 * SEC);
        assert_non_null(got);
    }
    stage_free(stage);
}

static void what_cannot_be_watched_is_said(void **state)
{
    (void)state;
    expect("watch nowhere/x.c true", "", 1,
           "nowhere cannot be watched: No such");
    expect("watch x.c", "", 2, "it takes a file and a command.");
}

int main(int argc, char **argv)
{
#define DAY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        DAY(hints_come_one_more_each_time),
        DAY(next_tells_how_far_and_what_to_do),
        DAY(a_spoilt_memory_is_no_harm),
        DAY(questions_wait_for_an_answer),
        DAY(the_answer_is_shown_to_who_has_solved_it),
        DAY(a_file_that_is_saved_is_noticed),
        DAY(what_cannot_be_watched_is_said),
    };
    return test_run(argc, argv, tests);
}

/* The scripts behind skeletons and the reader's own bodies. */
#include "common/judge/test.h"
#include <string.h>

/* What a shell makes of a line, which is as for printf. */
static char *shell(int *status, const char *format, ...) G_GNUC_PRINTF(2, 3);
static char *shell(int *status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return test_shell(status, line);
}

/* What skeleton.awk makes of a file. Returns new. */
static char *skeleton_of(int *status, const char *answer)
{
    char *dir = test_dir_make();
    g_autofree char *path = g_build_filename(dir, "x.c", NULL);
    g_file_set_contents(path, answer, -1, NULL);
    char *got = shell(status, "awk -f common/tools/skeleton.awk %s", path);
    test_dir_remove(dir);
    return got;
}

static void expect_skeleton(const char *answer, const char *skeleton)
{
    int status;
    g_autofree char *got = skeleton_of(&status, answer);
    assert_string_equal(got, skeleton);
    assert_int_equal(status, 0);
}

static void expect_no_skeleton(const char *answer, const char *says)
{
    int status;
    g_autofree char *got = skeleton_of(&status, answer);
    assert_non_null(strstr(got, says));
    assert_int_not_equal(status, 0);
}

static void a_region_becomes_its_hint_and_its_stand_in(void **state)
{
    (void)state;
    expect_skeleton("a\n"
                    "    /* SOLUTION: do it. */\n"
                    "    secret();\n"
                    "    /* END SOLUTION: return todo(0); */\n"
                    "b\n",
                    "a\n"
                    "    /* TODO: do it. */\n"
                    "    return todo(0);\n"
                    "b\n");
    expect_skeleton("/* SOLUTION: one,\n"
                    " * two. */\n"
                    "secret();\n"
                    "/* END SOLUTION: (void)x;\n"
                    " * return todo(1); */\n",
                    "/* TODO: one,\n"
                    " * two. */\n"
                    "(void)x;\n"
                    "return todo(1);\n");
    expect_skeleton("/* SOLUTION: */\nsecret();\n/* END SOLUTION */\nb\n",
                    "b\n");
    expect_skeleton("nothing of the kind\n", "nothing of the kind\n");
}

static void marks_that_do_not_match_are_refused_with_their_line(void **state)
{
    (void)state;
    expect_no_skeleton("/* SOLUTION: x */\nsecret\n", "without END SOLUTION");
    expect_no_skeleton("a\n/* END SOLUTION */\n",
                       "x.c:2: END SOLUTION without");
    expect_no_skeleton("/* SOLUTION: x */\n/* SOLUTION: y */\n",
                       "x.c:2: SOLUTION within");
}

static void what_was_written_is_kept_when_it_is_reset(void **state)
{
    char *dir = test_dir_make();
    int status;
    (void)state;
    g_autofree char *got =
        shell(&status,
              "root=$PWD; cd %s; mkdir -p solutions/1 exercises/1 common; "
              "ln -s $root/common/tools common/tools; "
              "echo answer > solutions/1/x.c; "
              "sh common/tools/reset.sh 1/x; cat exercises/1/x.c; "
              "sh common/tools/reset.sh 1/x; "
              "echo mine > exercises/1/x.c; sh common/tools/reset.sh 1/x; "
              "echo more > exercises/1/x.c; sh common/tools/reset.sh 1/x; "
              "cat exercises/1/x.c exercises/1/x.c.1 exercises/1/x.c.2",
              dir);
    test_dir_remove(dir);
    assert_int_equal(status, 0);
    assert_non_null(strstr(got, "laid out anew.\nanswer\n"));
    assert_non_null(strstr(got, "is untouched"));
    assert_non_null(strstr(got, "What you had is exercises/1/x.c.2 now"));
    assert_true(g_str_has_suffix(got, "answer\nmine\nmore\n"));
}

static void an_exercise_has_several_names(void **state)
{
    int status;
    (void)state;
    for (int i = 0; i < 2; i++) {
        g_autofree char *one =
            shell(&status,
                  "sh common/tools/exercise.sh %s 01-sockets/io "
                  "01-sockets/dial",
                  i ? "io" : "1.1");
        assert_string_equal(one, "01-sockets/io\n");
        assert_int_equal(status, 0);
    }
    g_autofree char *all =
        shell(&status, "sh common/tools/exercise.sh 1 01-sockets/io "
                       "01-sockets/dial");
    assert_string_equal(all, "01-sockets/io 01-sockets/dial\n");
    g_autofree char *none =
        shell(&status, "sh common/tools/exercise.sh what 01-sockets/io");
    assert_non_null(strstr(none, "there is no exercise \"what\""));
    assert_int_not_equal(status, 0);
}

/* With the reader's body, and with one that cannot be built. */
static void a_body_that_cannot_be_built_takes_nothing_else_down(void **state)
{
    char *dir = test_dir_make();
    int status;
    (void)state;
    g_autofree char *got = shell(
        &status,
        "root=$PWD; cd %s; ln -s $root/common common; "
        "echo 'int two(void) { return 2; }' > answer.c; gcc -c answer.c; "
        "mine() { sh common/tools/mine.sh x.c answer.c answer.o x.o gcc; }; "
        "echo 'int two(void) { return 3; }' > x.c; mine; "
        "test -e x.o && test ! -e x.log && echo built; "
        "echo 'int two(void) { return' > x.c; mine; "
        "test -e x.o && grep -c error x.log; "
        "echo 'int three(void) { return 3; }' > x.c; mine; test -e x.o",
        dir);
    test_dir_remove(dir);
    assert_true(g_str_has_prefix(got, "built\n"));
    assert_non_null(strstr(got, "error: expected"));
    assert_non_null(strstr(got, "x: yours cannot be built"));
    assert_non_null(strstr(got, "x.c does not define two(), which"));
    assert_non_null(strstr(got, "x.c defines three, which"));
    assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_becomes_its_hint_and_its_stand_in),
        cmocka_unit_test(marks_that_do_not_match_are_refused_with_their_line),
        cmocka_unit_test(what_was_written_is_kept_when_it_is_reset),
        cmocka_unit_test(an_exercise_has_several_names),
        cmocka_unit_test(a_body_that_cannot_be_built_takes_nothing_else_down),
    };
    return test_run(argc, argv, tests);
}

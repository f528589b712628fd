/* The command, as a shell sees it. */
#include "common/judge/test.h"
#include <string.h>

static const char *program = "build/bin/judge";

/* What it prints about histories with these texts; NULL: no further one. */
static void assert_says(const char *options, const char *text, int status,
                        const char *part)
{
    int got;
    char *dir = test_dir_make();
    g_autofree char *path = g_build_filename(dir, "history", NULL);
    g_autofree char *line = g_strdup_printf("%s %s %s", program, options, path);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    g_autofree char *said = test_shell(&got, line);
    if (got != status || !strstr(said, part))
        fail_msg("exit status %d, and it says:\n%s", got, said);
    test_dir_remove(dir);
}

static const char *const right = "history register\n1 1 call get x\n"
                                 "2 1 return nil\n";
static const char *const wrong = "history register\n1 1 call get x\n"
                                 "2 1 return 7\n";

static void a_right_history_is_a_yes(void **state)
{
    (void)state;
    assert_says("", right, 0, "history: yes, 1 operation on 1 key\n");
}

static void a_wrong_history_is_a_no_with_its_drawing(void **state)
{
    (void)state;
    assert_says("", wrong, 1,
                "history: no, because of x\n"
                "No order explains this operation.\n"
                "  client 1  get x -> 7  |--");
}

static void what_takes_too_long_is_unknown(void **state)
{
    (void)state;
    GString *text = g_string_new("history register\n");
    for (int i = 0; i < 40; i++)
        g_string_append_printf(text, "1 %d call put x %d\n", i, i);
    for (int i = 0; i < 40; i++)
        g_string_append_printf(text, "2 %d return\n", i);
    g_string_append(text, "3 1 call get x\n4 1 return nil\n");
    assert_says("--steps=5000", text->str, 3,
                "history: unknown, because of x: spent 50");
    assert_says("--memory=1", text->str, 3, "steps and 0.");
    g_string_free(text, TRUE);
}

static void a_bad_file_is_one_sentence(void **state)
{
    (void)state;
    assert_says("", "history kv\n1 1 return\n", 2,
                "history: line 2: client 1 has no call under way.\n");
    assert_says("nowhere", right, 2, "nowhere: No such file or directory.\n");
    assert_says("", "", 2, "line 1: there is no history.\n");
    assert_says("/", right, 2, "line 1: the file cannot be read.\n");
}

static void bad_usage_is_one_sentence(void **state)
{
    (void)state;
    assert_says("--steps=-1", right, 2, "a limit is out of range.\n");
    assert_says("--speed=1", right, 2, "--speed");
    int status;
    g_autofree char *said = test_shell(&status, program);
    assert_int_equal(status, 2);
    assert_non_null(strstr(said, "a history is missing.\n"));
}

static void the_gravest_of_several_counts(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    g_autofree char *path = g_build_filename(dir, "wrong", NULL);
    assert_true(g_file_set_contents(path, wrong, -1, NULL));
    assert_says(path, right, 1, "history: yes");
    assert_says(path, "history kv\n", 1, "history: yes, 0 operations");
    assert_says(path, "?", 2, "wrong: no");
    test_dir_remove(dir);
}

static void a_dash_is_standard_input(void **state)
{
    (void)state;
    assert_says("- <", right, 0, "-: yes");
}

/* build/san/test/.. has its command in build/san/bin. */
static char *beside(const char *test)
{
    const char *end = strstr(test, "/test/");
    g_autofree char *root =
        end ? g_strndup(test, (size_t)(end - test)) : g_strdup("build");
    return g_build_filename(root, "bin", "judge", NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_history_is_a_yes),
        cmocka_unit_test(a_wrong_history_is_a_no_with_its_drawing),
        cmocka_unit_test(what_takes_too_long_is_unknown),
        cmocka_unit_test(a_bad_file_is_one_sentence),
        cmocka_unit_test(bad_usage_is_one_sentence),
        cmocka_unit_test(the_gravest_of_several_counts),
        cmocka_unit_test(a_dash_is_standard_input),
    };
    g_autofree char *path = beside(argv[0]);
    program = path;
    return test_run(argc, argv, tests);
}

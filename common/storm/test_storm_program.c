/* The program round a subject: hostile files and arguments, each one sentence. */
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <string.h>

static char *directory;

static int make_directory(void **state)
{
    (void)state;
    directory = test_dir_make();
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    test_dir_remove(directory);
    return 0;
}

static char *file_of(const char *text, size_t size)
{
    char *path = g_build_filename(directory, "a.storm", NULL);
    assert_true(g_file_set_contents(path, text, (gssize)size, NULL));
    return path;
}

/* What it says to these @p arguments: one sentence, and exit 2. */
static void assert_complains(const char *arguments, const char *says)
{
    int status;
    g_autofree char *program = stage_program("storm_counter");
    g_autofree char *line =
        g_strdup_printf("'%s' %s >/dev/null", program, arguments);
    g_autofree char *output = test_shell(&status, line);
    char *end = strchr(output, '\n');
    if (!strstr(output, says) || status != 2)
        fail_msg("%s: exit %d, and: %s", arguments, status, output);
    assert_true(g_str_has_prefix(output, "storm_counter: "));
    assert_true(end && end[1] == '\0' && end[-1] == '.' && end[-2] != '.');
}

static void assert_refuses_file(const char *text, const char *says)
{
    g_autofree char *path = file_of(text, strlen(text));
    g_autofree char *quoted = g_shell_quote(path);
    assert_complains(quoted, says);
}

static void the_program_takes_bad_files_with_one_sentence(void **state)
{
    (void)state;
    assert_refuses_file("storm counter\nsnow\n",
                        "a.storm, line 2: expected the first word of a line");
    assert_refuses_file("storm stopwait\nnodes 3\n",
                        "a.storm is a storm for stopwait");
    assert_refuses_file("", "does not say whom it is for: storm counter");
    g_autofree char *path = file_of("storm\0counter\n", 14);
    assert_complains(path, "a.storm is not a text");
    assert_complains(directory, "is no file");
    assert_complains("/dev/zero", "is no file");
    assert_complains("/nowhere/at/all", "No such file");
    assert_complains("''", "No such file");
}

static void a_storm_has_as_many_nodes_as_its_subject_takes(void **state)
{
    (void)state;
    assert_refuses_file("storm counter\nnodes 32\nat 1s ask 9 add\nuntil 2s\n",
                        "has 32 nodes: counter has from 3 to 5");
    assert_refuses_file("storm counter\nnodes 2\nuntil 2s\n",
                        "has 2 nodes: counter has from 3 to 5");
}

static void the_program_takes_bad_arguments_with_one_sentence(void **state)
{
    (void)state;
    assert_complains("--seeds=0", "no fewer than one storm");
    assert_complains("--seeds=-4", "no fewer than one storm");
    assert_complains("--seeds=x", "x");
    assert_complains("--seeds=99999999999999999999", "range");
    assert_complains("--seed=x", "\"x\" is not a seed");
    assert_complains("--seed=", "\"\" is not a seed");
    assert_complains("--seed=-1", "\"-1\" is not a seed");
    assert_complains("--seed=3x", "\"3x\" is not a seed");
    assert_complains("--seed=18446744073709551616", "is not a seed");
    assert_complains("--snow", "snow");
    assert_complains("one two", "one storm at a time");
}

static char *many(const char *line, unsigned count)
{
    GString *text = g_string_new("storm counter\nnodes 3\n");
    for (unsigned i = 0; i < count; i++)
        g_string_append(text, line);
    return g_string_free(text, FALSE);
}

static void a_file_that_asks_for_too_much_is_given_up(void **state)
{
    (void)state;
    assert_refuses_file("storm counter\nnodes 3\nuntil 1000000s\n",
                        "this storm takes more than 1000000 events");
    g_autofree char *asks = many("at 1s ask 1 add\n", 251);
    assert_refuses_file(asks, "asks 251 times: at most 250 are judged");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_program_takes_bad_files_with_one_sentence, make_directory,
            remove_directory),
        cmocka_unit_test_setup_teardown(
            a_storm_has_as_many_nodes_as_its_subject_takes, make_directory,
            remove_directory),
        cmocka_unit_test(the_program_takes_bad_arguments_with_one_sentence),
        cmocka_unit_test_setup_teardown(
            a_file_that_asks_for_too_much_is_given_up, make_directory,
            remove_directory),
    };
    return test_run(argc, argv, tests);
}

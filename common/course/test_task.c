/* The tables of exercises, and what is said of one that is no good. */
#include "common/course/entries.h"
#include "common/course/task.h"
#include "common/judge/test.h"
#include <string.h>

static const char good[] = "# A comment.\n"
                           "Exercise: 9.1\n"
                           "Title: Nine\n"
                           "Calls: recv send_*\n"
                           "\n"
                           "Test: it_works\n"
                           "Points: 7\n"
                           "Rule: It works,\n"
                           "    and goes on.\n"
                           "Test: it_ends\n"
                           "Points: 3\n"
                           "Rule: It ends.\n"
                           "Hint: Think.\n"
                           "Question: Why?\n"
                           "Answer: Because.\n";

/* The table of exercise "nine" in a new directory. */
static struct task *read_text(const char *text, GError **error)
{
    char *dir = test_dir_make();
    g_autofree char *top = g_build_filename(dir, "exercises", "09-nines", NULL);
    g_autofree char *path = g_build_filename(top, "nine.task", NULL);
    g_mkdir_with_parents(top, 0700);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    struct task *task = task_read(path, error);
    test_dir_remove(dir);
    return task;
}

static void a_table_is_read(void **state)
{
    (void)state;
    struct task *task = read_text(good, NULL);
    assert_non_null(task);
    assert_string_equal(task->module, "nine");
    assert_string_equal(task->chapter, "09-nines");
    assert_string_equal(task->number, "9.1");
    assert_int_equal(g_strv_length(task->calls), 2);
    assert_int_equal(task->rules->len, 2);
    const struct rule *rule = task->rules->pdata[0];
    assert_string_equal(rule->text, "It works, and goes on.");
    assert_int_equal(task_points(task), 10);
    assert_int_equal(task->hints->len, 1);
    assert_string_equal(task->answers->pdata[0], "Why?\nBecause.");
    g_autofree char *path = task_path(task, ".c");
    assert_string_equal(path, "exercises/09-nines/nine.c");
    task_free(task);
}

static void expect_refusal(const char *text, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_null(read_text(text, &error));
    assert_non_null(error);
    if (!strstr(error->message, says))
        fail_msg("\"%s\", without \"%s\"", error->message, says);
}

static void a_table_that_is_no_good_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_refusal("Exercise: 1\nWhat: is this\n", ":2: this key is not known");
    expect_refusal("Points: 3\n", ":1: this key is not known here");
    expect_refusal("    goes on\n", ":1: this goes on with nothing");
    expect_refusal("Exercise: 1\n\tTitle: x\n", ":2: there is a tab");
    expect_refusal("Exercise: 1\nno key at all\n", ":2: here should stand");
    expect_refusal("Exercise: 1\nTitle: x\n", "Calls (or Breaks) is missing");
    expect_refusal("Exercise: 1\nTitle: x\nCalls: y\n", "there is no Test");
    expect_refusal("Exercise: 1\nTitle: x\nCalls: y\nTest: z\n", "no Rule");
    expect_refusal("Answer: without a question\n", "not known here");
}

/* Whatever bytes there are: a sentence, or a table, and no crash. */
static void any_bytes_are_survived(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof good; cut++) {
        g_autofree char *text = g_strndup(good, cut);
        struct task *task = read_text(text, NULL);
        g_clear_pointer(&task, task_free);
        for (int byte = 1; byte < 256; byte += 31) {
            g_autofree char *other = g_strdup(good);
            if (cut < sizeof good - 1)
                other[cut] = (char)byte;
            task = read_text(other, NULL);
            g_clear_pointer(&task, task_free);
        }
    }
}

static void indented_lines_keep_what_is_beyond_four_spaces(void **state)
{
    char *dir = test_dir_make();
    g_autofree char *path = g_build_filename(dir, "code", NULL);
    (void)state;
    g_file_set_contents(path, "Code:\n    if (x)\n        y();\nEnd: now\n", -1,
                        NULL);
    g_autoptr(GPtrArray) entries = entries_read(path, NULL);
    assert_int_equal(entries->len, 2);
    const struct entry_of_file *entry = entries->pdata[0];
    assert_string_equal(entry->text, "if (x)\n    y();");
    test_dir_remove(dir);
}

/* ---- The book's own. ---- */

static void every_exercise_of_the_book_has_a_whole_table(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) tasks = tasks_find(".", NULL, &error);
    (void)state;
    if (!tasks)
        fail_msg("%s", error->message);
    for (guint i = 0; i < tasks->len; i++) {
        const struct task *task = tasks->pdata[i];
        assert_int_equal(task->hints->len, 3);
        assert_in_range(task->answers->len, 2, 9);
        for (guint j = 0; j < task->answers->len; j++)
            assert_non_null(strchr(task->answers->pdata[j], '\n'));
    }
}

/* The table and the program name the same tests. */
static void every_row_has_its_test_and_every_test_its_row(void **state)
{
    g_autoptr(GPtrArray) tasks = tasks_find(".", NULL, NULL);
    (void)state;
    for (guint i = 0; tasks && i < tasks->len; i++) {
        const struct task *task = tasks->pdata[i];
        g_autofree char *path = g_strdup_printf("exercises/%s/test_%s.c",
                                                task->chapter, task->module);
        g_autofree char *text = NULL;
        assert_true(g_file_get_contents(path, &text, NULL, NULL));
        unsigned count = 0;
        for (const char *c = text; (c = strstr(c, "GRADED(")); c++)
            count++;
        assert_int_equal(count, task->rules->len);
        for (guint j = 0; j < task->rules->len; j++) {
            const struct rule *rule = task->rules->pdata[j];
            assert_in_range(strlen(rule->test), 1, 60);
            g_autofree char *row = g_strdup_printf("GRADED(%s)", rule->test);
            if (!strstr(text, row))
                fail_msg("%s has no %s", path, row);
        }
    }
}

static void an_exercise_is_found_by_any_of_its_names(void **state)
{
    static const char *const names[] = {"io", "1.1", "01-sockets", "1", "01"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) tasks = tasks_find(".", names[i], NULL);
        assert_non_null(tasks);
        assert_true(tasks->len >= 1);
    }
    g_autoptr(GError) error = NULL;
    assert_null(tasks_find(".", "nothing", &error));
    assert_string_equal(error->message, "there is no exercise \"nothing\"");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_read),
        cmocka_unit_test(a_table_that_is_no_good_is_refused_with_its_line),
        cmocka_unit_test(any_bytes_are_survived),
        cmocka_unit_test(indented_lines_keep_what_is_beyond_four_spaces),
        cmocka_unit_test(every_exercise_of_the_book_has_a_whole_table),
        cmocka_unit_test(every_row_has_its_test_and_every_test_its_row),
        cmocka_unit_test(an_exercise_is_found_by_any_of_its_names),
    };
    return test_run(argc, argv, tests);
}

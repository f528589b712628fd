/* Known mistakes: how they are written, made, seen and recognised. */
#include "common/course/mistakes.h"
#include "common/course/signs.h"
#include "common/judge/test.h"
#include <string.h>

static const char answer[] = "int one(void)\n"
                             "{\n"
                             "    if (ready)\n"
                             "        return 1;\n"
                             "    return 2;\n"
                             "}\n";

#define HEAD "Mistake: wrong\nBecause: it is\n    wrong (1.2)\nCaught: a_test\n"

static GPtrArray *read_with(GPtrArray *(*reader)(const char *, GError **),
                            const char *text, GError **error)
{
    char *dir = test_dir_make();
    g_autofree char *path = g_build_filename(dir, "nine.mistakes", NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    GPtrArray *read = reader(path, error);
    test_dir_remove(dir);
    return read;
}

static void expect_sentence(const GError *error, const char *says)
{
    assert_non_null(error);
    if (!strstr(error->message, says))
        fail_msg("\"%s\", without \"%s\"", error->message, says);
}

/* ---- Reading. ---- */

static void a_mistake_is_read_with_its_shapes(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) all =
        read_with(mistakes_read,
                  HEAD "Replace:\n    return 2;\nWith:\n    return 3;\n"
                       "Or: shorter\nReplace: return 2;\nWith:\n",
                  NULL);
    assert_non_null(all);
    assert_int_equal(all->len, 2);
    const struct mistake *first = all->pdata[0], *second = all->pdata[1];
    assert_string_equal(first->because, "it is wrong (1.2)");
    assert_string_equal(second->because, first->because);
    assert_string_equal(second->test, "a_test");
    g_autofree char *one = mistake_id(first), *other = mistake_id(second);
    assert_string_equal(one, "wrong");
    assert_string_equal(other, "wrong.shorter");
}

static void expect_refusal(const char *text, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_null(read_with(mistakes_read, text, &error));
    expect_sentence(error, says);
}

static void what_is_no_mistake_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_refusal("Because: x\n", ":1: first comes");
    expect_refusal("Mistake: Not A Name\n", ":1: a name is of small");
    expect_refusal("Mistake: ../../x\n", ":1: a name is of small");
    expect_refusal(HEAD, "it lacks");
    expect_refusal(HEAD "Replace: x\n", "it lacks");
    expect_refusal(HEAD "With: x\n", ":5: there is no \"Replace:\"");
    expect_refusal(HEAD "Replace: x\nReplace: y\n", ":6: \"With:\" is missing");
    expect_refusal(HEAD "Replace:\nWith: y\n", ":5: nothing is to be");
    expect_refusal(HEAD "Because: twice\n", ":5: this is empty, or said twice");
    expect_refusal(HEAD "What: is this\n", ":5: a mistake has no such key");
    expect_refusal(HEAD "Replace: x\nWith: y\n" HEAD "Replace: x\nWith: z\n",
                   ":7: there is one of that name");
}

/* ---- Making. ---- */

static char *make(const char *changes, GError **error)
{
    g_autofree char *text = g_strconcat(HEAD, changes, NULL);
    g_autoptr(GPtrArray) all = read_with(mistakes_read, text, NULL);
    assert_non_null(all);
    return mistake_make(all->pdata[0], answer, error);
}

static void lines_are_replaced_however_they_are_indented(void **state)
{
    (void)state;
    g_autofree char *made =
        make("Replace:\n    if (ready)\n    return 1;\nWith:\n    return 0;\n"
             "Replace:\n        return 2;\nWith:\n",
             NULL);
    assert_string_equal(made, "int one(void)\n{\nreturn 0;\n}\n");
}

static void lines_that_stand_never_or_twice_are_refused(void **state)
{
    (void)state;
    g_autoptr(GError) never = NULL, twice = NULL;
    assert_null(make("Replace: return 7;\nWith: x\n", &never));
    expect_sentence(never, "has these lines 0 times");
    assert_null(make("Replace: return 2;\nWith:\n    return 1;\n"
                     "Replace: return 1;\nWith: x\n",
                     &twice));
    expect_sentence(
        twice, "wrong (line 1 of the mistakes): the answer has these lines 2");
}

static void each_test_needs_a_mistake_and_each_mistake_a_test(void **state)
{
    (void)state;
    struct rule one = {.test = "a_test"}, other = {.test = "another"};
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    struct task task = {.module = "nine", .rules = rules};
    g_autoptr(GError) lacks = NULL, strange = NULL;
    g_autoptr(GPtrArray) all =
        read_with(mistakes_read, HEAD "Replace: x\nWith: y\n", NULL);
    assert_false(mistakes_cover(all, &task, &strange));
    expect_sentence(strange, "a_test names no test");
    g_ptr_array_add(rules, &one);
    assert_true(mistakes_cover(all, &task, NULL));
    g_ptr_array_add(rules, &other);
    assert_false(mistakes_cover(all, &task, &lacks));
    expect_sentence(lacks, "caught by another");
}

/* ---- Signs. ---- */

static const char signs_text[] =
    "Mistake: early\nBecause: too early\nCaught: a\n"
    "Fails: a WRONG\n    it returns 1: 2\nFails: b CRASH\n\n"
    "Mistake: late\nBecause: too late\nCaught: a\n"
    "Fails: a WRONG\n    it returns 1: 3\nFails: b CRASH\n\n"
    "Mistake: late\nShape: very\nBecause: too late\nCaught: a\n"
    "Fails: a WRONG\n    it returns 1: 3\nFails: b CRASH\n\n"
    "Mistake: one\nBecause: of two\nCaught: b\nFails: b HANG\n    x: y\n"
    "Mistake: other\nBecause: of two\nCaught: b\nFails: b HANG\n    x: y\n"
    "Mistake: crash\nBecause: it crashes\nCaught: c\nFails: c CRASH\n";

static void signs_are_written_as_they_are_read(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) signs = read_with(signs_read, signs_text, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    assert_int_equal(signs->len, 6);
    for (guint i = 0; i < signs->len; i++)
        sign_write(signs->pdata[i], text);
    g_autoptr(GPtrArray) again = read_with(signs_read, text->str, NULL);
    g_autoptr(GString) twice = g_string_new(NULL);
    for (guint i = 0; i < again->len; i++)
        sign_write(again->pdata[i], twice);
    assert_string_equal(text->str, twice->str);
}

static void what_is_no_sign_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"Fails: a WRONG\n", "Mistake: x\nFails: a\n",
                               "Mistake: x\nFails: a SORRY\n",
                               "Mistake: x\nWhat: ever\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(read_with(signs_read, bad[i], &error));
        expect_sentence(error, "no sign of a mistake is written so");
    }
}

/* What is recognised when these tests fail: a name, or "nothing". */
static const char *recognise(const char *fails)
{
    static char name[80];
    g_autoptr(GPtrArray) signs = read_with(signs_read, signs_text, NULL);
    g_autofree char *text = g_strconcat("Mistake: x\n", fails, NULL);
    g_autoptr(GPtrArray) seen = read_with(signs_read, text, NULL);
    const struct sign *found = signs_recognise(signs, seen->pdata[0]);
    g_strlcpy(name, found ? found->name : "nothing", sizeof name);
    return name;
}

static void only_exactly_one_mistake_is_recognised(void **state)
{
    (void)state;
    assert_string_equal(
        recognise("Fails: a WRONG\n    it returns 1: 2\nFails: b CRASH\n"),
        "early");
    assert_string_equal(/* Two shapes are one mistake. */
                        recognise("Fails: a WRONG\n    it returns 1: 3\nFails: "
                                  "b CRASH\n"),
                        "late");
    assert_string_equal(/* Another value. */
                        recognise("Fails: a WRONG\n    it returns 1: 4\nFails: "
                                  "b CRASH\n"),
                        "nothing");
    assert_string_equal(/* Another verdict. */
                        recognise("Fails: a WRONG\n    it returns 1: 2\nFails: "
                                  "b HANG\n"),
                        "nothing");
    assert_string_equal(/* A failure too few. */
                        recognise("Fails: a WRONG\n    it returns 1: 2\n"),
                        "nothing");
    assert_string_equal(/* Two mistakes look like that. */
                        recognise("Fails: b HANG\n    x: y\n"), "nothing");
    assert_string_equal(/* Whatever crashes there would look like that. */
                        recognise("Fails: c CRASH\n"), "nothing");
    assert_string_equal(recognise(""), "nothing");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_is_read_with_its_shapes),
        cmocka_unit_test(what_is_no_mistake_is_refused_with_its_line),
        cmocka_unit_test(lines_are_replaced_however_they_are_indented),
        cmocka_unit_test(lines_that_stand_never_or_twice_are_refused),
        cmocka_unit_test(each_test_needs_a_mistake_and_each_mistake_a_test),
        cmocka_unit_test(signs_are_written_as_they_are_read),
        cmocka_unit_test(what_is_no_sign_is_refused),
        cmocka_unit_test(only_exactly_one_mistake_is_recognised),
    };
    return test_run(argc, argv, tests);
}

/* What people and machines read of a grade: lines, columns, forms. */
#include "common/course/report.h"
#include "common/judge/test.h"
#include <json-glib/json-glib.h>
#include <string.h>

enum { RULES = 3 };

static struct rule rules[RULES];
static struct task task;

/* A grade in which the second test failed, in the longest words there are. */
static struct grade *grade_with(enum verdict_word word)
{
    struct grade *grade = g_new0(struct grade, 1);
    grade->task = &task;
    grade->verdicts = g_ptr_array_new_with_free_func(verdict_free);
    grade->receipt = g_strdup("0123456789abcdef");
    for (int i = 0; i < RULES; i++) {
        struct verdict *verdict = g_new0(struct verdict, 1);
        verdict->rule = &rules[i];
        verdict->word = i == 1 ? word : PASS;
        verdict->earned = verdict->word == PASS ? rules[i].points : 0;
        g_ptr_array_add(grade->verdicts, verdict);
        grade->earned += verdict->earned;
        grade->most += rules[i].points;
        if (verdict->word == PASS)
            continue;
        GString *trace = g_string_new("   (99 before these)");
        for (int j = 0; j < 12; j++)
            g_string_append_printf(trace, "\n->  0.000 %4d  %060d", j, j);
        verdict->trace = g_string_free(trace, FALSE);
        verdict->head = g_strdup("time  call");
        verdict->expected = g_strnfill(300, 'e');
        for (int j = 7; j < 300; j += 8)
            verdict->expected[j] = ' ';
        verdict->got = g_strdup("<this> & \"that\", \x01 and \xc3\xa4");
        verdict->place = g_strdup("exercises/09-nines/nine.c:1234");
        verdict->seeded = true;
        verdict->seed = 0x5eed17;
    }
    return grade;
}

/* The failure is a picture, too high and too wide, and with marks in it that a
 * terminal would obey: an escape, one of eight bits, and one for Hebrew. */
static struct grade *grade_drawn(void)
{
    struct grade *grade = grade_with(WRONG);
    struct verdict *verdict = grade->verdicts->pdata[1];
    GString *picture = g_string_new("\033[2J \xc2\x9b\x31m \u202e\n");
    for (int i = 0; i < 25; i++) {
        g_string_append(picture, "│");
        for (int j = 0; j < 84; j++)
            g_string_append(picture, "─");
        g_string_append_c(picture, '\n');
    }
    verdict->expected[100] = '\0'; /* An invariant is a sentence or two. */
    g_free(verdict->trace);
    g_clear_pointer(&verdict->head, g_free);
    verdict->trace = g_string_free(picture, FALSE);
    verdict->drawn = true;
    return grade;
}

static char *text_of(const struct grade *grade, bool colour)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    report_text(file, grade, colour);
    fclose(file);
    return text;
}

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < RULES; i++)
        rules[i] = (struct rule){
            .test = g_strdup_printf("a_sentence_of_%d_words_that_is_as_long_as_"
                                    "any_will_be",
                                    i),
            .points = 7,
            .text = g_strdup("A rule that is long enough to be laid out over "
                             "several lines, with its section (1.2; recv(2))."),
        };
    task = (struct task){.module = "nine",
                         .chapter = "09-nines",
                         .number = "9.1",
                         .title = "Nine"};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < RULES; i++) {
        g_free(rules[i].test);
        g_free(rules[i].text);
    }
    return 0;
}

/* ---- For people. ---- */

static void a_failure_has_at_most_40_lines_of_80_columns(void **state)
{
    (void)state;
    for (int word = WRONG; word <= BUILD; word++) {
        struct grade *grade = grade_with((enum verdict_word)word);
        g_autofree char *text = text_of(grade, false);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        assert_in_range(g_strv_length(lines), 5, 40 + RULES + 6);
        for (int i = 0; lines[i]; i++)
            assert_in_range(g_utf8_strlen(lines[i], -1), 0, 80);
        assert_null(strchr(text, '\033'));
        grade_free(grade);
    }
}

static void it_is_told_in_an_order_that_never_changes(void **state)
{
    static const char *const parts[] = {
        "WRONG  a_sentence_of_1",
        "rule  ",
        "expected  ",
        "got  ",
        "at  ",
        "    time  call",
        "->",
        "make replay EX=nine SEED=0x5eed17",
        "TEST=a_sentence_of_1",
        "make hint EX=nine",
        "14 of 21 points   receipt 9.1-0123456789abcdef"};
    struct grade *grade = grade_with(WRONG);
    g_autofree char *text = text_of(grade, false);
    const char *from = text;
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        from = strstr(from, parts[i]);
        if (!from)
            fail_msg("\"%s\" is missing, or comes too early, in\n%s", parts[i],
                     text);
    }
    grade_free(grade);
}

static void warnings_are_three_and_no_failure(void **state)
{
    struct grade *grade = grade_with(PASS);
    (void)state;
    grade->warnings =
        g_strdup("exercises/09-nines/nine.c:12:34: warning: comparison of a "
                 "number with a sign and one without [-Wsign-compare]\n"
                 "nine.c:13\nnine.c:14\nnine.c:15\nnine.c:16\n");
    g_autofree char *text = text_of(grade, false);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++)
        assert_in_range(g_utf8_strlen(lines[i], -1), 0, 80);
    assert_non_null(strstr(text, "The compiler warns:\n    exercises/09"));
    assert_non_null(strstr(text, "    nine.c:14\n    (2 more)\n"));
    assert_non_null(strstr(text, "21 of 21 points"));
    grade_free(grade);
}

static void a_picture_has_24_rows_of_80_columns(void **state)
{
    struct grade *grade = grade_drawn();
    g_autofree char *text = text_of(grade, false);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned rows = 0;
    (void)state;
    assert_in_range(g_strv_length(lines), 24, 40 + RULES + 6);
    for (int i = 0; lines[i]; i++) {
        assert_in_range(g_utf8_strlen(lines[i], -1), 0, 80);
        rows += g_str_has_prefix(lines[i], "│──") ? 1 : 0;
    }
    assert_int_equal(rows, 23); /* And the first, which is of other signs. */
    assert_null(strstr(text, "result"));
    grade_free(grade);
}

static void a_picture_moves_no_terminal(void **state)
{
    struct grade *grade = grade_drawn();
    g_autofree char *text = text_of(grade, false);
    (void)state;
    assert_null(strchr(text, '\033'));
    assert_null(strstr(text, "\xc2\x9b"));
    assert_null(strstr(text, "\u202e"));
    assert_non_null(strstr(text, "?[2J ?1m ?\n"));
    grade_free(grade);
}

static void colours_are_for_terminals(void **state)
{
    struct grade *grade = grade_with(WRONG);
    g_autofree char *text = text_of(grade, true);
    (void)state;
    assert_non_null(strstr(text, "\033[31mWRONG\033[0m"));
    assert_non_null(strstr(text, "\033[32mPASS \033[0m"));
    grade_free(grade);
}

/* ---- For machines. ---- */

static void json_can_be_read_back(void **state)
{
    g_autoptr(GPtrArray) grades = g_ptr_array_new_with_free_func(grade_free);
    (void)state;
    g_ptr_array_add(grades, grade_with(CRASH));
    g_autofree char *text = report_json(grades);
    g_autoptr(JsonParser) parser = json_parser_new();
    assert_true(json_parser_load_from_data(parser, text, -1, NULL));
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    assert_int_equal(json_object_get_int_member(root, "score"), 14);
    assert_int_equal(json_object_get_int_member(root, "max_score"), 21);
    JsonArray *tests = json_object_get_array_member(root, "tests");
    assert_int_equal(json_array_get_length(tests), RULES);
    JsonObject *second = json_array_get_object_element(tests, 1);
    assert_string_equal(json_object_get_string_member(second, "verdict"),
                        "CRASH");
    assert_string_equal(json_object_get_string_member(second, "seed"),
                        "0x5eed17");
    assert_string_equal(json_object_get_string_member(second, "status"),
                        "failed");
}

static void machines_get_the_picture_too(void **state)
{
    g_autoptr(GPtrArray) grades = g_ptr_array_new_with_free_func(grade_free);
    (void)state;
    g_ptr_array_add(grades, grade_drawn());
    g_autofree char *json = report_json(grades);
    g_autofree char *junit = report_junit(grades);
    assert_non_null(strstr(json, "\\n│──"));
    assert_non_null(strstr(junit, "\n│──"));
}

static void junit_is_well_formed(void **state)
{
    static const GMarkupParser nothing;
    g_autoptr(GPtrArray) grades = g_ptr_array_new_with_free_func(grade_free);
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&nothing, 0, NULL, NULL);
    (void)state;
    g_ptr_array_add(grades, grade_with(HANG));
    g_autofree char *text = report_junit(grades);
    assert_true(g_markup_parse_context_parse(context, text, -1, NULL));
    assert_true(g_markup_parse_context_end_parse(context, NULL));
    assert_non_null(strstr(text, "tests=\"3\" failures=\"1\""));
    assert_non_null(strstr(text, "<failure type=\"HANG\">"));
    assert_null(strchr(text, '\x01'));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_failure_has_at_most_40_lines_of_80_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            it_is_told_in_an_order_that_never_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(warnings_are_three_and_no_failure,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_picture_has_24_rows_of_80_columns,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_picture_moves_no_terminal, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(colours_are_for_terminals, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(machines_get_the_picture_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(json_can_be_read_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(junit_is_well_formed, set_up,
                                        tear_down),
    };
    return test_run(argc, argv, tests);
}

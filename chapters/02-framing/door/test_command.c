/* One command: its name, its numbers, and what is said of wrong ones. */
#include "02-framing/door/command.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <string.h>

static struct word word_of(const char *text)
{
    return (struct word){text, strlen(text)};
}

static void a_name_is_read_in_any_case_and_whole(void **state)
{
    (void)state;
    assert_true(word_is(word_of("get"), "GET"));
    assert_true(word_is(word_of("GeT"), "GET"));
    assert_false(word_is(word_of("GETS"), "GET"));
    assert_false(word_is(word_of("GE"), "GET"));
    assert_false(word_is(word_of(""), "GET"));
    assert_true(word_is(word_of(""), ""));
    assert_false(word_is((struct word){"G\0T", 3}, "GET"));
    assert_false(word_is((struct word){"GET\0", 4}, "GET"));
    assert_true(word_is((struct word){"GETS", 3}, "GET"));
}

static void a_number_has_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t number;
    } all[] = {{"0", 0},
               {"7", 7},
               {"-1", -1},
               {"1234567890", 1234567890},
               {"1000000000000000000", 1000000000000000000},
               {"9223372036854775807", INT64_MAX},
               {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        int64_t number = 99;
        assert_true(word_number(word_of(all[i].text), &number));
        assert_int_equal(number, all[i].number);
    }
}

static void what_is_written_otherwise_is_no_number(void **state)
{
    (void)state;
    static const char *const all[] = {"",
                                      "-",
                                      "+1",
                                      "-0",
                                      "00",
                                      "01",
                                      "-01",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "x",
                                      "1.0",
                                      "1e3",
                                      "--1",
                                      "0x1",
                                      "-+1",
                                      "/",
                                      ":",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "9999999999999999999",
                                      "18446744073709551616",
                                      "18446744073709551617",
                                      "100000000000000000000"};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        int64_t number;
        assert_false(word_number(word_of(all[i]), &number));
    }
    int64_t number;
    assert_false(word_number((struct word){"1\0", 2}, &number));
}

/* Does resp.h take it for a number? */
static bool parser_takes(struct word word, int64_t *number)
{
    g_autoptr(GString) line = g_string_new(":");
    g_string_append_len(line, word.data, (gssize)word.size);
    g_string_append(line, "\r\n");
    struct resp *resp = resp_new((struct resp_limits){0});
    bool takes = resp_parse(resp, (const uint8_t *)line->str, line->len) ==
                 (ssize_t)line->len;
    if (takes)
        *number = resp_items(resp)[0].number;
    resp_free(resp);
    return takes;
}

static void words_and_lines_have_the_same_numbers(void **state)
{
    (void)state;
    static const char bytes[] = "0123456789-+ 9";
    unsigned numbers = 0;
    for_each_seed (seed, 3000) {
        struct dice dice = dice_at(seed, 0, 0);
        char text[22];
        struct word word = {text, dice_between(&dice, 0, sizeof text)};
        uint64_t kinds = dice_between(&dice, 10, sizeof bytes - 1);
        for (size_t i = 0; i < word.size; i++)
            text[i] = bytes[dice_roll(&dice) % kinds];
        if (word.size > 0 && dice_roll(&dice) % 3 == 0)
            text[0] = '-';
        int64_t number = 0, wanted = 0;
        bool takes = word_number(word, &number);
        assert_int_equal(takes, parser_takes(word, &wanted));
        if (takes)
            assert_int_equal(number, wanted);
        numbers += takes;
    }
    assert_true(numbers > 0);
}

/* What is put for a command of one word. Returns new. */
static char *error_for(void (*put)(struct wire_writer *,
                                   const struct command *),
                       struct word word)
{
    struct wire_writer out = {.most = SIZE_MAX};
    put(&out, &(struct command){.count = 1, .words = &word});
    char *text = g_strndup((const char *)out.data, out.size);
    wire_clear(&out);
    return text;
}

static void an_error_names_the_command(void **state)
{
    (void)state;
    g_autofree char *unknown = error_for(put_unknown, word_of("Gett"));
    g_autofree char *wrong = error_for(put_wrong_count, word_of("Get"));
    assert_string_equal(unknown, "-ERR unknown command 'Gett'\r\n");
    assert_string_equal(wrong,
                        "-ERR wrong number of arguments for 'get' command\r\n");
}

static void an_error_is_one_short_line_that_prints(void **state)
{
    (void)state;
    g_autofree char *strange =
        error_for(put_unknown, (struct word){"a\r\n%s\x1b\xff\0z", 9});
    assert_string_equal(strange, "-ERR unknown command 'a?"
                                 "?%s?"
                                 "?'\r\n");
    g_autofree char *name = g_strnfill(100000, 'x');
    g_autofree char *text = error_for(put_unknown, word_of(name));
    assert_int_equal(strlen(text), 64 + strlen("-ERR unknown command ''\r\n"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_read_in_any_case_and_whole),
        cmocka_unit_test(a_number_has_one_form),
        cmocka_unit_test(what_is_written_otherwise_is_no_number),
        cmocka_unit_test(words_and_lines_have_the_same_numbers),
        cmocka_unit_test(an_error_names_the_command),
        cmocka_unit_test(an_error_is_one_short_line_that_prints),
    };
    return test_run(argc, argv, tests);
}

#include "02-framing/test_resp.h"
#include "common/course/allocated.h"
#include "common/world/dice.h"

enum { KIB = 1024 };

/* ---- Values. ---- */

/* Of two sessions: what clients send, and what they are answered. */
static const struct resp_sample requests[] = {
    SAMPLE("*1\r\n$4\r\nPING\r\n", "*1 $PING"),
    SAMPLE("PING\r\n", "*1 $PING"),
    SAMPLE("*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$4\r\nsave\r\n",
           "*3 $CONFIG $GET $save"),
    SAMPLE("*3\r\n$3\r\nSET\r\n$10\r\nkey:000001\r\n$0\r\n\r\n",
           "*3 $SET $key:000001 $"),
    SAMPLE("*0\r\n", "*0"),
    SAMPLE("\r\n", "*0"),
    SAMPLE("*2\r\n$4\r\nECHO\r\n$6\r\na\r\nb\r\n\r\n",
           "*2 $ECHO $a\\r\\nb\\r\\n"),
    SAMPLE("SET key 5\n", "*3 $SET $key $5"),
    SAMPLE("\n", "*0"),
    SAMPLE("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n", "*2 $HELLO $3"),
};
static const struct resp_sample answers[] = {
    SAMPLE("+PONG\r\n", "+PONG"),
    SAMPLE("*2\r\n$4\r\nsave\r\n$0\r\n\r\n", "*2 $save $"),
    SAMPLE("-ERR unknown command 'X'\r\n", "-ERR unknown command 'X'"),
    SAMPLE(":42\r\n", ":42"),
    SAMPLE("$-1\r\n", "_"),
    SAMPLE("$6\r\na\r\nb\r\n\r\n", "$a\\r\\nb\\r\\n"),
    SAMPLE("*2\r\n*1\r\n:1\r\n*2\r\n$-1\r\n+a\r\n", "*2 *1 :1 *2 _ +a"),
    SAMPLE("%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n+proto\r\n:3\r\n",
           "%4 $server $redis +proto :3"),
    SAMPLE("_\r\n", "_"),
    SAMPLE(">2\r\n+message\r\n#t\r\n", ">2 +message #1"),
};

static void every_type_is_read(void)
{
    static const struct resp_sample samples[] = {
        SAMPLE("+OK\r\n", "+OK"),
        SAMPLE("+\r\n", "+"),
        SAMPLE("-ERR no\r\n", "-ERR no"),
        SAMPLE(":0\r\n", ":0"),
        SAMPLE("$3\r\nGET\r\n", "$GET"),
        SAMPLE("*1\r\n:7\r\n", "*1 :7"),
        SAMPLE("_\r\n", "_"),
        SAMPLE("#t\r\n", "#1"),
        SAMPLE("#f\r\n", "#0"),
        SAMPLE(",1.5e3\r\n", ",1.5e3"),
        SAMPLE("(123456789012345678901234567890\r\n",
               "(123456789012345678901234567890"),
        SAMPLE("!5\r\nERR x\r\n", "!ERR x"),
        SAMPLE("=6\r\ntxt:ab\r\n", "=txt:ab"),
        SAMPLE("%1\r\n+a\r\n:1\r\n", "%2 +a :1"),
        SAMPLE("~1\r\n+a\r\n", "~1 +a"),
        SAMPLE(">1\r\n+a\r\n", ">1 +a"),
        SAMPLE("PING\r\n", NULL),
        SAMPLE("\r\n", NULL),
        SAMPLE("|1\r\n", NULL),
        SAMPLE("$?\r\n", NULL),
        SAMPLE("#x\r\n", NULL),
        SAMPLE("_0\r\n", NULL),
    };
    EACH(replies, samples);
}

/* Values of one of the sessions, in any order, in pieces of any size. */
static void expect_any_pieces(uint64_t seed)
{
    struct dice dice = dice_at(seed, 2, 3);
    bool asks = seed & 1;
    struct resp_sample row[30];
    size_t size = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(row); i++) {
        row[i] = asks ? requests[dice_roll(&dice) % G_N_ELEMENTS(requests)]
                      : answers[dice_roll(&dice) % G_N_ELEMENTS(answers)];
        size += row[i].size;
    }
    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof size);
    uint64_t most = (uint64_t)1 << dice_between(&dice, 1, 7);
    for (size_t end = 0; end < size; end += dice_between(&dice, 0, most))
        g_array_append_val(ends, end);
    expect_pieces(asks ? commands : replies, row, G_N_ELEMENTS(row), ends);
}

static void in_any_pieces_the_values_are_the_same(void)
{
    ROW(commands, requests);
    ROW(replies, answers);
    for_each_seed (seed, 100)
        expect_any_pieces(seed);
}

static void a_line_ends_with_cr_lf_in_one_piece_or_two(void)
{
    static const struct resp_sample whole[] = {SAMPLE("+OK\r\n", "+OK"),
                                               SAMPLE(":1\r\n", ":1"),
                                               SAMPLE("$1\r\na\r\n", "$a")};
    static const struct resp_sample samples[] = {
        SAMPLE("+OK\n", NULL),     SAMPLE("+O\rK\r\n", NULL),
        SAMPLE("+O\nK\r\n", NULL), SAMPLE("+OK\r\r\n", NULL),
        SAMPLE(":1\n", NULL),      SAMPLE("*1\n:1\r\n", NULL),
        SAMPLE("$1\na\r\n", NULL), SAMPLE("*0\n\r", NULL),
    };
    ROW(replies, whole);
    EACH(replies, samples);
}

static void a_string_is_as_many_bytes_as_its_line_says(void)
{
    static const struct resp_sample whole[] = {
        SAMPLE("$5\r\n\r\n\0\r\n\r\n", "$\\r\\n\\x00\\r\\n"),
        SAMPLE("$5\r\n$1\r\na\r\n", "$$1\\r\\na"),
        SAMPLE("$0\r\n\r\n", "$"),
        SAMPLE("!2\r\n\n\r\r\n", "!\\n\\r"),
        SAMPLE("=5\r\ntxt:\xff\r\n", "=txt:\\xff"),
    };
    static const struct resp_sample samples[] = {
        SAMPLE("$1\r\nab\r\n", NULL),  SAMPLE("$1\r\na\n\n", NULL),
        SAMPLE("$1\r\na\r\r\n", NULL), SAMPLE("$2\r\na\r\n\r\n", NULL),
        SAMPLE("$0\r\n:1\r\n", NULL),  SAMPLE("!1\r\nabc\r\n", NULL),
        SAMPLE("=1\r\nabc\r\n", NULL),
    };
    ROW(replies, whole);
    EACH(replies, samples);
}

static void an_aggregate_is_followed_by_all_that_is_in_it(void)
{
    static const struct resp_sample whole[] = {
        SAMPLE("*0\r\n", "*0"),
        SAMPLE("*-1\r\n", "_"),
        SAMPLE("*3\r\n*0\r\n*-1\r\n$-1\r\n", "*3 *0 _ _"),
        SAMPLE("%2\r\n:1\r\n*2\r\n:2\r\n:3\r\n:4\r\n%1\r\n:5\r\n:6\r\n",
               "%4 :1 *2 :2 :3 :4 %2 :5 :6"),
        SAMPLE("%0\r\n", "%0"),
        SAMPLE("*2\r\n~1\r\n>1\r\n*0\r\n:9\r\n", "*2 ~1 >1 *0 :9"),
        SAMPLE("*1\r\n*1\r\n*1\r\n*1\r\n_\r\n", "*1 *1 *1 *1 _"),
    };
    ROW(replies, whole);
}

/* ---- Commands. ---- */

static void a_command_is_an_array_of_strings(void)
{
    static const struct resp_sample samples[] = {
        SAMPLE("*1\r\n$4\r\nPING\r\n", "*1 $PING"),
        SAMPLE("*0\r\n", "*0"),
        SAMPLE("*-1\r\n", "*0"),
        SAMPLE("*1\r\n:1\r\n", NULL),
        SAMPLE("*1\r\n+OK\r\n", NULL),
        SAMPLE("*1\r\n$-1\r\n", NULL),
        SAMPLE("*1\r\n*0\r\n", NULL),
        SAMPLE("*2\r\n$1\r\na\r\n*1\r\n$1\r\na\r\n", NULL),
        SAMPLE("*1\r\nPING\r\n", NULL),
        SAMPLE("*1\r\n\r\n", NULL),
        SAMPLE("*-2\r\n", NULL),
        SAMPLE("*1\r\n$1\na\r\n", NULL),
        SAMPLE("*1\n$1\r\na\r\n", NULL),
    };
    EACH(commands, samples);
}

static void an_inline_command_is_words_between_blanks(void)
{
    static const struct resp_sample whole[] = {
        SAMPLE("PING\r\n", "*1 $PING"),
        SAMPLE("PING\n", "*1 $PING"),
        SAMPLE("  SET\tkey \t 5 \r\n", "*3 $SET $key $5"),
        SAMPLE(" \t \n", "*0"),
        SAMPLE("+OK\r\n", "*1 $+OK"),
        SAMPLE("$1 :2\r\n", "*2 $$1 $:2"),
        SAMPLE("ECHO *1\r\n", "*2 $ECHO $*1"),
        SAMPLE("\n", "*0"),
    };
    static const struct resp_sample samples[] = {
        SAMPLE("SET key \"a b\"\r\n", NULL),
        SAMPLE("SET key 'a'\n", NULL),
    };
    ROW(commands, whole);
    EACH(commands, samples);
}

/* ---- Numbers. ---- */

static const char *const no_numbers[] = {
    "",
    "1x",
    "x",
    "+1",
    "01",
    "00",
    "-0",
    "-01",
    " 1",
    "1 ",
    "1.0",
    "-",
    "--1",
    "0x1",
    "1e3",
    "99999999999999999999",
    "18446744073709551616",
    "18446744073709551617",
    "9223372036854775808",
    "-9223372036854775809",
};

static void a_number_has_one_form(void)
{
    static const struct resp_sample samples[] = {
        SAMPLE(":0\r\n", ":0"),
        SAMPLE(":-1\r\n", ":-1"),
        SAMPLE(":1000\r\n", ":1000"),
        SAMPLE(":-10\r\n", ":-10"),
        SAMPLE(":9223372036854775807\r\n", ":9223372036854775807"),
        SAMPLE(":-9223372036854775808\r\n", ":-9223372036854775808"),
        SAMPLE("$10\r\n0123456789\r\n", "$0123456789"),
    };
    EACH(replies, samples);
    for (size_t i = 0; i < G_N_ELEMENTS(no_numbers); i++)
        for (const char *type = ":$*%"; *type; type++) {
            g_autofree char *bytes =
                g_strdup_printf("%c%s\r\n", *type, no_numbers[i]);
            expect_refused(replies, bytes);
        }
}

static void a_wrong_length_is_refused_with_its_line(void)
{
    static const char *const lengths[] = {
        "-2",         "-9223372036854775808", "2147483648", "4294967296",
        "4294967298", "9223372036854775807",  "-2147483648"};
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
        for (const char *type = "$!=*%~>"; *type; type++) {
            g_autofree char *line =
                g_strdup_printf("%c%s\r\n", *type, lengths[i]);
            g_autofree char *within = g_strconcat("*2\r\n", line, NULL);
            expect_refused(replies, line);
            expect_refused(replies, within);
            if (*type == '*' || *type == '$')
                expect_refused(commands, *type == '*' ? line : within);
        }
    for (const char *type = "!=%~>"; *type; type++)
        expect_refused(replies, (char[]){*type, '-', '1', '\r', '\n', 0});
}

/* ---- Limits. ---- */

static void as_much_as_the_limits_say_and_no_more(void)
{
    struct resp_limits few = {.bulk = 5, .items = 4, .depth = 2};
    struct resp_limits words = {.commands = true, .items = 4, .bulk = 5};
    static const struct resp_sample samples[] = {
        SAMPLE("$5\r\nabcde\r\n", "$abcde"),
        SAMPLE("$6\r\n", NULL),
        SAMPLE("=6\r\n", NULL),
        SAMPLE("*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "*4 :1 :2 :3 :4"),
        SAMPLE("*5\r\n", NULL),
        SAMPLE("%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "%4 :1 :2 :3 :4"),
        SAMPLE("%3\r\n", NULL),
        SAMPLE("*2\r\n*2\r\n:1\r\n:2\r\n:3\r\n", "*2 *2 :1 :2 :3"),
        SAMPLE("*2\r\n*3\r\n:1\r\n:2\r\n:3\r\n:4\r\n", NULL),
        SAMPLE("*3\r\n*1\r\n:1\r\n*1\r\n:1\r\n:1\r\n", NULL),
        SAMPLE("*1\r\n%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n", NULL),
    };
    static const struct resp_sample typed[] = {
        SAMPLE("a b c d\r\n", "*4 $a $b $c $d"),
        SAMPLE("a b c d e\r\n", NULL),
        SAMPLE("abcde abcde\r\n", "*2 $abcde $abcde"),
        SAMPLE("a abcdef\r\n", NULL),
        SAMPLE("*5\r\n", NULL),
        SAMPLE("*1\r\n$6\r\n", NULL),
    };
    EACH(few, samples);
    EACH(words, typed);
    expect_more(replies, "$536870912\r\n");
    expect_refused(replies, "$536870913\r\n");
    expect_more(replies, "*1048576\r\n");
    expect_refused(replies, "*1048577\r\n");
    expect_more(replies, "%524288\r\n");
    expect_refused(replies, "%524289\r\n");
}

/* @p count times @p text. Returns new. */
static char *repeat(const char *text, size_t count)
{
    GString *all = g_string_new(NULL);
    for (size_t i = 0; i < count; i++)
        g_string_append(all, text);
    return g_string_free(all, FALSE);
}

static void nesting_ends_at_its_limit(void)
{
    for (const char *type = "*%~>"; *type; type++) {
        g_autofree char *deep =
            repeat((char[]){*type, '1', '\r', '\n', 0}, 200000);
        struct resp *resp = resp_new(replies);
        expect_equal("of 200,000 aggregates within each other, resp_parse "
                     "returns",
                     resp_parse(resp, (const uint8_t *)deep, strlen(deep)), -1);
        resp_free(resp);
    }
    for (unsigned depth = 1; depth <= 64; depth++) {
        struct resp_limits limits = {.depth = depth};
        g_autofree char *open = repeat("*1\r\n", depth - 1);
        g_autofree char *items = repeat("*1 ", depth - 1);
        g_autofree char *most = g_strconcat(open, "*1\r\n:5\r\n", NULL);
        g_autofree char *given = g_strconcat(items, "*1 :5", NULL);
        g_autofree char *more = g_strconcat(open, "*1\r\n*1\r\n:5\r\n", NULL);
        g_autofree char *none = g_strconcat(open, "*1\r\n*0\r\n", NULL);
        expect_each(limits, &(struct resp_sample){most, strlen(most), given},
                    1);
        expect_refused(limits, more);
        expect_refused(limits, none);
        if (depth == 9)
            expect_each(replies,
                        &(struct resp_sample){most, strlen(most), given}, 1);
        if (depth == 9)
            expect_refused(replies, more);
    }
}

static void a_line_is_too_long_as_soon_as_it_is(void)
{
    for (int typed = 0; typed < 2; typed++) {
        g_autofree char *line = g_strnfill(RESP_LINE + 3, 'x');
        const uint8_t *data = (uint8_t *)line;
        line[0] = '+';
        memcpy(line + RESP_LINE + 1, "\r\n", 2);
        struct resp *resp = resp_new(typed ? commands : replies);
        expect_equal("of a line of 65537 bytes and CR LF, resp_parse returns",
                     resp_parse(resp, data, RESP_LINE + 3), -1);
        resp_free(resp);
        resp = resp_new(typed ? commands : replies);
        expect_equal("of a line of 65536 bytes without its end, resp_parse "
                     "returns",
                     resp_parse(resp, data, RESP_LINE), 0);
        line[RESP_LINE] = '\r';
        expect_equal("of such a line and CR, resp_parse returns",
                     resp_parse(resp, data, RESP_LINE + 1), 0);
        line[RESP_LINE + 1] = '\n';
        expect_equal("of such a line and CR LF, resp_parse returns",
                     resp_parse(resp, data, RESP_LINE + 2), RESP_LINE + 2);
        line[RESP_LINE] = line[RESP_LINE + 1] = 'x';
        expect_equal("of a line of 65537 bytes without its end, resp_parse "
                     "returns",
                     resp_parse(resp, data, RESP_LINE + 1), -1);
        resp_free(resp);
    }
}

static void memory_is_taken_for_what_came(void)
{
    static const char *const promises[] = {
        "*1000000\r\n",   "%500000\r\n",    "$500000000\r\n",
        "!500000000\r\n", "~1000000\r\n:1", "*2\r\n*1000000\r\n:1\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(promises); i++) {
        struct resp *resp = resp_new(replies);
        const uint8_t *data = (const uint8_t *)promises[i];
        size_t before = allocated_bytes(), after;
        ssize_t used = resp_parse(resp, data, strlen(promises[i]));
        after = allocated_bytes();
        expect_equal("of a value that is not all there, resp_parse returns",
                     used, 0);
        expect_that(after <= before + 64 * KIB,
                    "at most 64 KiB of memory for a dozen bytes, whatever they "
                    "promise",
                    "%zu KiB", (after - before) / KIB);
        resp_free(resp);
    }
}

static void after_an_error_there_is_nothing_but_errors(void)
{
    static const char *const wrong[] = {"x\r\n",   ":x\r\n",  "*-2\r\n",
                                        "$-2\r\n", "+a\n",    "*1\r\n:x\r\n",
                                        "_1\r\n",  "$0\r\nab"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct resp *resp = resp_new(replies);
        for (int times = 0; times < 3; times++)
            expect_equal(
                "of what is no RESP, resp_parse returns",
                resp_parse(resp, (const uint8_t *)wrong[i], strlen(wrong[i])),
                -1);
        for (int times = 0; times < 3; times++)
            expect_equal("after an error resp_parse returns",
                         resp_parse(resp, (const uint8_t *)"+OK\r\n", 5), -1);
        expect_equal("after an error, without a byte, resp_parse returns",
                     resp_parse(resp, (const uint8_t *)"", 0), -1);
        expect_that(resp_error(resp) != NULL, "a phrase from resp_error",
                    "NULL");
        resp_free(resp);
    }
}

/* ---- In one pass. ---- */

/* Byte by byte, the bytes in one place. */
static void expect_dribbled(struct resp_limits limits, const char *bytes,
                            size_t count)
{
    struct resp *resp = resp_new(limits);
    size_t size = strlen(bytes);
    ssize_t used = 0;
    for (size_t end = 1; end <= size && used == 0; end++)
        used = resp_parse(resp, (const uint8_t *)bytes, end);
    expect_equal("of a value that comes byte by byte, resp_parse returns", used,
                 size);
    expect_equal("resp_count returns", resp_count(resp), count);
    resp_free(resp);
}

static void what_was_read_is_not_read_again(void)
{
    g_autofree char *line = g_strnfill(RESP_LINE, 'x');
    g_autofree char *text = g_strdup_printf("+%s\r\n", line + 1);
    g_autofree char *typed = g_strdup_printf("%s\r\n", line);
    g_autofree char *string = g_strdup_printf("$%d\r\n%s\r\n", RESP_LINE, line);
    g_autofree char *numbers = repeat(":1\r\n", 50000);
    g_autofree char *array = g_strdup_printf("*50000\r\n%s", numbers);
    g_autofree char *words = repeat("$1\r\na\r\n", 50000);
    g_autofree char *command = g_strdup_printf("*50000\r\n%s", words);
    for (int times = 0; times < 3; times++) {
        expect_dribbled(replies, text, 1);
        expect_dribbled(commands, typed, 2);
        expect_dribbled(replies, string, 1);
    }
    expect_dribbled(replies, array, 50001);
    expect_dribbled(commands, command, 50001);
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(every_type_is_read),
        GRADED(in_any_pieces_the_values_are_the_same),
        GRADED(a_line_ends_with_cr_lf_in_one_piece_or_two),
        GRADED(a_string_is_as_many_bytes_as_its_line_says),
        GRADED(an_aggregate_is_followed_by_all_that_is_in_it),
        GRADED(a_command_is_an_array_of_strings),
        GRADED(an_inline_command_is_words_between_blanks),
        GRADED(a_number_has_one_form),
        GRADED(a_wrong_length_is_refused_with_its_line),
        GRADED(as_much_as_the_limits_say_and_no_more),
        GRADED(nesting_ends_at_its_limit),
        GRADED(a_line_is_too_long_as_soon_as_it_is),
        GRADED(memory_is_taken_for_what_came),
        GRADED(after_an_error_there_is_nothing_but_errors),
        GRADED(what_was_read_is_not_read_again),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

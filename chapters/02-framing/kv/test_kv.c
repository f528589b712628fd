/* Each command of kv, used rightly and wrongly. The replies that stand here are
 * those of Redis 7.0, but where a line says otherwise. */
#include "02-framing/kv/table.h"
#include "02-framing/kv/test_lines.h"

#define OVERFLOWS "-ERR increment or decrement would overflow"
#define FULL      "-OOM command not allowed when used memory > 'maxmemory'."

/* ---- Setting and getting. ---- */

static void get_and_set(void **state)
{
    static const struct asked_line lines[] = {
        {"GET a", "$-1"},          {"SET a 1", "+OK"},
        {"GET a", "$1 1"},         {"set a 'two words'", "+OK"},
        {"gEt a", "$9 two words"}, {"SET a ''", "+OK"},
        {"GET a", "$0"},           {"SET '' x", "+OK"},
        {"GET ''", "$1 x"},
    };
    (void)state;
    play(lines);
}

static void set_if_it_is_there_or_not(void **state)
{
    static const struct asked_line lines[] = {
        {"SET a 1 XX", "$-1"},      {"GET a", "$-1"},
        {"SET a 1 NX", "+OK"},      {"SET a 2 nx", "$-1"},
        {"GET a", "$1 1"},          {"SET a 3 xx", "+OK"},
        {"GET a", "$1 3"},          {"SET a 4 GET", "$1 3"},
        {"SET b 5 GET", "$-1"},     {"GET b", "$1 5"},
        {"SET b 6 NX GET", "$1 5"}, {"GET b", "$1 5"},
        {"SET c 7 XX GET", "$-1"},  {"EXISTS c", ":0"},
        {"SET c 7 NX GET", "$-1"},  {"GET c", "$1 7"},
        {"SET a 1 NX XX", SYNTAX},  {"SET a 1 XX NX", SYNTAX},
        {"SET a 1 or so", SYNTAX},  {"SET a 1 ''", SYNTAX},
        {"GET a", "$1 4"},
    };
    (void)state;
    play(lines);
}

static void the_older_ways_to_set(void **state)
{
    static const struct asked_line lines[] = {
        {"SETNX a 1", ":1"},
        {"SETNX a 2", ":0"},
        {"GET a", "$1 1"},
        {"SETEX a 10 3", "+OK"},
        {"TTL a", ":10"},
        {"SETEX a 0 4", BAD_TIME("setex")},
        {"SETEX a ten 4", NO_INTEGER},
        {"PSETEX a 5000 4", "+OK"},
        {"TTL a", ":5"},
        {"PSETEX a -1 5", BAD_TIME("psetex")},
        {"GETSET a 6", "$1 4"},
        {"TTL a", ":-1"},
        {"GETSET b 7", "$-1"},
        {"GETDEL b", "$1 7"},
        {"GETDEL b", "$-1"},
        {"GET a", "$1 6"},
    };
    (void)state;
    play(lines);
}

static void many_at_a_time(void **state)
{
    static const struct asked_line lines[] = {
        {"MSET a 1 b 2 a 3", "+OK"},
        {"MGET a b none a", "*4 $1 3 $1 2 $-1 $1 3"},
        {"GET a", "$1 3"},
        {"EXPIRE a 10", ":1"},
        {"MSET a 4", "+OK"},
        {"TTL a", ":-1"},
        {"EXISTS a b none a", ":3"},
        {"DEL a none a", ":1"},
        {"UNLINK b a", ":1"},
        {"EXISTS a b", ":0"},
    };
    (void)state;
    play(lines);
}

/* ---- Numbers. ---- */

static void numbers_go_up_and_down(void **state)
{
    static const struct asked_line lines[] = {
        {"INCR n", ":1"},
        {"INCR n", ":2"},
        {"GET n", "$1 2"},
        {"INCRBY n 40", ":42"},
        {"INCRBY n -50", ":-8"},
        {"DECR n", ":-9"},
        {"DECRBY n 1", ":-10"},
        {"DECRBY n -110", ":100"},
        {"DECR m", ":-1"},
        {"EXPIRE n 10", ":1"},
        {"INCR n", ":101"},
        {"TTL n", ":10"},
        {"INCRBY n 1.5", NO_INTEGER},
        {"DECRBY n x", NO_INTEGER},
        {"GET n", "$3 101"},
    };
    (void)state;
    play(lines);
}

static void numbers_end_somewhere(void **state)
{
    static const struct asked_line lines[] = {
        {"SET n 9223372036854775806", "+OK"},
        {"INCR n", ":9223372036854775807"},
        {"INCR n", OVERFLOWS},
        {"GET n", "$19 9223372036854775807"},
        {"DECRBY n -1", OVERFLOWS},
        {"SET n -9223372036854775807", "+OK"},
        {"DECR n", ":-9223372036854775808"},
        {"DECR n", OVERFLOWS},
        {"INCRBY n 9223372036854775807", ":-1"},
        {"INCRBY n -9223372036854775808", OVERFLOWS},
        {"DECRBY n -9223372036854775808", "-ERR decrement would overflow"},
        {"INCRBY n 9223372036854775808", NO_INTEGER},
        {"GET n", "$2 -1"},
    };
    (void)state;
    play(lines);
}

static void what_is_no_number_is_not_counted_up(void **state)
{
    static const char *const none[] = {"''",
                                       "' 1'",
                                       "'1 '",
                                       "01",
                                       "-0",
                                       "+1",
                                       "1.0",
                                       "1e3",
                                       "-",
                                       "9223372036854775808",
                                       "99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        g_autofree char *set = g_strconcat("SET n ", none[i], NULL);
        expect(set, "+OK");
        expect("INCR n", NO_INTEGER);
    }
}

/* ---- Strings. ---- */

static void strings_grow(void **state)
{
    static const struct asked_line lines[] = {
        {"APPEND a one", ":3"},  {"APPEND a ''", ":3"}, {"APPEND a ,two", ":7"},
        {"GET a", "$7 one,two"}, {"STRLEN a", ":7"},    {"STRLEN none", ":0"},
        {"EXPIRE a 10", ":1"},   {"APPEND a !", ":8"},  {"TTL a", ":10"},
        {"APPEND b ''", ":0"},   {"EXISTS b", ":1"},    {"TYPE a", "+string"},
        {"TYPE none", "+none"},
    };
    (void)state;
    play(lines);
}

/* ---- All keys. ---- */

static void keys_are_counted_and_all_removed(void **state)
{
    static const struct asked_line lines[] = {
        {"DBSIZE", ":0"},         {"MSET a 1 b 2", "+OK"},
        {"DBSIZE", ":2"},         {"FLUSHALL a", SYNTAX},
        {"DBSIZE", ":2"},         {"FLUSHALL", "+OK"},
        {"DBSIZE", ":0"},         {"SET a 1 EX 10", "+OK"},
        {"FLUSHDB ASYNC", "+OK"}, {"GET a", "$-1"},
        {"SET a 1", "+OK"},       {"flushall sync", "+OK"},
        {"DBSIZE", ":0"},
    };
    (void)state;
    play(lines);
    expect("MSET a 1 b 2 c 3", "+OK");
    assert_int_equal(kv_count(kv), 3);
}

/* ---- Words. ---- */

/* The command @p name with so many words is refused. */
static void refuses(const char *name, size_t words)
{
    g_autoptr(GString) line = g_string_new(name);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    g_autofree char *error = g_strdup_printf(
        "-ERR wrong number of arguments for '%s' command", lower);
    for (size_t i = 1; i < words; i++)
        g_string_append(line, " 1");
    expect(line->str, error);
}

static void each_command_has_its_number_of_words(void **state)
{
    static const struct {
        const char *name;
        size_t least, most; /* The name included. */
    } commands[] = {{"GET", 2, 2},     {"SET", 3, 0},    {"INCR", 2, 2},
                    {"DEL", 2, 0},     {"INCRBY", 3, 3}, {"DECR", 2, 2},
                    {"DECRBY", 3, 3},  {"EXISTS", 2, 0}, {"EXPIRE", 3, 0},
                    {"PEXPIRE", 3, 0}, {"TTL", 2, 2},    {"PTTL", 2, 2},
                    {"PERSIST", 2, 2}, {"APPEND", 3, 3}, {"MGET", 2, 0},
                    {"MSET", 3, 0},    {"SETNX", 3, 3},  {"SETEX", 4, 4},
                    {"PSETEX", 4, 4},  {"GETSET", 3, 3}, {"GETDEL", 2, 2},
                    {"STRLEN", 2, 2},  {"TYPE", 2, 2},   {"UNLINK", 2, 0},
                    {"DBSIZE", 1, 1}};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        for (size_t words = 1; words < commands[i].least; words++)
            refuses(commands[i].name, words);
        if (commands[i].most > 0)
            refuses(commands[i].name, commands[i].most + 1);
    }
    refuses("MSET", 4);
    expect("DBSIZE", ":0");
}

/* ---- The other protocol. ---- */

static void what_is_not_there_is_another_nothing_in_resp3(void **state)
{
    static const struct asked_line lines[] = {
        {"SET a 1", "+OK"},
        {"GET none", "_"},
        {"MGET a none", "*2 $1 1 _"},
        {"SET a 2 NX", "_"},
        {"SET none 2 XX", "_"},
        {"SET b 2 GET", "_"},
        {"GETSET c 3", "_"},
        {"GETDEL none", "_"},
        {"GET a", "$1 1"},
        {"TTL none", ":-2"},
        {"HELLO 4", "-NOPROTO unsupported protocol version"},
        {"GET none", "_"},
    };
    (void)state;
    g_autofree char *hello = ask("HELLO 3");
    assert_true(g_str_has_prefix(hello, "%7 "));
    play(lines);
    g_autofree char *again = ask("HELLO 2");
    assert_true(g_str_has_prefix(again, "*14 "));
    expect("GET none", "$-1");
}

/* ---- Around. ---- */

static void what_nobody_knows_is_said(void **state)
{
    (void)state;
    expect("FROB a", "-ERR unknown command 'FROB'"); /* Redis adds the words. */
    expect("PING", "+PONG");
    expect("GETT", "-ERR unknown command 'GETT'");
    expect("GE", "-ERR unknown command 'GE'");
}

static void a_transaction_is_served_in_one_go(void **state)
{
    static const struct asked_line lines[] = {
        {"MULTI", "+OK"},      {"INCR n", "+QUEUED"},     {"GET n", "+QUEUED"},
        {"INCR n", "+QUEUED"}, {"EXEC", "*3 :1 $1 1 :2"}, {"GET n", "$1 2"},
    };
    (void)state;
    play(lines);
}

static void tell(void *self, GString *text)
{
    g_string_append(text, self);
}

static void info_has_the_counts(void **state)
{
    char more[] = "more:42\r\n";
    (void)state;
    open_with((struct kv_settings){.info = tell, .self = more});
    expect("SET key value", "+OK");
    g_autofree char *text = ask("INFO");
    g_autofree char *used =
        g_strdup_printf("used_memory:%d ", TABLE_RECORD + 3 + 5);
    assert_non_null(strstr(text, " keys:1 "));
    assert_non_null(strstr(text, used));
    assert_non_null(strstr(text, " more:42"));
    close_kv(NULL);
}

/* ---- No room. ---- */

static void what_has_no_room_is_refused_and_nothing_lost(void **state)
{
    static const struct asked_line lines[] = {
        {"SET a 12 EX 10", "+OK"}, {"SET a 1234", FULL},
        {"SET a 1234 GET", FULL},  {"SET a 1234 KEEPTTL", FULL},
        {"SET b 1", FULL},         {"SETNX b 1", FULL},
        {"SETEX a 5 1234", FULL},  {"GETSET a 1234", FULL},
        {"APPEND a 34", FULL},     {"APPEND b 1", FULL},
        {"INCR b", FULL},          {"INCRBY a 1000", FULL},
        {"MSET b 1 c 2", FULL},    {"GET a", "$2 12"},
        {"TTL a", ":10"},          {"DBSIZE", ":1"},
        {"APPEND a 3", ":3"},      {"INCR a", ":124"},
        {"DEL a", ":1"},           {"SETNX b 123", ":1"},
    };
    (void)state;
    open_with((struct kv_settings){.most = TABLE_RECORD + 1 + 3});
    play(lines);
    close_kv(NULL);
}

/* Redis sets none of them. */
static void mset_sets_what_has_room(void **state)
{
    (void)state;
    open_with((struct kv_settings){.most = 2 * (TABLE_RECORD + 2)});
    expect("MSET a 1 b 2 c 3", FULL);
    expect("MGET a b c", "*3 $1 1 $1 2 $-1");
    close_kv(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        with_kv(get_and_set),
        with_kv(set_if_it_is_there_or_not),
        with_kv(the_older_ways_to_set),
        with_kv(many_at_a_time),
        with_kv(numbers_go_up_and_down),
        with_kv(numbers_end_somewhere),
        with_kv(what_is_no_number_is_not_counted_up),
        with_kv(strings_grow),
        with_kv(keys_are_counted_and_all_removed),
        with_kv(each_command_has_its_number_of_words),
        with_kv(what_is_not_there_is_another_nothing_in_resp3),
        with_kv(what_nobody_knows_is_said),
        with_kv(a_transaction_is_served_in_one_go),
        cmocka_unit_test(info_has_the_counts),
        cmocka_unit_test(what_has_no_room_is_refused_and_nothing_lost),
        cmocka_unit_test(mset_sets_what_has_room),
    };
    return test_run(argc, argv, tests);
}

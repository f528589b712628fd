/* How long keys live. The replies are those of Redis 7.0, but where a line says
 * otherwise. */
#include "02-framing/kv/test_lines.h"

static void set_for_a_while(void **state)
{
    static const struct asked_line lines[] = {
        {"SET a 1 EX 100", "+OK"},
        {"TTL a", ":100"},
        {"SET a 2 KEEPTTL", "+OK"},
        {"TTL a", ":100"},
        {"SET a 3", "+OK"},
        {"TTL a", ":-1"},
        {"SET a 4 PX 1500 NX", "$-1"},
        {"SET a 4 px 150 XX", "+OK"},
        {"140", NULL},
        {"GET a", "$1 4"},
        {"20", NULL},
        {"GET a", "$-1"},
        {"SET a 1 KEEPTTL", "+OK"},
        {"TTL a", ":-1"},
        {"SET a 1 EX 50 NX", "$-1"},
        {"TTL a", ":-1"},
    };
    (void)state;
    play(lines);
}

static void set_with_times_that_are_none(void **state)
{
    static const struct asked_line lines[] = {
        {"SET a 1 EX", SYNTAX},
        {"SET a 1 EX 10 PX 10", SYNTAX},
        {"SET a 1 EX 10 KEEPTTL", SYNTAX},
        {"SET a 1 KEEPTTL PX 10", SYNTAX},
        {"SET a 1 EX soon", NO_INTEGER},
        {"SET a 1 EX soon or later", SYNTAX},
        {"SET a 1 EX 1.5", NO_INTEGER},
        {"SET a 1 EX 9223372036854775808", NO_INTEGER},
        {"SET a 1 EX 0", BAD_TIME("set")},
        {"SET a 1 PX -1", BAD_TIME("set")},
        {"SET a 1 EX 9223372036854775807", BAD_TIME("set")},
        {"EXISTS a", ":0"},
    };
    (void)state;
    play(lines);
}

static void keys_live_as_long_as_they_are_told(void **state)
{
    static const struct asked_line lines[] = {
        {"TTL a", ":-2"},         {"PTTL a", ":-2"},   {"PERSIST a", ":0"},
        {"EXPIRE a 10", ":0"},    {"SET a 1", "+OK"},  {"TTL a", ":-1"},
        {"PTTL a", ":-1"},        {"PERSIST a", ":0"}, {"EXPIRE a 10", ":1"},
        {"TTL a", ":10"},         {"PERSIST a", ":1"}, {"TTL a", ":-1"},
        {"PEXPIRE a 1700", ":1"}, {"TTL a", ":2"},     {"300", NULL},
        {"TTL a", ":1"},          {"1380", NULL},      {"EXISTS a", ":1"},
        {"TTL a", ":0"},          {"30", NULL},        {"EXISTS a", ":0"},
        {"TTL a", ":-2"},         {"DBSIZE", ":0"},
    };
    (void)state;
    play(lines);
}

static void a_time_that_is_past_removes_at_once(void **state)
{
    static const struct asked_line lines[] = {
        {"MSET a 1 b 2 c 3", "+OK"}, {"EXPIRE a 0", ":1"},
        {"EXPIRE b -1", ":1"},       {"PEXPIRE c -9223372036854775808", ":1"},
        {"EXPIRE a 0", ":0"},        {"EXISTS a b c", ":0"},
    };
    (void)state;
    play(lines);
}

static void a_time_that_is_none_changes_nothing(void **state)
{
    static const struct asked_line lines[] = {
        {"SET a 1", "+OK"},
        {"EXPIRE a soon", NO_INTEGER},
        {"PEXPIRE a 1.5", NO_INTEGER},
        {"EXPIRE none soon", NO_INTEGER},
        {"EXPIRE a 9223372036854775807", BAD_TIME("expire")},
        {"EXPIRE none 9223372036854775807", BAD_TIME("expire")},
        {"PEXPIRE a 9223372036854775807", BAD_TIME("pexpire")},
        {"TTL a", ":-1"},
    };
    (void)state;
    play(lines);
}

static void milliseconds_are_told_and_seventy_years_are_kept(void **state)
{
    (void)state;
    expect("SET a 1 PX 1500", "+OK");
    tape_pass(tape, 200 * MSEC);
    expect("PTTL a", ":1300");
    expect("EXPIRE a 2400000000", BAD_TIME("expire")); /* Redis can. */
    expect("PTTL a", ":1300");
    expect("EXPIRE a 2207520000", ":1");
    expect("TTL a", ":2207520000");
    tape_pass(tape, 2207520000 * SEC - 1);
    expect("GET a", "$1 1");
    tape_pass(tape, 1);
    expect("GET a", "$-1");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        with_kv(set_for_a_while),
        with_kv(set_with_times_that_are_none),
        with_kv(keys_live_as_long_as_they_are_told),
        with_kv(a_time_that_is_past_removes_at_once),
        with_kv(a_time_that_is_none_changes_nothing),
        with_kv(milliseconds_are_told_and_seventy_years_are_kept),
    };
    return test_run(argc, argv, tests);
}

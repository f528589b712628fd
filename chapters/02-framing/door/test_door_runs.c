/*
 * What comes in by a door, and what goes out: runs of commands, one after the
 * other is answered; ends; and those who do not speak this language.
 */
#include "02-framing/door/test_door.h"
#include "common/course/allocated.h"

#define PING "*1\r\n$4\r\nPING\r\n"

static int open_default(void **state)
{
    (void)state;
    open_place((struct door_settings){0});
    return 0;
}

static int open_small(void **state)
{
    (void)state;
    open_place((struct door_settings){.most = 1000});
    return 0;
}

static int close_it(void **state)
{
    (void)state;
    close_place();
    return 0;
}

/* ---- Runs. ---- */

static void a_message_is_a_run_of_whole_commands(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, PING PING "*2\r\n$3\r\nGE");
    expect_heard("*1|$4|PING|*1|$4|PING|;");
    answer(service.last, ":1\r\n:2\r\n");
    tell(fd, "T\r\n$1\r\n");
    expect_heard("");
    tell(fd, "x\r\n" PING);
    expect_heard("*2|$3|GET|$1|x|*1|$4|PING|;");
    expect_told(fd, ":1\r\n:2\r\n");
    assert_int_equal(door_counts(door).commands, 4);
    close(fd);
}

static void commands_may_be_split_at_every_byte(void **state)
{
    (void)state;
    static const char all[] = PING "get  x\r\n\r\n*2\r\n$3\r\nGET\r\n$2\r\n\r\n"
                                   "\r\nquit\n";
    service.answer = "+OK\r\n";
    for (size_t split = 0; split < sizeof all; split++) {
        int fd = come();
        tell_bytes(fd, all, split);
        tell_bytes(fd, all + split, sizeof all - 1 - split);
        turn();
        g_string_replace(service.heard, ";", "", 0);
        assert_string_equal(service.heard->str,
                            "*1|$4|PING|*2|$3|get|$1|x|*2|$3|GET|$2|"
                            "||*1|$4|quit|");
        expect_told(fd, "+OK\r\n+OK\r\n+OK\r\n+OK\r\n(end)");
        close(fd);
        turn();
        g_string_truncate(service.heard, 0);
    }
}

static void inline_commands_become_arrays(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "SET  key\t5 \r\nget key\n");
    expect_heard("*3|$3|SET|$3|key|$1|5|*2|$3|get|$3|key|;");
    close(fd);
}

static void commands_without_words_vanish(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "\r\n  \r\n*0\r\n*-1\r\n\n");
    expect_heard("");
    tell(fd, "\r\n" PING "*0\r\n");
    expect_heard("*1|$4|PING|;");
    assert_int_equal(door_counts(door).commands, 1);
    close(fd);
}

static void a_run_waits_for_the_answers_to_the_last(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\ntwo\r\n");
    tell(fd, "three\r\n");
    tell(fd, "four\r\n");
    expect_heard("*1|$3|one|*1|$3|two|;");
    answer(service.last, "+1\r\n");
    expect_heard("");
    answer(service.last, "+2\r\n");
    expect_heard("*1|$5|three|*1|$4|four|;");
    close(fd);
}

static void a_push_is_no_answer(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\n");
    tell(fd, "two\r\n");
    answer(service.last, ">2\r\n+a\r\n+b\r\n");
    expect_told(fd, ">2\r\n+a\r\n+b\r\n");
    expect_heard("*1|$3|one|;");
    answer(service.last, ">1\r\n+c\r\n+1\r\n");
    expect_heard("*1|$3|two|;");
    close(fd);
}

static void a_long_flood_comes_in_runs_of_bounded_size(void **state)
{
    (void)state;
    int fd = come();
    g_autoptr(GString) flood = g_string_new(NULL);
    for (int i = 0; i < 10000; i++)
        g_string_append(flood, PING);
    tell(fd, "first\r\n");
    tell_bytes(fd, flood->str, flood->len);
    service.answer = "+OK\r\n";
    answer(service.last, "+OK\r\n");
    for (int i = 0; i < 10; i++)
        turn();
    assert_int_equal(door_counts(door).commands, 10001);
    assert_true(service.longest <= (1 << 16) + sizeof PING);
    assert_true(service.messages >= 3);
    close(fd);
}

/* ---- Ends. ---- */

static void quit_gets_all_answers_and_then_the_end(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\nQuit\r\nthree\r\n");
    tell(fd, "four\r\n");
    expect_heard("*1|$3|one|*1|$4|Quit|;");
    expect_told(fd, "");
    answer(service.last, "+1\r\n");
    expect_told(fd, "+1\r\n");
    answer(service.last, "+2\r\n");
    expect_told(fd, "+2\r\n(end)");
    close(fd);
    expect_heard("bye;");
}

static void who_ends_its_side_gets_all_answers(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\n");
    shutdown(fd, SHUT_WR);
    expect_told(fd, "");
    answer(service.last, "+1\r\n");
    expect_told(fd, "+1\r\n(end)");
    expect_heard("*1|$3|one|;bye;");
    close(fd);
}

static void what_came_before_the_end_is_served(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\n");
    tell(fd, "two\r\nthree\r\nhalf");
    shutdown(fd, SHUT_WR);
    expect_heard("*1|$3|one|;");
    answer(service.last, "+1\r\n");
    expect_heard("*1|$3|two|*1|$5|three|;");
    expect_told(fd, "+1\r\n");
    answer(service.last, "+2\r\n+3\r\n");
    expect_told(fd, "+2\r\n+3\r\n(end)");
    expect_heard("bye;");
    close(fd);
}

static void who_asked_nothing_gets_no_farewell(void **state)
{
    (void)state;
    int silent = come(), blank = come(), half = come();
    tell(blank, "\r\n");
    tell(half, "*1\r\n");
    assert_int_equal(present(), 3);
    close(silent);
    close(blank);
    close(half);
    assert_int_equal(present(), 0);
    expect_heard("");
    assert_int_equal(door_counts(door).cut, 0);
}

static void who_dies_gets_one_farewell(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\n");
    answer(service.last, "+1\r\n");
    turn();
    close(fd); /* With an answer unread, which makes it a reset. */
    expect_heard("*1|$3|one|;bye;");
    answer(service.last, "+2\r\n");
    expect_heard("");
    assert_int_equal(present(), 0);
}

/* ---- No RESP. ---- */

static void what_is_no_resp_is_refused_after_the_answers(void **state)
{
    (void)state;
    static const char bytes[] = "one\r\n*x\r\nthree\r\n";
    for (size_t split = 0; split < sizeof bytes; split++) {
        int fd = come();
        tell_bytes(fd, bytes, split);
        tell_bytes(fd, bytes + split, sizeof bytes - 1 - split);
        expect_heard("*1|$3|one|;");
        expect_told(fd, "");
        answer(service.last, "+1\r\n");
        turn();
        g_autofree char *told = read_some(fd, SIZE_MAX);
        assert_string_equal(
            told, "+1\r\n-ERR Protocol error: invalid multibulk length\r\n"
                  "(end)");
        assert_int_equal(door_counts(door).malformed, split + 1);
        close(fd);
        expect_heard("bye;");
    }
    assert_int_equal(door_counts(door).cut, 0);
}

static void hostile_counts_are_refused_at_once(void **state)
{
    (void)state;
    static const char *const all[] = {
        "*1000000000\r\n", "*-5\r\n",      "*1\r\n$999999999999\r\n",
        "*1\r\n$-1\r\n",   "*1\r\n:1\r\n", "*99999999999999999999\r\n",
        "*1\r\n*1\r\n",    "\"a\"\r\n",    "*1\r\n$1\r\nabc"};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        int fd = come();
        size_t before = allocated_bytes();
        tell(fd, all[i]);
        assert_true(allocated_bytes() < before + 10000);
        g_autofree char *told = read_some(fd, SIZE_MAX);
        assert_true(g_str_has_prefix(told, "-ERR Protocol error: "));
        assert_true(g_str_has_suffix(told, "\r\n(end)"));
        assert_int_equal(door_counts(door).malformed, i + 1);
        close(fd);
    }
    expect_heard("");
}

static void a_command_without_end_is_refused(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\n*100\r\n");
    for (int i = 0; i < 120; i++)
        send(fd, "$5\r\n12345\r\n", 11, MSG_DONTWAIT | MSG_NOSIGNAL);
    expect_heard("*1|$3|one|;");
    answer(service.last, "+1\r\n");
    expect_told(fd, "+1\r\n-ERR Protocol error: too long a command\r\n(end)");
    assert_int_equal(door_counts(door).malformed, 1);
    close(fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define DEFAULT(test) \
    cmocka_unit_test_setup_teardown(test, open_default, close_it)
        DEFAULT(a_message_is_a_run_of_whole_commands),
        DEFAULT(commands_may_be_split_at_every_byte),
        DEFAULT(inline_commands_become_arrays),
        DEFAULT(commands_without_words_vanish),
        DEFAULT(a_run_waits_for_the_answers_to_the_last),
        DEFAULT(a_push_is_no_answer),
        DEFAULT(a_long_flood_comes_in_runs_of_bounded_size),
        DEFAULT(quit_gets_all_answers_and_then_the_end),
        DEFAULT(who_ends_its_side_gets_all_answers),
        DEFAULT(what_came_before_the_end_is_served),
        DEFAULT(who_asked_nothing_gets_no_farewell),
        DEFAULT(who_dies_gets_one_farewell),
        DEFAULT(what_is_no_resp_is_refused_after_the_answers),
        DEFAULT(hostile_counts_are_refused_at_once),
        cmocka_unit_test_setup_teardown(a_command_without_end_is_refused,
                                        open_small, close_it),
    };
    return test_run(argc, argv, tests);
}

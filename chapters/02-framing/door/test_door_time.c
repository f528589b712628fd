/*
 * How long a door waits for its clients: for the rest of a command, for whoever
 * is gone, for those who say nothing. And over TCP, as in real life, a reset.
 */
#include "02-framing/door/test_door.h"
#include <poll.h>

static int open_default(void **state)
{
    (void)state;
    open_place((struct door_settings){0});
    return 0;
}

static int open_idle(void **state)
{
    (void)state;
    open_place((struct door_settings){.idle = 30 * SEC});
    return 0;
}

static int close_it(void **state)
{
    (void)state;
    close_place();
    return 0;
}

/* The client is still here after @p least, and not after two seconds more. */
static void expect_cut_after(nsec least)
{
    assert_int_equal(present(), 1);
    pass(least - 1);
    assert_int_equal(present(), 1);
    assert_int_equal(door_counts(door).cut, 0);
    pass(2 * SEC);
    assert_int_equal(present(), 0);
    assert_int_equal(door_counts(door).cut, 1);
}

static void half_a_command_has_a_minute_from_its_beginning(void **state)
{
    (void)state;
    int fd = come();
    pass(100 * SEC);
    tell(fd, "*1\r\n");
    pass(30 * SEC);
    tell(fd, "$4\r\n");
    expect_cut_after(30 * SEC);
    expect_told(fd, "(end)");
    expect_heard("");
    close(fd);
}

static void each_command_has_its_own_minute(void **state)
{
    (void)state;
    service.answer = "+OK\r\n";
    int fd = come();
    for (int i = 0; i < 4; i++) {
        tell(fd, "half ");
        pass(50 * SEC);
        tell(fd, "whole\r\nhalf ");
        pass(50 * SEC);
        tell(fd, "whole\r\n");
    }
    assert_int_equal(door_counts(door).commands, 8);
    expect_told(fd, "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n");
    close(fd);
}

static void an_answer_may_take_all_the_time(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\n");
    tell(fd, "two\r\n");
    pass(1000 * SEC);
    answer(service.last, "+1\r\n");
    pass(1000 * SEC);
    expect_heard("*1|$3|one|;*1|$3|two|;");
    answer(service.last, "+2\r\n");
    pass(1000 * SEC);
    expect_told(fd, "+1\r\n+2\r\n");
    assert_int_equal(present(), 1);
    close(fd);
}

static void who_ended_its_side_waits_a_second_for_answers(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\n");
    tell(fd, "two\r\n");
    pass(100 * SEC + SEC / 2); /* The door looks at whole seconds. */
    shutdown(fd, SHUT_WR);
    expect_cut_after(SEC);
    expect_heard("*1|$3|one|;bye;");
    close(fd);
}

static void each_run_after_the_end_has_a_second(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\n");
    tell(fd, "two\r\n");
    pass(100 * SEC);
    shutdown(fd, SHUT_WR);
    pass(SEC - 1);
    answer(service.last, "+1\r\n");
    pass(SEC - 1);
    assert_int_equal(present(), 1);
    answer(service.last, "+2\r\n");
    expect_told(fd, "+1\r\n+2\r\n(end)");
    assert_int_equal(door_counts(door).cut, 0);
    close(fd);
}

static void who_quits_and_stays_is_cut(void **state)
{
    (void)state;
    service.answer = "+OK\r\n";
    int fd = come();
    pass(100 * SEC);
    tell(fd, "quit\r\n");
    expect_told(fd, "+OK\r\n(end)");
    for (int i = 0; i < 59; i++) {
        pass(SEC);
        tell(fd, "again\r\n");
    }
    expect_cut_after(SEC);
    assert_int_equal(door_counts(door).commands, 1);
    close(fd);
}

static void who_speaks_no_resp_and_stays_is_cut(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "*x\r\n");
    expect_cut_after(60 * SEC);
    close(fd);
}

static void who_says_nothing_may_stay(void **state)
{
    (void)state;
    service.answer = "+OK\r\n";
    int silent = come(), fd = come();
    tell(fd, "one\r\n");
    pass(10000 * SEC);
    assert_int_equal(present(), 2);
    close(silent);
    close(fd);
}

static void unless_there_is_a_limit(void **state)
{
    (void)state;
    int fd = come();
    expect_cut_after(30 * SEC);
    close(fd);
}

static void which_begins_with_each_answer(void **state)
{
    (void)state;
    int fd = come();
    pass(20 * SEC);
    tell(fd, "one\r\n");
    pass(100 * SEC);
    answer(service.last, "+1\r\n");
    pass(20 * SEC);
    answer(service.last, ">1\r\n+news\r\n");
    expect_cut_after(30 * SEC);
    expect_heard("*1|$3|one|;bye;");
    close(fd);
}

/* ---- Over TCP. ---- */

static int open_tcp(void **state)
{
    struct address any;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    int listener = net_listen(&any, 16);
    assert_true(listener >= 0);
    open_default(state);
    door_free(door);
    place = address_of(listener);
    door = door_new(host, host_env(host), listener, (struct door_settings){0});
    env_bind(door_env(door), on_message, NULL);
    return 0;
}

/* Bytes need a moment here: turn until it holds, for ten seconds at most. */
#define AWAIT(condition)                                             \
    do {                                                             \
        bool held_ = false;                                          \
        for (int i_ = 0; i_ < 10000 && !(held_ = (condition)); i_++) \
            loop_turn(host_loop(host), MSEC);                        \
        assert_true(held_);                                          \
    } while (0)

static void a_reset_is_a_farewell(void **state)
{
    (void)state;
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    int fd = net_connect(&place);
    AWAIT(door_counts(door).clients == 1);
    assert_int_equal(send(fd, "one\r\n", 5, MSG_NOSIGNAL), 5);
    AWAIT(service.messages == 1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
    AWAIT(service.farewells == 1);
    answer(service.last, "+1\r\n");
    expect_heard("*1|$3|one|;bye;");
    assert_int_equal(present(), 0);
}

static void who_is_cut_is_told_by_a_reset(void **state)
{
    (void)state;
    char byte;
    int fd = net_connect(&place);
    AWAIT(door_counts(door).clients == 1);
    assert_int_equal(send(fd, "half", 4, MSG_NOSIGNAL), 4);
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    AWAIT((now += SEC, poll(&readable, 1, 0) == 1));
    assert_int_equal(recv(fd, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define IN(open, test) cmocka_unit_test_setup_teardown(test, open, close_it)
        IN(open_default, half_a_command_has_a_minute_from_its_beginning),
        IN(open_default, each_command_has_its_own_minute),
        IN(open_default, an_answer_may_take_all_the_time),
        IN(open_default, who_ended_its_side_waits_a_second_for_answers),
        IN(open_default, each_run_after_the_end_has_a_second),
        IN(open_default, who_quits_and_stays_is_cut),
        IN(open_default, who_speaks_no_resp_and_stays_is_cut),
        IN(open_default, who_says_nothing_may_stay),
        IN(open_idle, unless_there_is_a_limit),
        IN(open_idle, which_begins_with_each_answer),
        IN(open_tcp, a_reset_is_a_farewell),
        IN(open_tcp, who_is_cut_is_told_by_a_reset),
    };
    return test_run(argc, argv, tests);
}

/*
 * The load over TCP: what it counts, when all goes well and when connections
 * break. Echoes that differ are in test_load_other.c, servers nobody reaches in
 * test_load_alone.c, and what depends on the clock in test_load_time.c.
 */
#include "01-sockets/echo/test_load.h"

enum { BIG = 1 << 20, ANY = -1 };

/* ---- What they do. ---- */

static void echo_byte_by_byte(const struct visit *visit)
{
    uint8_t message[SIZE];
    while (receive(visit->fd, message))
        for (size_t i = 0; i < SIZE; i++)
            write_all(visit->fd, &message[i], 1, NEVER);
}

static void never_read(const struct visit *visit)
{
    wait_ready(visit->server->over[0], POLLIN, NEVER);
}

static void close_in_the_middle(const struct visit *visit)
{
    uint8_t message[SIZE];
    receive(visit->fd, message);
    write_all(visit->fd, message, SIZE / 2, NEVER);
}

static void close_on_the_first(const struct visit *visit)
{
    if (visit->number == 0)
        close_in_the_middle(visit);
    else
        echo(visit);
}

static void close_at_once(const struct visit *visit)
{
    (void)visit;
}

static void reset(const struct visit *visit)
{
    const struct linger at_once = {.l_onoff = 1};
    uint8_t message[SIZE];
    receive(visit->fd, message);
    setsockopt(visit->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* It says that it will say nothing, and goes on listening. */
static void end_our_side(const struct visit *visit)
{
    uint8_t message[SIZE];
    receive(visit->fd, message);
    write_all(visit->fd, message, SIZE, NEVER);
    shutdown(visit->fd, SHUT_WR);
    never_answer(visit);
}

/* ---- Loads. ---- */

static struct load_result *load(behaviour *visit, struct load_plan plan)
{
    struct server *server = open_server(visit);
    g_autoptr(GError) error = NULL;
    struct load_result *result = load_run(&server->address, &plan, &error);
    if (error)
        fail_msg("%s", error->message);
    close_server(server);
    return result;
}

/* However slow the machine: longer and longer, until there was an answer. */
static struct load_result *load_until_answered(behaviour *visit,
                                               struct load_plan plan)
{
    for (plan.duration = 20 * MSEC;; plan.duration *= 2) {
        struct load_result *result = load(visit, plan);
        if (result->answered > 0)
            return result;
        load_result_free(result);
    }
}

static void expect_healthy(const struct load_result *result, unsigned made)
{
    assert_int_equal(result->connected, made);
    assert_int_equal(result->broken, 0);
    assert_int_equal(histogram_count(result->delays),
                     result->answered + result->late);
    assert_true(result->busy > 0);
}

static void an_honest_echo_is_counted(void **state)
{
    struct load_plan plan = {.connections = 8, .size = SIZE};
    (void)state;
    struct load_result *result = load_until_answered(echo, plan);
    expect_healthy(result, 8);
    assert_int_equal(result->late, 8); /* One of each is on its way. */
    load_result_free(result);
}

static void with_a_rate_all_that_was_due_is_answered_or_late(void **state)
{
    struct load_plan plan = {
        .connections = 7, .size = SIZE, .rate = 2000, .duration = 50 * MSEC};
    (void)state;
    struct load_result *result = load(echo, plan);
    expect_healthy(result, 7);
    assert_int_equal(result->answered + result->late, 100);
    load_result_free(result);
}

static void any_length_of_message_comes_back(void **state)
{
    static const size_t sizes[] = {1,     7,     8,   9,       4095,
                                   65536, 65537, BIG, 16 * BIG};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        struct load_plan plan = {.connections = 2, .size = sizes[i]};
        struct load_result *result = load_until_answered(echo, plan);
        expect_healthy(result, 2);
        load_result_free(result);
    }
}

static void an_echo_may_come_byte_by_byte(void **state)
{
    struct load_plan plan = {.connections = 2, .size = SIZE};
    (void)state;
    struct load_result *result = load_until_answered(echo_byte_by_byte, plan);
    expect_healthy(result, 2);
    load_result_free(result);
}

/* Deterministic: who is due every millisecond waits 50 ms, 49, .. 1. */
static void who_is_never_answered_counts_with_what_it_has_waited(void **state)
{
    struct load_plan plan = {
        .connections = 4, .size = SIZE, .rate = 1000, .duration = 50 * MSEC};
    (void)state;
    struct load_result *result = load(never_answer, plan);
    expect_healthy(result, 4);
    assert_int_equal(result->answered, 0);
    assert_int_equal(result->late, 50);
    assert_in_range(histogram_percentile(result->delays, 0.5), 25 * MSEC,
                    25 * MSEC + 25 * MSEC / 64);
    assert_in_range(histogram_percentile(result->delays, 1), 50 * MSEC,
                    50 * MSEC + 50 * MSEC / 64);
    load_result_free(result);
}

static void who_does_not_read_is_not_waited_for(void **state)
{
    struct load_plan plan = {
        .connections = 2, .size = 16 * BIG, .duration = 20 * MSEC};
    (void)state;
    struct load_result *result = load(never_read, plan);
    expect_healthy(result, 2);
    assert_int_equal(result->late, 2);
    load_result_free(result);
}

/* ---- Connections that end. ---- */

/* For @p why, unless that is ANY. However slow the machine: longer and longer,
 * until all who talk are broken. */
static void expect_broken(behaviour *visit, int why)
{
    struct load_plan plan = {
        .connections = 3, .silent = 2, .size = SIZE, .rate = 1000};
    unsigned broken = 0;
    for (unsigned due = 50; broken < 3; due *= 2) {
        plan.duration = due * MSEC;
        struct load_result *result = load(visit, plan);
        broken = result->broken;
        assert_int_equal(result->connected, 3);
        assert_int_equal(result->answered + result->late, due);
        assert_true(result->answered <= 3); /* One on each, if at all. */
        assert_int_equal(histogram_count(result->delays), due);
        if (broken > 0 && why != ANY)
            assert_int_equal(result->why, why);
        load_result_free(result);
    }
}

static void
a_connection_that_is_closed_is_counted_and_its_messages_are_late(void **state)
{
    (void)state;
    expect_broken(close_in_the_middle, 0);
    expect_broken(close_at_once, ANY); /* A message may meet a closed socket. */
    expect_broken(end_our_side, 0);
    expect_broken(reset, ECONNRESET);
}

static unsigned broken_of(behaviour *visit, struct load_plan plan)
{
    struct load_result *result = load(visit, plan);
    unsigned broken = result->broken;
    assert_int_equal(result->silent, plan.silent);
    load_result_free(result);
    return broken;
}

static void silent_connections_can_break_too(void **state)
{
    struct load_plan plan = {
        .connections = 1, .silent = 4, .size = SIZE, .duration = 10 * MSEC};
    (void)state;
    while (broken_of(close_at_once, plan) < 5)
        plan.duration *= 2;
}

static void the_others_go_on(void **state)
{
    struct load_plan plan = {.connections = 3, .size = SIZE};
    (void)state;
    struct load_result *result = load_until_answered(close_on_the_first, plan);
    assert_int_equal(result->connected, 3);
    assert_in_range(result->broken, 0, 1);
    assert_int_equal(result->late, 3);
    load_result_free(result);
}

static unsigned open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned count = 0;
    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void no_descriptor_is_left_open(void **state)
{
    unsigned before = open_descriptors();
    (void)state;
    expect_broken(reset, ECONNRESET);
    assert_int_equal(open_descriptors(), before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_echo_is_counted),
        cmocka_unit_test(with_a_rate_all_that_was_due_is_answered_or_late),
        cmocka_unit_test(any_length_of_message_comes_back),
        cmocka_unit_test(an_echo_may_come_byte_by_byte),
        cmocka_unit_test(who_is_never_answered_counts_with_what_it_has_waited),
        cmocka_unit_test(who_does_not_read_is_not_waited_for),
        cmocka_unit_test(
            a_connection_that_is_closed_is_counted_and_its_messages_are_late),
        cmocka_unit_test(silent_connections_can_break_too),
        cmocka_unit_test(the_others_go_on),
        cmocka_unit_test(no_descriptor_is_left_open),
    };
    return test_run(argc, argv, tests);
}

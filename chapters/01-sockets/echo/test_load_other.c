/* The load, and echoes that are none: each is noticed, and told of. */
#include "01-sockets/echo/test_load.h"
#include <pthread.h>
#include <stdio.h>

/* ---- What servers do. ---- */

static void change_a_byte_of_the_third(const struct visit *visit)
{
    uint8_t message[SIZE];
    for (int i = 1; receive(visit->fd, message); i++) {
        message[SIZE - 1] ^= (uint8_t)(i == 3);
        write_all(visit->fd, message, SIZE, NEVER);
    }
}

/* Each byte comes one place too late. */
static void shift_by_one(const struct visit *visit)
{
    uint8_t message[SIZE + 1] = {0};
    while (receive(visit->fd, message + 1)) {
        write_all(visit->fd, message, SIZE, NEVER);
        message[0] = message[SIZE];
    }
}

static void repeat_the_first(const struct visit *visit)
{
    uint8_t first[SIZE], message[SIZE];
    receive(visit->fd, first);
    do
        write_all(visit->fd, first, SIZE, NEVER);
    while (receive(visit->fd, message));
}

static void say_a_byte_too_many(const struct visit *visit)
{
    uint8_t message[SIZE + 1] = {0};
    while (receive(visit->fd, message))
        write_all(visit->fd, message, SIZE + 1, NEVER);
}

static void speak_first(const struct visit *visit)
{
    write_all(visit->fd, "hello", 5, NEVER);
    never_answer(visit);
}

static void greet_the_second(const struct visit *visit)
{
    if (visit->number == 1)
        speak_first(visit);
    else
        echo(visit);
}

static void answer_zeros(const struct visit *visit)
{
    static const uint8_t zeros[8];
    uint8_t message[8];
    while (read_all(visit->fd, message, sizeof message, NEVER) > 0)
        write_all(visit->fd, zeros, sizeof zeros, NEVER);
}

/* Two visitors, and each gets what the other has sent. */
static pthread_barrier_t both;
static int pair[2];

static void swap_two(const struct visit *visit)
{
    uint8_t message[SIZE];
    pair[visit->number] = visit->fd;
    pthread_barrier_wait(&both);
    while (receive(visit->fd, message))
        write_all(pair[1 - visit->number], message, SIZE, NEVER);
    pthread_barrier_wait(&both);
}

/* ---- What is noticed. ---- */

/* Returns new: the sentence about one connection, and one that is silent. */
static char *complaint_about(behaviour *visit, size_t size)
{
    struct load_plan plan = {
        .connections = 1, .silent = 1, .size = size, .duration = 60 * SEC};
    struct server *server = open_server(visit);
    g_autoptr(GError) error = NULL;
    assert_null(load_run(&server->address, &plan, &error));
    assert_true(g_error_matches(error, LOAD_ERROR, LOAD_OTHER));
    close_server(server);
    return g_strdup(error->message);
}

static void expect_complaint(behaviour *visit, unsigned connections)
{
    struct load_plan plan = {
        .connections = connections, .size = SIZE, .duration = 60 * SEC};
    struct server *server = open_server(visit);
    g_autoptr(GError) error = NULL;
    assert_null(load_run(&server->address, &plan, &error));
    assert_true(g_error_matches(error, LOAD_ERROR, LOAD_OTHER));
    close_server(server);
}

static void a_changed_byte_is_told_with_its_place(void **state)
{
    g_autofree char *sentence =
        complaint_about(change_a_byte_of_the_third, SIZE);
    unsigned connection, message, byte, sent, found;
    (void)state;
    int fields = sscanf(sentence,
                        "an echo differs: connection %u sent message %u, whose "
                        "byte %u and the next are %x, and got %x",
                        &connection, &message, &byte, &sent, &found);
    assert_int_equal(fields, 5);
    assert_int_equal(connection, 1);
    assert_int_equal(message, 3);
    assert_int_equal(byte, SIZE);
    assert_int_equal(sent ^ found, 1);
}

static void no_byte_may_be_missing_or_moved(void **state)
{
    (void)state;
    expect_complaint(shift_by_one, 1);
    expect_complaint(say_a_byte_too_many, 1);
    expect_complaint(speak_first, 1);
}

static void zeros_are_no_echo(void **state)
{
    g_autofree char *sentence = complaint_about(answer_zeros, 8);
    (void)state;
    assert_non_null(strstr(sentence, " message 1,"));
}

static void who_is_silent_expects_silence(void **state)
{
    g_autofree char *sentence = complaint_about(greet_the_second, SIZE);
    (void)state;
    assert_string_equal(sentence, "connection 2 got more than it had sent (0 "
                                  "messages)");
}

static void an_echo_must_be_ones_own_and_of_now(void **state)
{
    (void)state;
    expect_complaint(repeat_the_first, 1);
    pthread_barrier_init(&both, NULL, 2);
    expect_complaint(swap_two, 2);
    pthread_barrier_destroy(&both);
}

/* A second one would be a warning, which is fatal here. */
static void one_complaint_is_enough(void **state)
{
    (void)state;
    expect_complaint(shift_by_one, 64);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_byte_is_told_with_its_place),
        cmocka_unit_test(no_byte_may_be_missing_or_moved),
        cmocka_unit_test(zeros_are_no_echo),
        cmocka_unit_test(who_is_silent_expects_silence),
        cmocka_unit_test(an_echo_must_be_ones_own_and_of_now),
        cmocka_unit_test(one_complaint_is_enough),
    };
    g_log_set_always_fatal(
        (GLogLevelFlags)(G_LOG_FATAL_MASK | G_LOG_LEVEL_WARNING));
    return test_run(argc, argv, tests);
}

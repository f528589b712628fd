/*
 * The load over TCP, against servers of every kind: each is a function that
 * serves one visitor, in a thread of its own. What depends on the clock is
 * tested in test_load_time.c.
 */
#include "01-sockets/io.h"
#include "01-sockets/load.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 64, BIG = 1 << 20, ANY = -1 };

/* ---- Servers. ---- */

struct server;

/* One visitor. */
struct visit {
    const struct server *server;
    int fd;
    unsigned number; /* They are counted from 0. */
};

typedef void behaviour(const struct visit *visit);

struct server {
    int listener;
    struct address address;
    behaviour *visit;
    GThread *host;
    int over[2]; /* A pipe: at its end when the load is over. */
};

static void *serve(void *data)
{
    g_autofree struct visit *visit = data;
    visit->server->visit(visit);
    close(visit->fd);
    return NULL;
}

static void *accept_all(void *data)
{
    static const int one = 1;
    struct server *server = data;
    g_autoptr(GPtrArray) visits = g_ptr_array_new();
    struct visit visit = {server, 0, 0};
    while ((visit.fd = net_accept(server->listener, NULL)) >= 0) {
        setsockopt(visit.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        g_ptr_array_add(visits, g_thread_new("visit", serve,
                                             g_memdup2(&visit, sizeof visit)));
        visit.number++;
    }
    for (unsigned i = 0; i < visits->len; i++)
        g_thread_join(visits->pdata[i]);
    return NULL;
}

static int listen_here(int backlog)
{
    struct address any;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    int listener = net_listen(&any, backlog);
    assert_return_code(listener, errno);
    return listener;
}

/* Returns new. */
static struct server *open_server(behaviour *visit)
{
    struct server *server = g_new0(struct server, 1);
    server->listener = listen_here(128);
    server->address = address_of(server->listener);
    server->visit = visit;
    assert_return_code(pipe(server->over), errno);
    server->host = g_thread_new("host", accept_all, server);
    return server;
}

/* When all visitors have gone. */
static void close_server(struct server *server)
{
    close(server->over[1]);
    shutdown(server->listener, SHUT_RD);
    g_thread_join(server->host);
    close(server->over[0]);
    close(server->listener);
    g_free(server);
}

/* ---- What they do. ---- */

static bool receive(int fd, uint8_t *message)
{
    return read_all(fd, message, SIZE, NEVER) == SIZE;
}

static void echo(const struct visit *visit)
{
    uint8_t piece[4096];
    ssize_t count;
    while ((count = read_some(visit->fd, piece, sizeof piece, NEVER)) > 0)
        write_all(visit->fd, piece, (size_t)count, NEVER);
}

static void echo_byte_by_byte(const struct visit *visit)
{
    uint8_t message[SIZE];
    while (receive(visit->fd, message))
        for (size_t i = 0; i < SIZE; i++)
            write_all(visit->fd, &message[i], 1, NEVER);
}

static void never_answer(const struct visit *visit)
{
    uint8_t piece[4096];
    while (read_some(visit->fd, piece, sizeof piece, NEVER) > 0)
        continue;
}

static void never_read(const struct visit *visit)
{
    wait_ready(visit->server->over[0], POLLIN, NEVER);
}

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
    static const size_t sizes[] = {1,     7,     8,   9,      4095,
                                   65536, 65537, BIG, 3 * BIG};
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

/* ---- Echoes that are none. ---- */

/* Returns new: the sentence. */
static char *complaint_about(behaviour *visit, unsigned connections,
                             size_t size)
{
    struct load_plan plan = {
        .connections = connections, .size = size, .duration = 3600 * SEC};
    struct server *server = open_server(visit);
    g_autoptr(GError) error = NULL;
    assert_null(load_run(&server->address, &plan, &error));
    assert_true(g_error_matches(error, LOAD_ERROR, LOAD_OTHER));
    close_server(server);
    return g_strdup(error->message);
}

static void expect_complaint(behaviour *visit, unsigned connections)
{
    g_free(complaint_about(visit, connections, SIZE));
}

static void a_changed_byte_is_told_with_its_place(void **state)
{
    g_autofree char *sentence =
        complaint_about(change_a_byte_of_the_third, 1, SIZE);
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

static void an_echo_must_be_ones_own_and_of_now(void **state)
{
    (void)state;
    expect_complaint(repeat_the_first, 1);
    pthread_barrier_init(&both, NULL, 2);
    expect_complaint(swap_two, 2);
    pthread_barrier_destroy(&both);
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
    no_byte_may_be_missing_or_moved(NULL);
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
        cmocka_unit_test(a_changed_byte_is_told_with_its_place),
        cmocka_unit_test(no_byte_may_be_missing_or_moved),
        cmocka_unit_test(an_echo_must_be_ones_own_and_of_now),
        cmocka_unit_test(
            a_connection_that_is_closed_is_counted_and_its_messages_are_late),
        cmocka_unit_test(silent_connections_can_break_too),
        cmocka_unit_test(the_others_go_on),
        cmocka_unit_test(no_descriptor_is_left_open),
    };
    return test_run(argc, argv, tests);
}

/* The server `http`, as a process of its own, and clients of every kind. */
#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEATS = 64, CROWD = 128 }; /* As the server has them. */
static const nsec PATIENCE = 30 * SEC;

static struct stage *stage;
static struct actor *server_actor; /* The one that all tests share, and ... */
static char *server;               /* ... its address. */

/* A server with one more @p option. Returns new: its address. */
static char *start(const char *option, struct actor **actor)
{
    *actor = stage_start(stage, "http", "--listen=127.0.0.1:0", option, NULL);
    g_autofree char *ready = actor_await(*actor, "ready ", PATIENCE);
    assert_non_null(ready);
    return g_strdup(ready + strlen("ready "));
}

/* ---- A client made of bytes. ---- */

static int visit(const char *address)
{
    g_autoptr(GArray) to = address_find(address, NULL);
    int fd = dial(to, clock_monotonic() + PATIENCE);
    assert_return_code(fd, errno);
    return fd;
}

/* All that the server says until it hangs up. Returns new. */
static char *hear(int fd)
{
    GString *answer = g_string_new(NULL);
    nsec deadline = clock_monotonic() + PATIENCE;
    char piece[4096];
    ssize_t count;
    while ((count = read_some(fd, piece, sizeof piece, deadline)) > 0)
        g_string_append_len(answer, piece, count);
    assert_return_code(count, errno);
    return g_string_free(answer, FALSE);
}

static char *ask_bytes(const char *address, const char *bytes, size_t size)
{
    int fd = visit(address);
    assert_int_equal(write_all(fd, bytes, size, NEVER), size);
    char *answer = hear(fd);
    close(fd);
    return answer;
}

static char *ask(const char *address, const char *request)
{
    return ask_bytes(address, request, strlen(request));
}

static int status_of(const char *answer)
{
    assert_true(g_str_has_prefix(answer, "HTTP/1.1 "));
    assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(answer, "\r\nDate: "));
    return atoi(answer + strlen("HTTP/1.1 "));
}

static const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

/* ---- Requests and their answers. ---- */

#define HOST "Host: localhost\r\n\r\n"

static const struct {
    const char *request;
    int status;
} requests[] = {
    {"GET / HTTP/1.1\r\n" HOST, 200},
    {"GET /?query HTTP/1.1\r\n" HOST, 200},
    {"GET / HTTP/1.1\r\nhost:x\r\nX: \t y \xff\r\n\r\n", 200},
    {"GET / HTTP/1.0\r\n\r\n", 200},
    {"GET / HTTP/1.0\n\n", 200},
    {"\r\n\r\nGET / HTTP/1.1\r\n" HOST, 200},
    {"GET http://localhost/ HTTP/1.1\r\n" HOST, 200},
    {"GET HTTP://localhost?query HTTP/1.1\r\n" HOST, 200},
    {"GET / HTTP/1.9\r\n" HOST, 200},
    {"GET / HTTP/1.1\r\n" HOST "GET / HTTP/1.1\r\n" HOST, 200},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nX : y\r\n" HOST, 400},
    {"GET / HTTP/1.1\r\nX\r\n" HOST, 400},
    {"GET / HTTP/1.1\r\nX: y\r\n folded\r\n" HOST, 400},
    {"GET / HTTP/1.1\r\nX: y\rz\r\n" HOST, 400},
    {"GET / HTTP/1.1\r\nX: \x1b[2J\r\n" HOST, 400},
    {" GET / HTTP/1.1\r\n" HOST, 400},
    {"GET  / HTTP/1.1\r\n" HOST, 400},
    {"GET / HTTP/1.1 \r\n" HOST, 400},
    {"GET /a b HTTP/1.1\r\n" HOST, 400},
    {"GET /\xe4 HTTP/1.1\r\n" HOST, 400},
    {"GET /\r\n\r\n", 400},
    {"G@T / HTTP/1.1\r\n" HOST, 400},
    {"GET / HTTP/11\r\n" HOST, 400},
    {"hello\r\n\r\n", 400},
    {"GET /nix HTTP/1.1\r\n" HOST, 404},
    {"GET /big/ HTTP/1.1\r\n" HOST, 404},
    {"GET nix HTTP/1.1\r\n" HOST, 404},
    {"GET https://localhost/ HTTP/1.1\r\n" HOST, 404},
    {"POST / HTTP/1.1\r\nContent-Length: 5\r\n" HOST "hello", 405},
    {"get / HTTP/1.1\r\n" HOST, 405},
    {"GET / HTTP/2.0\r\n" HOST, 505},
};

static void each_request_gets_the_answer_it_deserves(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autofree char *answer = ask(server, requests[i].request);
        if (status_of(answer) != requests[i].status)
            fail_msg("%s gets %s", requests[i].request, answer);
    }
}

static void a_zero_byte_is_bad_in_the_head_but_not_in_the_body(void **state)
{
    static const char head[] = "GET / HTTP/1.1\r\nX: \0\r\n" HOST;
    static const char body[] = "POST / HTTP/1.1\r\n" HOST "\0\0\0";
    static const char zeros[] = "\0\r\n\r\n";
    g_autofree char *one = ask_bytes(server, head, sizeof head - 1);
    g_autofree char *two = ask_bytes(server, body, sizeof body - 1);
    g_autofree char *three = ask_bytes(server, zeros, sizeof zeros - 1);
    (void)state;
    assert_int_equal(status_of(one), 400);
    assert_int_equal(status_of(two), 405);
    assert_int_equal(status_of(three), 400);
}

static void a_request_cut_anywhere_is_understood(void **state)
{
    static const char request[] = "\r\nGET /chunked HTTP/1.1\r\n" HOST;
    (void)state;
    for (size_t cut = 1; cut < sizeof request - 1; cut++) {
        int fd = visit(server);
        write_all(fd, request, cut, NEVER);
        write_all(fd, request + cut, strlen(request + cut), NEVER);
        g_autofree char *answer = hear(fd);
        assert_int_equal(status_of(answer), 200);
        close(fd);
    }
}

/* The head of the answer to @p method @p path, but for its date. */
static char *head_for(const char *method, const char *path, bool *has_body)
{
    g_autofree char *request =
        g_strdup_printf("%s %s HTTP/1.1\r\n" HOST, method, path);
    g_autofree char *answer = ask(server, request);
    char *body = (char *)body_of(answer);
    *has_body = *body != '\0';
    *body = '\0';
    char *date = strstr(answer, "\r\nDate: ") + 2;
    memset(date, ' ', strcspn(date, "\r"));
    return g_steal_pointer(&answer);
}

static void head_is_get_without_the_body(void **state)
{
    static const char *const paths[] = {"/", "/chunked", "/big", "/nix"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        bool has_body;
        g_autofree char *get = head_for("GET", paths[i], &has_body);
        assert_true(has_body);
        g_autofree char *head = head_for("HEAD", paths[i], &has_body);
        assert_false(has_body);
        assert_string_equal(get, head);
    }
}

static void who_may_not_post_is_told_what_to_do_instead(void **state)
{
    g_autofree char *answer = ask(server, "POST / HTTP/1.1\r\n" HOST);
    (void)state;
    assert_non_null(strstr(answer, "\r\nAllow: GET, HEAD\r\n"));
}

static void chunks_are_for_those_who_know_them(void **state)
{
    g_autofree char *now = ask(server, "GET /chunked HTTP/1.1\r\n" HOST);
    g_autofree char *old = ask(server, "GET /chunked HTTP/1.0\r\n" HOST);
    g_autofree char *plain = ask(server, "GET / HTTP/1.1\r\n" HOST);
    (void)state;
    assert_non_null(strstr(now, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_true(g_str_has_suffix(now, "\r\n0\r\n\r\n"));
    assert_null(strstr(old, "Transfer-Encoding"));
    assert_string_equal(body_of(old), body_of(plain));
}

/* ---- Clients that mean no good. ---- */

/* @p first, then @p more again and again, a megabyte of it. */
static int status_of_long(const char *first, const char *more)
{
    g_autoptr(GString) request = g_string_new(first);
    while (request->len < 1000000)
        g_string_append(request, more);
    g_autofree char *answer = ask_bytes(server, request->str, request->len);
    return status_of(answer);
}

static void a_request_without_end_is_cut_off_and_told_why(void **state)
{
    (void)state;
    assert_int_equal(status_of_long("", "a"), 414);
    assert_int_equal(status_of_long("GET /", "/"), 414);
    assert_int_equal(status_of_long("GET / HTTP/1.1\r\n", "X: y\r\n"), 431);
    assert_int_equal(status_of_long("GET / HTTP/1.1\r\nX:", " y"), 431);
}

/* If the server closed at once, the next bytes would break the connection, and
 * with it perhaps the answer. */
static void who_has_not_finished_is_heard_out(void **state)
{
    g_autofree char *words = g_strnfill(10000, 'a');
    int fd = visit(server);
    (void)state;
    write_all(fd, words, 10000, NEVER);
    g_autofree char *answer = hear(fd);
    assert_int_equal(status_of(answer), 414);
    for (int i = 0; i < 100; i++)
        assert_int_equal(write_all(fd, words, 10000, NEVER), 10000);
    close(fd);
}

static void who_is_silent_is_not_waited_for(void **state)
{
    struct actor *actor;
    g_autofree char *hasty = start("--patience=0.05", &actor);
    g_autofree char *nothing = ask(hasty, "");
    g_autofree char *half = ask(hasty, "GET / HTTP/1.1\r\nHost");
    (void)state;
    assert_int_equal(status_of(nothing), 408);
    assert_int_equal(status_of(half), 408);
}

static int status_now(const char *address)
{
    g_autofree char *answer = ask(address, "GET / HTTP/1.1\r\n" HOST);
    return status_of(answer);
}

/* Of the answer to whom finds a seat. */
static int status_when_seated(const char *address)
{
    int status;
    do
        status = status_now(address);
    while (status == 503);
    return status;
}

static void who_leaves_early_does_no_harm(void **state)
{
    static const char request[] = "GET /big HTTP/1.1\r\n" HOST;
    const struct linger at_once = {.l_onoff = 1};
    struct actor *actor;
    g_autofree char *address = start(NULL, &actor);
    (void)state;
    for (size_t i = 0; i < 4 * sizeof request; i++) {
        int fd = visit(address);
        write_all(fd, request, i % sizeof request, NEVER);
        if (i % 2 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(fd);
    }
    assert_int_equal(status_when_seated(address), 200);
}

static void who_does_not_read_keeps_nobody_waiting(void **state)
{
    static const char request[] = "GET /big HTTP/1.1\r\n" HOST;
    int fd = visit(server);
    (void)state;
    write_all(fd, request, sizeof request - 1, NEVER);
    assert_int_equal(status_now(server), 200);
    close(fd);
}

static void who_finds_no_seat_is_told_so_until_there_is_one(void **state)
{
    struct actor *actor;
    g_autofree char *full = start("--patience=600", &actor);
    int sitting[SEATS];
    (void)state;
    for (int i = 0; i < SEATS; i++)
        sitting[i] = visit(full);
    assert_int_equal(status_now(full), 503);
    close(sitting[0]);
    assert_int_equal(status_when_seated(full), 200);
    for (int i = 1; i < SEATS; i++)
        close(sitting[i]);
}

static int visit_and_ask(const char *address)
{
    static const char request[] = "GET / HTTP/1.1\r\n" HOST;
    int fd = visit(address);
    write_all(fd, request, sizeof request - 1, NEVER);
    return fd;
}

/* The last of the crowd has been answered, so all of it is inside. One who was
 * seated leaves; then those outside come in one by one, each when the one
 * before has left, and are seated too. */
static void who_finds_no_room_to_stand_waits_outside(void **state)
{
    struct actor *actor;
    g_autofree char *full = start("--patience=600", &actor);
    int inside[CROWD], outside[40];
    (void)state;
    for (int i = 0; i < CROWD; i++)
        inside[i] = i < CROWD - 1 ? visit(full) : visit_and_ask(full);
    g_autofree char *excuse = hear(inside[CROWD - 1]);
    assert_int_equal(status_of(excuse), 503);
    for (size_t i = 0; i < G_N_ELEMENTS(outside); i++)
        outside[i] = visit_and_ask(full);
    close(inside[0]);
    for (size_t i = 0; i < G_N_ELEMENTS(outside); i++) {
        g_autofree char *answer = hear(outside[i]);
        assert_int_equal(status_of(answer), 200);
        close(outside[i]);
    }
    for (int i = 1; i < CROWD; i++)
        close(inside[i]);
}

/* Twenty descriptors are too few for forty visitors at once. They are silent,
 * so that each keeps his till his time is over. */
static void who_finds_no_descriptor_left_gets_one_later(void **state)
{
    g_autofree char *program = stage_program("http");
    struct actor *actor = stage_start(stage, "/bin/sh", "-c",
                                      "ulimit -n 20; exec \"$0\" "
                                      "--listen=127.0.0.1:0 --patience=0.05",
                                      program, NULL);
    g_autofree char *ready = actor_await(actor, "ready ", PATIENCE);
    int fds[40];
    (void)state;
    assert_non_null(ready);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        fds[i] = visit(ready + strlen("ready "));
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        g_autofree char *answer = hear(fds[i]);
        assert_int_equal(status_of(answer), 408);
        close(fds[i]);
    }
}

/* ---- The program. ---- */

static void it_says_where_it_is_and_that_nothing_is_secret(void **state)
{
    struct actor *actor;
    g_autofree char *address = start(NULL, &actor);
    g_autofree char *line = actor_await(actor, "", PATIENCE);
    (void)state;
    assert_true(g_str_has_prefix(address, "127.0.0.1:"));
    assert_non_null(strstr(line, "encrypted or authenticated"));
}

/* What a server with @p option logs when it is asked for a trick. */
static char *log_of(const char *option)
{
    struct actor *actor;
    g_autofree char *address = start(option, &actor);
    g_free(ask(address, "GET /\x1b[2J HTTP/1.1\r\n" HOST));
    return actor_errors(actor);
}

static void it_logs_requests_only_when_asked_and_without_tricks(void **state)
{
    g_autofree char *nothing = log_of(NULL);
    g_autofree char *log = log_of("--verbose");
    (void)state;
    assert_string_equal(nothing, "");
    assert_true(g_str_has_prefix(log, "127.0.0.1:"));
    assert_true(g_str_has_suffix(log, " 400 GET /\\033[2J HTTP/1.1\n"));
}

/* The tests before this one have done what they could. */
static void nothing_that_clients_did_has_made_it_complain(void **state)
{
    g_autofree char *complaints = actor_errors(server_actor);
    (void)state;
    assert_string_equal(complaints, "");
}

static void a_signal_ends_it_in_good_order(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct actor *actor;
        g_autofree char *address = start(NULL, &actor);
        int fd = visit(address);
        actor_signal(actor, signals[i]);
        assert_int_equal(actor_wait(actor, PATIENCE), 0);
        close(fd);
    }
}

static void it_serves_on_a_unix_socket_and_leaves_nothing_behind(void **state)
{
    g_autofree char *path =
        g_build_filename(stage_dir(stage), "http.socket", NULL);
    g_autofree char *option = g_strconcat("--listen=unix:", path, NULL);
    struct actor *killed, *actor;
    g_free(start(option, &killed));
    actor_signal(killed, SIGKILL);
    actor_wait(killed, PATIENCE);
    g_autofree char *address = start(option, &actor);
    (void)state;
    assert_string_equal(address, option + strlen("--listen="));
    assert_int_equal(status_now(address), 200);
    actor_signal(actor, SIGTERM);
    assert_int_equal(actor_wait(actor, PATIENCE), 0);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void expect_refusal(const char *option, int status, const char *why)
{
    struct actor *actor = stage_start(stage, "http", option, NULL);
    assert_int_equal(actor_wait(actor, PATIENCE), status);
    g_autofree char *sentence = actor_errors(actor);
    assert_true(g_str_has_prefix(sentence, "http: "));
    assert_true(g_str_has_suffix(sentence, ".\n"));
    assert_ptr_equal(strchr(sentence, '\n'), strrchr(sentence, '\n'));
    assert_non_null(strstr(sentence, why));
}

static void what_it_cannot_do_it_says_in_one_sentence(void **state)
{
    g_autofree char *taken = g_strconcat("--listen=", server, NULL);
    (void)state;
    expect_refusal(taken, 1, "already in use");
    expect_refusal("--listen=240.0.0.1:0", 1, "assign");
    expect_refusal("--listen=nowhere", 2, "nowhere");
    expect_refusal("--listen=127.0.0.1:65536", 2, "65536");
    expect_refusal("--patience=0", 2, "--patience");
    expect_refusal("--patience=nan", 2, "--patience");
    expect_refusal("--patience=soon", 2, "soon");
    expect_refusal("--nonsense", 2, "--nonsense");
    expect_refusal("nonsense", 2, "nonsense");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_gets_the_answer_it_deserves),
        cmocka_unit_test(a_zero_byte_is_bad_in_the_head_but_not_in_the_body),
        cmocka_unit_test(a_request_cut_anywhere_is_understood),
        cmocka_unit_test(head_is_get_without_the_body),
        cmocka_unit_test(who_may_not_post_is_told_what_to_do_instead),
        cmocka_unit_test(chunks_are_for_those_who_know_them),
        cmocka_unit_test(a_request_without_end_is_cut_off_and_told_why),
        cmocka_unit_test(who_has_not_finished_is_heard_out),
        cmocka_unit_test(who_is_silent_is_not_waited_for),
        cmocka_unit_test(who_leaves_early_does_no_harm),
        cmocka_unit_test(who_does_not_read_keeps_nobody_waiting),
        cmocka_unit_test(who_finds_no_seat_is_told_so_until_there_is_one),
        cmocka_unit_test(who_finds_no_room_to_stand_waits_outside),
        cmocka_unit_test(who_finds_no_descriptor_left_gets_one_later),
        cmocka_unit_test(it_says_where_it_is_and_that_nothing_is_secret),
        cmocka_unit_test(it_logs_requests_only_when_asked_and_without_tricks),
        cmocka_unit_test(nothing_that_clients_did_has_made_it_complain),
        cmocka_unit_test(a_signal_ends_it_in_good_order),
        cmocka_unit_test(it_serves_on_a_unix_socket_and_leaves_nothing_behind),
        cmocka_unit_test(what_it_cannot_do_it_says_in_one_sentence),
    };
    stage = stage_new();
    server = start(NULL, &server_actor);
    int status = test_run(argc, argv, tests);
    g_free(server);
    stage_free(stage);
    return status;
}

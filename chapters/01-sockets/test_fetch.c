/*
 * fetch against a server that reads from a script. It speaks through a
 * SOCK_SEQPACKET pair, which keeps records apart: each piece that is sent is
 * what one recv gives. So an answer can be cut wherever a test likes, and has
 * all been said before fetch_get() begins to listen.
 */
#include "01-sockets/fetch.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 1 << 20, PIECE = 16384 };

/* An answer may hold any byte, so its size is told. */
struct text {
    const char *data;
    size_t size;
};
#define TEXT(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }
#define OK      "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

/* ---- The server. ---- */

static void open_pair(int pair[2])
{
    int room = 1 << 20;
    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), errno);
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    assert_return_code(fcntl(pair[1], F_SETFL, O_NONBLOCK), errno);
}

static void say(int fd, const char *data, size_t size)
{
    if (size > 0)
        assert_int_equal(send(fd, data, size, 0), size);
}

/* What came of one fetch. */
struct result {
    int status;
    GByteArray *body;
    GError *error;
};

static void result_clear(struct result *result)
{
    g_byte_array_unref(result->body);
    g_clear_error(&result->error);
}

static struct result listen_to(int fd, struct fetch fetch)
{
    struct result result = {.body = g_byte_array_new()};
    result.status = fetch_get(fd, &fetch, result.body, &result.error);
    assert_int_equal(result.status < 0, result.error != NULL);
    return result;
}

/* The server says the answer, first @p first bytes of it and then at most
 * @p rest at once; and hangs up. */
static struct result fetch_in_pieces(struct text answer, size_t first,
                                     size_t rest)
{
    int pair[2];
    open_pair(pair);
    say(pair[1], answer.data, first);
    for (size_t at = first; at < answer.size; at += rest)
        say(pair[1], answer.data + at, MIN(rest, answer.size - at));
    shutdown(pair[1], SHUT_WR);
    struct result result =
        listen_to(pair[0], (struct fetch){"example.org", "/", MOST, NEVER});
    close(pair[0]);
    close(pair[1]);
    return result;
}

/* ---- Answers as they should be. ---- */

static const struct good {
    struct text answer;
    int status;
    struct text body;
    bool until_close; /* Then nothing tells that the body was cut short. */
} good[] = {
    {TEXT(OK "Content-Length: 5\r\n\r\nhello"), 200, TEXT("hello"), false},
    {TEXT(OK "content-length:5  \r\n\r\nhello"), 200, TEXT("hello"), false},
    {TEXT(OK "Content-Length: 005\r\nContent-Length: 5\r\n\r\nhello"), 200,
     TEXT("hello"), false},
    {TEXT(OK "Content-Length:\r\n \t5\r\n\r\nhello"), 200, TEXT("hello"),
     false},
    {TEXT(OK "Content-Length: 9\r\n\r\n\0\r\n\r\n\n\xff\r\n"), 200,
     TEXT("\0\r\n\r\n\n\xff\r\n"), false},
    {TEXT(OK "Content-Length: 0\r\n\r\n"), 200, TEXT(""), false},
    {TEXT("HTTP/1.0 404\nContent-Length: 5\n\nhello"), 404, TEXT("hello"),
     false},
    {TEXT("HTTP/1.1 999 \xe4\r\nX:\r\nContent-Length: 1\r\n\r\n!"), 999,
     TEXT("!"), false},
    {TEXT(CHUNKED "5\r\nhello\r\n0\r\n\r\n"), 200, TEXT("hello"), false},
    {TEXT(CHUNKED "0\r\n\r\n"), 200, TEXT(""), false},
    {TEXT(OK "TRANSFER-ENCODING:CHUNKED\r\n\r\n"
             "00A;name=value\r\n0123456789\r\n"
             "b ; q=\"x;y\"\r\n\r\n\0\r\n\r\n0\r\n\r\r\n000;last\r\n"
             "Expires: never\r\nX: y\r\n\r\n"),
     200, TEXT("0123456789\r\n\0\r\n\r\n0\r\n\r"), false},
    {TEXT("HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n"), 204, TEXT(""),
     false},
    {TEXT("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"), 204,
     TEXT(""), false},
    {TEXT("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), 304,
     TEXT(""), false},
    {TEXT("HTTP/1.1 103 Early Hints\r\nContent-Length: 99\r\n\r\n"
          "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 5\r\n\r\nhello"),
     200, TEXT("hello"), false},
    {TEXT("HTTP/1.1 500 Oh\r\n\r\nhello\r\n\r\n"), 500, TEXT("hello\r\n\r\n"),
     true},
    {TEXT("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n"), 200, TEXT(""), true},
};

static void expect_good(const struct good *expected, size_t first, size_t rest)
{
    struct result result = fetch_in_pieces(expected->answer, first, rest);
    if (result.error)
        fail_msg("%s: %s", expected->answer.data, result.error->message);
    assert_int_equal(result.status, expected->status);
    assert_int_equal(result.body->len, expected->body.size);
    if (result.body->len > 0)
        assert_memory_equal(result.body->data, expected->body.data,
                            result.body->len);
    result_clear(&result);
}

static void an_answer_in_one_piece_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        expect_good(&good[i], 0, PIECE);
}

static void an_answer_cut_anywhere_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        for (size_t cut = 1; cut < good[i].answer.size; cut++)
            expect_good(&good[i], cut, PIECE);
}

static void an_answer_byte_by_byte_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        expect_good(&good[i], 0, 1);
}

static size_t head_size(struct text answer)
{
    const char *end = memmem(answer.data, answer.size, "\r\n\r\n", 4);
    return (size_t)(end + 4 - answer.data);
}

static void an_answer_cut_short_anywhere_is_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        struct text answer = good[i].answer;
        size_t end = good[i].until_close ? head_size(answer) : answer.size;
        for (size_t cut = 0; cut < end; cut++) {
            struct text start = {answer.data, cut};
            struct result result = fetch_in_pieces(start, 0, PIECE);
            g_autofree char *far = g_strdup_printf("(after %zu bytes)", cut);
            assert_int_equal(result.status, -1);
            assert_non_null(strstr(result.error->message, "closed"));
            assert_non_null(strstr(result.error->message, far));
            result_clear(&result);
        }
    }
}

static void what_follows_an_answer_is_left_alone(void **state)
{
    const struct good longer = {
        TEXT(OK "Content-Length: 5\r\n\r\nhelloHTTP/1.1 500 Oh\r\n\r\n"), 200,
        TEXT("hello"), false};
    (void)state;
    expect_good(&longer, 0, PIECE);
}

/* ---- Answers as they should not be. ---- */

static const struct bad {
    struct text answer;
    const char *why;
} bad[] = {
    {TEXT("hello\r\n\r\n"), "not HTTP"},
    {TEXT("\r\n\r\n"), "not HTTP"},
    {TEXT("HTTP/2 200 OK\r\n\r\n"), "not HTTP"},
    {TEXT("HTTP/1.1 20\r\n\r\n"), "not HTTP"},
    {TEXT("HTTP/1.1 2000 OK\r\n\r\n"), "not HTTP"},
    {TEXT("HTTP/1.1  200 OK\r\n\r\n"), "not HTTP"},
    {TEXT("HTTP/1.1 -20 OK\r\n\r\n"), "not HTTP"},
    {TEXT("HTTP/1.1 099 OK\r\n\r\n"), "not HTTP"},
    {TEXT(" " OK "\r\n\r\n"), "not HTTP"},
    {TEXT("HTTP/1.1 101 Switching Protocols\r\n\r\n"), "left HTTP"},
    {TEXT(OK "no field\r\n\r\n"), "no field"},
    {TEXT(OK ": no name\r\n\r\n"), "no field"},
    {TEXT(OK "Content-Length : 5\r\n\r\nhello"), "no field"},
    {TEXT(OK "X: \0\r\n\r\n"), "control character"},
    {TEXT(OK "X: \x1b[2J\r\n\r\n"), "control character"},
    {TEXT(OK "X: y\rContent-Length: 5\r\n\r\nhello"), "control character"},
    {TEXT(OK "Content-Length: -1\r\n\r\n"), "not a number"},
    {TEXT(OK "Content-Length: +5\r\n\r\nhello"), "not a number"},
    {TEXT(OK "Content-Length:\r\n\r\n"), "not a number"},
    {TEXT(OK "Content-Length: 5x\r\n\r\nhello"), "not a number"},
    {TEXT(OK "Content-Length: 0x5\r\n\r\nhello"), "not a number"},
    {TEXT(OK "Content-Length: 5, 5\r\n\r\nhello"), "not a number"},
    {TEXT(OK "Content-Length: 18446744073709551615\r\n\r\n"), "not a number"},
    {TEXT(OK "Content-Length: 18446744073709551621\r\n\r\nhello"),
     "not a number"},
    {TEXT(OK "Content-Length: 18446744073709551614\r\n\r\n"), "longer"},
    {TEXT(OK "Content-Length: 1048577\r\n\r\n"), "longer"},
    {TEXT(OK "Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello"),
     "two lengths"},
    {TEXT(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello"),
     "both"},
    {TEXT(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello"),
     "both"},
    {TEXT(OK "Transfer-Encoding: gzip, chunked\r\n\r\n"), "encoded"},
    {TEXT(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
             "\r\n"),
     "encoded"},
    {TEXT(CHUNKED "\r\n"), "chunk's size"},
    {TEXT(CHUNKED ";x\r\n"), "chunk's size"},
    {TEXT(CHUNKED "g\r\n"), "chunk's size"},
    {TEXT(CHUNKED "-1\r\n"), "chunk's size"},
    {TEXT(CHUNKED "+1\r\n"), "chunk's size"},
    {TEXT(CHUNKED "0x1\r\n"), "chunk's size"},
    {TEXT(CHUNKED " 1\r\n"), "chunk's size"},
    {TEXT(CHUNKED "1 2\r\n"), "chunk's size"},
    {TEXT(CHUNKED "1\0\r\n"), "control character"},
    {TEXT(CHUNKED "10000000000000005\r\nhello\r\n"), "chunk's size"},
    {TEXT(CHUNKED "ffffffffffffffff\r\n"), "longer"},
    {TEXT(CHUNKED "5\r\nhello\r\nfffffffffffffffc\r\n"), "longer"},
    {TEXT(CHUNKED "5\r\nhello\r\nffffc\r\n"), "longer"},
    {TEXT(CHUNKED "3\r\nhello\r\n"), "chunk is longer"},
};

static void expect_bad(struct text answer, const char *why)
{
    struct result result = fetch_in_pieces(answer, 0, PIECE);
    if (result.status >= 0)
        fail_msg("taken for good: %s", answer.data);
    if (!strstr(result.error->message, why))
        fail_msg("%s: %s", answer.data, result.error->message);
    result_clear(&result);
}

static void a_wrong_answer_is_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        expect_bad(bad[i].answer, bad[i].why);
}

/* @p start, and then @p more again and again. */
static void expect_too_long(const char *start, const char *more,
                            const char *why)
{
    g_autoptr(GString) answer = g_string_new(start);
    while (answer->len < 100000)
        g_string_append(answer, more);
    expect_bad((struct text){answer->str, answer->len}, why);
}

static void what_has_no_end_is_not_awaited(void **state)
{
    const char *why = "does not end";
    (void)state;
    expect_too_long("", "a", why);
    expect_too_long(OK, "X: y\r\n", why);
    expect_too_long(OK "X: y", "\r\n z", why);
    expect_too_long("", "HTTP/1.1 100 Continue\r\n\r\n", why);
    expect_too_long(CHUNKED, "0", why);
    expect_too_long(CHUNKED "5;", "x", why);
    expect_too_long(CHUNKED "0\r\n", "X: y\r\n", why);
}

static void
memory_grows_with_what_came_not_with_what_was_announced(void **state)
{
    const struct text lies[] = {
        TEXT(OK "Content-Length: 1048576\r\n\r\nhello"),
        TEXT(CHUNKED "100000\r\nhello"),
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
        struct result result = fetch_in_pieces(lies[i], 0, PIECE);
        assert_int_equal(result.status, -1);
        assert_int_equal(result.body->len, 5);
        result_clear(&result);
    }
}

static void a_body_as_long_as_allowed_is_taken_and_no_longer(void **state)
{
    (void)state;
    for (size_t most = 4; most <= 5; most++) {
        int pair[2];
        open_pair(pair);
        say(pair[1], OK "\r\nhel", sizeof OK + 4);
        say(pair[1], "lo", 2);
        shutdown(pair[1], SHUT_WR);
        struct result result =
            listen_to(pair[0], (struct fetch){"x", "/", most, NEVER});
        assert_int_equal(result.status, most == 5 ? 200 : -1);
        assert_true(result.body->len <= most);
        result_clear(&result);
        close(pair[0]);
        close(pair[1]);
    }
}

/* ---- A server that does not read from a script. ---- */

static void a_silent_server_is_left_at_the_deadline(void **state)
{
    int pair[2];
    nsec start = clock_monotonic();
    (void)state;
    open_pair(pair);
    say(pair[1], OK "Conte", sizeof OK + 4);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    struct result result =
        listen_to(pair[0], (struct fetch){"x", "/", MOST, start + 20 * MSEC});
    assert_non_null(strstr(result.error->message, "in time (after 22 bytes)"));
    assert_true(clock_monotonic() - start >= 20 * MSEC);
    result_clear(&result);
    close(pair[0]);
    close(pair[1]);
}

/* All of it is there, and yet: too late is too late. */
static void a_server_that_never_pauses_cannot_outrun_the_deadline(void **state)
{
    int pair[2];
    (void)state;
    open_pair(pair);
    say(pair[1], OK "Content-Length: 0\r\n\r\n", sizeof OK + 20);
    struct result result =
        listen_to(pair[0], (struct fetch){"x", "/", MOST, 1});
    assert_non_null(strstr(result.error->message, "in time"));
    result_clear(&result);
    close(pair[0]);
    close(pair[1]);
}

static void *answer_and_reset(void *listener)
{
    const struct linger at_once = {.l_onoff = 1};
    char request[16];
    int fd = net_accept(GPOINTER_TO_INT(listener), NULL);
    read_all(fd, request, sizeof request, NEVER);
    write_all(fd, OK "\r\nhello", sizeof OK + 6, NEVER);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    return NULL;
}

/* It looks like an end of the body, and is none. */
static void a_reset_is_no_end(void **state)
{
    struct address address;
    (void)state;
    assert_true(address_parse(&address, "127.0.0.1:0", NULL));
    int listener = net_listen(&address, 1);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address = address_of(listener);
    GThread *server =
        g_thread_new("server", answer_and_reset, GINT_TO_POINTER(listener));
    assert_return_code(
        connect(fd, (struct sockaddr *)&address.storage, address.size), errno);
    struct result result = listen_to(fd, (struct fetch){"x", "/", MOST, NEVER});
    g_thread_join(server);
    assert_int_equal(result.status, -1);
    assert_non_null(strstr(result.error->message, "reset"));
    result_clear(&result);
    close(fd);
    close(listener);
}

/* ---- The request. ---- */

static void the_request_is_what_the_rfc_asks_for(void **state)
{
    int pair[2];
    char request[1024] = "";
    struct fetch fetch = {"example.org:81", "/a%20b?c=d", MOST, NEVER};
    (void)state;
    open_pair(pair);
    shutdown(pair[1], SHUT_WR);
    struct result result = listen_to(pair[0], fetch);
    assert_true(recv(pair[1], request, sizeof request - 1, 0) > 0);
    assert_true(g_str_has_prefix(request, "GET /a%20b?c=d HTTP/1.1\r\n"
                                          "Host: example.org:81\r\n"));
    assert_non_null(strstr(request, "\r\nConnection: close\r\n"));
    assert_true(g_str_has_suffix(request, "\r\n\r\n"));
    assert_true(strstr(request, "\r\n\r\n")[4] == '\0');
    result_clear(&result);
    close(pair[0]);
    close(pair[1]);
}

static void a_request_that_would_be_two_is_not_sent(void **state)
{
    const struct fetch requests[] = {
        {"x", "/ HTTP/1.1\r\nX: y", MOST, NEVER},
        {"x", "/\n", MOST, NEVER},
        {"x", "/a b", MOST, NEVER},
        {"x", "/\xe4", MOST, NEVER},
        {"x", "", MOST, NEVER},
        {"x", "no/slash", MOST, NEVER},
        {"x\r\nX: y", "/", MOST, NEVER},
        {"x y", "/", MOST, NEVER},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        int pair[2];
        char byte;
        open_pair(pair);
        struct result result = listen_to(pair[0], requests[i]);
        assert_non_null(strstr(result.error->message, "printable"));
        assert_int_equal(recv(pair[1], &byte, 1, 0), -1);
        assert_int_equal(errno, EAGAIN);
        result_clear(&result);
        close(pair[0]);
        close(pair[1]);
    }
}

static void a_request_that_cannot_be_sent_is_an_error(void **state)
{
    int pair[2];
    (void)state;
    open_pair(pair);
    close(pair[1]);
    struct result result =
        listen_to(pair[0], (struct fetch){"x", "/", MOST, NEVER});
    assert_non_null(strstr(result.error->message, "pipe (after 0 bytes)"));
    result_clear(&result);
    close(pair[0]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_in_one_piece_is_understood),
        cmocka_unit_test(an_answer_cut_anywhere_is_understood),
        cmocka_unit_test(an_answer_byte_by_byte_is_understood),
        cmocka_unit_test(an_answer_cut_short_anywhere_is_an_error),
        cmocka_unit_test(what_follows_an_answer_is_left_alone),
        cmocka_unit_test(a_wrong_answer_is_an_error),
        cmocka_unit_test(what_has_no_end_is_not_awaited),
        cmocka_unit_test(
            memory_grows_with_what_came_not_with_what_was_announced),
        cmocka_unit_test(a_body_as_long_as_allowed_is_taken_and_no_longer),
        cmocka_unit_test(a_silent_server_is_left_at_the_deadline),
        cmocka_unit_test(a_server_that_never_pauses_cannot_outrun_the_deadline),
        cmocka_unit_test(a_reset_is_no_end),
        cmocka_unit_test(the_request_is_what_the_rfc_asks_for),
        cmocka_unit_test(a_request_that_would_be_two_is_not_sent),
        cmocka_unit_test(a_request_that_cannot_be_sent_is_an_error),
    };
    return test_run(argc, argv, tests);
}

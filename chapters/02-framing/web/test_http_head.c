/* Heads of requests, good, bad and hostile, in every split. */
#include "02-framing/web/http.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <stdio.h>

#define HOST "Host: localhost\r\n\r\n"
#define GET  "GET / HTTP/1.1\r\n"
#define OLD  "GET / HTTP/1.0\r\n"
#define POST "POST / HTTP/1.1\r\nHost: localhost\r\n"
enum { GOOD = 200, MORE = 0 }; /* Beside the statuses of refusals. */

/* ---- Reading. ---- */

/* The status of a head, and how many bytes were used. */
struct outcome {
    unsigned status;
    ssize_t used;
};

static struct outcome outcome_of(const struct http_request *request,
                                 ssize_t used)
{
    return (struct outcome){used < 0   ? request->status
                            : used > 0 ? GOOD
                                       : MORE,
                            used};
}

static struct outcome read_whole(struct http_request *request, const char *data,
                                 size_t size)
{
    *request = (struct http_request){0};
    return outcome_of(request, http_parse(request, data, size));
}

/* The first @p first bytes, then all of them, in memory of their own. */
static struct outcome read_cut(struct http_request *request, const char *data,
                               size_t first, size_t size)
{
    g_autofree char *part = g_memdup2(data, first);
    *request = (struct http_request){0};
    ssize_t used = http_parse(request, part ? part : "", first);
    return outcome_of(request, used ? used : http_parse(request, data, size));
}

static struct outcome read_bytes(struct http_request *request, const char *data,
                                 size_t size)
{
    ssize_t used = 0;
    *request = (struct http_request){0};
    for (size_t end = 1; end <= size && used == 0; end++)
        used = http_parse(request, data, end);
    return outcome_of(request, used);
}

/* In every split it is the same. */
static void expect(const char *data, size_t size, unsigned status)
{
    struct http_request request;
    struct outcome whole = read_whole(&request, data, size);
    struct outcome bytes = read_bytes(&request, data, size);
    if (whole.status != status)
        fail_msg("%s: %u, not %u", data, whole.status, status);
    assert_int_equal(bytes.status, status);
    assert_int_equal(bytes.used, whole.used);
    for (size_t first = 0; first <= size; first++) {
        struct outcome cut = read_cut(&request, data, first, size);
        assert_int_equal(cut.status, status);
        assert_int_equal(cut.used, whole.used);
    }
}

static struct http_request read_good(const char *text)
{
    struct http_request request;
    struct outcome whole = read_whole(&request, text, strlen(text));
    assert_int_equal(whole.status, GOOD);
    return request;
}

static void assert_word(struct word word, const char *text)
{
    assert_int_equal(word.size, strlen(text));
    assert_memory_equal(word.data, text, word.size);
}

/* ---- Good and bad. ---- */

static const struct {
    const char *head;
    unsigned status;
} heads[] = {
    {GET HOST, GOOD},
    {OLD "\r\n", GOOD},
    {"\r\n" GET HOST, GOOD},
    {"GET / HTTP/1.9\r\n" HOST, GOOD},
    {"GET http://localhost:80/a HTTP/1.1\r\n" HOST, GOOD},
    {GET "hOsT:x\r\n\r\n", GOOD},
    {GET "Host:\r\n\r\n", GOOD},
    {GET "Host: [::1]:8080\r\n\r\n", GOOD},
    {GET "X: \t y \xff \t\r\nY:\r\n" HOST, GOOD},
    {GET "X: a: b\r\n" HOST, GOOD},
    {"", MORE},
    {"\r", MORE},
    {"\r\n", MORE},
    {"GET / HTTP/1.1\r\nHost: x\r\n", MORE},
    {"GET / HTTP/1.1\r\nHost: x\r\n\r", MORE},
    /* The request line. */
    {"\r\n\r\n" GET HOST, 400},
    {" " GET HOST, 400},
    {"\n" GET HOST, 400},
    {"\rGET / HTTP/1.1\r\n" HOST, 400},
    {"GET  / HTTP/1.1\r\n" HOST, 400},
    {"GET /  HTTP/1.1\r\n" HOST, 400},
    {"GET\t/ HTTP/1.1\r\n" HOST, 400},
    {"GET / HTTP/1.1 \r\n" HOST, 400},
    {"GET /a b HTTP/1.1\r\n" HOST, 400},
    {"GET /\r\n" HOST, 400},
    {"GET\r\n" HOST, 400},
    {"G(T / HTTP/1.1\r\n" HOST, 400},
    {"GET / HTTP/11\r\n" HOST, 400},
    {"GET / http/1.1\r\n" HOST, 400},
    {"GET / HTTP/1.10\r\n" HOST, 400},
    {"GET /\x01 HTTP/1.1\r\n" HOST, 400},
    {"GET /\x7f HTTP/1.1\r\n" HOST, 400},
    {"GET /\xe4 HTTP/1.1\r\n" HOST, 400},
    {"GET / HTTP/2.0\r\n" HOST, 505},
    {"GET / HTTP/0.9\r\n" HOST, 505},
    /* Lines and fields. */
    {"GET / HTTP/1.1\nHost: x\n\n", 400},
    {GET "Host: x\r\n\n", 400},
    {GET "Host: x\n\r\n", 400},
    {GET "X: y\n" HOST, 400},
    {GET "X: y\rz\r\n" HOST, 400},
    {GET "X: y\r\r\n" HOST, 400},
    {GET "X: \x1b[2J\r\n" HOST, 400},
    {GET "X: \x7f\r\n" HOST, 400},
    {GET "X : y\r\n" HOST, 400},
    {GET " X: y\r\n" HOST, 400},
    {GET "X: y\r\n folded\r\n" HOST, 400},
    {GET "X: y\r\n\tfolded: z\r\n" HOST, 400},
    {GET "X\r\n" HOST, 400},
    {GET ": y\r\n" HOST, 400},
    {GET "X y: z\r\n" HOST, 400},
    /* Host. */
    {GET "\r\n", 400},
    {GET "Host: a\r\nHost: a\r\n\r\n", 400},
    {OLD "Host: a\r\nHost: b\r\n\r\n", 400},
    {GET "Host: a b\r\n\r\n", 400},
    {GET "Host: a\tb\r\n\r\n", 400},
    {GET "Host: a,b\r\n\r\n", 400},
    {GET "Host: a/b\r\n\r\n", 400},
    {GET "Host: a@b\r\n\r\n", 400},
    /* Expect. */
    {POST "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\n", GOOD},
    {POST "Content-Length: 1\r\nExpect: 200-ok\r\n\r\n", 417},
    {POST "Content-Length: 1\r\nExpect:\r\n\r\n", 417},
};

static void each_head_gets_what_it_deserves_in_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
        expect(heads[i].head, strlen(heads[i].head), heads[i].status);
}

static void a_zero_byte_is_refused_wherever_it_stands(void **state)
{
    static const char good[] = "GET /path HTTP/1.1\r\nX-Name: value\r\n" HOST;
    enum { SIZE = sizeof good - 1, LINES = 4 };
    (void)state;
    for (size_t i = 0; i < SIZE - LINES; i++) {
        char bad[sizeof good];
        memcpy(bad, good, sizeof good);
        bad[i] = '\0';
        expect(bad, SIZE, 400);
    }
}

/* ---- How long is the body? ---- */

static const struct {
    const char *fields;
    unsigned status;
} lengths[] = {
    {"Content-Length: 0\r\n", GOOD},
    {"Content-Length: 0005\r\n", GOOD},
    {"content-length:5\t\r\n", GOOD},
    {"Transfer-Encoding: Chunked\r\n", GOOD},
    {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
    {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
    {"Content-Length: 5\r\ncontent-length: 5\r\n", 400},
    {"Content-Length: 5, 5\r\n", 400},
    {"Content-Length: 5,\r\n", 400},
    {"Content-Length: +5\r\n", 400},
    {"Content-Length: -5\r\n", 400},
    {"Content-Length: 0x5\r\n", 400},
    {"Content-Length: 5a\r\n", 400},
    {"Content-Length: 5 5\r\n", 400},
    {"Content-Length: 5.0\r\n", 400},
    {"Content-Length: \"5\"\r\n", 400},
    {"Content-Length:\r\n", 400},
    {"Content-Length : 5\r\n", 400},
    {"Content-Length\t: 5\r\n", 400},
    {"Content-Length: 5\r\n 6\r\n", 400},
    {"Content-Length: 5\nX: y\r\n", 400},
    {"Content-Length: 99999999999999999999\r\n", 413},
    {"Content-Length: 18446744073709551621\r\n", 413},
    {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
    {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
    {"Transfer-Encoding: identity\r\nContent-Length: 5\r\n", 400},
    {"Transfer-Encoding: identity\r\n", 501},
    {"Transfer-Encoding: gzip\r\n", 501},
    {"Transfer-Encoding: gzip, chunked\r\n", 501},
    {"Transfer-Encoding: chunked, chunked\r\n", 501},
    {"Transfer-Encoding: chunked, identity\r\n", 501},
    {"Transfer-Encoding: xchunked\r\n", 501},
    {"Transfer-Encoding: chunkedx\r\n", 501},
    {"Transfer-Encoding: \"chunked\"\r\n", 501},
    {"Transfer-Encoding: ;chunked\r\n", 501},
    {"Transfer-Encoding:\r\n", 501},
    {"Transfer-Encoding: \vchunked\r\n", 400},
    {"Transfer-Encoding : chunked\r\n", 400},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", 400},
    {"Transfer-Encoding:\r\n chunked\r\n", 400},
};

static void nothing_that_leaves_the_length_in_doubt_gets_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autofree char *head =
            g_strconcat(POST, lengths[i].fields, "\r\n", NULL);
        expect(head, strlen(head), lengths[i].status);
    }
}

static void chunks_are_not_for_http_1_0(void **state)
{
    static const char head[] = OLD "Transfer-Encoding: chunked\r\n\r\n";
    (void)state;
    expect(head, sizeof head - 1, 400);
}

static void a_body_is_what_the_fields_say(void **state)
{
    struct http_request none = read_good(POST "\r\n");
    struct http_request some = read_good(POST "Content-Length: 05\r\n\r\n");
    struct http_request most =
        read_good(POST "Content-Length: 9223372036854775807\r\n\r\n");
    struct http_request chunks =
        read_good(POST "Transfer-Encoding: chunked\r\n\r\n");
    (void)state;
    assert_true(none.length == 0 && !none.chunked);
    assert_true(some.length == 5 && !some.chunked);
    assert_true(most.length == INT64_MAX);
    assert_true(chunks.length == 0 && chunks.chunked);
}

/* One struct is used for all the requests of a connection. */
static void nothing_of_a_request_is_left_for_the_next(void **state)
{
    static const char next[] = OLD "\r\n";
    static const char *const before[] = {
        POST "Content-Length: 7\r\nExpect: 100-continue\r\nX: y\r\n\r\n",
        POST "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
        struct http_request request = read_good(before[i]);
        request.searched = 0;
        assert_int_equal(http_parse(&request, next, sizeof next - 1),
                         sizeof next - 1);
        assert_true(request.count == 0 && request.length == 0);
        assert_false(request.chunked || request.expects || request.keeps);
    }
}

/* ---- What is said. ---- */

static void words_stand_where_they_came(void **state)
{
    static const char head[] = "\r\nPUT /a?b=%41 HTTP/1.1\r\nHost:h:1\r\nX-A: "
                               "\t one two\t \r\nx-a:\r\n"
                               "\r\nGET /next";
    struct http_request request;
    ssize_t used = read_whole(&request, head, sizeof head - 1).used;
    (void)state;
    assert_string_equal(head + used, "GET /next");
    assert_word(request.method, "PUT");
    assert_word(request.target, "/a?b=%41");
    assert_int_equal(request.minor, 1);
    assert_int_equal(request.count, 3);
    assert_word(http_field(&request, "x-A"), "one two");
    assert_word(request.fields[2].value, "");
    assert_word(http_field(&request, "HOST"), "h:1");
    assert_null(http_field(&request, "X").data);
}

static void methods_and_targets_have_a_case(void **state)
{
    struct http_request request = read_good("get /Path HTTP/1.1\r\n" HOST);
    (void)state;
    assert_true(http_is(request.method, "get"));
    assert_false(http_is(request.method, "GET"));
    assert_false(http_is(request.target, "/path"));
    assert_false(http_is(request.target, "/Pat"));
}

static void a_target_with_its_host_means_its_path(void **state)
{
    static const char *const same[][2] = {
        {"http://localhost/a/b?c", "/a/b?c"},
        {"HTTP://user@localhost:80/", "/"},
        {"http://localhost", "/"},
        {"http://", "/"},
        {"http://localhost?c", "?c"},
        {"https://localhost/", "https://localhost/"},
        {"*", "*"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autofree char *head =
            g_strdup_printf("GET %s HTTP/1.1\r\n" HOST, same[i][0]);
        assert_word(read_good(head).target, same[i][1]);
    }
}

static const struct {
    const char *head;
    bool keeps;
} connections[] = {
    {GET HOST, true},
    {OLD "\r\n", false},
    {GET "Connection: close\r\n" HOST, false},
    {GET "Connection: Close\r\n" HOST, false},
    {GET "Connection: x , close\r\n" HOST, false},
    {GET "Connection: x\r\nConnection: close\r\n" HOST, false},
    {GET "Connection: close,keep-alive\r\n" HOST, false},
    {GET "Connection: closed\r\n" HOST, true},
    {GET "Connection: ,\r\n" HOST, true},
    {OLD "Connection: keep-alive\r\n\r\n", true},
    {OLD "Connection: upgrade, Keep-Alive\r\n\r\n", true},
    {OLD "Connection: keep\r\n\r\n", false},
};

static void connections_stay_as_versions_and_lists_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(connections); i++)
        if (read_good(connections[i].head).keeps != connections[i].keeps)
            fail_msg("%s", connections[i].head);
}

#define EXPECT "Expect: 100-continue\r\n"

static void only_who_has_a_body_can_wait_with_it(void **state)
{
    (void)state;
    assert_true(read_good(POST EXPECT "Content-Length: 1\r\n\r\n").expects);
    assert_true(
        read_good(POST EXPECT "Transfer-Encoding: chunked\r\n\r\n").expects);
    assert_false(read_good(POST EXPECT "\r\n").expects);
    assert_false(read_good(POST EXPECT "Content-Length: 0\r\n\r\n").expects);
    assert_false(read_good(OLD EXPECT "Content-Length: 1\r\n\r\n").expects);
}

/* ---- Floods. ---- */

static unsigned status_of(const GString *head)
{
    struct http_request request;
    unsigned whole = read_whole(&request, head->str, head->len).status;
    assert_int_equal(read_bytes(&request, head->str, head->len).status, whole);
    return whole;
}

static unsigned status_of_fields(unsigned count)
{
    g_autoptr(GString) head = g_string_new(GET "Host: x\r\n");
    for (unsigned i = 1; i < count; i++)
        g_string_append(head, "X: y\r\n");
    g_string_append(head, "\r\n");
    return status_of(head);
}

static unsigned status_of_target(size_t size)
{
    g_autofree char *target = g_strnfill(size - 1, 'a');
    g_autoptr(GString) head = g_string_new(NULL);
    g_string_printf(head, "GET /%s HTTP/1.1\r\n" HOST, target);
    return status_of(head);
}

static unsigned status_of_head(size_t size, const char *end)
{
    g_autoptr(GString) head = g_string_new(GET "Host: x\r\nX: ");
    while (head->len < size - strlen(end))
        g_string_append_c(head, 'y');
    g_string_append(head, end);
    return status_of(head);
}

static void limits_are_exact(void **state)
{
    (void)state;
    assert_int_equal(status_of_fields(HTTP_FIELDS), GOOD);
    assert_int_equal(status_of_fields(HTTP_FIELDS + 1), 431);
    assert_int_equal(status_of_target(HTTP_TARGET), GOOD);
    assert_int_equal(status_of_target(HTTP_TARGET + 1), 414);
    assert_int_equal(status_of_head(HTTP_HEAD, "\r\n\r\n"), GOOD);
    assert_int_equal(status_of_head(HTTP_HEAD + 1, "\r\n\r\n"), 431);
    assert_int_equal(status_of_head(HTTP_HEAD, ""), MORE);
    assert_int_equal(status_of_head(HTTP_HEAD + 1, ""), 431);
}

static void a_line_without_end_is_not_waited_for(void **state)
{
    g_autoptr(GString) head = g_string_new("GET /");
    (void)state;
    while (head->len < HTTP_HEAD)
        g_string_append_c(head, 'a');
    assert_int_equal(status_of(head), MORE);
    g_string_append_c(head, 'a');
    assert_int_equal(status_of(head), 414);
}

/* What was searched may be anything by then: nobody looks. Byte by byte, the
 * parser may look at the last two again, and at no others. */
static void what_was_searched_is_not_searched_again(void **state)
{
    g_autofree char *head = g_strnfill(HTTP_HEAD, 'a');
    struct http_request request = {0};
    (void)state;
    for (size_t size = 1; size <= HTTP_HEAD; size++) {
        if (size % 40 == 0)
            head[size - 1] = '\n';
        assert_int_equal(http_parse(&request, head, size), 0);
        assert_true(request.searched + 2 >= size);
        if (size > 42)
            head[size - 3] = '\n';
    }
}

static void refusals_say_why(void **state)
{
    struct http_request request;
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
        if (heads[i].status < 400)
            continue;
        read_whole(&request, heads[i].head, strlen(heads[i].head));
        assert_string_not_equal(request.why, "");
        assert_string_not_equal(http_phrase(request.status), "Unknown");
    }
}

/* Any bytes near a good head: in any split the same. */
static void damage_is_seen_in_every_split_alike(void **state)
{
    static const char good[] = POST "Content-Length: 5\r\nX: y\r\n\r\n";
    static const char odd[] = "\r\n\t :,5\0x\x80";
    (void)state;
    for_each_seed (seed, 300) {
        struct dice dice = dice_at(seed, 0, 0);
        struct http_request request;
        char bad[sizeof good];
        memcpy(bad, good, sizeof good);
        for (int i = 0; i < 3; i++)
            bad[dice_between(&dice, 0, sizeof good - 2)] =
                odd[dice_between(&dice, 0, sizeof odd - 2)];
        expect(bad, sizeof bad - 1,
               read_whole(&request, bad, sizeof bad - 1).status);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_head_gets_what_it_deserves_in_every_split),
        cmocka_unit_test(a_zero_byte_is_refused_wherever_it_stands),
        cmocka_unit_test(nothing_that_leaves_the_length_in_doubt_gets_through),
        cmocka_unit_test(chunks_are_not_for_http_1_0),
        cmocka_unit_test(a_body_is_what_the_fields_say),
        cmocka_unit_test(nothing_of_a_request_is_left_for_the_next),
        cmocka_unit_test(words_stand_where_they_came),
        cmocka_unit_test(methods_and_targets_have_a_case),
        cmocka_unit_test(a_target_with_its_host_means_its_path),
        cmocka_unit_test(connections_stay_as_versions_and_lists_say),
        cmocka_unit_test(only_who_has_a_body_can_wait_with_it),
        cmocka_unit_test(limits_are_exact),
        cmocka_unit_test(a_line_without_end_is_not_waited_for),
        cmocka_unit_test(what_was_searched_is_not_searched_again),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(damage_is_seen_in_every_split_alike),
    };
    return test_run(argc, argv, tests);
}

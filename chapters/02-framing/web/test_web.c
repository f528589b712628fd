/* The web server, its guests and its owners: what is asked is answered, once,
 * in order, whole. */
#include "02-framing/web/test_web.h"
#include "02-framing/chunked.h"
#include "02-framing/web/test_service.h"

#define GO_ON "HTTP/1.1 100 Continue\r\n\r\n"

/* ---- One after the other. ---- */

static const char requests[] =
    "GET /one HTTP/1.1\r\n" HOST "POST /body HTTP/1.1\r\nContent-Length: 5\r\n"
    "" HOST "helloHEAD /two HTTP/1.1\r\n" HOST
    "\r\nPOST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST
    "2;x\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n"
    "GET /three HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    "PUT /body HTTP/1.1\r\n" HOST "GET /four HTTP/1.1\r\n"
    "Connection: close\r\n" HOST "GET /never HTTP/1.1\r\n" HOST;

static const char replies[] =
    WHOLE "4\r\n\r\n/one" WHOLE "10\r\n\r\n5 9a71bb4c" WHOLE "4\r\n\r\n" WHOLE
          "10\r\n\r\n5 9a71bb4c" WHOLE
          "6\r\nConnection: keep-alive\r\n\r\n/three" WHOLE
          "10\r\n\r\n0 00000000" WHOLE "5\r\nConnection: close\r\n\r\n/four";

static void requests_are_answered_in_order_in_any_split(void **state)
{
    (void)state;
    for (size_t first = 0; first < sizeof requests - 1; first++) {
        struct guest *guest = guest_new();
        guest_say_bytes(guest, requests, first);
        settle();
        guest_say(guest, requests + first);
        settle();
        assert_string_equal(guest_heard(guest), replies);
        assert_true(guest->ended);
        guest_leave(guest);
    }
}

static void requests_are_answered_in_order_byte_by_byte(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    for (size_t i = 0; i < sizeof requests - 1; i++) {
        guest_say_bytes(guest, requests + i, 1);
        settle();
    }
    assert_string_equal(guest_heard(guest), replies);
}

/* More than the server keeps: it stops reading until there is room. */
static void a_flood_of_requests_is_answered_to_the_last(void **state)
{
    enum { COUNT = 20000 };
    struct guest *guest = guest_new();
    size_t size = strlen(WHOLE "2\r\n\r\n/f");
    (void)state;
    guest->deaf = true;
    for (int i = 0; i < COUNT; i++)
        guest_say(guest, "GET /f HTTP/1.1\r\n" HOST);
    settle();
    assert_true(web_counts(house.web).requests < COUNT);
    guest->deaf = false;
    settle();
    assert_int_equal(web_counts(house.web).requests, COUNT);
    assert_int_equal(guest->heard->len,
                     COUNT * (size + strlen("Date: Thu, 01 Jan 1970 00:00:00 "
                                            "GMT\r\n")));
}

static void what_was_asked_before_a_half_close_is_answered(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "GET /later HTTP/1.1\r\n" HOST "GET /b HTTP/1.1\r\n" HOST);
    settle();
    shutdown(guest->fd, SHUT_WR);
    settle();
    web_answer(last->exchange, 200, "text/plain", "now", 3);
    settle();
    assert_string_equal(guest_heard(guest),
                        WHOLE "3\r\n\r\nnow" WHOLE "2\r\n\r\n/b");
    assert_true(guest->ended);
}

static void who_hangs_up_within_a_request_is_forgotten(void **state)
{
    (void)state;
    for (size_t first = 0; first < sizeof requests - 1; first += 3) {
        struct guest *guest = guest_new();
        guest_say_bytes(guest, requests, first);
        settle();
        guest_leave(guest);
    }
    settle();
    assert_int_equal(web_counts(house.web).clients, 0);
}

/* ---- Bodies. ---- */

static GByteArray *body_of(size_t size)
{
    GByteArray *body = g_byte_array_sized_new((guint)size);
    g_byte_array_set_size(body, (guint)size);
    for (size_t i = 0; i < size; i++)
        body->data[i] = (uint8_t)(i * 7 + i / 251);
    return body;
}

static void expect_body(const GByteArray *body)
{
    settle();
    assert_int_equal(last->whole, 1);
    assert_int_equal(last->body->len, body->len);
    assert_memory_equal(last->body->data, body->data, body->len);
}

static void bodies_reach_their_owner_whole(void **state)
{
    g_autoptr(GByteArray) body = body_of(1 << 20);
    struct guest *guest = guest_new();
    struct wire_writer out = {.most = SIZE_MAX};
    (void)state;
    guest_say(guest, "POST /body HTTP/1.1\r\nContent-Length: 1048576\r\n" HOST);
    guest_say_bytes(guest, body->data, body->len);
    expect_body(body);
    guest_say(guest,
              "POST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST);
    for (guint at = 0, size = 1; at < body->len; at += size, size *= 2)
        chunked_put(&out, body->data + at, MIN(size, body->len - at));
    chunked_put_end(&out);
    guest_say_bytes(guest, out.data, out.size);
    expect_body(body);
    assert_false(guest->ended);
    wire_clear(&out);
}

static void a_bad_chunk_is_refused_and_ends_the_connection(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "POST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
                     "" HOST "2\r\nheX\r\nGET /smuggled HTTP/1.1\r\n" HOST);
    settle();
    const char *heard = guest_heard(guest);
    assert_true(g_str_has_prefix(heard, "HTTP/1.1 400 "));
    assert_null(strstr(heard, "smuggled"));
    assert_true(guest->ended);
    assert_int_equal(last->whole, 0);
}

static void go_on_is_said_to_who_waits_with_a_wanted_body(void **state)
{
    static const char *const told[][2] = {
        {"POST /body HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n",
         GO_ON},
        {"POST /body HTTP/1.1\r\nContent-Length: 2\r\n", ""},
        {"POST /body HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n",
         ""},
        {"POST /no HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n",
         WHOLE "3\r\nConnection: close\r\n\r\n/no"},
        {"POST /no HTTP/1.1\r\nExpect: 100-continue\r\n", WHOLE "3\r\n\r\n/no"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        struct guest *guest = guest_new();
        guest_say(guest, told[i][0]);
        guest_say(guest, HOST);
        settle();
        assert_string_equal(guest_heard(guest), told[i][1]);
        guest_leave(guest);
    }
}

static void an_answer_in_the_midst_of_a_body_is_the_last(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest,
              "POST /first HTTP/1.1\r\nContent-Length: 9\r\n" HOST "hello");
    settle();
    assert_string_equal(guest_heard(guest),
                        WHOLE "6\r\nConnection: close\r\n\r\nenough");
    assert_true(guest->ended);
    assert_int_equal(last->over, 1);
    guest_say(guest, "not GET /x HTTP/1.1\r\n" HOST);
    settle();
    assert_int_equal(last->body->len, 5);
    assert_int_equal(last->whole, 0);
}

/* By TCP: bytes that nobody reads would break the connection, and the answer be
 * lost with it. */
static void who_sends_on_can_still_read_the_answer(void **state)
{
    g_autoptr(GByteArray) body = body_of(1 << 22);
    (void)state;
    close_house();
    open_house("127.0.0.1:0", on_request, (struct web_settings){0});
    struct guest *guest = guest_new();
    guest_say(guest, "POST /no HTTP/1.1\r\nContent-Length: 4194304\r\n" HOST);
    guest_say_bytes(guest, body->data, body->len);
    guest->deaf = true;
    while (guest->said < guest->words->len)
        settle();
    guest->deaf = false;
    while (!guest->ended && !guest->error)
        settle();
    assert_int_equal(guest->error, 0);
    assert_string_equal(guest_heard(guest),
                        WHOLE "3\r\nConnection: close\r\n\r\n/no");
}

/* In one piece: the body was whole when it was answered. */
static void an_answered_body_is_not_told_to_be_whole(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest,
              "POST /first HTTP/1.1\r\nContent-Length: 5\r\n" HOST "hello");
    settle();
    assert_int_equal(last->whole, 0);
    assert_true(guest->ended);
}

/* ---- Long answers. ---- */

static void expect_pattern(const char *data, size_t size)
{
    assert_int_equal(size, LONG);
    for (size_t i = 0; i < size; i++)
        if (data[i] != pattern(i))
            fail_msg("byte %zu is wrong", i);
}

/* Piece by piece, with pauses. */
static void hear_slowly(struct guest *guest)
{
    guest->deaf = true;
    for (int i = 0; i < 4 * LONG / 50000; i++) {
        guest_hear(guest, 50000);
        settle();
    }
    guest->deaf = false;
    settle();
}

static void a_slow_reader_gets_a_long_answer_whole(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "GET /long HTTP/1.1\r\n" HOST);
    hear_slowly(guest);
    const char *body = strstr(guest->heard->str, "\r\n\r\n") + 4;
    expect_pattern(body,
                   guest->heard->len - (size_t)(body - guest->heard->str));
    assert_false(guest->ended);
}

static void http_1_0_gets_a_long_answer_until_the_end(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear_slowly(guest);
    const char *body = strstr(guest->heard->str, "\r\n\r\n") + 4;
    expect_pattern(body,
                   guest->heard->len - (size_t)(body - guest->heard->str));
    assert_null(strstr(guest->heard->str, "chunked"));
    assert_non_null(strstr(guest->heard->str, "Connection: close\r\n"));
    assert_true(guest->ended);
}

static void http_1_1_gets_a_long_answer_in_chunks(void **state)
{
    struct guest *guest = guest_new();
    struct chunked chunked = {.most = LONG};
    struct chunked_piece piece;
    g_autoptr(GByteArray) body = g_byte_array_new();
    (void)state;
    guest_say(guest, "GET /chunks HTTP/1.1\r\n" HOST);
    hear_slowly(guest);
    char *at = strstr(guest->heard->str, "\r\n\r\n") + 4;
    char *end = guest->heard->str + guest->heard->len;
    while (!chunked_ended(&chunked)) {
        ssize_t used = chunked_parse(&chunked, (const uint8_t *)at,
                                     (size_t)(end - at), &piece);
        assert_true(used > 0);
        g_byte_array_append(body, piece.data, (guint)piece.size);
        at += used;
    }
    assert_ptr_equal(at, end);
    expect_pattern((const char *)body->data, body->len);
    assert_false(guest->ended);
}

static void head_is_get_without_the_body(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest,
              "HEAD /one HTTP/1.1\r\n" HOST "HEAD /chunks HTTP/1.1\r\n" HOST
              "HEAD /long HTTP/1.1\r\n" HOST "GET /a HTTP/1.1\r\n" HOST);
    settle();
    assert_string_equal(guest_heard(guest),
                        WHOLE "4\r\n\r\n" CHUNKS
                              "HTTP/1.1 200 OK\r\nContent-Length: 3145728\r\n"
                              "\r\n" WHOLE "2\r\n\r\n/a");
}

static void a_refusal_after_head_has_its_body(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "HEAD /one HTTP/1.1\r\n" HOST "nonsense\r\n\r\n");
    settle();
    assert_non_null(strstr(guest_heard(guest), "\r\n\r\n400 Bad Request: "));
}

/* ---- From outside. ---- */

static void an_answer_may_come_from_outside_in_pieces(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest,
              "GET /later HTTP/1.1\r\n" HOST "GET /next HTTP/1.1\r\n" HOST);
    settle();
    struct service *service = last;
    assert_string_equal(guest_heard(guest), "");
    web_begin(service->exchange,
              (struct http_answer){.status = 200, .length = HTTP_CHUNKED});
    assert_int_equal(web_write(service->exchange, "hello", 5), 5);
    assert_int_equal(web_write(service->exchange, "", 0), 0);
    settle();
    assert_string_equal(guest_heard(guest), CHUNKS "5\r\nhello\r\n");
    web_write(service->exchange, "!", 1);
    web_finish(service->exchange);
    assert_int_equal(service->over, 0);
    settle();
    assert_int_equal(service->over, 1);
    assert_string_equal(guest_heard(guest),
                        "1\r\n!\r\n0\r\n\r\n" WHOLE "5\r\n\r\n/next");
}

static void the_last_byte_of_a_length_ends_an_answer(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "GET /later HTTP/1.1\r\n" HOST);
    settle();
    web_begin(last->exchange, (struct http_answer){.status = 200, .length = 5});
    assert_int_equal(web_write(last->exchange, "hello, you", 10), 5);
    web_finish(last->exchange);
    settle();
    assert_int_equal(last->over, 1);
    assert_string_equal(guest_heard(guest),
                        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    assert_false(guest->ended || guest->error);
}

/* The connection is broken: else the client took a part for all. */
static void an_answer_that_lacks_something_breaks(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest,
              "GET /later HTTP/1.1\r\n" HOST "GET /next HTTP/1.1\r\n" HOST);
    settle();
    web_begin(last->exchange, (struct http_answer){.status = 200, .length = 5});
    web_write(last->exchange, "hell", 4);
    web_finish(last->exchange);
    settle();
    assert_true(guest->ended || guest->error);
    assert_null(strstr(guest_heard(guest), "/next"));
    assert_int_equal(web_counts(house.web).clients, 0);
}

/* Those who wait for an answer, who send a body, who read one. */
static void owners_are_told_when_the_server_goes(void **state)
{
    struct guest *deaf = guest_new();
    (void)state;
    guest_say(guest_new(), "GET /later HTTP/1.1\r\n" HOST);
    guest_say(guest_new(),
              "POST /body HTTP/1.1\r\nContent-Length: 9\r\n" HOST "he");
    deaf->deaf = true;
    guest_say(deaf, "GET /long HTTP/1.1\r\n" HOST);
    settle();
    for (guint i = 0; i < services->len; i++)
        assert_int_equal(((struct service *)services->pdata[i])->over, 0);
    assert_int_equal(services->len, 3);
    close_web();
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        test(requests_are_answered_in_order_in_any_split),
        test(requests_are_answered_in_order_byte_by_byte),
        test(a_flood_of_requests_is_answered_to_the_last),
        test(what_was_asked_before_a_half_close_is_answered),
        test(who_hangs_up_within_a_request_is_forgotten),
        test(bodies_reach_their_owner_whole),
        test(a_bad_chunk_is_refused_and_ends_the_connection),
        test(go_on_is_said_to_who_waits_with_a_wanted_body),
        test(an_answer_in_the_midst_of_a_body_is_the_last),
        test(who_sends_on_can_still_read_the_answer),
        test(an_answered_body_is_not_told_to_be_whole),
        test(a_slow_reader_gets_a_long_answer_whole),
        test(http_1_0_gets_a_long_answer_until_the_end),
        test(http_1_1_gets_a_long_answer_in_chunks),
        test(head_is_get_without_the_body),
        test(a_refusal_after_head_has_its_body),
        test(an_answer_may_come_from_outside_in_pieces),
        test(the_last_byte_of_a_length_ends_an_answer),
        test(an_answer_that_lacks_something_breaks),
        test(owners_are_told_when_the_server_goes),
    };
    return test_run(argc, argv, tests);
}

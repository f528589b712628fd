/* Times as HTTP has them, and heads of answers. */
#include "02-framing/web/http.h"
#include "common/judge/test.h"

/* ---- Times. ---- */

static bool read_time(const char *text, time_t *time)
{
    return http_read_time((struct word){text, strlen(text)}, time);
}

static void times_are_read_as_they_are_written(void **state)
{
    static const struct {
        const char *text;
        time_t time;
    } times[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
        {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
        {"Sun, 07 Feb 2106 06:28:16 GMT", 4294967296},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        time_t time;
        assert_true(read_time(times[i].text, &time));
        assert_true(time == times[i].time);
    }
}

static void what_only_looks_like_a_time_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "now",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Mon, 29 Feb 2100 00:00:00 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 GMT and much more that does not end here..",
    };
    time_t time;
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (read_time(texts[i], &time))
            fail_msg("%s is a time", texts[i]);
    assert_false(http_read_time((struct word){"Sun\0", 4}, &time));
}

/* ---- Answers. ---- */

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

static const struct {
    struct http_answer answer;
    const char *head;
} answers[] = {
    {{.status = 200, .type = "text/plain", .length = 5, .keeps = true},
     "HTTP/1.1 200 OK\r\n" DATE "Content-Type: text/plain\r\n"
     "Content-Length: 5\r\n\r\n"},
    {{.status = 200, .length = 0, .keeps = true, .old = true},
     "HTTP/1.1 200 OK\r\n" DATE
     "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
    {{.status = 404, .length = 0},
     "HTTP/1.1 404 Not Found\r\n" DATE
     "Content-Length: 0\r\nConnection: close\r\n\r\n"},
    {{.status = 200, .length = HTTP_CHUNKED, .keeps = true},
     "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n"},
    {{.status = 200, .length = HTTP_CLOSED, .old = true},
     "HTTP/1.1 200 OK\r\n" DATE "Connection: close\r\n\r\n"},
    {{.status = 304, .length = HTTP_NONE, .keeps = true, .modified = 951825600},
     "HTTP/1.1 304 Not Modified\r\n" DATE
     "Last-Modified: Tue, 29 Feb 2000 12:00:00 GMT\r\n\r\n"},
    {{.status = 405, .length = INT64_MAX, .lines = "Allow: GET\r\n"},
     "HTTP/1.1 405 Method Not Allowed\r\n" DATE "Allow: GET\r\n"
     "Content-Length: 9223372036854775807\r\nConnection: close\r\n\r\n"},
};

static void heads_of_answers_say_how_they_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        struct wire_writer out = {.most = SIZE_MAX};
        struct http_answer answer = answers[i].answer;
        answer.now = 784111777;
        http_put_head(&out, &answer);
        wire_put_u8(&out, 0);
        assert_string_equal((const char *)out.data, answers[i].head);
        wire_clear(&out);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_as_they_are_written),
        cmocka_unit_test(what_only_looks_like_a_time_is_none),
        cmocka_unit_test(heads_of_answers_say_how_they_end),
    };
    return test_run(argc, argv, tests);
}

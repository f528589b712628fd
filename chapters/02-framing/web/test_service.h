/**
 * @file test_service.h
 * Those who serve in tests of the web server, by target: /body takes a body and
 * tells its size and check; /first answers at its first bytes; /later is
 * answered by the test; /long and /chunks write LONG bytes; any other is
 * answered with itself.
 */
#ifndef FRAMING_TEST_SERVICE_H
#define FRAMING_TEST_SERVICE_H
#include "02-framing/crc32c.h"
#include "02-framing/web/test_web.h"
#include <stdio.h>

#define HOST   "Host: x\r\n\r\n"
#define WHOLE  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
#define CHUNKS "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define GO_ON  "HTTP/1.1 100 Continue\r\n\r\n"
enum { LONG = 3 << 20 };

/* What an owner was told. */
struct service {
    struct web_exchange *exchange;
    GByteArray *body;
    unsigned whole, over;
    size_t left; /* Of a long answer. */
    bool finishes;
};

static struct service *last; /* The newest, .. */
static GPtrArray *services;  /* .. among all. */

static void service_free(void *self)
{
    struct service *service = self;
    g_byte_array_unref(service->body);
    g_free(service);
}

static void on_body(void *self, struct web_exchange *exchange,
                    const uint8_t *data, size_t size)
{
    struct service *service = self;
    assert_ptr_equal(exchange, service->exchange);
    assert_int_equal(service->over, 0);
    g_byte_array_append(service->body, data, (guint)size);
}

static void on_over(void *self, struct web_exchange *exchange)
{
    struct service *service = self;
    assert_ptr_equal(exchange, service->exchange);
    service->over++;
}

static void on_whole(void *self, struct web_exchange *exchange)
{
    struct service *service = self;
    assert_ptr_equal(exchange, service->exchange);
    service->whole++;
}

static void answer_whole(void *self, struct web_exchange *exchange)
{
    struct service *service = self;
    char text[40];
    on_whole(self, exchange);
    const void *data = service->body->len ? service->body->data : (void *)"";
    uint32_t check = crc32c(0, data, service->body->len);
    int size = snprintf(text, sizeof text, "%u %08x", service->body->len,
                        (unsigned)check);
    web_answer(exchange, 200, "text/plain", text, (size_t)size);
}

static void answer_first(void *self, struct web_exchange *exchange,
                         const uint8_t *data, size_t size)
{
    struct service *service = self;
    bool first = service->body->len == 0;
    on_body(self, exchange, data, size);
    if (first)
        web_answer(exchange, 200, "text/plain", "enough", 6);
}

static char pattern(size_t at)
{
    return (char)('a' + at % 23);
}

static void write_more(void *self, struct web_exchange *exchange)
{
    struct service *service = self;
    char piece[5000];
    size_t taken = 1;
    while (service->left > 0 && taken > 0) {
        size_t at = LONG - service->left, size = MIN(service->left, 5000);
        for (size_t i = 0; i < size; i++)
            piece[i] = pattern(at + i);
        taken = web_write(exchange, piece, size);
        service->left -= taken;
    }
    if (service->left == 0 && service->finishes)
        web_finish(exchange);
}

static struct service *serve(struct web_exchange *exchange,
                             struct web_owner owner)
{
    last = g_new0(struct service, 1);
    last->exchange = exchange;
    last->body = g_byte_array_new();
    g_ptr_array_add(services, last);
    owner.self = last;
    owner.on_over = on_over;
    web_own(exchange, owner);
    return last;
}

static void serve_long(struct web_exchange *exchange, int64_t length)
{
    struct service *service =
        serve(exchange, (struct web_owner){.on_room = write_more});
    service->left = LONG;
    service->finishes = length < 0;
    web_begin(exchange, (struct http_answer){.status = 200, .length = length});
    write_more(service, exchange);
}

static void on_request(void *self, struct web_exchange *exchange,
                       const struct http_request *request)
{
    struct word target = request->target;
    (void)self;
    if (http_is(target, "/body"))
        serve(exchange,
              (struct web_owner){.on_body = on_body, .on_whole = answer_whole});
    else if (http_is(target, "/first"))
        serve(exchange, (struct web_owner){.on_body = answer_first,
                                           .on_whole = on_whole});
    else if (http_is(target, "/later"))
        serve(exchange, (struct web_owner){.on_whole = on_whole});
    else if (http_is(target, "/long"))
        serve_long(exchange, LONG);
    else if (http_is(target, "/chunks"))
        serve_long(exchange, HTTP_CHUNKED);
    else
        web_answer(exchange, 200, "text/plain", target.data, target.size);
}

static int open_all(void **state)
{
    (void)state;
    services = g_ptr_array_new_with_free_func(service_free);
    open_house("unix:@", on_request, (struct web_settings){0});
    return 0;
}

/* Whatever came to pass: each owner was told the end once. */
static int close_all(void **state)
{
    (void)state;
    close_house();
    for (guint i = 0; i < services->len; i++)
        assert_int_equal(((struct service *)services->pdata[i])->over, 1);
    g_ptr_array_unref(services);
    return 0;
}

#endif

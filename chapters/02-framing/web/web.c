/*
 *     HEAD --> BODY --> ANSWER --> HEAD ..    a request after the other
 *        \______\_________\_____> LEAVING     the end is told, the rest dropped
 *
 * The owner writes into the stream; what that does not take waits in `rest`
 * (web_answer.c). As long as there is any, no next request is looked at.
 *
 * One deadline guards each connection. At its end the client is late, unless it
 * has read some of what waited for it; or nothing did, and the answer is ours
 * to write.
 */
#include "02-framing/web/web_parts.h"
#include <sys/socket.h>
#include <unistd.h>

/* ---- Turning over. ---- */

static void tell_over(struct web_exchange *exchange)
{
    struct web_owner owner = exchange->owner;
    bool owned = exchange->owned;
    exchange->owned = false;
    if (owned && owner.on_over)
        owner.on_over(owner.self, exchange);
}

static void leave(struct web_exchange *exchange)
{
    exchange->phase = LEAVING;
    web_give_time(exchange);
    if (exchange->rest->len == 0)
        stream_end(exchange->stream);
}

static void begin_next(struct web_exchange *exchange)
{
    exchange->phase = HEAD;
    exchange->half = exchange->began = exchange->done = false;
    exchange->headless = false;
    exchange->request.searched = 0;
    web_give_time(exchange);
}

/* The answer is whole: next, or leave. One that was given before the body came
 * says that nobody wants the body (web_begin() sees to it). */
static void turn_over(struct web_exchange *exchange)
{
    if (!exchange->done || exchange->phase == LEAVING)
        return;
    tell_over(exchange);
    if (exchange->keeps)
        begin_next(exchange);
    else
        leave(exchange);
}

static void on_soon(void *self)
{
    struct web_exchange *exchange = self;
    turn_over(exchange);
    if (exchange->phase == HEAD)
        stream_again(exchange->stream);
}

/* ---- The request. ---- */

static void refuse(struct web_exchange *exchange, unsigned status,
                   const char *why)
{
    g_autofree char *text =
        g_strdup_printf("%u %s: %s.\n", status, http_phrase(status), why);
    exchange->web->counts.refused++;
    if (exchange->began) {
        stream_abort(exchange->stream);
        return;
    }
    exchange->keeps = false;
    web_answer(exchange, status, "text/plain; charset=utf-8", text,
               strlen(text));
}

static void call_whole(struct web_exchange *exchange)
{
    exchange->phase = ANSWER;
    web_give_time(exchange);
    if (exchange->owned && exchange->owner.on_whole && !exchange->done)
        exchange->owner.on_whole(exchange->owner.self, exchange);
}

static void call_handler(struct web_exchange *exchange)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct http_request *request = &exchange->request;
    struct web *web = exchange->web;
    bool body = request->chunked || request->length > 0;
    web->counts.requests++;
    exchange->keeps = request->keeps;
    exchange->headless = http_is(request->method, "HEAD");
    exchange->phase = body ? BODY : ANSWER;
    exchange->left = request->length;
    exchange->chunked = (struct chunked){.most = web->settings.body};
    if (body)
        web_give_time(exchange);
    web->on_request(web->self, exchange, request);
    g_assert(exchange->began || exchange->owned);
    if (!exchange->began && request->expects)
        web_put(exchange, go_on, sizeof go_on - 1);
    if (!exchange->began && !body)
        call_whole(exchange);
}

/* The time of a head begins with its first byte, and moves for no other. */
static void begin_half(struct web_exchange *exchange)
{
    if (exchange->half)
        return;
    exchange->half = true;
    web_give_time(exchange);
}

static size_t take_head(struct web_exchange *exchange, const uint8_t *data,
                        size_t size)
{
    struct http_request *request = &exchange->request;
    if (exchange->rest->len > 0 || size == 0)
        return 0;
    ssize_t used = http_parse(request, (const char *)data, size);
    if (used < 0)
        refuse(exchange, request->status, request->why);
    else if (used > 0 && request->length > exchange->web->settings.body)
        refuse(exchange, 413, "the body is too long");
    else if (used > 0)
        call_handler(exchange);
    else
        begin_half(exchange);
    return used > 0 ? (size_t)used : 0;
}

static void take_piece(struct web_exchange *exchange, const uint8_t *data,
                       size_t size)
{
    exchange->step += size;
    if (exchange->step >= WEB_STEP)
        web_give_time(exchange);
    if (size > 0 && exchange->owned && exchange->owner.on_body)
        exchange->owner.on_body(exchange->owner.self, exchange, data, size);
}

static size_t take_chunk(struct web_exchange *exchange, const uint8_t *data,
                         size_t size)
{
    struct chunked_piece piece;
    ssize_t used = chunked_parse(&exchange->chunked, data, size, &piece);
    if (used < 0) {
        refuse(exchange, 400, "the chunks are wrong, or too much");
        return size;
    }
    take_piece(exchange, piece.data, piece.size);
    if (chunked_ended(&exchange->chunked))
        call_whole(exchange);
    return (size_t)used;
}

static size_t take_body(struct web_exchange *exchange, const uint8_t *data,
                        size_t size)
{
    if (size == 0)
        return 0;
    if (exchange->request.chunked)
        return take_chunk(exchange, data, size);
    size_t count = MIN(size, exchange->left);
    exchange->left -= count;
    take_piece(exchange, data, count);
    if (exchange->left == 0)
        call_whole(exchange);
    return count;
}

/* As far as one of head, body, answer goes. */
static size_t take(struct web_exchange *exchange, const uint8_t *data,
                   size_t size)
{
    size_t used = 0;
    exchange->inside = true;
    if (exchange->phase == HEAD)
        used = take_head(exchange, data, size);
    else if (exchange->phase == BODY)
        used = take_body(exchange, data, size);
    exchange->inside = false;
    turn_over(exchange);
    return used;
}

/* In an answer: what the client asked before it ended, it still gets. */
static void on_end(struct web_exchange *exchange)
{
    if (exchange->phase == HEAD && exchange->rest->len == 0)
        leave(exchange);
    else if (exchange->phase == BODY)
        stream_abort(exchange->stream);
}

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct web_exchange *exchange = self;
    size_t used = 0, count = 1;
    while (count > 0 && exchange->phase != LEAVING) {
        count = take(exchange, data + used, size - used);
        used += count;
    }
    if (ended && exchange->phase != LEAVING)
        on_end(exchange);
    return exchange->phase == LEAVING ? size : used;
}

/* ---- Room, and the end. ---- */

static void on_room(void *self)
{
    struct web_exchange *exchange = self;
    size_t taken = stream_write(exchange->stream, exchange->rest->data,
                                exchange->rest->len);
    g_byte_array_remove_range(exchange->rest, 0, (guint)taken);
    if (exchange->rest->len > 0)
        return;
    if (exchange->phase == LEAVING) {
        stream_end(exchange->stream);
        return;
    }
    exchange->inside = true;
    if (exchange->began && !exchange->done && exchange->owned &&
        exchange->owner.on_room)
        exchange->owner.on_room(exchange->owner.self, exchange);
    exchange->inside = false;
    turn_over(exchange);
    if (exchange->phase == HEAD)
        stream_again(exchange->stream);
}

static void free_exchange(struct web_exchange *exchange)
{
    struct web *web = exchange->web;
    tell_over(exchange);
    loop_disarm(web->loop, &exchange->deadline);
    loop_disarm(web->loop, &exchange->soon);
    g_queue_unlink(&web->exchanges, &exchange->link);
    stream_free(exchange->stream);
    g_byte_array_unref(exchange->rest);
    g_free(exchange);
}

static void on_close(void *self, int error)
{
    (void)error;
    free_exchange(self);
}

/* Who reads on is not late, nor who waits for us. */
static bool is_late(const struct web_exchange *exchange)
{
    if (exchange->unread > 0)
        return exchange->written - web_unread(exchange) == exchange->gone;
    return exchange->phase != ANSWER;
}

static void on_deadline(void *self)
{
    struct web_exchange *exchange = self;
    if (!is_late(exchange)) {
        web_give_time(exchange);
        return;
    }
    if (exchange->phase == LEAVING && exchange->unread == 0) {
        free_exchange(exchange); /* What the kernel has of ours, it sends. */
        return;
    }
    exchange->web->counts.late++;
    if (exchange->began || exchange->unread > 0)
        stream_abort(exchange->stream);
    else if (exchange->phase == HEAD && !exchange->half)
        leave(exchange);
    else
        refuse(exchange, 408, "the request did not come in time");
}

/* ---- Coming. ---- */

static void turn_away(struct web *web, int fd)
{
    static const char why[] = "HTTP/1.1 503 Service Unavailable\r\n"
                              "Content-Length: 0\r\n"
                              "Connection: close\r\n\r\n";
    web->counts.refused++;
    send(fd, why, sizeof why - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static void let_in(struct web *web, int fd)
{
    struct web_exchange *exchange = g_new0(struct web_exchange, 1);
    exchange->web = web;
    exchange->deadline = (struct timer){.fire = on_deadline, .self = exchange};
    exchange->soon = (struct timer){.fire = on_soon, .self = exchange};
    exchange->rest = g_byte_array_new();
    exchange->link.data = exchange;
    exchange->stream = stream_new(web->loop, NULL, fd,
                                  (struct stream_owner){.on_bytes = on_bytes,
                                                        .on_room = on_room,
                                                        .on_close = on_close,
                                                        .self = exchange});
    g_queue_push_tail_link(&web->exchanges, &exchange->link);
    begin_next(exchange);
}

static void on_connection(void *self, int fd)
{
    struct web *web = self;
    if (web->exchanges.length < web->settings.clients)
        let_in(web, fd);
    else
        turn_away(web, fd);
}

/* ---- Life. ---- */

struct web *web_new(struct loop *loop, int listener, web_handler *on_request,
                    void *self, struct web_settings settings)
{
    struct web *web = g_new0(struct web, 1);
    web->loop = loop;
    web->settings = settings;
    web->settings.clients = settings.clients ? settings.clients : 10000;
    web->settings.body = settings.body ? settings.body : 64 << 20;
    web->settings.patience = settings.patience ? settings.patience : 10 * SEC;
    web->settings.idle = settings.idle ? settings.idle : 60 * SEC;
    web->on_request = on_request;
    web->self = self;
    web->acceptor = acceptor_new(loop, listener, on_connection, web);
    return web;
}

struct web_counts web_counts(const struct web *web)
{
    struct web_counts counts = web->counts;
    counts.clients = web->exchanges.length;
    return counts;
}

void web_free(struct web *web)
{
    acceptor_free(web->acceptor);
    while (!g_queue_is_empty(&web->exchanges))
        free_exchange(web->exchanges.head->data);
    g_free(web);
}

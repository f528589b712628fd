/*
 * The answers of web.h. What the stream does not take waits in `rest`: that is
 * at most a chunk, or an answer given whole, since web_write() takes nothing
 * while there is any.
 */
#include "02-framing/web/web_parts.h"
#include <time.h>

#define LINGER (2 * SEC) /* For a last answer to be read. */

/* ---- Time. ---- */

size_t web_unread(const struct web_exchange *exchange)
{
    return exchange->rest->len + stream_backlog(exchange->stream);
}

void web_give_time(struct web_exchange *exchange)
{
    const struct web_settings *settings = &exchange->web->settings;
    nsec span = settings->patience;
    exchange->unread = web_unread(exchange);
    exchange->gone = exchange->written - exchange->unread;
    exchange->step = 0;
    if (exchange->unread == 0 && exchange->phase == LEAVING)
        span = LINGER;
    else if (exchange->unread == 0 && exchange->phase == HEAD &&
             !exchange->half)
        span = settings->idle;
    loop_arm(exchange->web->loop, &exchange->deadline, span);
}

/* ---- The answer. ---- */

/* Not from here: whoever finished it may stand in the middle of something. */
static void finish(struct web_exchange *exchange)
{
    exchange->done = true;
    if (!exchange->inside)
        loop_arm(exchange->web->loop, &exchange->soon, 0);
}

void web_put(struct web_exchange *exchange, const void *data, size_t size)
{
    size_t taken = 0;
    exchange->written += size;
    if (exchange->rest->len == 0)
        taken = stream_write(exchange->stream, data, size);
    g_byte_array_append(exchange->rest, (const uint8_t *)data + taken,
                        (guint)(size - taken));
}

static void put_all(struct web_exchange *exchange, struct wire_writer *out)
{
    web_put(exchange, out->data, out->size);
    wire_clear(out);
}

static void begin(struct web_exchange *exchange, struct http_answer answer)
{
    struct wire_writer out = {.most = SIZE_MAX};
    bool old = exchange->request.minor == 0;
    g_assert(!exchange->began);
    exchange->began = true;
    if (answer.length == HTTP_CHUNKED && old)
        answer.length = HTTP_CLOSED;
    if (answer.length == HTTP_CLOSED || exchange->phase != ANSWER)
        exchange->keeps = false;
    answer.keeps = exchange->keeps;
    answer.old = old;
    answer.now = time(NULL);
    exchange->length = answer.length;
    exchange->headless = exchange->headless || answer.length == HTTP_NONE;
    http_put_head(&out, &answer);
    put_all(exchange, &out);
}

void web_own(struct web_exchange *exchange, struct web_owner owner)
{
    exchange->owner = owner;
    exchange->owned = true;
}

void web_begin(struct web_exchange *exchange, struct http_answer answer)
{
    begin(exchange, answer);
    web_give_time(exchange);
    if (exchange->headless || exchange->length == 0)
        finish(exchange);
}

void web_answer(struct web_exchange *exchange, unsigned status,
                const char *type, const void *data, size_t size)
{
    begin(exchange, (struct http_answer){.status = status,
                                         .type = type,
                                         .length = (int64_t)size});
    if (!exchange->headless)
        web_put(exchange, data, size);
    finish(exchange);
}

size_t web_write(struct web_exchange *exchange, const void *data, size_t size)
{
    size_t count = MIN(size, WEB_STEP);
    g_assert(exchange->began);
    if (exchange->done || exchange->rest->len > 0 || count == 0)
        return 0;
    if (exchange->length >= 0)
        count = MIN(count, (uint64_t)exchange->length);
    if (exchange->length == HTTP_CHUNKED) {
        struct wire_writer out = {.most = SIZE_MAX};
        chunked_put(&out, data, count);
        put_all(exchange, &out);
    } else {
        web_put(exchange, data, count);
    }
    if (exchange->length > 0 && (exchange->length -= (int64_t)count) == 0)
        finish(exchange);
    return count;
}

void web_finish(struct web_exchange *exchange)
{
    g_assert(exchange->began);
    if (exchange->done)
        return;
    if (exchange->length == HTTP_CHUNKED) {
        struct wire_writer out = {.most = SIZE_MAX};
        chunked_put_end(&out);
        put_all(exchange, &out);
    } else if (exchange->length > 0) { /* Some is lacking: that must show. */
        stream_abort(exchange->stream);
    }
    finish(exchange);
}

/*
 * Any bytes, to a web server. The first byte chooses in what pieces they come,
 * and whether they are bytes, or stand for words of requests. What must hold,
 * whatever they are:
 *
 *   A head is read in the same way however it is cut, lies within what came,
 *   and its words lie within it. A connection gets the same answers when its
 *   bytes come at once and in pieces; and when the client ends its side, the
 *   server ends its own.
 */
#include "01-sockets/net.h"
#include "02-framing/web/web.h"
#include "common/judge/fuzz.h"
#include "common/world/dice.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 32000, TURNS = 100000 };

/* ---- Heads. ---- */

static void check_word(struct word word, const char *data, size_t used)
{
    g_assert(word.size == 0 ||
             (word.data >= data && word.data + word.size <= data + used));
}

static void check_head(const struct http_request *request, const char *data,
                       size_t used)
{
    check_word(request->method, data, used);
    if (!http_is(request->target, "/")) /* That may be ours. */
        check_word(request->target, data, used);
    g_assert(request->count <= HTTP_FIELDS && used <= HTTP_HEAD);
    g_assert(!request->chunked || request->length == 0);
    for (size_t i = 0; i < request->count; i++) {
        check_word(request->fields[i].name, data, used);
        check_word(request->fields[i].value, data, used);
        g_assert(request->fields[i].name.size > 0);
    }
}

/* Each cut in memory of its own, so that no byte behind it can be read. */
static void check_heads(const char *data, size_t size, struct dice dice)
{
    struct http_request whole = {0}, parts = {0};
    ssize_t used = http_parse(&whole, data, size), cut = 0;
    if (used > 0)
        check_head(&whole, data, (size_t)used);
    for (size_t end = 0; end < size && cut == 0;) {
        size_t step = 1 + (dice_roll(&dice) & 63);
        end = MIN(size, end + step);
        g_autofree char *copy = g_memdup2(data, end);
        cut = http_parse(&parts, copy, end);
    }
    g_assert(cut == used && parts.status == whole.status);
}

/* ---- A server that says what it was asked. ---- */

struct gathering {
    GString *text;
};

static void on_body(void *self, struct web_exchange *exchange,
                    const uint8_t *data, size_t size)
{
    struct gathering *gathering = self;
    (void)exchange;
    g_string_append_len(gathering->text, (const char *)data, (gssize)size);
}

static void on_whole(void *self, struct web_exchange *exchange)
{
    struct gathering *gathering = self;
    web_answer(exchange, 200, "text/plain", gathering->text->str,
               gathering->text->len);
}

static void on_over(void *self, struct web_exchange *exchange)
{
    struct gathering *gathering = self;
    (void)exchange;
    g_string_free(gathering->text, TRUE);
    g_free(gathering);
}

/* An odd target is answered at once, whatever its body. */
static void on_request(void *self, struct web_exchange *exchange,
                       const struct http_request *request)
{
    (void)self;
    if (request->target.size % 2) {
        struct gathering *gathering = g_new0(struct gathering, 1);
        gathering->text = g_string_new_len(request->method.data,
                                           (gssize)request->method.size);
        web_own(exchange, (struct web_owner){.on_body = on_body,
                                             .on_whole = on_whole,
                                             .on_over = on_over,
                                             .self = gathering});
    } else {
        web_answer(exchange, 200, NULL, request->target.data,
                   request->target.size);
    }
}

/* ---- Its client. ---- */

static void hear(int fd, GString *heard, bool *open)
{
    char piece[4096];
    ssize_t count;
    while ((count = recv(fd, piece, sizeof piece, MSG_DONTWAIT)) > 0)
        g_string_append_len(heard, piece, count);
    *open = count < 0 && errno == EAGAIN;
}

/* What is not the same each time. */
static void cut_dates(GString *heard)
{
    for (char *date; (date = strstr(heard->str, "Date: "));)
        g_string_erase(heard, date - heard->str, 37);
}

/* Say all, at most @p most bytes in a turn, end, and hear the answers. */
static GString *converse(const char *data, size_t size, size_t most)
{
    static unsigned number;
    struct address address;
    GString *heard = g_string_new(NULL);
    g_autofree char *where =
        g_strdup_printf("unix:@fuzz-%d-%u", (int)getpid(), number++);
    g_assert(address_parse(&address, where, NULL));
    struct loop *loop = loop_new();
    struct web *web = web_new(loop, net_listen(&address, 8), on_request, NULL,
                              (struct web_settings){.body = MOST});
    int fd = net_connect(&address), turns = 0;
    bool open = true;
    for (size_t at = 0; open; turns++) {
        ssize_t sent = send(fd, data + at, MIN(most, size - at),
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        at += sent > 0 ? (size_t)sent : 0;
        if (at == size || (sent < 0 && errno == EPIPE))
            shutdown(fd, SHUT_WR);
        loop_turn(loop, 0);
        hear(fd, heard, &open);
        g_assert(turns < TURNS);
    }
    web_free(web);
    loop_free(loop);
    close(fd);
    cut_dates(heard);
    return heard;
}

/* ---- Bytes, or words. ---- */

static const char *const words[] = {
    "GET ",
    "POST ",
    "HEAD ",
    "/ab",
    "/a",
    " HTTP/1.1\r\n",
    " HTTP/1.0\r\n",
    "Host: x\r\n",
    "Host: x\r\n\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Expect: 100-continue\r\n",
    "\r\n",
    "\r\n\r\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "abc",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
    "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
};

/* Each byte as it is; or most of them as a word, so that requests come up. */
static GString *spell(const uint8_t *data, size_t size, bool spelled)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < size; i++)
        if (spelled && data[i] < 0xf0)
            g_string_append(text, words[data[i] % G_N_ELEMENTS(words)]);
        else
            g_string_append_c(text, (char)data[i]);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    GString *text = spell(data + 1, size - 1, data[0] & 8);
    size_t most = (size_t)1 << (data[0] & 7);
    if (text->len > MOST)
        g_string_truncate(text, MOST);
    check_heads(text->str, text->len, dice_at(data[0], 0, 0));
    GString *whole = converse(text->str, text->len, MOST);
    GString *parts = converse(text->str, text->len, most);
    g_assert(g_string_equal(whole, parts));
    g_string_free(text, TRUE);
    g_string_free(whole, TRUE);
    g_string_free(parts, TRUE);
    return 0;
}

/**
 * @file web.h
 * A web server in a loop: connections, and one request after the other on each.
 *
 *     static void on_request(void *self, struct web_exchange *exchange,
 *                            const struct http_request *request)
 *     {
 *         web_answer(exchange, 200, "text/plain", "hello\n", 6);
 *     }
 *
 *     struct web *web = web_new(loop, listener, on_request, self, settings);
 *
 * An *exchange* is a request and its answer. Whoever serves it answers at once,
 * or takes the body first, or writes a long answer piece by piece, or one
 * without end. A client may send the next request before it has the answer
 * (*pipelining*): it waits. What a turn sends to one client leaves in one
 * system call.
 *
 * Nobody may hold a connection for nothing: a head has to come in time, a body
 * has to go on coming, an answer has to be read, and who is silent between
 * requests is let go. An answer that is an error ends the connection, since a
 * body that nobody took may follow; what still comes is read and dropped for a
 * while, lest the kernel reset the connection before the answer was read (RFC
 * 9112, 9.6).
 */
#ifndef FRAMING_WEB_H
#define FRAMING_WEB_H
#include "01-sockets/loop.h"
#include "02-framing/web/http.h"

struct web;
struct web_exchange;

/** What is too much. 0: what is said here. */
struct web_settings {
    unsigned clients; /**< So many connections at a time: 10000. */
    uint64_t body;    /**< Bytes of a body: 64 MiB. */
    nsec patience; /**< For a head to come, for each 64 KiB of a body, and for
                           an answer to be read on: 10 s. */
    nsec idle;     /**< Between two requests, with all answers read: 60 s. */
};

/** What has come to pass. */
struct web_counts {
    unsigned clients;  /**< Connections that are there now. */
    uint64_t requests; /**< Heads that were whole and right. */
    uint64_t refused; /**< And those that were not; and who was one too many. */
    uint64_t late;    /**< Connections that took too long. */
};

/** How an exchange goes on after on_request(), for those who want to know. */
struct web_owner {
    /** Some of the body came. NULL: it is dropped. */
    void (*on_body)(void *self, struct web_exchange *exchange,
                    const uint8_t *data, size_t size);
    /** All of it did: answer now, if not before. NULL: it was answered. */
    void (*on_whole)(void *self, struct web_exchange *exchange);
    /** There is room again, after web_write() took less than all. */
    void (*on_room)(void *self, struct web_exchange *exchange);
    /** It is over, answered or broken: the last call there is. */
    void (*on_over)(void *self, struct web_exchange *exchange);
    void *self; /**< Their first argument. */
};

/** A request has come. Answer it, or name an owner who will. Borrows
 * @p request: it is gone afterwards. */
typedef void web_handler(void *self, struct web_exchange *exchange,
                         const struct http_request *request);

/** A server on @p listener, which it takes. Borrows @p loop. Returns new. */
struct web *web_new(struct loop *loop, int listener, web_handler *on_request,
                    void *self, struct web_settings settings);
/** What has come to pass so far. */
struct web_counts web_counts(const struct web *web);
/** Free it: all connections are closed. */
void web_free(struct web *web);

/** Name the owner: in on_request() only. */
void web_own(struct web_exchange *exchange, struct web_owner owner);
/** Answer, whole. */
void web_answer(struct web_exchange *exchange, unsigned status,
                const char *type, const void *data, size_t size);
/** Begin an answer. Of it status, type, length, modified and lines count; the
 * length -1 (HTTP_CHUNKED) is one that nobody knows yet. */
void web_begin(struct web_exchange *exchange, struct http_answer answer);
/** Some of its body. Returns how many bytes were taken. Copies. */
size_t web_write(struct web_exchange *exchange, const void *data, size_t size);
/** That was all. With a length, it is the last byte that says so, and this is
 * not needed. */
void web_finish(struct web_exchange *exchange);

#endif

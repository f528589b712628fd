/**
 * @file web_parts.h
 * What web.c, which reads requests, and web_answer.c, which writes answers,
 * share.
 */
#ifndef FRAMING_WEB_PARTS_H
#define FRAMING_WEB_PARTS_H
#include "01-sockets/acceptor.h"
#include "01-sockets/stream.h"
#include "02-framing/chunked.h"
#include "02-framing/web/web.h"

/** Bytes: of a body for one patience; of a chunk. */
#define WEB_STEP ((size_t)1 << 16)

/** What comes next. */
enum web_phase {
    HEAD,    /**< A request's head, or nothing. */
    BODY,    /**< Its body. */
    ANSWER,  /**< An answer, which the owner owes or is writing. */
    LEAVING, /**< The end: what still comes is dropped. */
};

/** A connection, and the request on it. */
struct web_exchange {
    struct web *web;       /**< Its server. */
    struct stream *stream; /**< Its connection. */
    GList link;            /**< Among the web's. */
    enum web_phase phase;  /**< What comes next. */
    struct timer deadline; /**< For it. */
    struct timer soon; /**< To turn over, when the owner is not in the way. */
    bool inside;       /**< The owner is being called. */

    struct http_request request; /**< Its head, while it is read. */
    bool half;                   /**< The next head has begun to come. */
    struct chunked chunked;      /**< A body in chunks. */
    uint64_t left;               /**< Of a body with a length. */
    size_t step; /**< Bytes of a body since the deadline was moved. */

    struct web_owner owner; /**< Who serves it, */
    bool owned;             /**< if anybody does, and it is not over. */
    bool began;             /**< The answer was begun. */
    bool headless;          /**< It has no body to be sent: HEAD, 304. */
    int64_t length;         /**< It lacks so many bytes, or an http_end. */
    bool done;              /**< It is whole. */
    bool keeps;             /**< The connection stays, after it. */

    GByteArray *rest; /**< What the stream had no room for. */
    uint64_t written; /**< Bytes, on this connection. */
    uint64_t gone;    /**< Of them, when we looked last, */
    size_t unread;    /**< when so many were not. */
};

/** A server. */
struct web {
    struct loop *loop;            /**< Borrowed. */
    struct web_settings settings; /**< None is 0. */
    struct web_counts counts;     /**< But for the clients. */
    struct acceptor *acceptor;    /**< Its listener's. */
    web_handler *on_request;      /**< The owner's, */
    void *self;                   /**< and its first argument. */
    GQueue exchanges;             /**< All connections. */
};

/** What the client has not made room for. */
size_t web_unread(const struct web_exchange *exchange);
/** Time, from now on, for whatever comes next: an answer is read first. */
void web_give_time(struct web_exchange *exchange);
/** Send bytes of an answer, or later. */
void web_put(struct web_exchange *exchange, const void *data, size_t size);

#endif

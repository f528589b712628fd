/**
 * @file http.h
 * HTTP/1.1, a server's side (RFC 9112): the heads of requests, read; the heads
 * of answers, written.
 *
 *     struct http_request request = {0};
 *     ssize_t used = http_parse(&request, data, size);
 *     if (used > 0)
 *         ...request.method, request.target; its body follows at data + used...
 *
 *     GET /counter HTTP/1.1\r\n          the request line
 *     Host: localhost:8080\r\n           fields
 *     \r\n                               an empty line: the head ends
 *
 * Lines end with CR LF, and the head with an empty line; how long the body is,
 * a field says. That is a format of two kinds, *delimiters* and then a
 * *length*, and where programs disagree about either, one takes for a body what
 * the next takes for a request (*request smuggling*). So whatever leaves a
 * doubt is refused: both lengths given, one given twice, a line that LF alone
 * ends, a field folded over two lines, a blank before a colon, a control
 * character.
 *
 * A head is searched for its end as it comes, and no byte twice; then it is
 * read in place. Beside this file: the body in chunks (chunked.h).
 */
#ifndef FRAMING_HTTP_H
#define FRAMING_HTTP_H
#include "02-framing/wire.h"
#include "02-framing/word.h"
#include <sys/types.h>
#include <time.h>

#define HTTP_HEAD   16384 /**< Bytes of a head, at most. */
#define HTTP_TARGET 8000  /**< Bytes of a target, at most. */
#define HTTP_FIELDS 100   /**< Fields, at most. */

/** "Name: value", without the blanks around the value. */
struct http_field {
    struct word name;  /**< In whatever case it was sent. */
    struct word value; /**< May be empty. */
};

/** A request's head. All zero before its first byte. */
struct http_request {
    struct word method;                    /**< "GET". */
    struct word target;                    /**< "/counter?from=1". */
    unsigned minor;                        /**< Of HTTP/1.x: 0, or else 1. */
    size_t count;                          /**< How many fields there are. */
    struct http_field fields[HTTP_FIELDS]; /**< In their order. */
    bool keeps;      /**< The connection may serve the next one as well. */
    bool expects;    /**< The client waits for "100 Continue" with its body. */
    bool chunked;    /**< The body comes in chunks; */
    uint64_t length; /**< or else it has so many bytes. */
    unsigned status; /**< After -1: how to answer, 400 to 505. */
    const char *why; /**< After -1: the reason, in words. */
    size_t searched; /**< The parser's: no end is before it. */
};

/** Read on. @p data is where the request begins: the same bytes as the last
 * time, and more behind them. Returns the bytes of the head when it is whole; 0
 * when more are needed; -1 when it is refused. The words stand in @p data. */
ssize_t http_parse(struct http_request *request, const char *data, size_t size);
/** The value of the first field of this name; of none, NULL and 0. */
struct word http_field(const struct http_request *request, const char *name);

/** Is @p word this @p text, to the letter? Methods are, and targets. */
bool http_is(struct word word, const char *text);

/** How an answer is delimited, beside a length. */
enum http_end {
    HTTP_CHUNKED = -1, /**< In chunks. */
    HTTP_CLOSED = -2,  /**< By the end of the connection: for HTTP/1.0. */
    HTTP_NONE = -3,    /**< It has no body, and may not: 304. */
};

/** An answer's head. */
struct http_answer {
    unsigned status;   /**< 200, 404; */
    const char *type;  /**< Of the content; NULL: not said. */
    int64_t length;    /**< Bytes of the body; or an http_end. */
    bool keeps;        /**< The connection stays. */
    bool old;          /**< The client speaks HTTP/1.0. */
    time_t now;        /**< For Date. */
    time_t modified;   /**< For Last-Modified; 0: not said. */
    const char *lines; /**< More fields, "Name: value\r\n"; NULL: none. */
};

/** Write it, the empty line too. */
void http_put_head(struct wire_writer *out, const struct http_answer *answer);
/** What a status is called: "Not Found". */
const char *http_phrase(unsigned status);
/** Read a time as HTTP has it, "Sun, 06 Nov 1994 08:49:37 GMT", to the letter.
 * False when it is none. */
bool http_read_time(struct word text, time_t *time);

#endif

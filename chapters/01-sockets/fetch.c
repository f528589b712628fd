/*
 * An answer is a head, which is lines up to an empty one, and a body. What one
 * recv gives may end anywhere: within a line, or ten lines and half a body
 * later. So everything is taken from a buffer, by the line or by the count, and
 * what stands above reads as the grammar of RFC 9112 does and knows no packets:
 *
 *     fetch_get ─┬─ write_request
 *                ├─ read_heads ─┬─ read_line ──┐
 *                └─ read_body ──┴─ read_bytes ─┴─ fill ── read_some
 *
 * The server is not trusted. Lines have a limit, LINES_MOST; a body has the
 * caller's; both are checked before a byte is kept, so memory grows with what
 * was received, never with what was announced. Whoever can read an answer's
 * length in two ways can be made to read it in the wrong one (RFC 9112 11.2):
 * two lengths, or a length and chunks, are no answer.
 */
#include "01-sockets/fetch.h"
#include "01-sockets/io.h"
#include "common/world/clock.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 16384, LINES_MOST = 65536 };
#define UNTIL_CLOSE G_MAXUINT64
#define TOKEN       "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

struct answer {
    int fd;
    nsec deadline;
    GError **error;
    uint8_t buffer[BUFFER];
    size_t start, end;  /* What of the buffer is not used yet. */
    size_t received;    /* All bytes so far, for the error's sentence. */
    size_t lines_left;  /* Bytes that lines may still have. */
    uint64_t body_left; /* Bytes that the body may still have. */
    int status;
    uint64_t length; /* Of the body; or UNTIL_CLOSE. */
    bool chunked;
};

static bool fail(struct answer *answer, const char *what)
{
    g_set_error(answer->error, g_quark_from_static_string("fetch"), 0,
                "%s (after %zu bytes)", what, answer->received);
    return false;
}

/* ---- Bytes, as they come. ---- */

/* Receive into the empty buffer. Returns how many; 0 at the end; or -1. A
 * server that never pauses must not outrun the deadline. */
static ssize_t fill(struct answer *answer)
{
    ssize_t count = -1;
    errno = ETIMEDOUT;
    if (clock_monotonic() < answer->deadline)
        count = read_some(answer->fd, answer->buffer, BUFFER, answer->deadline);
    if (count < 0)
        fail(answer, errno == ETIMEDOUT ? "the answer did not come in time"
                                        : g_strerror(errno));
    answer->start = 0;
    answer->end = count > 0 ? (size_t)count : 0;
    answer->received += answer->end;
    return count;
}

/* Is there a byte to use? The stream must not end here. */
static bool has_more(struct answer *answer)
{
    if (answer->start < answer->end)
        return true;
    ssize_t count = fill(answer);
    if (count == 0)
        fail(answer, "the connection was closed before the answer was whole");
    return count > 0;
}

static bool read_bytes(struct answer *answer, uint64_t size, GByteArray *body)
{
    while (size > 0) {
        if (!has_more(answer))
            return false;
        size_t count = (size_t)MIN(size, answer->end - answer->start);
        g_byte_array_append(body, answer->buffer + answer->start, (guint)count);
        answer->start += count;
        size -= count;
    }
    return true;
}

static bool is_control(uint8_t byte)
{
    return (byte < ' ' && byte != '\t') || byte == 127;
}

/* A line, without the CR LF that ends it; a bare LF does too (2.2). */
static bool read_line(struct answer *answer, GString *line)
{
    g_string_truncate(line, 0);
    while (has_more(answer)) {
        uint8_t byte = answer->buffer[answer->start++];
        bool after_return = line->len > 0 && line->str[line->len - 1] == '\r';
        if (byte == '\n') {
            g_string_truncate(line, line->len - after_return);
            return true;
        }
        if (after_return || (is_control(byte) && byte != '\r'))
            return fail(answer, "a line holds a control character");
        if (answer->lines_left-- == 0)
            return fail(answer, "the head of the answer does not end");
        g_string_append_c(line, (char)byte);
    }
    return false;
}

/* All lines up to an empty one. A line that begins with a space continues the
 * one before it (5.2). Returns new, or NULL. */
static char **read_lines(struct answer *answer)
{
    g_autoptr(GString) lines = g_string_new(NULL), line = g_string_new(NULL);
    while (read_line(answer, line)) {
        if (line->len == 0)
            return g_strsplit(lines->str, "\n", -1);
        bool folded = line->str[0] == ' ' || line->str[0] == '\t';
        if (lines->len > 0 && !folded)
            g_string_append_c(lines, '\n');
        g_string_append(lines, line->str);
    }
    return NULL;
}

/* ---- The head (4 and 5). ---- */

static bool note_length(struct answer *answer, const char *value)
{
    uint64_t length;
    if (!g_ascii_string_to_unsigned(value, 10, 0, UNTIL_CLOSE - 1, &length,
                                    NULL))
        return fail(answer, "the answer's Content-Length is not a number");
    if (answer->length != UNTIL_CLOSE && answer->length != length)
        return fail(answer, "the answer has two lengths");
    answer->length = length;
    return true;
}

static bool note_encoding(struct answer *answer, const char *value)
{
    if (answer->chunked || g_ascii_strcasecmp(value, "chunked") != 0)
        return fail(answer, "the answer is encoded in a way not asked for");
    answer->chunked = true;
    return true;
}

static bool note_field(struct answer *answer, const char *line)
{
    if (!g_regex_match_simple("^" TOKEN ":", line, G_REGEX_RAW, 0))
        return fail(answer, "the answer's head has a line that is no field");
    g_auto(GStrv) field = g_strsplit(line, ":", 2);
    const char *value = g_strstrip(field[1]);
    if (g_ascii_strcasecmp(field[0], "Content-Length") == 0)
        return note_length(answer, value);
    if (g_ascii_strcasecmp(field[0], "Transfer-Encoding") == 0)
        return note_encoding(answer, value);
    return true;
}

/* Judged before the rest is awaited: who speaks another protocol may wait for
 * us to go on. */
static bool read_status(struct answer *answer)
{
    g_autoptr(GString) line = g_string_new(NULL);
    if (!read_line(answer, line))
        return false;
    if (!g_regex_match_simple("^HTTP/1\\.[0-9] [1-9][0-9]{2}( |$)", line->str,
                              G_REGEX_RAW, 0))
        return fail(answer, "what came is not HTTP/1.1");
    answer->status = atoi(line->str + strlen("HTTP/1.1 "));
    return true;
}

static bool read_head(struct answer *answer)
{
    answer->length = UNTIL_CLOSE;
    answer->chunked = false;
    if (!read_status(answer))
        return false;
    g_auto(GStrv) lines = read_lines(answer);
    if (!lines)
        return false;
    for (char **line = lines; *line; line++)
        if (!note_field(answer, *line))
            return false;
    if (answer->chunked && answer->length != UNTIL_CLOSE)
        return fail(answer, "the answer has both a length and chunks");
    return true;
}

/* Heads of status 1xx announce the real one (RFC 9110 15.2); 101 would lead to
 * a protocol that nobody asked for. */
static bool read_heads(struct answer *answer)
{
    answer->lines_left = LINES_MOST;
    do {
        if (!read_head(answer))
            return false;
    } while (answer->status < 200 && answer->status != 101);
    return answer->status != 101 || fail(answer, "the server left HTTP");
}

/* ---- The body (6.3 and 7.1). ---- */

static bool allow(struct answer *answer, uint64_t size)
{
    if (size > answer->body_left)
        return fail(answer, "the body is longer than allowed");
    answer->body_left -= size;
    return true;
}

/* "1f" or "1f;name=value". */
static bool read_chunk_size(struct answer *answer, GString *line,
                            uint64_t *size)
{
    answer->lines_left = LINES_MOST;
    if (!read_line(answer, line))
        return false;
    g_auto(GStrv) parts = g_strsplit(line->str, ";", 2);
    const char *digits = parts[0] ? g_strchomp(parts[0]) : "";
    return g_ascii_string_to_unsigned(digits, 16, 0, G_MAXUINT64, size, NULL) ||
           fail(answer, "a chunk's size is not a number");
}

static bool read_chunks(struct answer *answer, GByteArray *body)
{
    g_autoptr(GString) line = g_string_new(NULL);
    uint64_t size;
    while (read_chunk_size(answer, line, &size)) {
        if (size == 0) {
            g_auto(GStrv) trailers = read_lines(answer);
            return trailers != NULL;
        }
        if (!allow(answer, size) || !read_bytes(answer, size, body) ||
            !read_line(answer, line))
            return false;
        if (line->len > 0)
            return fail(answer, "a chunk is longer than its size");
    }
    return false;
}

static bool read_until_close(struct answer *answer, GByteArray *body)
{
    ssize_t count;
    do {
        size_t size = answer->end - answer->start;
        if (!allow(answer, size) || !read_bytes(answer, size, body))
            return false;
        count = fill(answer);
    } while (count > 0);
    return count == 0;
}

static bool read_body(struct answer *answer, GByteArray *body)
{
    if (answer->status == 204 || answer->status == 304)
        return true;
    if (answer->chunked)
        return read_chunks(answer, body);
    if (answer->length == UNTIL_CLOSE)
        return read_until_close(answer, body);
    return allow(answer, answer->length) &&
           read_bytes(answer, answer->length, body);
}

/* ---- The request. ---- */

/* A space or a line's end in it would make two requests of one. */
static bool is_plain(const char *text)
{
    while (g_ascii_isgraph(*text))
        text++;
    return *text == '\0';
}

static bool write_request(struct answer *answer, const struct fetch *fetch)
{
    if (!is_plain(fetch->host) || fetch->path[0] != '/' ||
        !is_plain(fetch->path))
        return fail(answer, "host and path must be printable, without spaces");
    g_autofree char *request = g_strdup_printf("GET %s HTTP/1.1\r\n"
                                               "Host: %s\r\n"
                                               "User-Agent: fetch/1\r\n"
                                               "Connection: close\r\n\r\n",
                                               fetch->path, fetch->host);
    if (write_all(answer->fd, request, strlen(request), answer->deadline) < 0)
        return fail(answer, g_strerror(errno));
    return true;
}

int fetch_get(int fd, const struct fetch *fetch, GByteArray *body,
              GError **error)
{
    struct answer answer = {.fd = fd,
                            .deadline = fetch->deadline,
                            .error = error,
                            .body_left = MIN(fetch->most, G_MAXINT32)};
    if (!write_request(&answer, fetch) || !read_heads(&answer) ||
        !read_body(&answer, body))
        return -1;
    return answer.status;
}

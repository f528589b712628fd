#include "02-framing/web/http.h"
#include <ctype.h>
#include <stdio.h>

/* ---- Refusals. ---- */

static bool refuse(struct http_request *request, unsigned status,
                   const char *why)
{
    request->status = status;
    request->why = why;
    return false;
}

/* ---- Characters. ---- */

static bool is_token_char(char c)
{
    return g_ascii_isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* In the value of a field: no control character but a tab. */
static bool is_value_char(char c)
{
    return (uint8_t)c >= ' ' ? c != 0x7f : c == '\t';
}

static bool is_target_char(char c)
{
    return c > ' ' && c < 0x7f;
}

/* A name or an address, and perhaps a port (RFC 3986, 3.2.2); no comma, which
 * some take for the beginning of a second one. */
static bool is_host_char(char c)
{
    return g_ascii_isalnum(c) || (c && strchr("-._~%!$&'()*+;=:[]", c));
}

static bool all_are(struct word word, bool (*is)(char c))
{
    for (size_t i = 0; i < word.size; i++)
        if (!is(word.data[i]))
            return false;
    return true;
}

static bool is_token(struct word word)
{
    return word.size > 0 && all_are(word, is_token_char);
}

static struct word trim(struct word word)
{
    while (word.size > 0 && is_blank(word.data[0]))
        word = (struct word){word.data + 1, word.size - 1};
    while (word.size > 0 && is_blank(word.data[word.size - 1]))
        word.size--;
    return word;
}

/* ---- Lines. ---- */

/* Cut the part before @p end from @p rest, and @p end itself. False when it is
 * not there. */
static bool cut(struct word *rest, char end, struct word *part)
{
    const char *at = memchr(rest->data, end, rest->size);
    if (!at)
        return false;
    *part = (struct word){rest->data, (size_t)(at - rest->data)};
    rest->size -= part->size + 1;
    rest->data = at + 1;
    return true;
}

/* The next line, without its end. */
static bool next_line(struct word *rest, struct word *line)
{
    if (!cut(rest, '\n', line) || line->size == 0 ||
        line->data[line->size - 1] != '\r')
        return false;
    line->size--;
    return true;
}

static bool read_version(struct http_request *request, struct word word)
{
    bool formed = word.size == 8 && memcmp(word.data, "HTTP/", 5) == 0 &&
                  g_ascii_isdigit(word.data[5]) && word.data[6] == '.' &&
                  g_ascii_isdigit(word.data[7]);
    if (!formed)
        return refuse(request, 400, "the request line has no version");
    if (word.data[5] != '1')
        return refuse(request, 505, "only HTTP/1.0 and HTTP/1.1 are spoken");
    request->minor = word.data[7] > '0';
    return true;
}

/* "http://localhost:8080/counter" means "/counter" (RFC 9112, 3.2.2). */
static struct word path_of(struct word target)
{
    static const char origin[] = "http://";
    size_t skip = sizeof origin - 1;
    if (target.size < skip || strncasecmp(target.data, origin, skip) != 0)
        return target;
    while (skip < target.size && !strchr("/?", target.data[skip]))
        skip++;
    if (skip == target.size)
        return (struct word){"/", 1};
    return (struct word){target.data + skip, target.size - skip};
}

static bool read_request_line(struct http_request *request, struct word line)
{
    if (!cut(&line, ' ', &request->method) ||
        !cut(&line, ' ', &request->target))
        return refuse(request, 400, "the request line lacks a word");
    if (!is_token(request->method))
        return refuse(request, 400, "the method is none");
    if (request->target.size == 0 || !all_are(request->target, is_target_char))
        return refuse(request, 400, "the target is none");
    if (request->target.size > HTTP_TARGET)
        return refuse(request, 414, "the target is too long");
    request->target = path_of(request->target);
    return read_version(request, line);
}

static bool read_field(struct http_request *request, struct word line)
{
    if (request->count == HTTP_FIELDS)
        return refuse(request, 431, "there are too many fields");
    struct http_field *field = &request->fields[request->count++];
    if (!cut(&line, ':', &field->name) || !is_token(field->name))
        return refuse(request, 400, "a field has no name");
    field->value = trim(line);
    if (!all_are(field->value, is_value_char))
        return refuse(request, 400, "a field has a control character");
    return true;
}

static bool read_lines(struct http_request *request, struct word rest)
{
    struct word line;
    if (!next_line(&rest, &line))
        return refuse(request, 400, "a line must end with CR LF");
    if (!read_request_line(request, line))
        return false;
    while (next_line(&rest, &line)) {
        if (line.size == 0)
            return true;
        if (!read_field(request, line))
            return false;
    }
    return refuse(request, 400, "a line must end with CR LF");
}

/* ---- What the fields say. ---- */

struct word http_field(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->count; i++)
        if (word_is(request->fields[i].name, name))
            return request->fields[i].value;
    return (struct word){NULL, 0};
}

bool http_is(struct word word, const char *text)
{
    return strlen(text) == word.size && memcmp(word.data, text, word.size) == 0;
}

static unsigned count_fields(const struct http_request *request,
                             const char *name)
{
    unsigned count = 0;
    for (size_t i = 0; i < request->count; i++)
        count += word_is(request->fields[i].name, name);
    return count;
}

/* Is @p token in the list that the fields of this name are together? */
static bool has_token(const struct http_request *request, const char *name,
                      const char *token)
{
    for (size_t i = 0; i < request->count; i++) {
        struct word rest = request->fields[i].value, part;
        if (!word_is(request->fields[i].name, name))
            continue;
        while (cut(&rest, ',', &part))
            if (word_is(trim(part), token))
                return true;
        if (word_is(trim(rest), token))
            return true;
    }
    return false;
}

static bool read_host(struct http_request *request)
{
    unsigned count = count_fields(request, "Host");
    if (count > 1 || (count == 0 && request->minor == 1))
        return refuse(request, 400, "there must be one Host");
    if (!all_are(http_field(request, "Host"), is_host_char))
        return refuse(request, 400, "the Host is none");
    return true;
}

static bool read_length(struct http_request *request)
{
    struct word digits = http_field(request, "Content-Length");
    if (count_fields(request, "Content-Length") > 1)
        return refuse(request, 400, "Content-Length is said twice");
    if (digits.size == 0)
        return refuse(request, 400, "Content-Length is no number");
    for (size_t i = 0; i < digits.size; i++) {
        if (!g_ascii_isdigit(digits.data[i]))
            return refuse(request, 400, "Content-Length is no number");
        if (request->length > UINT64_MAX / 20)
            return refuse(request, 413, "the body is too long");
        request->length =
            10 * request->length + (uint64_t)(digits.data[i] - '0');
    }
    return true;
}

static bool read_coding(struct http_request *request)
{
    struct word coding = http_field(request, "Transfer-Encoding");
    if (request->minor == 0)
        return refuse(request, 400, "HTTP/1.0 has no Transfer-Encoding");
    if (count_fields(request, "Transfer-Encoding") > 1)
        return refuse(request, 400, "Transfer-Encoding is said twice");
    if (!word_is(coding, "chunked"))
        return refuse(request, 501, "the only coding known is chunked");
    request->chunked = true;
    return true;
}

static bool read_body(struct http_request *request)
{
    bool length = count_fields(request, "Content-Length") > 0;
    bool coding = count_fields(request, "Transfer-Encoding") > 0;
    if (length && coding)
        return refuse(request, 400,
                      "there are both Content-Length and Transfer-Encoding");
    return length ? read_length(request) : coding ? read_coding(request) : true;
}

static bool read_expectation(struct http_request *request)
{
    struct word word = http_field(request, "Expect");
    bool any = count_fields(request, "Expect") > 0;
    if (any && !word_is(word, "100-continue"))
        return refuse(request, 417, "only 100-continue can be expected");
    request->expects =
        any && request->minor == 1 && (request->chunked || request->length > 0);
    return true;
}

static bool read_fields(struct http_request *request)
{
    request->keeps = request->minor == 1
                         ? !has_token(request, "Connection", "close")
                         : has_token(request, "Connection", "keep-alive");
    return read_host(request) && read_body(request) &&
           read_expectation(request);
}

/* ---- A head. ---- */

/* Where the head ends: behind an empty line; 0: not yet. A line that LF alone
 * ends is no end for us, but for some it is; so it ends the search too. */
static size_t find_end(struct http_request *request, const char *data,
                       size_t size)
{
    const char *at = data + request->searched;
    while ((at = memchr(at, '\n', size - (size_t)(at - data)))) {
        size_t left = size - (size_t)(at - data);
        bool crlf = left >= 3 && at[1] == '\r' && at[2] == '\n';
        bool lf = left >= 2 && at[1] == '\n';
        if (crlf || lf)
            return (size_t)(at - data) + (crlf ? 3 : 2);
        if (left < 3) {
            request->searched = (size_t)(at - data);
            return 0;
        }
        at++;
    }
    request->searched = size;
    return 0;
}

/* One empty line before a request is passed over (RFC 9112, 2.2). */
static size_t skip_empty_line(const char *data, size_t size)
{
    return size >= 2 && data[0] == '\r' && data[1] == '\n' ? 2 : 0;
}

ssize_t http_parse(struct http_request *request, const char *data, size_t size)
{
    size_t skipped = skip_empty_line(data, size);
    bool begins = size > skipped &&
                  (is_token_char(data[skipped]) || data[skipped] == '\r');
    if (size <= skipped)
        return 0;
    if (!begins) {
        refuse(request, 400, "a request begins with a method");
        return -1;
    }
    request->searched = MAX(request->searched, skipped);
    size_t end = find_end(request, data, size);
    if (end == 0 && size <= HTTP_HEAD)
        return 0;
    if (end == 0 || end > HTTP_HEAD) {
        bool line = memchr(data + skipped, '\n', HTTP_HEAD - skipped) != NULL;
        refuse(request, line ? 431 : 414, "the head is too long");
        return -1;
    }
    struct word rest = {data + skipped, end - skipped};
    request->count = request->length = 0;
    request->chunked = request->expects = false;
    return read_lines(request, rest) && read_fields(request) ? (ssize_t)end
                                                             : -1;
}

/* ---- Answers. ---- */

const char *http_phrase(unsigned status)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } phrases[] = {
        {100, "Continue"},
        {200, "OK"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

static void put_text(struct wire_writer *out, const char *text)
{
    wire_put_raw(out, text, strlen(text));
}

static void put_number(struct wire_writer *out, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, number);
    put_text(out, digits);
}

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed",
                                "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Whatever the user's language is. */
static void format_time(char text[64], time_t time)
{
    struct tm tm;
    gmtime_r(&time, &tm);
    snprintf(text, 64, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
             tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
}

static void put_time(struct wire_writer *out, const char *name, time_t time)
{
    char text[64];
    format_time(text, time);
    put_text(out, name);
    put_text(out, text);
    put_text(out, "\r\n");
}

/* What is written again in the same way was a time: so no blank, sign or day
 * too many is let through. */
bool http_read_time(struct word text, time_t *time)
{
    char day[4], month[4], copy[64], again[64];
    struct tm tm = {0};
    if (text.size >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (sscanf(copy, "%3s, %2d %3s %4d %2d:%2d:%2d", day, &tm.tm_mday, month,
               &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 7)
        return false;
    while (tm.tm_mon < 11 && strcmp(month, months[tm.tm_mon]) != 0)
        tm.tm_mon++;
    tm.tm_year -= 1900;
    *time = timegm(&tm);
    format_time(again, *time);
    return strlen(again) == text.size && strcmp(again, copy) == 0;
}

static void put_end(struct wire_writer *out, int64_t length)
{
    if (length >= 0) {
        put_text(out, "Content-Length: ");
        put_number(out, (uint64_t)length);
        put_text(out, "\r\n");
    } else if (length == HTTP_CHUNKED) {
        put_text(out, "Transfer-Encoding: chunked\r\n");
    }
}

void http_put_head(struct wire_writer *out, const struct http_answer *answer)
{
    put_text(out, "HTTP/1.1 ");
    put_number(out, answer->status);
    put_text(out, " ");
    put_text(out, http_phrase(answer->status));
    put_text(out, "\r\n");
    put_time(out, "Date: ", answer->now);
    if (answer->type) {
        put_text(out, "Content-Type: ");
        put_text(out, answer->type);
        put_text(out, "\r\n");
    }
    if (answer->modified)
        put_time(out, "Last-Modified: ", answer->modified);
    if (answer->lines)
        put_text(out, answer->lines);
    put_end(out, answer->length);
    if (!answer->keeps)
        put_text(out, "Connection: close\r\n");
    else if (answer->old)
        put_text(out, "Connection: keep-alive\r\n");
    put_text(out, "\r\n");
}

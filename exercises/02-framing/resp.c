/*
 *     data:  *2 \r\n $3 \r\n G E T \r\n $1 \r\n k \r\n
 *            ^ the value begins         ^ at    ^ searched
 *
 * `at` is behind the last item that is whole; no byte before it is looked at
 * again. A line that is not all there has been searched for its end up to
 * `searched`.
 *
 * The open aggregates are a stack of how many values each still lacks. A whole
 * value is one less in the innermost; one that lacks none is itself a whole
 * value of the next. When the stack is empty, all is there.
 */
#include "02-framing/resp.h"
#include "common/course/todo.h"
#include <glib.h>
#include <string.h>

enum {
    DEPTH_MOST = 64,
    DIGITS_MOST = 19, /* Of 64 bits, signed. */
    ITEMS_LEAST = 8,
    ITEMS_KEPT = 1024, /* After more than that the memory is given back. */
};

struct resp {
    struct resp_limits limits;
    struct resp_item *items; /* There is memory for `capacity`. */
    size_t count, capacity;
    size_t at, searched;
    size_t room; /* Values that may yet be announced: of limits.items. */
    size_t lacks[DEPTH_MOST];
    unsigned depth;
    bool whole; /* The last call gave a value: the next one begins anew. */
    const char *error;
};

/* ---- Lines. ---- */

/* A line, without its end; behind it the next thing begins. */
struct line {
    const char *text;
    size_t size;
    size_t behind;
};

static bool is_inline(const struct resp *resp, const uint8_t *begin)
{
    return resp->limits.commands && resp->depth == 0 && *begin != RESP_ARRAY;
}

static bool fail(struct resp *resp, const char *error)
{
    resp->error = error;
    return false;
}

/* The line at `at`; false when it is not all there, or wrong. Its end may come
 * in two pieces, "\r" and then "\n". */
static bool read_line(struct resp *resp, const uint8_t *data, size_t size,
                      struct line *line)
{
    /* TODO: find "\n", in bytes that were not searched before; "\r" must
     * stand before it, but need not in an inline command, which people type. More
     * than RESP_LINE bytes are an error, as soon as there are. */
    (void)data, (void)size, (void)line, (void)is_inline;
    return todo(fail(resp, "nothing is read yet"));
}

/* The number that @p text is, all of it: "0", "-1", "42". */
static bool parse_number(const char *text, size_t size, int64_t *number)
{
    /* TODO: in the one form that resp.h tells of; 64 bits must hold it. */
    (void)text, (void)size, (void)number;
    return todo(false);
}

/* ---- Items. ---- */

static void add(struct resp *resp, struct resp_item item)
{
    if (resp->count == resp->capacity) {
        resp->capacity = MAX(ITEMS_LEAST, 2 * resp->capacity);
        resp->items = g_renew(struct resp_item, resp->items, resp->capacity);
    }
    resp->items[resp->count++] = item;
}

/* All of an item has been read, up to @p behind. */
static bool finish(struct resp *resp, size_t behind)
{
    /* TODO: go there; and count: one value less is lacking in the innermost
     * open aggregate, and when none is, that one is whole. */
    (void)resp, (void)behind;
    return todo(false);
}

/* A text that is the line itself. */
static bool take_text(struct resp *resp, enum resp_type type,
                      const struct line *line)
{
    if (memchr(line->text, '\r', line->size))
        return fail(resp, "a line must end with CR LF");
    add(resp, (struct resp_item){
                  .type = type, .at = resp->at + 1, .size = line->size - 1});
    return finish(resp, line->behind);
}

static bool take_number(struct resp *resp, const struct line *line)
{
    struct resp_item item = {.type = RESP_INTEGER};
    if (!parse_number(line->text + 1, line->size - 1, &item.number))
        return fail(resp, "invalid integer");
    add(resp, item);
    return finish(resp, line->behind);
}

static bool take_boolean(struct resp *resp, const struct line *line)
{
    bool yes = line->size == 2 && line->text[1] == 't';
    if (!yes && !(line->size == 2 && line->text[1] == 'f'))
        return fail(resp, "invalid boolean");
    add(resp, (struct resp_item){.type = RESP_BOOLEAN, .number = yes});
    return finish(resp, line->behind);
}

static bool take_null(struct resp *resp, const struct line *line)
{
    if (line->text[0] == RESP_NULL && line->size > 1)
        return fail(resp, "invalid null");
    add(resp, (struct resp_item){.type = RESP_NULL});
    return finish(resp, line->behind);
}

/* ---- Strings and aggregates: a length first. ---- */

static bool is_minus_one(const struct line *line)
{
    return line->size == 3 && memcmp(line->text + 1, "-1", 2) == 0;
}

/* The length or count that @p line tells, at most @p most. */
static bool parse_length(struct resp *resp, const struct line *line,
                         size_t most, size_t *length, const char *error)
{
    int64_t number;
    if (!parse_number(line->text + 1, line->size - 1, &number) || number < 0 ||
        (uint64_t)number > most)
        return fail(resp, error);
    *length = (size_t)number;
    return true;
}

/* Bytes, and CR LF behind them. */
static bool take_bulk(struct resp *resp, const uint8_t *data, size_t size,
                      enum resp_type type, const struct line *line)
{
    /* TODO: the line tells a length, at most limits.bulk. So many bytes and
     * CR LF follow; if they are not all there, the line will be read again. */
    (void)data, (void)size, (void)type, (void)line;
    return todo(fail(resp, "no string is read yet"));
}

static bool take_aggregate(struct resp *resp, enum resp_type type,
                           const struct line *line)
{
    /* TODO: the line tells how many values follow (pairs, in a map); there is
     * still room for so many, and limits.depth bounds how many aggregates are
     * open, this one too. Without values it is whole at once. */
    (void)type, (void)line, (void)parse_length;
    return todo(fail(resp, "no aggregate is read yet"));
}

/* ---- Commands. ---- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Words between blanks, as an array of strings. */
static bool take_inline(struct resp *resp, const struct line *line)
{
    if (memchr(line->text, '"', line->size) ||
        memchr(line->text, '\'', line->size))
        return fail(resp, "quotes in an inline command: send an array");
    if (memchr(line->text, '\r', line->size))
        return fail(resp, "a line must end with CR LF");
    add(resp, (struct resp_item){.type = RESP_ARRAY});
    size_t words = 0;
    for (size_t at = 0, end; at < line->size; at = end) {
        while (at < line->size && is_blank(line->text[at]))
            at++;
        for (end = at; end < line->size && !is_blank(line->text[end]);)
            end++;
        if (end == at)
            break;
        if (++words > resp->limits.items || end - at > resp->limits.bulk)
            return fail(resp, "too many words, or too long a word");
        add(resp, (struct resp_item){.type = RESP_BULK,
                                     .at = resp->at + at,
                                     .size = end - at});
    }
    resp->items[0].number = (int64_t)words;
    return finish(resp, line->behind);
}

/* Within a command there are strings, and nothing else. */
static bool take_command_item(struct resp *resp, const uint8_t *data,
                              size_t size, const struct line *line)
{
    if (resp->depth > 0 && line->text[0] != RESP_BULK)
        return fail(resp, "expected '$'");
    if (resp->depth > 0)
        return take_bulk(resp, data, size, RESP_BULK, line);
    if (line->text[0] != RESP_ARRAY)
        return take_inline(resp, line);
    if (!is_minus_one(line))
        return take_aggregate(resp, RESP_ARRAY, line);
    add(resp, (struct resp_item){.type = RESP_ARRAY});
    return finish(resp, line->behind);
}

/* ---- Values. ---- */

static bool take_reply_item(struct resp *resp, const uint8_t *data, size_t size,
                            const struct line *line)
{
    enum resp_type type = (enum resp_type)(line->size ? line->text[0] : 0);
    switch (type) {
    case RESP_SIMPLE:
    case RESP_ERROR:
    case RESP_DOUBLE:
    case RESP_BIG:
        return take_text(resp, type, line);
    case RESP_INTEGER:
        return take_number(resp, line);
    case RESP_BOOLEAN:
        return take_boolean(resp, line);
    case RESP_NULL:
        return take_null(resp, line);
    case RESP_BULK:
    case RESP_BULK_ERROR:
    case RESP_VERBATIM:
        return type == RESP_BULK && is_minus_one(line)
                   ? take_null(resp, line)
                   : take_bulk(resp, data, size, type, line);
    case RESP_ARRAY:
    case RESP_MAP:
    case RESP_SET:
    case RESP_PUSH:
        return type == RESP_ARRAY && is_minus_one(line)
                   ? take_null(resp, line)
                   : take_aggregate(resp, type, line);
    }
    return fail(resp, "no such type of value");
}

/* The next item; false when it is not all there, or wrong. */
static bool take_item(struct resp *resp, const uint8_t *data, size_t size)
{
    struct line line;
    if (resp->at == size)
        return false;
    if (!read_line(resp, data, size, &line))
        return false;
    return resp->limits.commands ? take_command_item(resp, data, size, &line)
                                 : take_reply_item(resp, data, size, &line);
}

static void begin(struct resp *resp)
{
    if (resp->capacity > ITEMS_KEPT) {
        g_clear_pointer(&resp->items, g_free);
        resp->capacity = 0;
    }
    resp->count = resp->at = resp->searched = 0;
    resp->room = resp->limits.items;
    resp->depth = 0;
    resp->whole = false;
}

ssize_t resp_parse(struct resp *resp, const uint8_t *data, size_t size)
{
    if (resp->whole)
        begin(resp);
    do
        if (resp->error || !take_item(resp, data, size))
            return resp->error ? -1 : 0;
    while (resp->depth > 0);
    resp->whole = true;
    return (ssize_t)resp->at;
}

/* ---- Life. ---- */

struct resp *resp_new(struct resp_limits limits)
{
    struct resp *resp = g_new0(struct resp, 1);
    resp->limits = limits;
    resp->limits.bulk = limits.bulk ? limits.bulk : (size_t)512 << 20;
    resp->limits.items = limits.items ? limits.items : 1 << 20;
    resp->limits.depth = limits.depth ? limits.depth : 9;
    g_assert(resp->limits.depth <= DEPTH_MOST);
    begin(resp);
    return resp;
}

const struct resp_item *resp_items(const struct resp *resp)
{
    return resp->items;
}

size_t resp_count(const struct resp *resp)
{
    return resp->count;
}

const char *resp_error(const struct resp *resp)
{
    return resp->error;
}

void resp_free(struct resp *resp)
{
    g_free(resp->items);
    g_free(resp);
}

/* By recursion, as the grammar has it: a value is a head, and as many values as
 * it says. What each level still lacks is kept outside of the stack, so that a
 * call goes down to where the last one stopped, at most limits.depth levels, and
 * on from there. Numbers are read by strtoll, and then written again: only what
 * comes out the same was a number. */
#include "02-framing/resp.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRONG = -1, MORE, WHOLE, OPENED };

struct level {
    size_t lacks;
};

struct resp {
    struct resp_limits limits;
    struct resp_item *items;
    size_t used, memory;
    struct level levels[65];
    unsigned open;       /* How many of them are. */
    size_t announced;    /* Values, by all counts. */
    size_t done, looked; /* Whole items; bytes that hold no LF. */
    bool begun;
    const char *error;
};

/* What the parser looks at now. */
struct view {
    const char *data;
    size_t size;
};

static int refuse(struct resp *resp, const char *why)
{
    resp->error = why;
    return WRONG;
}

static struct resp_item *append(struct resp *resp, int type)
{
    if (resp->used >= resp->memory) {
        resp->memory += resp->memory / 2 + 4;
        resp->items =
            realloc(resp->items, resp->memory * sizeof(struct resp_item));
    }
    struct resp_item *item = &resp->items[resp->used++];
    memset(item, 0, sizeof *item);
    item->type = (enum resp_type)type;
    return item;
}

static bool read_number(const char *text, size_t size, int64_t *number)
{
    char copy[24], again[32];
    if (size == 0 || size >= sizeof copy)
        return false;
    memcpy(copy, text, size);
    copy[size] = 0;
    errno = 0;
    *number = strtoll(copy, NULL, 10);
    snprintf(again, sizeof again, "%lld", (long long)*number);
    return errno == 0 && strlen(again) == size &&
           memcmp(text, again, size) == 0;
}

/* ---- Heads. ---- */

static int read_string(struct resp *resp, struct view view, int type, size_t at,
                       int64_t size)
{
    if (size < 0 || (uint64_t)size > resp->limits.bulk)
        return refuse(resp, "a string of that length");
    if (view.size - at < (size_t)size || view.size - at - (size_t)size < 2)
        return MORE;
    const char *behind = view.data + at + size;
    if (behind[0] != '\r' || behind[1] != '\n')
        return refuse(resp, "a string without an end");
    struct resp_item *item = append(resp, type);
    item->at = at;
    item->size = (size_t)size;
    resp->done = at + (size_t)size + 2;
    return WHOLE;
}

static int open_aggregate(struct resp *resp, int type, size_t behind,
                          int64_t count)
{
    size_t each = type == RESP_MAP ? 2 : 1;
    if (count < 0 ||
        (uint64_t)count > (resp->limits.items - resp->announced) / each)
        return refuse(resp, "an aggregate of that size");
    if (resp->open + 1 > resp->limits.depth)
        return refuse(resp, "an aggregate at that depth");
    resp->levels[resp->open].lacks = (size_t)count * each;
    resp->announced += (size_t)count * each;
    append(resp, type)->number = count * (int64_t)each;
    resp->done = behind;
    return OPENED;
}

static int read_words(struct resp *resp, const char *line, size_t size,
                      size_t behind)
{
    size_t first = resp->used, words = 0;
    append(resp, RESP_ARRAY);
    if (memchr(line, '"', size) || memchr(line, '\'', size))
        return refuse(resp, "quotes");
    for (size_t i = 0; i < size; i++) {
        if (line[i] == ' ' || line[i] == '\t')
            continue;
        size_t begin = i;
        while (i < size && line[i] != ' ' && line[i] != '\t')
            i++;
        struct resp_item *item = append(resp, RESP_BULK);
        item->at = resp->done + begin;
        item->size = i - begin;
        if (item->size > resp->limits.bulk)
            return refuse(resp, "a word of that length");
        words++;
    }
    if (words > resp->limits.items)
        return refuse(resp, "that many words");
    resp->items[first].number = (int64_t)words;
    resp->done = behind;
    return WHOLE;
}

static int read_short(struct resp *resp, int type, const char *text,
                      size_t size, size_t behind)
{
    bool bit = size == 1 && (*text == 't' || *text == 'f');
    if ((type == RESP_NULL && size > 0) || (type == RESP_BOOLEAN && !bit))
        return refuse(resp, "neither null nor a boolean");
    struct resp_item *item = append(resp, type);
    if (type == RESP_BOOLEAN)
        item->number = *text == 't';
    else if (type != RESP_NULL) {
        item->at = resp->done + 1;
        item->size = size;
    }
    resp->done = behind;
    return WHOLE;
}

static int read_nothing(struct resp *resp, size_t behind)
{
    append(resp, resp->limits.commands ? RESP_ARRAY : RESP_NULL);
    resp->done = behind;
    return WHOLE;
}

/* A line with a number: a string's, an aggregate's, or the number itself. */
static int read_counted(struct resp *resp, struct view view, const char *line,
                        size_t size, size_t behind)
{
    int64_t number;
    int type = *line;
    if (!read_number(line + 1, size - 1, &number))
        return refuse(resp, "no number");
    if (number == -1 &&
        (type == RESP_ARRAY || (type == RESP_BULK && !resp->limits.commands)))
        return read_nothing(resp, behind);
    if (type == RESP_INTEGER) {
        append(resp, type)->number = number;
        resp->done = behind;
        return WHOLE;
    }
    return strchr("$!=", type) ? read_string(resp, view, type, behind, number)
                               : open_aggregate(resp, type, behind, number);
}

static int read_typed(struct resp *resp, struct view view, const char *line,
                      size_t size, size_t behind)
{
    if (size > 0 && *line && strchr("+-,(_#", *line))
        return read_short(resp, *line, line + 1, size - 1, behind);
    if (size > 0 && *line && strchr(":$!=*%~>", *line))
        return read_counted(resp, view, line, size, behind);
    return refuse(resp, "no type");
}

static int read_head(struct resp *resp, struct view view)
{
    const char *line = view.data + resp->done;
    size_t from = resp->looked > resp->done ? resp->looked : resp->done;
    if (resp->done == view.size)
        return MORE;
    const char *end = memchr(view.data + from, '\n', view.size - from);
    size_t size = (size_t)((end ? end : view.data + view.size) - line);
    size_t behind = resp->done + size + 1;
    bool returned = size > 0 && line[size - 1] == '\r';
    size -= returned;
    resp->looked = end ? resp->looked : view.size;
    if (size > RESP_LINE)
        return refuse(resp, "a line of that length");
    if (!end)
        return MORE;
    bool typed = resp->limits.commands && resp->open == 0 && *line != '*';
    if ((!returned && !typed) || memchr(line, '\r', size))
        return refuse(resp, "a line without its end");
    if (typed)
        return read_words(resp, line, size, behind);
    if (resp->limits.commands && *line != (resp->open ? '$' : '*'))
        return refuse(resp, "a command of no strings");
    return read_typed(resp, view, line, size, behind);
}

/* ---- Values. ---- */

static int read_value(struct resp *resp, struct view view, unsigned level)
{
    if (level == resp->open) {
        int head = read_head(resp, view);
        if (head != OPENED)
            return head;
        resp->open = level + 1;
    }
    struct level *here = &resp->levels[level];
    while (here->lacks > 0) {
        int value = read_value(resp, view, level + 1);
        if (value != WHOLE)
            return value;
        here->lacks--;
    }
    resp->open = level;
    return WHOLE;
}

ssize_t resp_parse(struct resp *resp, const uint8_t *data, size_t size)
{
    if (resp->error)
        return -1;
    if (!resp->begun)
        resp->used = resp->done = resp->looked = resp->announced = 0;
    resp->begun = true;
    int value = read_value(resp, (struct view){(const char *)data, size}, 0);
    if (value != WHOLE)
        return value;
    resp->begun = false;
    return (ssize_t)resp->done;
}

/* ---- Life. ---- */

struct resp *resp_new(struct resp_limits limits)
{
    struct resp *resp = calloc(1, sizeof *resp);
    limits.bulk = limits.bulk ? limits.bulk : 536870912;
    limits.items = limits.items ? limits.items : 1048576;
    limits.depth = limits.depth ? limits.depth : 9;
    resp->limits = limits;
    return resp;
}

const struct resp_item *resp_items(const struct resp *resp)
{
    return resp->items;
}

size_t resp_count(const struct resp *resp)
{
    return resp->used;
}

const char *resp_error(const struct resp *resp)
{
    return resp->error;
}

void resp_free(struct resp *resp)
{
    free(resp->items);
    free(resp);
}

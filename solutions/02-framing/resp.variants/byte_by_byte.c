/* A machine that is fed one byte after the other and never looks back, but for
 * the words of an inline command. What it knows of a line is a state, a type and
 * a number that grows by its digits. Only the bytes of strings are leapt over. */
#include "02-framing/resp.h"
#include <glib.h>
#include <string.h>

enum machine_state {
    BEGIN,   /* Of a value. */
    LINE,    /* Of one, behind its type. */
    LINE_LF, /* CR was there. */
    BYTES,   /* Of a string. */
    BYTES_CR,
    BYTES_LF,
    TYPED, /* An inline command. */
    TYPED_LF
};

struct resp {
    struct resp_limits limits;
    GArray *items;
    enum machine_state state;
    size_t next, line; /* The next byte; where its line begins. */
    size_t skip;       /* Bytes of a string that lack. */
    char type;
    bool negative, odd; /* Of the number: odd is what has another form. */
    unsigned digits;
    uint64_t number;
    size_t sum, left[64]; /* What counts add up to; what each open one lacks. */
    unsigned depth;
    bool given;
    const char *error;
};

static void refuse(struct resp *resp, const char *why)
{
    resp->error = why;
}

static struct resp_item *append(struct resp *resp, enum resp_type type,
                                int64_t number)
{
    struct resp_item item = {.type = type, .number = number};
    g_array_append_val(resp->items, item);
    return &g_array_index(resp->items, struct resp_item, resp->items->len - 1);
}

static void end_value(struct resp *resp)
{
    resp->state = BEGIN;
    while (resp->depth > 0) {
        resp->left[resp->depth - 1]--;
        if (resp->left[resp->depth - 1] > 0)
            return;
        resp->depth--;
    }
    resp->given = true;
}

/* ---- A line is whole. ---- */

static bool is_null(const struct resp *resp)
{
    return (resp->type == '$' || resp->type == '*') && resp->negative &&
           resp->digits == 1 && resp->number == 1 &&
           !(resp->limits.commands && resp->type == '$');
}

static void end_string_line(struct resp *resp)
{
    if (resp->negative || resp->number > resp->limits.bulk) {
        refuse(resp, "a length is out of range");
        return;
    }
    struct resp_item *item = append(resp, (enum resp_type)resp->type, 0);
    item->at = resp->next + 1;
    item->size = resp->skip = (size_t)resp->number;
    resp->state = resp->skip ? BYTES : BYTES_CR;
}

static void end_aggregate_line(struct resp *resp)
{
    size_t each = resp->type == '%' ? 2 : 1;
    size_t most = resp->limits.items - resp->sum;
    if (resp->negative || resp->number > most / each)
        refuse(resp, "a count is out of range");
    else if (resp->depth >= resp->limits.depth)
        refuse(resp, "a nest too deep");
    if (resp->error)
        return;
    size_t count = each * (size_t)resp->number;
    append(resp, (enum resp_type)resp->type, (int64_t)count);
    resp->sum += count;
    if (count == 0) {
        end_value(resp);
        return;
    }
    resp->left[resp->depth++] = count;
    resp->state = BEGIN;
}

static void end_number_line(struct resp *resp)
{
    uint64_t most = (uint64_t)INT64_MAX + (resp->negative ? 1 : 0);
    if (resp->odd || resp->digits == 0 || resp->number > most) {
        refuse(resp, "no number");
    } else if (resp->type == ':') {
        uint64_t number = resp->negative ? -resp->number : resp->number;
        append(resp, RESP_INTEGER, (int64_t)number);
        end_value(resp);
    } else if (is_null(resp)) {
        append(resp, resp->limits.commands ? RESP_ARRAY : RESP_NULL, 0);
        end_value(resp);
    } else if (strchr("$!=", resp->type)) {
        end_string_line(resp);
    } else {
        end_aggregate_line(resp);
    }
}

/* next is at the LF. */
static void end_line(struct resp *resp, const uint8_t *data)
{
    size_t size = resp->next - 1 - (resp->line + 1);
    char first = (char)data[resp->line + 1];
    if (strchr("+-,(", resp->type)) {
        struct resp_item *item = append(resp, (enum resp_type)resp->type, 0);
        item->at = resp->line + 1;
        item->size = size;
        end_value(resp);
    } else if (resp->type == '_' && size == 0) {
        append(resp, RESP_NULL, 0);
        end_value(resp);
    } else if (resp->type == '#' && size == 1 &&
               (first == 't' || first == 'f')) {
        append(resp, RESP_BOOLEAN, first == 't');
        end_value(resp);
    } else if (resp->type == '_' || resp->type == '#') {
        refuse(resp, "neither null, true nor false");
    } else {
        end_number_line(resp);
    }
}

static void end_typed(struct resp *resp, const uint8_t *data, size_t end)
{
    append(resp, RESP_ARRAY, 0);
    bool within = false;
    for (size_t i = resp->line; i < end; i++) {
        bool blank = data[i] == ' ' || data[i] == '\t';
        if (!blank && !within)
            append(resp, RESP_BULK, 0)->at = i;
        if (!blank)
            g_array_index(resp->items, struct resp_item, resp->items->len - 1)
                .size++;
        within = !blank;
    }
    for (guint i = 1; i < resp->items->len; i++)
        if (g_array_index(resp->items, struct resp_item, i).size >
            resp->limits.bulk)
            refuse(resp, "a word of too many letters");
    size_t words = resp->items->len - 1;
    g_array_index(resp->items, struct resp_item, 0).number = (int64_t)words;
    if (words > resp->limits.items)
        refuse(resp, "a line of too many words");
    else
        end_value(resp);
}

/* ---- A byte comes. ---- */

static void on_digit(struct resp *resp, uint8_t byte)
{
    unsigned digit = byte - (unsigned)'0';
    if (byte == '-' && resp->digits == 0 && !resp->negative) {
        resp->negative = true;
        return;
    }
    if (digit > 9 || (resp->digits > 0 && resp->number == 0) ||
        (resp->negative && resp->digits == 0 && digit == 0) ||
        __builtin_mul_overflow(resp->number, 10, &resp->number) ||
        __builtin_add_overflow(resp->number, digit, &resp->number))
        resp->odd = true;
    resp->digits++;
}

static void on_begin(struct resp *resp, uint8_t byte)
{
    static const char types[] = "+-:$*_#,(!=%~>";
    bool known =
        byte && (resp->limits.commands ? byte == (resp->depth ? '$' : '*')
                                       : strchr(types, byte) != NULL);
    if (!known) {
        refuse(resp, "an unknown type");
        return;
    }
    resp->type = (char)byte;
    resp->number = resp->digits = 0;
    resp->negative = resp->odd = false;
    resp->state = LINE;
}

static void on_line(struct resp *resp, uint8_t byte)
{
    if (byte == '\r')
        resp->state++;
    else if (byte == '\n')
        refuse(resp, "LF without CR");
    else if (resp->next - resp->line >= RESP_LINE)
        refuse(resp, "an endless line");
    else if (resp->state == TYPED && (byte == '"' || byte == '\''))
        refuse(resp, "a quote");
    if (resp->state == LINE)
        on_digit(resp, byte);
}

static void on_end(struct resp *resp, const uint8_t *data, uint8_t byte)
{
    if (byte != (resp->state == BYTES_CR ? '\r' : '\n'))
        refuse(resp, "CR LF is missing");
    else if (resp->state == LINE_LF)
        end_line(resp, data);
    else if (resp->state == TYPED_LF)
        end_typed(resp, data, resp->next - 1);
    else if (resp->state == BYTES_CR)
        resp->state = BYTES_LF;
    else
        end_value(resp);
}

static void on_byte(struct resp *resp, const uint8_t *data)
{
    uint8_t byte = data[resp->next];
    if (resp->state == BEGIN) {
        resp->line = resp->next;
        if (resp->limits.commands && resp->depth == 0 && byte != '*')
            resp->state = TYPED;
    }
    if (resp->state == BEGIN)
        on_begin(resp, byte);
    else if (resp->state == TYPED && byte == '\n')
        end_typed(resp, data, resp->next);
    else if (resp->state == LINE || resp->state == TYPED)
        on_line(resp, byte);
    else
        on_end(resp, data, byte);
    resp->next++;
}

static void on_string(struct resp *resp, size_t size)
{
    size_t step = MIN(resp->skip, size - resp->next);
    resp->next += step;
    resp->skip -= step;
    if (resp->skip == 0)
        resp->state = BYTES_CR;
}

ssize_t resp_parse(struct resp *resp, const uint8_t *data, size_t size)
{
    if (resp->given) {
        resp->given = false;
        resp->next = resp->sum = 0;
        g_array_set_size(resp->items, 0);
    }
    while (!resp->error && !resp->given && resp->next < size)
        if (resp->state == BYTES)
            on_string(resp, size);
        else
            on_byte(resp, data);
    return resp->error ? -1 : resp->given ? (ssize_t)resp->next : 0;
}

/* ---- Life. ---- */

struct resp *resp_new(struct resp_limits limits)
{
    struct resp *resp = g_new0(struct resp, 1);
    resp->limits = limits;
    if (limits.bulk == 0)
        resp->limits.bulk = 512u << 20;
    if (limits.items == 0)
        resp->limits.items = 1048576;
    if (limits.depth == 0)
        resp->limits.depth = 9;
    resp->items = g_array_new(FALSE, TRUE, sizeof(struct resp_item));
    return resp;
}

const struct resp_item *resp_items(const struct resp *resp)
{
    return (const struct resp_item *)(void *)resp->items->data;
}

size_t resp_count(const struct resp *resp)
{
    return resp->items->len;
}

const char *resp_error(const struct resp *resp)
{
    return resp->error;
}

void resp_free(struct resp *resp)
{
    g_array_free(resp->items, TRUE);
    g_free(resp);
}

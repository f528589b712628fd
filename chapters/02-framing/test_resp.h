/**
 * @file test_resp.h
 * For the tests of resp: a parser is shown bytes as a stream shows them, a piece,
 * then the same and more behind it.
 *
 *     static const struct resp_sample row[] = {
 *         SAMPLE("*1\r\n$4\r\nPING\r\n", "*1 $PING"),
 *         SAMPLE("*-2\r\n", NULL),
 *     };
 *     EACH(commands, row);
 *
 * Each time they lie somewhere else, in memory of just their size; where they
 * lay before is overwritten. So who keeps an address, or reads beyond the end, is
 * seen. A value is compared as text.
 */
#ifndef FRAMING_TEST_RESP_H
#define FRAMING_TEST_RESP_H
#include "02-framing/resp.h"
#include "common/course/graded.h"
#include <stdlib.h>
#include <string.h>

/** Bytes, and the items they are; NULL: they are no RESP. */
struct resp_sample {
    const char *bytes;
    size_t size;
    const char *items;
};
#define SAMPLE(bytes, items)            \
    {                                   \
        bytes, sizeof(bytes) - 1, items \
    }

enum { NOTED = 40 }; /* So many of the bytes, the last ones. */

/** What is read, with the limits that Redis has. */
static const struct resp_limits replies, commands = {.commands = true};

/* ---- A stream. ---- */

/** What a parser is shown of the bytes of somebody else. */
struct resp_show {
    struct resp *resp;
    const char *bytes;
    size_t begin; /* Of the value that is not whole yet. */
    char *shown;  /* At the last time, so many. */
    size_t size;
};

static struct resp_show show_new(struct resp_limits limits, const char *bytes)
{
    return (struct resp_show){.resp = resp_new(limits), .bytes = bytes};
}

static void append_escaped(GString *text, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '\r' || bytes[i] == '\n')
            g_string_append(text, bytes[i] == '\r' ? "\\r" : "\\n");
        else if (g_ascii_isprint(bytes[i]))
            g_string_append_c(text, bytes[i]);
        else
            g_string_append_printf(text, "\\x%02x", (uint8_t)bytes[i]);
}

static void note(const struct resp_show *show, ssize_t used)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "resp_parse, %zu bytes = %zd: ", show->size, used);
    size_t few = MIN(show->size, NOTED);
    if (few < show->size)
        g_string_append(line, "...");
    append_escaped(line, show->shown + show->size - few, few);
    if (used == -1)
        g_string_append_printf(line, "; %s", resp_error(show->resp));
    sheet_note(line->str);
}

static void hide(struct resp_show *show)
{
    if (show->shown)
        memset(show->shown, 'X', show->size);
    free(show->shown);
    show->shown = NULL;
}

/* Show what there is up to @p end. Returns what the parser does. */
static ssize_t show_until(struct resp_show *show, size_t end)
{
    size_t size = end - show->begin;
    char *shown = malloc(size);
    memcpy(shown, show->bytes + show->begin, size);
    hide(show);
    show->shown = shown;
    show->size = size;
    ssize_t used = resp_parse(show->resp, (const uint8_t *)shown, size);
    note(show, used);
    return used;
}

static void show_free(struct resp_show *show)
{
    hide(show);
    resp_free(show->resp);
}

/* ---- What came of it. ---- */

static bool has_text(enum resp_type type)
{
    return type != 0 && strchr("+-$,(!=", (int)type);
}

/* One item of a value of @p used bytes, as text. */
static void append_item(GString *text, const struct resp_show *show,
                        const struct resp_item *item, size_t used)
{
    g_string_append_printf(text, "%s%c", text->len ? " " : "",
                           g_ascii_isprint((char)item->type) ? item->type
                                                             : '?');
    expect_that(item->size == 0 ||
                    (item->at < used && item->size <= used - item->at),
                "each item to lie within the bytes of its value",
                "item %c at %zu, of %zu bytes; the value has %zu", item->type,
                item->at, item->size, used);
    if (has_text(item->type))
        append_escaped(text, show->shown + item->at, item->size);
    else if (item->type != RESP_NULL)
        g_string_append_printf(text, "%" G_GINT64_FORMAT, item->number);
}

/* The value is all there, and it is that of @p sample. */
static void expect_sample(struct resp_show *show, ssize_t used,
                          const struct resp_sample *sample)
{
    expect_that(used != -1, "a value, since this is RESP", "-1");
    expect_equal("of a value that is all there, resp_parse returns the bytes:",
                 used, sample->size);
    g_autoptr(GString) text = g_string_new(NULL), wanted = g_string_new(NULL);
    for (size_t i = 0; i < resp_count(show->resp); i++)
        append_item(text, show, &resp_items(show->resp)[i], (size_t)used);
    g_string_printf(wanted, "the items %s", sample->items);
    expect_that(g_str_equal(text->str, sample->items), wanted->str, "%s",
                text->str);
    show->begin += (size_t)used;
}

static void expect_refusal(struct resp_show *show, ssize_t used)
{
    expect_equal("of what is no RESP, or too much, resp_parse returns", used,
                 -1);
    expect_that(resp_error(show->resp) != NULL, "a phrase from resp_error",
                "NULL");
}

/* ---- Rows of values, in pieces. ---- */

/* All bytes of @p samples, one behind the other. */
static GString *join(const struct resp_sample *samples, size_t count)
{
    GString *all = g_string_new(NULL);
    for (size_t i = 0; i < count; i++)
        g_string_append_len(all, samples[i].bytes, (gssize)samples[i].size);
    return all;
}

/* Up to @p end bytes have come: the values that are whole by then are given,
 * and no other. The next one is *@p next. */
static void expect_until(struct resp_show *show,
                         const struct resp_sample **next, size_t end)
{
    ssize_t used = show_until(show, end);
    while (end - show->begin > 0 && end - show->begin >= (*next)->size) {
        expect_sample(show, used, (*next)++);
        used = show_until(show, end);
    }
    expect_that(used != -1, "0, since more bytes are needed", "-1");
    expect_equal("of a value that is not all there, resp_parse returns", used,
                 0);
}

/* The values of all @p samples, when their bytes come in pieces that end at
 * @p ends. */
static void expect_pieces(struct resp_limits limits,
                          const struct resp_sample *samples, size_t count,
                          const GArray *ends)
{
    g_autoptr(GString) all = join(samples, count);
    struct resp_show show = show_new(limits, all->str);
    const struct resp_sample *next = samples;
    sheet_note("A new parser");
    for (guint i = 0; i < ends->len; i++)
        expect_until(&show, &next, g_array_index(ends, size_t, i));
    expect_until(&show, &next, all->len);
    show_free(&show);
}

/* Whole; cut in two at each place; and byte by byte. */
static void expect_all(struct resp_limits limits,
                       const struct resp_sample *samples, size_t count)
{
    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(size_t));
    g_autoptr(GString) all = join(samples, count);
    for (size_t cut = 0; cut < all->len; cut++) {
        g_array_set_size(ends, 0);
        g_array_append_val(ends, cut);
        expect_pieces(limits, samples, count, ends);
    }
    g_array_set_size(ends, 0);
    for (size_t end = 0; end <= all->len; end++)
        g_array_append_val(ends, end);
    expect_pieces(limits, samples, count, ends);
}

/* Each of @p samples alone, whole and byte by byte: the value it is, or none.
 * What is none may be refused before its last byte has come. */
static void expect_each(struct resp_limits limits,
                        const struct resp_sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t step = samples[i].size; step > 0; step = step > 1 ? 1 : 0) {
            struct resp_show show = show_new(limits, samples[i].bytes);
            ssize_t used = 0;
            sheet_note("A new parser");
            for (size_t end = step; end <= samples[i].size && used == 0;
                 end += step)
                used = show_until(&show, end);
            if (samples[i].items)
                expect_sample(&show, used, &samples[i]);
            else
                expect_refusal(&show, used);
            show_free(&show);
        }
}
static void expect_refused(struct resp_limits limits, const char *bytes)
{
    expect_each(limits, &(struct resp_sample){bytes, strlen(bytes), NULL}, 1);
}

/* The beginning of a value. */
static void expect_more(struct resp_limits limits, const char *bytes)
{
    struct resp_show show = show_new(limits, bytes);
    expect_equal("of a value that is not all there, resp_parse returns",
                 show_until(&show, strlen(bytes)), 0);
    show_free(&show);
}

/** Each of an array of samples alone; all, one behind the other. */
#define EACH(limits, samples) \
    expect_each(limits, samples, G_N_ELEMENTS(samples))
#define ROW(limits, samples) expect_all(limits, samples, G_N_ELEMENTS(samples))

#endif

/*
 * Any bytes, to the parser of Redis's protocol. The first byte chooses what is
 * read: commands or replies, with small limits or those of Redis; the second the
 * pieces in which the rest comes. What must hold, whatever they are:
 *
 *   In pieces, each in memory of its own, the same values are given as when all
 *   comes at once, and it ends in the same way. Items lie within the bytes of
 *   their value, in order. Written again, in the form that resp_writer.h has,
 *   values are read the same. Memory is a multiple of what came.
 */
#include "02-framing/resp.h"
#include "02-framing/resp_writer.h"
#include "common/course/allocated.h"
#include "common/judge/fuzz.h"
#include "common/world/dice.h"
#include <string.h>

enum { HEAD = 2, EACH = 64, ALWAYS = 4096 };

/* Bytes of somebody, and how they are read. */
struct fuzzed {
    struct resp_limits limits;
    const uint8_t *data;
    size_t size;
    struct dice dice; /* For the pieces. */
    size_t most;      /* Bytes of a piece. */
};

/* ---- What was given. ---- */

/* Where texts are, and that they are in order. */
static void check_items(const struct resp *resp, size_t used)
{
    const struct resp_item *items = resp_items(resp);
    size_t last = 0, values = 1;
    for (size_t i = 0; i < resp_count(resp); i++) {
        g_assert(values > 0);
        values--;
        if (items[i].size > 0) {
            g_assert(items[i].at >= last);
            last = items[i].at + items[i].size;
            g_assert(last >= items[i].at && last < used);
        }
        if (strchr("*%~>", (int)items[i].type)) {
            g_assert(items[i].number >= 0);
            values += (size_t)items[i].number;
        }
    }
    g_assert(values == 0);
}

/* The items of a value, and their texts: the same for the same value. */
static void note_value(GByteArray *notes, const struct resp *resp,
                       const uint8_t *data)
{
    for (size_t i = 0; i < resp_count(resp); i++) {
        const struct resp_item *item = &resp_items(resp)[i];
        uint64_t head[] = {item->type, (uint64_t)item->number, item->size};
        g_byte_array_append(notes, (const guint8 *)head, sizeof head);
        g_byte_array_append(notes, data + item->at, (guint)item->size);
    }
}

static void expect_same(const GByteArray *left, const GByteArray *right)
{
    g_assert(left->len == right->len);
    g_assert(left->len == 0 || memcmp(left->data, right->data, left->len) == 0);
}

/* ---- Written again. ---- */

static void put_bytes(struct wire_writer *out, const struct resp_item *item,
                      const uint8_t *data)
{
    wire_put_raw(out, data + item->at, item->size);
    wire_put_raw(out, "\r\n", 2);
}

/* What the writer has no function for. */
static void put_other(struct wire_writer *out, const struct resp_item *item,
                      const uint8_t *data)
{
    g_autofree char *count = g_strdup_printf(
        "%zu\r\n", item->type == RESP_SET ? (size_t)item->number : item->size);
    wire_put_u8(out, (uint8_t)item->type);
    if (strchr("!=~", (int)item->type))
        wire_put_raw(out, count, strlen(count));
    if (item->type == RESP_BOOLEAN)
        wire_put_raw(out, item->number ? "t\r\n" : "f\r\n", 3);
    else if (item->type != RESP_SET)
        put_bytes(out, item, data);
}

static void put_item(struct wire_writer *out, const struct resp_item *item,
                     const uint8_t *data)
{
    if (item->type == RESP_INTEGER)
        resp_put_integer(out, item->number);
    else if (item->type == RESP_BULK)
        resp_put_bulk(out, data + item->at, item->size);
    else if (item->type == RESP_NULL)
        resp_put_null(out, RESP3);
    else if (item->type == RESP_ARRAY)
        resp_put_array(out, (size_t)item->number);
    else if (item->type == RESP_MAP)
        resp_put_map(out, RESP3, (size_t)item->number / 2);
    else if (item->type == RESP_PUSH)
        resp_put_push(out, RESP3, (size_t)item->number);
    else
        put_other(out, item, data);
}

static void check_again(const struct resp *resp, struct resp_limits limits,
                        const uint8_t *data)
{
    struct wire_writer out = {.most = SIZE_MAX};
    for (size_t i = 0; i < resp_count(resp); i++)
        put_item(&out, &resp_items(resp)[i], data);
    struct resp *again = resp_new(limits);
    g_assert(resp_parse(again, out.data, out.size) == (ssize_t)out.size);
    g_autoptr(GByteArray) first = g_byte_array_new();
    g_autoptr(GByteArray) second = g_byte_array_new();
    note_value(first, resp, data);
    note_value(second, again, out.data);
    expect_same(first, second);
    resp_free(again);
    wire_clear(&out);
}

/* ---- All at once, in pieces, and weighed. ---- */

static ssize_t read_whole(const struct fuzzed *all, GByteArray *notes)
{
    struct resp *resp = resp_new(all->limits);
    size_t at = 0;
    ssize_t used;
    while ((used = resp_parse(resp, all->data + at, all->size - at)) > 0) {
        g_assert((size_t)used <= all->size - at);
        check_items(resp, (size_t)used);
        check_again(resp, all->limits, all->data + at);
        note_value(notes, resp, all->data + at);
        at += (size_t)used;
    }
    g_assert(used == 0 || resp_error(resp));
    resp_free(resp);
    return used;
}

static ssize_t read_pieces(struct fuzzed *all, GByteArray *notes)
{
    struct resp *resp = resp_new(all->limits);
    size_t at = 0, end = 0;
    ssize_t used = 0;
    while (used > 0 || (used == 0 && end < all->size)) {
        size_t step = dice_between(&all->dice, 1, all->most);
        if (used == 0)
            end += MIN(all->size - end, step);
        g_autofree uint8_t *piece = g_malloc(end - at + 1);
        uint8_t *data = piece + 1; /* So that there is always some memory. */
        memcpy(data, all->data + at, end - at);
        used = resp_parse(resp, data, end - at);
        if (used > 0)
            note_value(notes, resp, data);
        at += (size_t)MAX(used, 0);
    }
    resp_free(resp);
    return used;
}

static void weigh(const struct fuzzed *all)
{
    size_t before = allocated_bytes(), at = 0;
    struct resp *resp = resp_new(all->limits);
    ssize_t used;
    while ((used = resp_parse(resp, all->data + at, all->size - at)) > 0)
        at += (size_t)used;
    g_assert(allocated_bytes() <= before + ALWAYS + EACH * all->size);
    resp_free(resp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct fuzzed all = {
        .data = data + HEAD,
        .size = size - HEAD,
        .dice = dice_at(data[1], 0, 0),
        .most = (size_t)1 << (data[1] & 7),
    };
    if (data[0] & 2)
        all.limits = (struct resp_limits){.bulk = 20, .items = 12, .depth = 3};
    all.limits.commands = data[0] & 1;
    g_autoptr(GByteArray) whole = g_byte_array_new();
    g_autoptr(GByteArray) pieces = g_byte_array_new();
    ssize_t end = read_whole(&all, whole);
    g_assert(read_pieces(&all, pieces) == end);
    expect_same(whole, pieces);
    weigh(&all);
    return 0;
}

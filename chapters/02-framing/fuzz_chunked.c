/*
 * Any bytes, to the reader of bodies in chunks. The first byte of the input
 * chooses the bound of the body, the second the pieces in which the rest comes.
 * What must hold, whatever they are:
 *
 *   In pieces, each in memory of its own, the same body is given as when all
 *   comes at once, from the same number of bytes, and it ends in the same way.
 *   A piece lies within what came, and is the last of what is used. The body,
 *   written in chunks of another size, is read the same.
 */
#include "02-framing/chunked.h"
#include "common/judge/fuzz.h"
#include "common/world/dice.h"
#include <string.h>

enum { HEAD = 2, ALIKE = 16 };

/* Bytes of somebody, and the pieces in which they come. */
struct fuzzed_body {
    uint64_t most;
    const uint8_t *data;
    size_t size;
    struct dice dice;
    uint64_t piece; /* The most bytes in one. */
};

/* What came of them. */
struct body_read {
    GByteArray *body;
    size_t used; /* Where it is wrong: up to the last use before. */
    bool ended, wrong;
};

/* One use: @p size bytes. Returns false when there is nothing more to read. */
static bool read_some(struct chunked *chunked, struct body_read *read,
                      const uint8_t *data, size_t size)
{
    struct chunked_piece piece = {.size = 0};
    ssize_t used = chunked_parse(chunked, data, size, &piece);
    g_assert(used >= -1 && used <= (ssize_t)size);
    read->wrong = used == -1;
    g_assert(!read->wrong || !chunked_ended(chunked));
    if (used <= 0)
        return false;
    if (piece.size > 0) {
        g_assert(piece.size <= (size_t)used);
        g_assert(piece.data + piece.size == data + used);
        g_byte_array_append(read->body, piece.data, (guint)piece.size);
    }
    read->used += (size_t)used;
    return true;
}

/* In memory of just its size: what lies beyond it a sanitizer sees. */
static bool read_piece(struct chunked *chunked, struct body_read *read,
                       const uint8_t *data, size_t size)
{
    size_t before = read->used, left;
    bool more = true;
    while (more && (left = size - (read->used - before)) > 0) {
        g_autofree uint8_t *piece = g_memdup2(data + read->used, left);
        more = read_some(chunked, read, piece, left);
    }
    return more;
}

static struct body_read read_body(struct fuzzed_body *all, bool whole)
{
    struct chunked chunked = {.most = all->most};
    struct body_read read = {.body = g_byte_array_new()};
    bool more = true;
    while (more && read.used < all->size) {
        size_t left = all->size - read.used;
        size_t size = dice_between(&all->dice, 1, all->piece);
        more = read_piece(&chunked, &read, all->data,
                          whole ? left : MIN(left, size));
    }
    read.ended = chunked_ended(&chunked);
    g_assert(read.body->len <= all->most);
    g_assert(more || read.ended || read.wrong);
    if (read.wrong || read.ended)
        g_assert(chunked_parse(&chunked, all->data, all->size,
                               &(struct chunked_piece){.size = 0}) ==
                 -read.wrong);
    return read;
}

static void expect_same_body(struct body_read left, struct body_read right)
{
    g_assert(left.ended == right.ended && left.wrong == right.wrong);
    g_assert(left.wrong || left.used == right.used);
    g_assert(left.body->len == right.body->len);
    g_assert(left.body->len == 0 ||
             memcmp(left.body->data, right.body->data, left.body->len) == 0);
}

/* The same body, in chunks of sizes drawn anew. */
static void check_again(struct fuzzed_body *all, struct body_read first)
{
    struct wire_writer out = {.most = SIZE_MAX};
    for (size_t at = 0, size; at < first.body->len; at += size) {
        size = dice_between(&all->dice, 1, all->piece);
        size = MIN(size, first.body->len - at);
        chunked_put(&out, first.body->data + at, size);
    }
    chunked_put_end(&out);
    struct fuzzed_body again = *all;
    again.data = out.data;
    again.size = out.size;
    struct body_read second = read_body(&again, false);
    g_assert(second.ended && second.used == out.size);
    first.ended = true;
    first.wrong = false;
    first.used = second.used;
    expect_same_body(first, second);
    g_byte_array_unref(second.body);
    wire_clear(&out);
}

/* A body that somebody may have written: the bytes say which sizes. Noise alone
 * is wrong soon. */
static void write_likely(struct wire_writer *out, struct wire_reader plan)
{
    static const char *const lines[] = {"0\r\n\r\n", "0;a=b\r\n",  "A: b\r\n",
                                        "\r\n",      "00a \t\r\n", "5;\r\n",
                                        "\n",        "fff\r\n"};
    while (plan.left > 0) {
        size_t size = wire_get_u8(&plan);
        const char *line = lines[size % 8];
        if (size >= ALIKE * 8)
            wire_put_raw(out, line, strlen(line));
        else if (plan.left > 0)
            chunked_put(out, plan.next, MIN(size, plan.left));
    }
}

static void check(struct fuzzed_body *all)
{
    struct body_read whole = read_body(all, true);
    struct body_read pieces = read_body(all, false);
    expect_same_body(whole, pieces);
    check_again(all, whole);
    g_byte_array_unref(whole.body);
    g_byte_array_unref(pieces.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct fuzzed_body all = {
        .most = data[0] & 1 ? UINT64_MAX : data[0],
        .data = data + HEAD,
        .size = size - HEAD,
        .dice = dice_at(data[1], 0, 0),
        .piece = (uint64_t)1 << (data[1] & 7),
    };
    check(&all);
    struct wire_writer likely = {.most = SIZE_MAX};
    write_likely(&likely, wire_read(data + HEAD, size - HEAD));
    if (likely.size > 0) {
        all.data = likely.data;
        all.size = likely.size;
        check(&all);
    }
    wire_clear(&likely);
    return 0;
}

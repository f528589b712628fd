/* A shape that keeps what is missing: a list of holes, from expected on, as RFC
 * 815 does for fragments. A piece fills holes, or parts of them; the last hole
 * has no end. Offsets count from the first byte that was not taken. */
#include "03-transport/reassembly.h"
#include <string.h>

struct gap {
    size_t first, end;
};

struct reassembly {
    size_t capacity;
    uint32_t number; /* Of the first byte that was not taken. */
    uint8_t *buffer;
    size_t begin;  /* It stands here in the buffer, a ring. */
    GArray *holes; /* struct gap, from that byte on; the last has no end. */
    bool ends;
    uint32_t end;
    bool has_last;
    uint32_t last;
};

static struct gap *hole_at(const struct reassembly *reassembly, guint i)
{
    return &g_array_index(reassembly->holes, struct gap, i);
}

static uint32_t expected(const struct reassembly *reassembly)
{
    return reassembly->number + (uint32_t)hole_at(reassembly, 0)->first;
}

/* How many bytes from the first that was not taken may be kept? */
static size_t limit(const struct reassembly *reassembly)
{
    size_t left =
        reassembly->ends ? reassembly->end - reassembly->number : SIZE_MAX;
    return MIN(reassembly->capacity, left);
}

static void store(struct reassembly *reassembly, size_t at, const uint8_t *data,
                  size_t size)
{
    for (size_t i = 0; i < size; i++)
        reassembly
            ->buffer[(reassembly->begin + at + i) % reassembly->capacity] =
            data[i];
}

/* The piece lies within the window. Fill hole @p i with what it has of it. */
static size_t fill(struct reassembly *reassembly, guint i, struct gap piece)
{
    struct gap *hole = hole_at(reassembly, i);
    struct gap part = {MAX(hole->first, piece.first),
                       MIN(hole->end, piece.end)};
    if (part.first >= part.end)
        return 0;
    struct gap behind = {part.end, hole->end};
    hole->end = part.first;
    if (behind.first < behind.end)
        g_array_insert_val(reassembly->holes, i + 1, behind);
    if (hole_at(reassembly, i)->first == hole_at(reassembly, i)->end)
        g_array_remove_index(reassembly->holes, i);
    return part.end - part.first;
}

/* Does the piece lie inside one hole, away from its borders? */
static bool is_alone(const struct reassembly *reassembly, struct gap piece)
{
    for (guint i = 0; i < reassembly->holes->len; i++) {
        struct gap hole = *hole_at(reassembly, i);
        if (hole.first < piece.first && piece.end < hole.end)
            return true;
    }
    return false;
}

size_t reassembly_put(struct reassembly *reassembly, uint32_t seq,
                      const void *data, size_t size)
{
    size_t fresh = 0, ready = hole_at(reassembly, 0)->first;
    int64_t at = (int64_t)ready + sequence_distance(expected(reassembly), seq);
    if (size == 0)
        return 0;
    int64_t skip = at < (int64_t)ready ? (int64_t)ready - at : 0;
    int64_t end = MIN(at + (int64_t)size, (int64_t)limit(reassembly));
    reassembly->has_last = at + skip < end;
    reassembly->last = seq + (uint32_t)skip;
    if (!reassembly->has_last)
        return 0;
    struct gap piece = {(size_t)(at + skip), (size_t)end};
    if (reassembly->holes->len > REASSEMBLY_RANGES &&
        is_alone(reassembly, piece))
        return 0;
    store(reassembly, piece.first, (const uint8_t *)data + skip,
          piece.end - piece.first);
    for (guint i = reassembly->holes->len; i-- > 0;)
        fresh += fill(reassembly, i, piece);
    return fresh;
}

bool reassembly_end(struct reassembly *reassembly, uint32_t seq)
{
    if (reassembly->ends || sequence_is_before(seq, expected(reassembly)))
        return reassembly->ends && seq == reassembly->end;
    reassembly->ends = true;
    reassembly->end = seq;
    size_t end = seq - reassembly->number;
    GArray *holes = reassembly->holes;
    while (holes->len > 0 && hole_at(reassembly, holes->len - 1)->first >= end)
        g_array_set_size(holes, holes->len - 1);
    struct gap rest = {end, SIZE_MAX};
    if (holes->len > 0 && hole_at(reassembly, holes->len - 1)->end >= end)
        hole_at(reassembly, holes->len - 1)->end = SIZE_MAX;
    else
        g_array_append_val(holes, rest);
    return true;
}

size_t reassembly_take(struct reassembly *reassembly, void *buffer, size_t size)
{
    uint8_t *to = buffer;
    size_t count = MIN(size, reassembly_ready(reassembly));
    for (size_t i = 0; i < count; i++)
        to[i] =
            reassembly->buffer[(reassembly->begin + i) % reassembly->capacity];
    reassembly->begin = (reassembly->begin + count) % reassembly->capacity;
    reassembly->number += (uint32_t)count;
    for (guint i = 0; i < reassembly->holes->len; i++) {
        hole_at(reassembly, i)->first -= count;
        if (hole_at(reassembly, i)->end < SIZE_MAX)
            hole_at(reassembly, i)->end -= count;
    }
    return count;
}

size_t reassembly_ready(const struct reassembly *reassembly)
{
    return hole_at(reassembly, 0)->first;
}

uint32_t reassembly_expected(const struct reassembly *reassembly)
{
    return expected(reassembly);
}

size_t reassembly_window(const struct reassembly *reassembly)
{
    return reassembly->capacity - reassembly_ready(reassembly);
}

bool reassembly_is_whole(const struct reassembly *reassembly)
{
    return reassembly->ends && expected(reassembly) == reassembly->end;
}

/* What lies between hole @p i and the next one. */
static struct range row_behind(const struct reassembly *reassembly, guint i)
{
    return (struct range){
        reassembly->number + (uint32_t)hole_at(reassembly, i)->end,
        reassembly->number + (uint32_t)hole_at(reassembly, i + 1)->first,
    };
}

unsigned reassembly_ranges(const struct reassembly *reassembly,
                           struct range *ranges, unsigned most)
{
    unsigned count = 0, first = 0;
    guint newest = G_MAXUINT;
    for (guint i = 0; i + 1 < reassembly->holes->len; i++) {
        struct range row = row_behind(reassembly, i);
        if (reassembly->has_last &&
            reassembly->last - row.first < row.end - row.first)
            newest = i;
    }
    if (newest < G_MAXUINT && most > 0)
        ranges[count++] = row_behind(reassembly, newest);
    for (; first + 1 < reassembly->holes->len && count < most; first++)
        if (first != newest)
            ranges[count++] = row_behind(reassembly, first);
    return count;
}

struct reassembly *reassembly_new(uint32_t first, size_t capacity)
{
    struct reassembly *reassembly = g_new0(struct reassembly, 1);
    struct gap all = {0, SIZE_MAX};
    reassembly->number = first;
    reassembly->capacity = capacity;
    reassembly->buffer = g_malloc0(capacity);
    reassembly->holes = g_array_new(FALSE, FALSE, sizeof all);
    g_array_append_val(reassembly->holes, all);
    return reassembly;
}

void reassembly_free(struct reassembly *reassembly)
{
    g_array_unref(reassembly->holes);
    g_free(reassembly->buffer);
    g_free(reassembly);
}

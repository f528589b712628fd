/* A shape without rows: a ring of bytes, and one of flags, a bit for each byte.
 * Rows are found by looking. That costs a look at each bit of the window where
 * rows are told or counted, and needs no merging at all. Numbers are kept as
 * they are, and compared by their distance. */
#include "03-transport/reassembly.h"

struct reassembly {
    size_t capacity, begin, ready; /* begin: where the ring begins. */
    uint32_t expected;
    uint8_t *ring, *flags;
    size_t rows;
    bool ends, has_last;
    uint32_t end, last;
};

/* Of the byte @p offset behind the first that was not taken. */
static size_t slot(const struct reassembly *reassembly, size_t offset)
{
    size_t at = reassembly->begin + offset;
    return at < reassembly->capacity ? at : at - reassembly->capacity;
}

static bool is_here(const struct reassembly *reassembly, size_t offset)
{
    size_t at = slot(reassembly, offset);
    return offset < reassembly->capacity &&
           (reassembly->flags[at / 8] >> at % 8 & 1);
}

static void mark(struct reassembly *reassembly, size_t offset, bool here)
{
    size_t at = slot(reassembly, offset);
    uint8_t bit = (uint8_t)(1 << at % 8), old = reassembly->flags[at / 8];
    reassembly->flags[at / 8] = (uint8_t)(here ? old | bit : old & ~bit);
}

/* Does a row begin here, among the early ones? */
static bool begins(const struct reassembly *reassembly, size_t offset)
{
    return offset > reassembly->ready && is_here(reassembly, offset) &&
           !is_here(reassembly, offset - 1);
}

/* How many rows begin between these, both included? */
static size_t count_rows(const struct reassembly *reassembly, size_t from,
                         size_t to)
{
    size_t count = 0;
    for (size_t at = from; at <= to; at++)
        count += begins(reassembly, at);
    return count;
}

static bool touches(const struct reassembly *reassembly, size_t from, size_t to)
{
    if (from == reassembly->ready || is_here(reassembly, from - 1))
        return true;
    for (size_t at = from; at <= to; at++)
        if (is_here(reassembly, at))
            return true;
    return false;
}

static size_t advance(struct reassembly *reassembly)
{
    size_t before = reassembly->ready;
    while (is_here(reassembly, reassembly->ready))
        reassembly->ready++;
    return reassembly->ready - before;
}

/* Up to which offset may be kept? */
static size_t limit(const struct reassembly *reassembly)
{
    size_t most = reassembly->capacity;
    if (reassembly->ends) {
        size_t left = reassembly->ready +
                      (size_t)(reassembly->end - reassembly->expected);
        most = MIN(most, left);
    }
    return most;
}

size_t reassembly_put(struct reassembly *reassembly, uint32_t seq,
                      const void *data, size_t size)
{
    const uint8_t *from = data;
    int64_t ahead = sequence_distance(reassembly->expected, seq);
    size_t most = limit(reassembly), fresh = 0;
    if (size == 0)
        return 0;
    reassembly->has_last = false;
    if (ahead + (int64_t)size <= 0)
        return 0;
    size_t skip = ahead < 0 ? (size_t)-ahead : 0;
    size_t first = reassembly->ready + (ahead > 0 ? (size_t)ahead : 0);
    if (first >= most)
        return 0;
    size_t end = MIN(first + (size - skip), most);
    reassembly->has_last = ahead > 0;
    reassembly->last = seq;
    if (!touches(reassembly, first, end) &&
        reassembly->rows >= REASSEMBLY_RANGES)
        return 0;
    reassembly->rows -= count_rows(reassembly, first, end);
    for (size_t at = first; at < end; at++) {
        if (is_here(reassembly, at))
            continue;
        mark(reassembly, at, true);
        reassembly->ring[slot(reassembly, at)] = from[skip + at - first];
        fresh++;
    }
    if (first == reassembly->ready)
        reassembly->expected += (uint32_t)advance(reassembly);
    else
        reassembly->rows += count_rows(reassembly, first, end);
    return fresh;
}

bool reassembly_end(struct reassembly *reassembly, uint32_t seq)
{
    if (reassembly->ends)
        return seq == reassembly->end;
    if (sequence_is_before(seq, reassembly->expected))
        return false;
    reassembly->ends = true;
    reassembly->end = seq;
    for (size_t at = limit(reassembly); at < reassembly->capacity; at++)
        mark(reassembly, at, false);
    reassembly->rows =
        count_rows(reassembly, reassembly->ready, reassembly->capacity);
    return true;
}

size_t reassembly_take(struct reassembly *reassembly, void *buffer, size_t size)
{
    uint8_t *to = buffer;
    size_t count = MIN(size, reassembly->ready);
    for (size_t i = 0; i < count; i++) {
        to[i] = reassembly->ring[reassembly->begin];
        mark(reassembly, 0, false);
        reassembly->begin = slot(reassembly, 1);
        reassembly->ready--;
    }
    if (reassembly->begin == reassembly->capacity)
        reassembly->begin = 0;
    return count;
}

size_t reassembly_ready(const struct reassembly *reassembly)
{
    return reassembly->ready;
}

uint32_t reassembly_expected(const struct reassembly *reassembly)
{
    return reassembly->expected;
}

size_t reassembly_window(const struct reassembly *reassembly)
{
    return reassembly->capacity - reassembly->ready;
}

bool reassembly_is_whole(const struct reassembly *reassembly)
{
    return reassembly->ends && reassembly->end == reassembly->expected;
}

/* Find the rows; tell the one that @p number is in, or all others. */
static unsigned tell(const struct reassembly *reassembly, struct range *ranges,
                     unsigned most, bool newest)
{
    unsigned count = 0;
    uint32_t taken = reassembly->expected - (uint32_t)reassembly->ready;
    for (size_t at = reassembly->ready + 1; at < reassembly->capacity; at++) {
        if (count == most || !is_here(reassembly, at))
            continue;
        uint32_t first = taken + (uint32_t)at;
        while (is_here(reassembly, at))
            at++;
        struct range row = {first, taken + (uint32_t)at};
        bool is_it = reassembly->has_last &&
                     reassembly->last - row.first < row.end - row.first;
        if (is_it == newest)
            ranges[count++] = row;
    }
    return count;
}

unsigned reassembly_ranges(const struct reassembly *reassembly,
                           struct range *ranges, unsigned most)
{
    unsigned count = tell(reassembly, ranges, most, true);
    return count + tell(reassembly, ranges + count, most - count, false);
}

struct reassembly *reassembly_new(uint32_t first, size_t capacity)
{
    struct reassembly *reassembly = g_new0(struct reassembly, 1);
    reassembly->expected = first;
    reassembly->capacity = capacity;
    reassembly->ring = g_malloc(capacity);
    reassembly->flags = g_malloc0(capacity / 8 + 1);
    return reassembly;
}

void reassembly_free(struct reassembly *reassembly)
{
    g_free(reassembly->ring);
    g_free(reassembly->flags);
    g_free(reassembly);
}

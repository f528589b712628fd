/* Numbers go in a circle, and whoever compares them must think of that each
 * time. So it is done once, at the door: inside, a byte has a place, which
 * counts from the first byte of the stream in 64 bits and never wraps. A number
 * stands for the place that is nearest to the expected one.
 *
 *     row 0: [taken to expected)    row 1: [  )   row 2: [    )     ...
 *
 * What is here is a few rows of places, in order, that do not touch each other.
 * Row 0 is in order, and may be empty; the others came early. A piece is first
 * cut to what may be kept. Then it and all rows that it touches become one, and
 * when row 0 is among them, there is more to be taken: that a hole is filled is
 * no case of its own.
 *
 * The bytes themselves lie in a ring: the byte of a place always at the rest of
 * place / capacity. Since places never wrap, that is right for any capacity;
 * with sequence numbers it would be wrong behind 2^32.
 */
#include "03-transport/reassembly.h"
#include "common/course/todo.h"
#include <string.h>

/* Places from .first up to, and without, .end. */
struct places {
    int64_t first, end;
};

struct reassembly {
    uint32_t number; /* Of place 0. */
    size_t capacity;
    uint8_t *ring;
    struct places row[1 + REASSEMBLY_RANGES];
    unsigned rows;
    int64_t end;  /* Of the stream; INT64_MAX: it has none yet. */
    int64_t last; /* The last piece begins here. */
};

/* ---- Numbers and places. ---- */

static uint32_t number_of(const struct reassembly *reassembly, int64_t place)
{
    return reassembly->number + (uint32_t)place;
}

/* The place of the number @p seq; negative: before the stream. */
static int64_t place_of(const struct reassembly *reassembly, uint32_t seq)
{
    /* SOLUTION: the one nearest to the expected place, before it or behind. */
    int64_t expected = reassembly->row[0].end;
    return expected + sequence_distance(number_of(reassembly, expected), seq);
    /* END SOLUTION: (void)number_of(reassembly, seq);
     * return todo(0); */
}

/* ---- The ring. ---- */

/* How many of @p size bytes from @p place on lie in a row in the ring, and
 * where? */
static uint8_t *stretch(const struct reassembly *reassembly, int64_t place,
                        size_t *size)
{
    size_t at = (uint64_t)place % reassembly->capacity;
    *size = MIN(*size, reassembly->capacity - at);
    return reassembly->ring + at;
}

static void copy_in(struct reassembly *reassembly, struct places piece,
                    const uint8_t *data)
{
    while (piece.first < piece.end) {
        size_t size = (size_t)(piece.end - piece.first);
        uint8_t *to = stretch(reassembly, piece.first, &size);
        memcpy(to, data, size);
        data += size;
        piece.first += (int64_t)size;
    }
}

static void copy_out(const struct reassembly *reassembly, struct places piece,
                     uint8_t *buffer)
{
    while (piece.first < piece.end) {
        size_t size = (size_t)(piece.end - piece.first);
        const uint8_t *from = stretch(reassembly, piece.first, &size);
        memcpy(buffer, from, size);
        buffer += size;
        piece.first += (int64_t)size;
    }
}

/* ---- The rows. ---- */

/* SOLUTION: helpers of reassembly_put and reassembly_end, as you like. */
/* No byte of @p piece lies before expected, or where nothing is kept. */
static struct places cut(const struct reassembly *reassembly,
                         struct places piece)
{
    int64_t end = reassembly->row[0].first + (int64_t)reassembly->capacity;
    piece.first = MAX(piece.first, reassembly->row[0].end);
    piece.end = MIN(piece.end, MIN(end, reassembly->end));
    return piece;
}

/* In the place of @p count rows from @p at on there is one, @p row. */
static void replace(struct reassembly *reassembly, unsigned at, unsigned count,
                    struct places row)
{
    memmove(&reassembly->row[at + 1], &reassembly->row[at + count],
            (reassembly->rows - at - count) * sizeof row);
    reassembly->row[at] = row;
    reassembly->rows += 1 - count;
}

/* Make one row of @p piece and of those that it touches. Returns how many of
 * its bytes are new; none, if it would be one row too many. */
static int64_t merge(struct reassembly *reassembly, struct places piece)
{
    const struct places *row = reassembly->row;
    int64_t fresh = piece.end - piece.first;
    unsigned at = 0, count = 0;
    while (at < reassembly->rows && row[at].end < piece.first)
        at++;
    struct places whole = piece;
    while (at + count < reassembly->rows &&
           row[at + count].first <= piece.end) {
        struct places old = row[at + count++];
        fresh -= MIN(old.end, piece.end) - MAX(old.first, piece.first);
        whole.first = MIN(whole.first, old.first);
        whole.end = MAX(whole.end, old.end);
    }
    if (count == 0 && reassembly->rows == G_N_ELEMENTS(reassembly->row))
        return 0;
    replace(reassembly, at, count, whole);
    return fresh;
}

/* END SOLUTION: */
size_t reassembly_put(struct reassembly *reassembly, uint32_t seq,
                      const void *data, size_t size)
{
    /* SOLUTION: cut the piece to what may be kept; is it a row more than there
     * may be? Copy it in, and make one row of it and of all that it touches. */
    if (size == 0)
        return 0;
    int64_t first = place_of(reassembly, seq);
    struct places piece = {first, first + (int64_t)size};
    piece = cut(reassembly, piece);
    reassembly->last = piece.first;
    if (piece.first >= piece.end)
        return 0;
    int64_t fresh = merge(reassembly, piece);
    if (fresh > 0)
        copy_in(reassembly, piece,
                (const uint8_t *)data + (piece.first - first));
    return (size_t)fresh;
    /* END SOLUTION: (void)place_of(reassembly, seq), (void)size;
     * copy_in(reassembly, (struct places){0, 0}, data);
     * return todo(0); */
}

bool reassembly_end(struct reassembly *reassembly, uint32_t seq)
{
    /* SOLUTION: can it be? Then forget what was kept behind it. */
    int64_t end = place_of(reassembly, seq);
    if (reassembly->end < INT64_MAX || end < reassembly->row[0].end)
        return end == reassembly->end;
    reassembly->end = end;
    unsigned rows = reassembly->rows;
    while (rows > 1 && reassembly->row[rows - 1].first >= end)
        rows--;
    reassembly->rows = rows;
    struct places *last = &reassembly->row[rows - 1];
    last->end = MIN(last->end, end);
    return true;
    /* END SOLUTION: (void)place_of(reassembly, seq);
     * return todo(false); */
}

size_t reassembly_take(struct reassembly *reassembly, void *buffer, size_t size)
{
    /* SOLUTION: what is taken is in no row any more, and there is room
     * again. */
    struct places *ready = &reassembly->row[0];
    size = MIN(size, reassembly_ready(reassembly));
    struct places piece = {ready->first, ready->first + (int64_t)size};
    copy_out(reassembly, piece, buffer);
    ready->first = piece.end;
    return size;
    /* END SOLUTION: (void)size;
     * copy_out(reassembly, (struct places){0, 0}, buffer);
     * return todo(0); */
}

/* ---- Readers. ---- */

size_t reassembly_ready(const struct reassembly *reassembly)
{
    return (size_t)(reassembly->row[0].end - reassembly->row[0].first);
}

uint32_t reassembly_expected(const struct reassembly *reassembly)
{
    return number_of(reassembly, reassembly->row[0].end);
}

size_t reassembly_window(const struct reassembly *reassembly)
{
    return reassembly->capacity - reassembly_ready(reassembly);
}

bool reassembly_is_whole(const struct reassembly *reassembly)
{
    return reassembly->row[0].end == reassembly->end;
}

unsigned reassembly_ranges(const struct reassembly *reassembly,
                           struct range *ranges, unsigned most)
{
    /* SOLUTION: as numbers, and the one in which the last piece lies first. */
    int64_t last = reassembly->last;
    unsigned count = 0;
    for (int turn = 0; turn < 2; turn++) {
        for (unsigned i = 1; i < reassembly->rows && count < most; i++) {
            struct places row = reassembly->row[i];
            bool newest = row.first <= last && last < row.end;
            if (newest == (turn == 0))
                ranges[count++] = (struct range){
                    number_of(reassembly, row.first),
                    number_of(reassembly, row.end),
                };
        }
    }
    return count;
    /* END SOLUTION: (void)reassembly, (void)ranges, (void)most;
     * return todo(0); */
}

/* ---- Its life. ---- */

struct reassembly *reassembly_new(uint32_t first, size_t capacity)
{
    struct reassembly *reassembly = g_new0(struct reassembly, 1);
    reassembly->number = first;
    reassembly->capacity = capacity;
    reassembly->ring = g_malloc(capacity);
    reassembly->rows = 1;
    reassembly->end = INT64_MAX;
    return reassembly;
}

void reassembly_free(struct reassembly *reassembly)
{
    g_free(reassembly->ring);
    g_free(reassembly);
}

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
    /* TODO: the one nearest to the expected place, before it or behind. */
    (void)number_of(reassembly, seq);
    return todo(0);
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

/* TODO: helpers of reassembly_put and reassembly_end, as you like. */
size_t reassembly_put(struct reassembly *reassembly, uint32_t seq,
                      const void *data, size_t size)
{
    /* TODO: cut the piece to what may be kept; is it a row more than there
     * may be? Copy it in, and make one row of it and of all that it touches. */
    (void)place_of(reassembly, seq), (void)size;
    copy_in(reassembly, (struct places){0, 0}, data);
    return todo(0);
}

bool reassembly_end(struct reassembly *reassembly, uint32_t seq)
{
    /* TODO: can it be? Then forget what was kept behind it. */
    (void)place_of(reassembly, seq);
    return todo(false);
}

size_t reassembly_take(struct reassembly *reassembly, void *buffer, size_t size)
{
    /* TODO: what is taken is in no row any more, and there is room
     * again. */
    (void)size;
    copy_out(reassembly, (struct places){0, 0}, buffer);
    return todo(0);
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
    /* TODO: as numbers, and the one in which the last piece lies first. */
    (void)reassembly, (void)ranges, (void)most;
    return todo(0);
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

/**
 * @file test_arrival.h
 * For tests of reassembly.h: a stream that arrives in pieces, beside a model
 * that knows of each byte whether it is here. Bytes are named by their places,
 * from 0.
 *
 *     struct arrival arrival = arrival_new(7, 100);    // From number 7 on.
 *     put(&arrival, 20, 10);    // Each expects what the model says.
 *     take(&arrival, 30);
 *     arrival_free(&arrival);
 */
#ifndef TRANSPORT_TEST_ARRIVAL_H
#define TRANSPORT_TEST_ARRIVAL_H
#include "03-transport/reassembly.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include <stdio.h>
#include <string.h>

/** No stream here is longer. */
enum { LENGTH = 20000 };

/** A stream, as far as it has come; and what the model says of it. */
struct arrival {
    struct reassembly *reassembly; /**< What is tested. */
    uint32_t first;                /**< Number. */
    int64_t capacity;              /**< Its own. */
    bool *here;                    /**< Of each byte. */
    int64_t taken;                 /**< All before it. */
    int64_t expected;              /**< Here are all before it. */
    int64_t end;                   /**< Of the stream; LENGTH: it has none. */
    int64_t last;                  /**< The last piece begins here; or -1. */
};

/** Note what happens, for who looks at a failure. */
static inline G_GNUC_PRINTF(1, 2) void say(const char *format, ...)
{
    char line[SHEET_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    sheet_note(line);
}

/** The byte of a place: no two neighbours are alike for long. */
static inline uint8_t byte_at(int64_t place)
{
    return (uint8_t)(dice_mix((uint64_t)place + 1000) >> 8);
}

/** Nothing has come of a stream. */
static inline struct arrival arrival_new(uint32_t first, int64_t capacity)
{
    say("a stream from %u, capacity %d", first, (int)capacity);
    return (struct arrival){
        .reassembly = reassembly_new(first, (size_t)capacity),
        .first = first,
        .capacity = capacity,
        .here = g_new0(bool, LENGTH + 1),
        .end = LENGTH,
        .last = -1,
    };
}

/** Free it. */
static inline void arrival_free(struct arrival *arrival)
{
    reassembly_free(arrival->reassembly);
    g_free(arrival->here);
}

/* ---- What the model says. ---- */

/** The next row of early bytes from @p *at on. */
static inline bool next_row(const struct arrival *arrival, int64_t *at,
                            struct range *row)
{
    int64_t limit = MIN(arrival->taken + arrival->capacity, LENGTH);
    int64_t first = MAX(*at, arrival->expected);
    while (first < limit && !arrival->here[first])
        first++;
    int64_t end = first;
    while (end < limit && arrival->here[end])
        end++;
    *at = end;
    row->first = arrival->first + (uint32_t)first;
    row->end = arrival->first + (uint32_t)end;
    return first < end;
}

/** All of them, as reassembly_ranges() tells them. */
static inline unsigned rows_of(const struct arrival *arrival,
                               struct range *rows)
{
    unsigned count = 0, newest = 0;
    uint32_t last = arrival->first + (uint32_t)arrival->last;
    for (int64_t at = 0; next_row(arrival, &at, &rows[count]); count++)
        if (arrival->last >= 0 &&
            last - rows[count].first < rows[count].end - rows[count].first)
            newest = count;
    struct range row = rows[newest];
    memmove(&rows[1], &rows[0], newest * sizeof row);
    rows[0] = row;
    return count;
}

/** Expect reassembly_ranges() to tell what the model does. */
static inline void expect_ranges(const struct arrival *arrival, unsigned most)
{
    static struct range wanted[LENGTH / 2 + 1], got[LENGTH / 2 + 1];
    unsigned count = MIN(rows_of(arrival, wanted), most);
    memset(got, 0xee, (count + 1) * sizeof got[0]);
    expect_equal("the number of ranges:",
                 reassembly_ranges(arrival->reassembly, got, most), count);
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *text = g_strdup_printf(
            "range %u: %u to %u", i + 1, wanted[i].first - arrival->first,
            wanted[i].end - arrival->first);
        expect_that(got[i].first == wanted[i].first &&
                        got[i].end == wanted[i].end,
                    text, "%u to %u", got[i].first - arrival->first,
                    got[i].end - arrival->first);
    }
    expect_equal("the memory behind the ranges:", got[count].first, 0xeeeeeeee);
}

/** Expect all readers to say what the model does. */
static inline void expect_alike(const struct arrival *arrival)
{
    const struct reassembly *reassembly = arrival->reassembly;
    int64_t ready = arrival->expected - arrival->taken;
    expect_equal("bytes that are ready:", reassembly_ready(reassembly), ready);
    expect_equal("expected, from the first byte on:",
                 reassembly_expected(reassembly) - arrival->first,
                 arrival->expected);
    expect_equal("the window:", reassembly_window(reassembly),
                 arrival->capacity - ready);
    expect_equal("is it whole?", reassembly_is_whole(reassembly),
                 arrival->expected == arrival->end);
    expect_ranges(arrival, LENGTH / 2);
}

/* ---- What happens. ---- */

/** Would these bytes be a row of their own, and one too many? */
static inline bool is_too_many(const struct arrival *arrival,
                               struct range piece)
{
    static struct range rows[LENGTH / 2 + 1];
    bool touches = piece.first == arrival->expected || arrival->here[piece.end];
    for (int64_t at = piece.first - (piece.first > 0); at < piece.end; at++)
        touches = touches || arrival->here[at];
    return !touches && rows_of(arrival, rows) == REASSEMBLY_RANGES;
}

/** Which bytes of a piece may be kept? */
static inline struct range clip(const struct arrival *arrival, int64_t first,
                                int64_t end)
{
    int64_t limit = MIN(arrival->taken + arrival->capacity, arrival->end);
    first = CLAMP(first, arrival->expected, LENGTH);
    end = CLAMP(end, first, MAX(first, limit));
    return (struct range){(uint32_t)first, (uint32_t)end};
}

/** The model takes the bytes from @p first to @p end. */
static inline int64_t model_put(struct arrival *arrival, int64_t first,
                                int64_t end)
{
    int64_t fresh = 0;
    struct range kept = clip(arrival, first, end);
    if (first == end)
        return 0;
    arrival->last = kept.first < kept.end ? (int64_t)kept.first : -1;
    if (kept.first >= kept.end || is_too_many(arrival, kept))
        return 0;
    for (int64_t at = kept.first; at < kept.end; at++) {
        fresh += !arrival->here[at];
        arrival->here[at] = true;
    }
    while (arrival->expected < arrival->end && arrival->here[arrival->expected])
        arrival->expected++;
    return fresh;
}

/** A piece from @p first, which may be negative. Its memory is used for another
 * thing afterwards. */
static inline void put(struct arrival *arrival, int64_t first, int64_t size)
{
    g_autofree uint8_t *data = size > 0 ? g_malloc((gsize)size) : NULL;
    for (int64_t i = 0; i < size; i++)
        data[i] = byte_at(first + i);
    say("put %d bytes from %d", (int)size, (int)first);
    int64_t fresh = model_put(arrival, first, first + size);
    expect_equal("reassembly_put returns",
                 reassembly_put(arrival->reassembly,
                                arrival->first + (uint32_t)first, data,
                                (size_t)size),
                 fresh);
    memset(data ? data : (uint8_t[]){0}, 0xdd, (size_t)size);
    expect_alike(arrival);
}

/** Say that the stream ends at @p place. */
static inline void end_at(struct arrival *arrival, int64_t place)
{
    bool right = place >= arrival->expected &&
                 (arrival->end == LENGTH || arrival->end == place);
    say("end at %d", (int)place);
    expect_equal(
        "reassembly_end returns",
        reassembly_end(arrival->reassembly, arrival->first + (uint32_t)place),
        right);
    if (right) {
        arrival->end = place;
        memset(arrival->here + place, 0, (size_t)(LENGTH - place));
    }
    expect_alike(arrival);
}

/** Take up to @p size bytes. */
static inline void take(struct arrival *arrival, int64_t size)
{
    g_autofree uint8_t *got = g_malloc((gsize)size + 1);
    g_autofree uint8_t *wanted = g_malloc((gsize)size + 1);
    memset(got, 0xee, (size_t)size + 1);
    int64_t count = MIN(size, arrival->expected - arrival->taken);
    say("take %d bytes", (int)size);
    expect_equal("reassembly_take returns",
                 reassembly_take(arrival->reassembly, got, (size_t)size),
                 count);
    for (int64_t i = 0; i < count; i++)
        wanted[i] = byte_at(arrival->taken + i);
    expect_bytes("the bytes taken", got, wanted, (size_t)count);
    expect_equal("the memory behind the bytes taken:", got[count], 0xee);
    arrival->taken += count;
    expect_alike(arrival);
}

#endif

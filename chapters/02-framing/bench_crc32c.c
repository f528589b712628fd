/*
 * CRC-32C beside a copy: 64 KiB, which the processor's caches hold, again and
 * again. With the processor's instruction where there is one, and byte by byte,
 * by the table. Rounds are interleaved; the figures are medians.
 */
#include "02-framing/crc32c.h"
#include "common/judge/stats.h"
#include "common/world/clock.h"
#include "common/world/dice.h"
#include <stdio.h>
#include <string.h>

enum { SIZE = 1 << 16, TIMES = 50, ROUNDS = 101, PIECE = 32 };

static uint8_t from[SIZE], to[SIZE];
static uint32_t sink; /* So that nothing is left out as useless. */

static void copy(void)
{
    from[0] = (uint8_t)sink;
    memcpy(to, from, SIZE);
    sink += to[SIZE - 1];
}

static void check(void)
{
    sink = crc32c(sink, from, SIZE);
}

/* Pieces that are too short to be left to the processor. */
static void check_by_table(void)
{
    for (size_t at = 0; at < SIZE; at += PIECE)
        sink = crc32c(sink, from + at, PIECE);
}

/* In gigabytes a second. */
static double speed_of(void (*run)(void))
{
    nsec start = clock_monotonic();
    for (int i = 0; i < TIMES; i++)
        run();
    return (double)SIZE * TIMES / (double)(clock_monotonic() - start);
}

int main(void)
{
    g_autoptr(stats) copies = stats_new(), checks = stats_new();
    g_autoptr(stats) tables = stats_new(), ratios = stats_new();
    struct dice dice = dice_at(1, 0, 0);
    for (size_t i = 0; i < SIZE; i++)
        from[i] = (uint8_t)dice_roll(&dice);
    for (int i = 0; i < ROUNDS; i++) {
        double c = speed_of(copy), s = speed_of(check);
        stats_add(copies, c);
        stats_add(checks, s);
        stats_add(tables, speed_of(check_by_table));
        stats_add(ratios, s / c);
    }
    printf("CRC-32C beside memcpy, of 64 KiB, in GB/s (check %08x)\n"
           "  memcpy %5.1f   by the processor %5.1f   by the table %5.2f   "
           "ratio %.2f (%.2f to %.2f)\n"
           "  aim: at least 5 GB/s or half a copy, whichever is lower: %s\n",
           sink, stats_percentile(copies, 0.5), stats_percentile(checks, 0.5),
           stats_percentile(tables, 0.5), stats_percentile(ratios, 0.5),
           stats_percentile(ratios, 0.1), stats_percentile(ratios, 0.9),
           stats_percentile(checks, 0.5) >=
                   MIN(5.0, stats_percentile(copies, 0.5) / 2)
               ? "met"
               : "missed");
    return 0;
}

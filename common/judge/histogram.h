/**
 * @file histogram.h
 * Percentiles of any number of values, in thirty kilobytes.
 *
 *     struct histogram *delays = histogram_new();
 *     histogram_add(delays, clock_monotonic() - start);
 *     uint64_t p99 = histogram_percentile(delays, 0.99);
 *
 * It counts values in buckets whose width is a fixed share of the value: a
 * percentile is too high by less than one part in 64, never too low.
 */
#ifndef JUDGE_HISTOGRAM_H
#define JUDGE_HISTOGRAM_H
#include <glib.h>
#include <stdint.h>

/** Counts per bucket, of values from 0 to 2^64 - 1. */
struct histogram;

/** An empty histogram. Returns new. */
struct histogram *histogram_new(void);
/** Count @p value. */
void histogram_add(struct histogram *histogram, uint64_t value);
/** Add all that @p other counted. */
void histogram_merge(struct histogram *histogram,
                     const struct histogram *other);
/** How many values were counted. */
uint64_t histogram_count(const struct histogram *histogram);
/** The value that @p share of all, 0 to 1, do not exceed (nearest rank), too
 * high by less than 1/64 of itself; 0 when empty. */
uint64_t histogram_percentile(const struct histogram *histogram, double share);
/** Free it. */
void histogram_free(struct histogram *histogram);

#endif

/**
 * @file stats.h
 * What a row of measurements says: mean, percentiles, confidence.
 *
 *     g_autoptr(stats) delays = stats_new();
 *     stats_add(delays, 1.25);
 *     struct interval mean = stats_mean_interval(delays, 0.95);
 *
 * Every value is kept, so that percentiles are exact. Where there are too many
 * values to keep, a histogram (histogram.h) counts them.
 */
#ifndef JUDGE_STATS_H
#define JUDGE_STATS_H
#include <glib.h>
#include <stdint.h>

/** A sample. */
struct stats;
typedef struct stats stats; /**< For g_autoptr(). */

/** From low to high. */
struct interval {
    double low;  /**< The lower end. */
    double high; /**< The upper end. */
};

/** An empty sample. Returns new. */
struct stats *stats_new(void);
/** Add one value, which is not NAN. */
void stats_add(struct stats *sample, double value);
/** How many values there are. */
size_t stats_count(const struct stats *sample);
/** The mean; NAN when empty. */
double stats_mean(const struct stats *sample);
/** The standard deviation, of a sample (n - 1); NAN below two values. */
double stats_deviation(const struct stats *sample);
/** The value that @p share of all, 0 to 1, do not exceed (nearest rank); NAN
 * when empty. */
double stats_percentile(struct stats *sample, double share);
/** Where the true mean lies with @p confidence, below 1 (Student's t); NAN to
 * NAN below two values. */
struct interval stats_mean_interval(const struct stats *sample,
                                    double confidence);
/** Free the sample. */
void stats_free(struct stats *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(stats, stats_free)

/** Where the true share lies with @p confidence, below 1, when @p hits of
 * @p trials were so (Wilson); 0 to 1 when there were none. */
struct interval stats_share_interval(uint64_t hits, uint64_t trials,
                                     double confidence);
/** Which of @p count sorted values, from one, is the percentile @p share, 0 to
 * 1: the nearest rank. */
uint64_t stats_rank(uint64_t count, double share);

#endif

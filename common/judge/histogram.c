/*
 * The buckets of each octave, from a power of two to the next, are 64 of one
 * width; so a bucket is never wider than 1/64 of what it holds. Below 128 each
 * value has a bucket to itself.
 *
 *     value  0 .. 63   64 .. 127   128 .. 255   256 .. 511   ...   .. 2^64 - 1
 *     width      1          1           2            4                2^57
 *     shift      0          0           1            2                  57
 *
 * A value's bucket is its leading seven bits, and how far they were shifted:
 * Tene's HdrHistogram, with this book's names.
 */
#include "common/judge/histogram.h"
#include "common/judge/stats.h"

enum { PER_OCTAVE = 64, OCTAVES = 59, BUCKETS = OCTAVES * PER_OCTAVE };

struct histogram {
    uint64_t count;
    uint64_t buckets[BUCKETS];
};

static unsigned bucket_of(uint64_t value)
{
    unsigned shift = 57 - (unsigned)__builtin_clzll(value | PER_OCTAVE);
    return shift * PER_OCTAVE + (unsigned)(value >> shift);
}

/* The largest value that a bucket holds. */
static uint64_t last_in(unsigned bucket)
{
    if (bucket < PER_OCTAVE)
        return bucket;
    unsigned shift = bucket / PER_OCTAVE - 1;
    uint64_t leading = PER_OCTAVE + bucket % PER_OCTAVE;
    return leading << shift | (((uint64_t)1 << shift) - 1);
}

struct histogram *histogram_new(void)
{
    return g_new0(struct histogram, 1);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->buckets[bucket_of(value)]++;
    histogram->count++;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        histogram->buckets[i] += other->buckets[i];
    histogram->count += other->count;
}

uint64_t histogram_count(const struct histogram *histogram)
{
    return histogram->count;
}

uint64_t histogram_percentile(const struct histogram *histogram, double share)
{
    if (histogram->count == 0)
        return 0;
    uint64_t rank = stats_rank(histogram->count, share);
    unsigned bucket = 0;
    uint64_t passed = histogram->buckets[0];
    while (passed < rank)
        passed += histogram->buckets[++bucket];
    return last_in(bucket);
}

void histogram_free(struct histogram *histogram)
{
    g_free(histogram);
}

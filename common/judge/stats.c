/*
 * An interval of confidence needs to know how far from its middle a bell curve
 * must be followed until it holds, say, 95 % of all. For the mean of few values
 * the bell is Student's (1908), wider than the normal one, because the values'
 * own spread is only estimated; for a share it is the normal one.
 *
 *            .-^-.
 *          /       \         share_within(x) is the part between -x and x;
 *      _.-'|       |'-._     reach(share) is the x at which it is share.
 *         -x   0   x
 *
 * Each bell is written the way it is easily checked, as the share within x; the
 * reach is then found by halving. Speed does not matter here: a figure asks for
 * a few hundred intervals.
 */
#include "common/judge/stats.h"
#include <float.h>
#include <math.h>
#include <stdbool.h>

struct stats {
    GArray *values; /* Of double. */
    bool sorted;    /* Whether they are in ascending order. */
};

/* ---- Two bells. ---- */

/* From here on Student's bell is the normal one, to one part in 4000. */
enum { MANY = 10000 };

/* Student's t with a whole number of degrees of freedom: Abramowitz and Stegun,
 * Handbook of Mathematical Functions (1964), 26.7.3 (odd) and 26.7.4 (even). */
static double student_within(double x, size_t freedom)
{
    bool odd = freedom % 2 == 1;
    double angle = atan(x / sqrt((double)freedom));
    double term = odd ? cos(angle) : 1, sum = 0;
    for (size_t i = odd ? 3 : 2; i <= freedom; i += 2) {
        sum += term;
        term *= cos(angle) * cos(angle) * (double)(i - 1) / (double)i;
    }
    return odd ? M_2_PI * (angle + sin(angle) * sum) : sin(angle) * sum;
}

static double share_within(double x, size_t freedom)
{
    return freedom < MANY ? student_within(x, freedom) : erf(x * M_SQRT1_2);
}

/* The x within which @p share of the bell lies. The search goes through the
 * angles whose tangent is x, for they are bounded. */
static double reach(double share, size_t freedom)
{
    g_assert(share >= 0 && share < 1);
    double low = 0, high = M_PI_2;
    for (int halving = 0; halving < 60; halving++) {
        double middle = (low + high) / 2;
        if (share_within(tan(middle), freedom) < share)
            low = middle;
        else
            high = middle;
    }
    return tan(low);
}

/* ---- A sample. ---- */

static double value_at(const struct stats *sample, size_t i)
{
    return g_array_index(sample->values, double, i);
}

struct stats *stats_new(void)
{
    struct stats *sample = g_new0(struct stats, 1);
    sample->values = g_array_new(FALSE, FALSE, sizeof(double));
    return sample;
}

void stats_add(struct stats *sample, double value)
{
    g_assert(!isnan(value));
    g_array_append_val(sample->values, value);
    sample->sorted = false;
}

size_t stats_count(const struct stats *sample)
{
    return sample->values->len;
}

double stats_mean(const struct stats *sample)
{
    double sum = 0;
    for (size_t i = 0; i < stats_count(sample); i++)
        sum += value_at(sample, i);
    return stats_count(sample) > 0 ? sum / (double)stats_count(sample) : NAN;
}

/* In two passes: the sum of squares minus the square of the sum would lose all
 * digits where the mean is much larger than the spread. */
double stats_deviation(const struct stats *sample)
{
    double mean = stats_mean(sample), squares = 0;
    size_t count = stats_count(sample);
    if (count < 2)
        return NAN;
    for (size_t i = 0; i < count; i++)
        squares += pow(value_at(sample, i) - mean, 2);
    return sqrt(squares / (double)(count - 1));
}

/* The product carries two roundings: 0.07 of 100 must not become the eighth. */
uint64_t stats_rank(uint64_t count, double share)
{
    g_assert(share >= 0 && share <= 1);
    double rank = ceil(share * (double)count * (1 - 2 * DBL_EPSILON));
    return rank < 1 ? 1 : MIN((uint64_t)rank, count);
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double stats_percentile(struct stats *sample, double share)
{
    if (stats_count(sample) == 0)
        return NAN;
    if (!sample->sorted)
        g_array_sort(sample->values, compare);
    sample->sorted = true;
    return value_at(sample, stats_rank(stats_count(sample), share) - 1);
}

struct interval stats_mean_interval(const struct stats *sample,
                                    double confidence)
{
    size_t count = stats_count(sample);
    if (count < 2)
        return (struct interval){NAN, NAN};
    double error = stats_deviation(sample) / sqrt((double)count);
    double mean = stats_mean(sample);
    double half = reach(confidence, count - 1) * error;
    return (struct interval){mean - half, mean + half};
}

void stats_free(struct stats *sample)
{
    g_array_unref(sample->values);
    g_free(sample);
}

/* ---- A share. ---- */

/* E. B. Wilson, Probable Inference (1927): all true shares from which what was
 * seen is not too far. Unlike the textbook's p +- z sqrt(p (1 - p) / n), it
 * says something when the hits are none or all. */
struct interval stats_share_interval(uint64_t hits, uint64_t trials,
                                     double confidence)
{
    g_assert(hits <= trials);
    if (trials == 0)
        return (struct interval){0, 1};
    double n = (double)trials, p = (double)hits / n;
    double z = reach(confidence, MANY), weight = z * z / n;
    double middle = (p + weight / 2) / (1 + weight);
    double half = sqrt(weight * (p * (1 - p) + weight / 4)) / (1 + weight);
    return (struct interval){MAX(middle - half, 0), MIN(middle + half, 1)};
}

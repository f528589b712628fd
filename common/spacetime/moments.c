#include "common/spacetime/moments.h"
#include <math.h>

static const double above = 1; /* A row before the first. */

struct instant {
    nsec time;
    unsigned rows;
    double row;
};

struct moments {
    GArray *instants; /* After settling: one of each time, in order. */
};

static struct instant *instant_at(const struct moments *moments, unsigned index)
{
    return &g_array_index(moments->instants, struct instant, index);
}

struct moments *moments_new(void)
{
    struct moments *moments = g_new(struct moments, 1);
    moments->instants = g_array_new(FALSE, FALSE, sizeof(struct instant));
    return moments;
}

void moments_add(struct moments *moments, nsec time, unsigned rows)
{
    struct instant instant = {.time = time, .rows = rows};
    g_array_append_val(moments->instants, instant);
}

static int compare_instants(const void *left, const void *right)
{
    const struct instant *a = left, *b = right;
    return a->time < b->time ? -1 : a->time > b->time;
}

/* Of each time one, with the most rows that any asks for. */
static void unite(struct moments *moments)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < moments->instants->len; i++) {
        struct instant instant = *instant_at(moments, i);
        struct instant *last = instant_at(moments, kept > 0 ? kept - 1 : 0);
        if (kept > 0 && last->time == instant.time)
            last->rows = MAX(last->rows, instant.rows);
        else
            *instant_at(moments, kept++) = instant;
    }
    g_array_set_size(moments->instants, kept);
}

/* How much a silence is longer than most: a row for each doubling, up to
 * two. */
static double silence(const struct moments *moments, unsigned index)
{
    unsigned last = moments->instants->len - 1;
    double span = (double)(instant_at(moments, last)->time -
                           instant_at(moments, 0)->time);
    double gap = (double)(instant_at(moments, index + 1)->time -
                          instant_at(moments, index)->time);
    return MIN(2, log2(1 + gap / (span / last)) / 2);
}

void moments_settle(struct moments *moments)
{
    g_array_sort(moments->instants, compare_instants);
    unite(moments);
    double row = above;
    for (unsigned i = 0; i < moments->instants->len; i++) {
        struct instant *instant = instant_at(moments, i);
        instant->row = row;
        row += MAX(0.6, instant->rows);
        if (i + 1 < moments->instants->len)
            row += silence(moments, i);
    }
}

double moments_row(const struct moments *moments, nsec time)
{
    unsigned low = 0, high = moments->instants->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (instant_at(moments, middle)->time < time)
            low = middle + 1;
        else
            high = middle;
    }
    bool before = low == 0 && (moments->instants->len == 0 ||
                               time < instant_at(moments, 0)->time);
    bool behind = low == moments->instants->len;
    if (before)
        return 0;
    return behind ? moments_end(moments) : instant_at(moments, low)->row;
}

double moments_end(const struct moments *moments)
{
    unsigned count = moments->instants->len;
    if (count == 0)
        return above;
    const struct instant *last = instant_at(moments, count - 1);
    return last->row + MAX(1, last->rows);
}

bool moments_nth(const struct moments *moments, unsigned nth, nsec *time)
{
    if (nth >= moments->instants->len)
        return false;
    *time = instant_at(moments, nth)->time;
    return true;
}

void moments_free(struct moments *moments)
{
    g_array_unref(moments->instants);
    g_free(moments);
}

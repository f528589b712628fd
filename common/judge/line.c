/*
 * Wanted is the least sum of ((base + slope x - y) / y)^2, which is that of
 * (base u + slope v - 1)^2 with u = 1/y and v = x/y. Where it is least, neither
 * base nor slope can better it: both derivatives are zero.
 *
 *     base sum(uu) + slope sum(uv) = sum(u)
 *     base sum(uv) + slope sum(vv) = sum(v)
 */
#include "common/judge/line.h"
#include <glib.h>

struct sums {
    double u, v, uu, uv, vv;
};

static struct sums add_up(const struct point *points, size_t count)
{
    struct sums sums = {0};
    for (size_t i = 0; i < count; i++) {
        g_assert(points[i].y > 0);
        double u = 1 / points[i].y, v = points[i].x / points[i].y;
        sums.u += u;
        sums.v += v;
        sums.uu += u * u;
        sums.uv += u * v;
        sums.vv += v * v;
    }
    return sums;
}

struct line line_fit(const struct point *points, size_t count)
{
    struct sums s = add_up(points, count);
    double determinant = s.uu * s.vv - s.uv * s.uv;
    g_assert(determinant > 0); /* Else all are at one place. */
    return (struct line){.base = (s.u * s.vv - s.v * s.uv) / determinant,
                         .slope = (s.v * s.uu - s.u * s.uv) / determinant};
}

struct line line_fit_level(const struct point *points, size_t count)
{
    struct sums s = add_up(points, count);
    g_assert(count > 0);
    return (struct line){.base = s.u / s.uu};
}

double line_at(struct line line, double x)
{
    return line.base + line.slope * x;
}

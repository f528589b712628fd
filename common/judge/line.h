/**
 * @file line.h
 * The straight line through a row of measurements: base + slope x.
 *
 *     struct line line = line_fit(points, count);
 *     double guess = line_at(line, 4096);
 *
 * It is the line of least squares of the *relative* errors: an error of a tenth
 * counts the same where a round trip takes ten microseconds and where it takes
 * ten milliseconds. With the absolute errors the longest would choose the line
 * for themselves, and the base would be anything.
 */
#ifndef JUDGE_LINE_H
#define JUDGE_LINE_H
#include <stddef.h>

/** A measurement. */
struct point {
    double x; /**< At this place ... */
    double y; /**< ... it was this: more than 0. */
};

/** A straight line. */
struct line {
    double base;  /**< At x = 0. */
    double slope; /**< How much y grows when x grows by 1. */
};

/** The line through @p count points, at two places x at least. */
struct line line_fit(const struct point *points, size_t count);
/** The level line, of slope 0, through @p count points, one at least. */
struct line line_fit_level(const struct point *points, size_t count);
/** Its y at @p x. */
double line_at(struct line line, double x);

#endif

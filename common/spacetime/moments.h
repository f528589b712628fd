/**
 * @file moments.h
 * How far down the page is a time? Not to scale: what happens is dense here and
 * sparse there. Each moment at which something is drawn takes its row, later
 * ones stand lower, and a long silence takes somewhat more.
 *
 *     struct moments *moments = moments_new();
 *     moments_add(moments, time, 1);         // In whatever order.
 *     moments_settle(moments);
 *     double down = moments_row(moments, time);
 */
#ifndef SPACETIME_MOMENTS_H
#define SPACETIME_MOMENTS_H
#include "common/world/env.h"

struct moments;

/** None yet. Returns new. */
struct moments *moments_new(void);
/** Something is drawn at @p time, and takes @p rows from there on; 0: it is no
 * text, and what follows may stand closer. */
void moments_add(struct moments *moments, nsec time, unsigned rows);
/** All are known: give each its place. */
void moments_settle(struct moments *moments);
/** The row of @p time, which was added; what is before the first is above. */
double moments_row(const struct moments *moments, nsec time);
/** The row below the last. */
double moments_end(const struct moments *moments);
/** Visit them from the top: the @p nth, or false behind the last. */
bool moments_nth(const struct moments *moments, unsigned nth, nsec *time);
/** Free it. */
void moments_free(struct moments *moments);

#endif

/**
 * @file crowd.h
 * What is taken on a page, so that a text can be put where least is. A line or
 * a text is a row of dots, and a text is crowded by the dots that it would
 * cover.
 *
 *     crowd_line(crowd, (struct stroke){x, y, x2, y2}, 1);
 *     double cost = crowd_cost(crowd, stroke_of_text);
 *
 * In pixels, down the page.
 */
#ifndef SPACETIME_CROWD_H
#define SPACETIME_CROWD_H

struct crowd;

/** A straight line; of a text, its middle line. */
struct stroke {
    double x;  /**< From here, */
    double y;  /**< so far down, */
    double x2; /**< to here, */
    double y2; /**< so far down. */
};

/** An empty page. Returns new. */
struct crowd *crowd_new(void);
/** This is drawn there; @p weight is how much a text over it would disturb. */
void crowd_line(struct crowd *crowd, struct stroke stroke, double weight);
/** How much would a text over it disturb? */
double crowd_cost(const struct crowd *crowd, struct stroke stroke);
/** Free it. */
void crowd_free(struct crowd *crowd);

#endif

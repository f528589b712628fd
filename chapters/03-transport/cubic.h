/**
 * @file cubic.h
 * CUBIC (RFC 9438): after a loss the window grows as a cubic function of the
 * time, fast, then slowly where it was lost before, then fast again. In whole
 * numbers.
 *
 *     struct controller *controller = cubic_new(1400);
 *
 * With C = 0.4 and beta = 0.7: W(t) = C (t - K)^3 + Wmax in segments and
 * seconds, and K = cbrt((Wmax - W0) / C), where W0 is the window when avoidance
 * began. Beside it runs what Reno would do, with alpha = 3 (1 - beta) / (1 +
 * beta), and alpha = 1 from where the last loss was; the larger of both counts
 * (4.3). It is never further than one part in a hundred from what exact numbers
 * would give.
 *
 * A loss leaves beta of what flew, and at least two segments (4.6); Wmax is the
 * window before it, and when that was below the last Wmax, lower still, by (1 +
 * beta) / 2 (fast convergence, 4.7). After the timer Wmax is where avoidance
 * begins again, and K is 0 (4.8). While the window does not limit the sender, t
 * stands still (5.8). Slow start, recovery, the timer, and what does not make
 * the window grow, are as in newreno.h.
 */
#ifndef TRANSPORT_CUBIC_H
#define TRANSPORT_CUBIC_H
#include "03-transport/controller.h"

/** For segments of so many bytes. Returns new. */
struct controller *cubic_new(size_t segment);
/** The whole cube root of @p number: the largest r with r^3 <= number. */
uint64_t cubic_root(uint64_t number);

#endif

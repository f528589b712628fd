/**
 * @file cubic.h
 * CUBIC (RFC 9438): after a loss the window grows as a cubic function of the time,
 * fast, then slowly where it was lost before, then fast again. In whole numbers.
 *
 *     struct controller *controller = cubic_new(1400);
 *
 * With C = 0.4 and beta = 0.7: W(t) = C (t - K)^3 + Wmax in segments and seconds, and
 * K = cbrt((Wmax - W0) / C). Beside it runs what Reno would do, with alpha = 3 (1 -
 * beta) / (1 + beta), and the larger of both counts (4.3). A loss takes beta of the
 * window; when it comes below the last Wmax, the next is lower still (fast
 * convergence, 4.7). Slow start, recovery, the timer, and the rule of what was not
 * limited by the window, are those of newreno.h.
 */
#ifndef TRANSPORT_CUBIC_H
#define TRANSPORT_CUBIC_H
#include "03-transport/controller.h"

/** For segments of so many bytes. Returns new. */
struct controller *cubic_new(size_t segment);
/** The whole cube root of @p number: the largest r with r^3 <= number. */
uint64_t cubic_root(uint64_t number);

#endif

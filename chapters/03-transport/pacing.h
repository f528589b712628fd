/**
 * @file pacing.h
 * Segments one after the other, not a window at once: a queue on the way that
 * is shorter than the window need not overflow.
 *
 *     nsec wait = pacing_wait(&pacing, now);
 *     if (wait > 0)
 *         env_arm(env, &timer, wait);
 *     else
 *         send(), pacing_spend(&pacing, cost, now);
 *
 * A segment has a price: the time that its bytes take when a window is sent in
 * each round trip, and a bit less, so that it is the window that limits, not
 * the pace (RFC 9002, 7.7). What was sent is paid for when that time has
 * passed. Who has not sent for a while may make up for a little of it: else
 * each timer that fires late would cost speed.
 */
#ifndef TRANSPORT_PACING_H
#define TRANSPORT_PACING_H
#include "03-transport/controller.h"

/** All zero: nothing was sent. */
struct pacing {
    nsec paid; /**< What was sent is paid for at this time. */
};

/** What a segment of @p size bytes costs; @p rtt is the smoothed round trip. */
nsec pacing_cost(const struct controller *controller, size_t size, nsec rtt);
/** How long until the next may leave; 0: now. */
nsec pacing_wait(const struct pacing *pacing, nsec now);
/** It leaves @p now, and costs so much. */
void pacing_spend(struct pacing *pacing, nsec cost, nsec now);

#endif

/**
 * @file newreno.h
 * NewReno: one more segment each round trip, half of them when something is
 * lost. RFC 5681, and for recovery RFC 6582 as RFC 9002, 7.3, puts it for acks
 * that say what has arrived.
 *
 *     struct controller *controller = newreno_new(1400);
 *
 * S is the segment. The window begins with CONTROLLER_FIRST segments.
 *
 *  - *Slow start*, while the window is below the threshold: it grows by the
 *    bytes that arrived (RFC 5681, 3.1; RFC 9002, 7.3.1), up to the threshold,
 *    and no further by this ack.
 *  - *Congestion avoidance*, from there on: by one S for each window of bytes
 *    that arrived (RFC 5681, 3.1; counted in bytes, RFC 3465, so that nothing
 *    is rounded away), bit by bit or all at once: at any time it is off by S at
 *    most.
 *  - It does not grow by an ack while something else than the window held the
 *    sender back (ack.limited is false; RFC 9002, 7.8), and those bytes do not
 *    count later.
 *  - *A loss*: the threshold becomes half of what flew, but no less than two S
 *    (RFC 5681, equation 4), and the window is the threshold. Now it
 *    *recovers*: losses of what was sent before this moment, or at it, are of
 *    the same event and change nothing; and acks of it do not make the window
 *    grow, nor count. Recovery ends with the first ack, or loss, of what was
 *    sent later; and even then, what comes late of the event changes nothing.
 *  - *The timer fired*: the threshold as after a loss, and the window is
 *    CONTROLLER_LEAST segments; unless it fires again with nothing arrived
 *    since: then the threshold stays (RFC 5681, 3.1). What was sent up to then
 *    is of this event, as after a loss.
 */
#ifndef TRANSPORT_NEWRENO_H
#define TRANSPORT_NEWRENO_H
#include "03-transport/controller.h"

/** For segments of so many bytes. Returns new. */
struct controller *newreno_new(size_t segment);

#endif

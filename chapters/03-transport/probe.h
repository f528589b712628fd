/**
 * @file probe.h
 * The zero-window probe: how a sender learns that it may go on.
 *
 *     probe_init(&probe, 200 * MSEC, 60 * SEC);
 *     nsec wait = probe_update(&probe, window, waiting, flying);
 *     if (wait > 0)
 *         env_arm(env, &timer, wait);  // unless it is armed; 0: env_disarm
 *     wait = probe_expire(&probe);     // It fired: send a byte, wait longer.
 *
 * The receiver says how much it has room for. When that is nothing, the sender
 * stops; and when there is room again, the receiver says so, once. That word
 * may be lost. Then both would wait for ever; so the sender asks, from time to
 * time, with one byte beyond the window (RFC 9293, 3.8.6.1).
 *
 *  - A probe is due while the window is 0, something waits to be sent, and
 *    nothing is on its way: what is, will be answered, and holds the probe up
 *    for so long. That ends nothing: then it goes on with the wait it had.
 *  - The first probe is due after the first wait; each further one after twice
 *    the wait before, up to the longest. Unanswered or not: a probe that is
 *    answered with a window of 0 is no loss, nor is one that is not answered at
 *    all. The connection lives as long as it is wanted.
 *  - A window above 0, or nothing to send, ends it; the next begins with the
 *    first wait again. More to send, while it goes on, changes nothing.
 */
#ifndef TRANSPORT_PROBE_H
#define TRANSPORT_PROBE_H
#include "common/world/env.h"

/** See above. */
struct probe {
    nsec first;   /**< The first wait. */
    nsec longest; /**< No wait is longer. */
    nsec wait;    /**< This one; 0: it has not begun. */
};

/** It has not begun. @p first is above 0, and @p longest no less. */
void probe_init(struct probe *probe, nsec first, nsec longest);
/** Something has changed: the peer's @p window, in bytes; bytes that are
 * @p waiting to be sent; bytes @p flying, sent and neither acknowledged nor
 * lost. How long until the next probe, from when this wait began; 0: none is
 * due. */
nsec probe_update(struct probe *probe, uint32_t window, size_t waiting,
                  size_t flying);
/** It is due, and sent now. How long until the next: not 0. */
nsec probe_expire(struct probe *probe);

#endif

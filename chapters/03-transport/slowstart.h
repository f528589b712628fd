/**
 * @file slowstart.h
 * When does slow start end? Before the queue on the way is full: for round
 * trips get longer while it fills (HyStart++, RFC 9406).
 *
 *     struct slowstart slowstart = {0};
 *     slowstart_sample(&slowstart, controller, now, rtt);  // at each sample
 *     ack.limited = held && !slowstart_holds(&slowstart);
 *
 * A *round* ends when something is acknowledged that was sent in it. A round
 * trip is *late* when it is longer than the least of the round before by an
 * eighth, but by 4 ms at least, and by 16 ms at most. SLOWSTART_LATE in a row
 * say that a queue grows, or that the path trembles. So the window stays as it
 * is for SLOWSTART_ROUNDS rounds: a queue stays too, and slow start ends; but
 * if one round trip is shorter than those in the row were, it was the path, and
 * slow start goes on.
 */
#ifndef TRANSPORT_SLOWSTART_H
#define TRANSPORT_SLOWSTART_H
#include "03-transport/controller.h"

enum {
    SLOWSTART_LATE = 8,  /**< Samples that make a row. */
    SLOWSTART_ROUNDS = 5 /**< For so long the window stays. */
};

/** All zero: nothing is known. Its owner reads and writes nothing. */
struct slowstart {
    nsec begin;    /**< When this round began. */
    nsec least;    /**< The least of it so far; 0: no sample yet. */
    nsec before;   /**< The least of the round before; 0: there is none. */
    unsigned late; /**< So many in a row are late ... */
    nsec row;      /**< ... and this is the least of them. */
    unsigned held; /**< The round of those in which the window stays; 0: it
                        grows. */
};

/** What was sent @p rtt ago, at least 1, has arrived @p now. May end the slow
 * start of @p controller: its threshold becomes its window. Outside of slow
 * start all is forgotten. */
void slowstart_sample(struct slowstart *slowstart,
                      struct controller *controller, nsec now, nsec rtt);
/** Shall the window stay as it is? */
bool slowstart_holds(const struct slowstart *slowstart);

#endif

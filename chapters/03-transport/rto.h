/**
 * @file rto.h
 * How long to wait for an acknowledgement: RFC 6298, in whole nanoseconds.
 *
 *     rto_init(&rto, 10 * MSEC);
 *     rto_sample(&rto, now - sent);      // An ack came, of what was sent once.
 *     env_arm(env, &timer, rto_value(&rto));
 *     rto_expire(&rto);                  // It fired: wait longer.
 *
 * A round trip varies, and so the wait is its smoothed mean and four times its
 * smoothed deviation:
 *
 *     first sample R:  SRTT = R, RTTVAR = R / 2                       (2.2)
 *     each later R:    RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R|, with the old SRTT;
 *                      then SRTT = 7/8 SRTT + 1/8 R                   (2.3)
 *     RTO = SRTT + max(G, 4 RTTVAR), where G is RTO_GRANULE           (2.2)
 *
 * The result is never below the floor, nor above RTO_MOST. Before the first
 * sample it is RTO_FIRST, or the floor, if that is more (2.1). Each expiry
 * doubles it, up to RTO_MOST (5.5, 2.5); a sample ends the doubling, and
 * computes it anew (5.7). How it is rounded is left open, but what is rounded
 * away does not add up: SRTT and RTTVAR are always within 32 ns of what exact
 * numbers would give.
 *
 * *Karn's rule* (3): no sample of what was sent twice, for nobody knows which
 * copy the ack is for. So what was doubled stays doubled, until a sample comes.
 */
#ifndef TRANSPORT_RTO_H
#define TRANSPORT_RTO_H
#include "common/world/env.h"

#define RTO_FIRST   SEC        /**< Before anything is known. */
#define RTO_MOST    (60 * SEC) /**< Never longer. */
#define RTO_GRANULE MSEC       /**< Of the clock; a wait is so much longer. */

/** See above; its owner reads it, and writes nothing. */
struct rto {
    nsec floor;       /**< Never shorter. */
    nsec srtt;        /**< The smoothed round trip; 0: no sample yet. */
    nsec rttvar;      /**< Its smoothed deviation. */
    nsec latest;      /**< The last sample. */
    nsec least;       /**< The smallest sample; 0: none yet. */
    unsigned doubled; /**< How often since the last sample. */
};

/** Nothing is known, but that it is never below @p floor, at most RTO_MOST. */
void rto_init(struct rto *rto, nsec floor);
/** An ack came, @p rtt after what it is for was sent, once. 0 counts as 1: so
 * once there was a sample, SRTT is not 0. */
void rto_sample(struct rto *rto, nsec rtt);
/** The timer fired. */
void rto_expire(struct rto *rto);
/** How long to wait. */
nsec rto_value(const struct rto *rto);

#endif

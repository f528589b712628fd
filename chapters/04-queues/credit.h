/**
 * @file credit.h
 * Credit: nobody is sent more than it has said it can take.
 *
 *     giver                                         taker
 *     credit_grant(credit, taker, total) <-- total = intake_total(&intake)
 *     credit_next(credit, &taker, &number)
 *                        --> number ... intake_received(&intake, number)
 *                                       ... the work is done ...
 *                                       intake_completed(&intake)
 *
 * Credit is a *total*: how many deliveries a taker may have been sent in all,
 * since it came. So a grant that is lost is made good by the next, and one that
 * comes twice or late does no harm: the greatest counts. (AMQP 1.0, 2.6.7, does
 * it so; HTTP/2 says increments instead, and must not lose one.)
 *
 * The giver numbers what it sends to each taker 1, 2, 3. Who has credit is
 * served in turn: next is the one that has waited longest, since it was served,
 * or since it came. Nobody gains by leaving and coming again.
 *
 * The taker may have @p window deliveries at work. What it grants is
 *
 *     total = window + the greatest number it knows of - those at work
 *
 * since what was sent up to there, and is not at work, is completed or lost.
 * Credit comes back when work is *completed*, never when it is received: else a
 * slow taker would get more and more. It *owes* a grant when its total is
 * beyond the last one it told by half a window: one grant for many deliveries,
 * while the other half is at work. (It is rounded down, but 1 at least: what is
 * left of an odd window would be no half, and wait.)
 *
 * Deliveries may be lost, and the last one too, with nothing behind it that
 * tells. So a taker that has heard nothing for a while grants again, and the
 * giver answers with how many it has sent: intake_heard(). Some of these may
 * still be on their way, and then a few more than the window are at work for a
 * while: the total counts no number twice, and never falls.
 */
#ifndef QUEUES_CREDIT_H
#define QUEUES_CREDIT_H
#include "common/world/env.h"

struct credit;

/** The giver's end, for the takers of one queue: none yet. Returns new. */
struct credit *credit_new(void);
/** @p taker may have been sent @p total; the first grant makes it known, also
 * one of 0. One below an earlier one changes nothing. Returns how many it was
 * sent. */
uint64_t credit_grant(struct credit *credit, node_id taker, uint64_t total);
/** Whose turn it is: one of its credit is spent, on its @p number. False: nobody
 * has any. */
bool credit_next(struct credit *credit, node_id *taker, uint64_t *number);
/** @p taker is gone. Returns whether it was known. */
bool credit_leave(struct credit *credit, node_id taker);
/** How many takers are known. */
unsigned credit_takers(const struct credit *credit);
/** Free it. */
void credit_free(struct credit *credit);

/** The taker's end. */
struct intake {
    uint64_t window;  /**< So many may be at work; at least 1. */
    uint64_t highest; /**< The greatest number it knows of. */
    uint64_t working; /**< Received, and not completed. */
    uint64_t told;    /**< The last total that was told. */
};

/** Begin, with a window of @p window. The first grant is owed. */
void intake_init(struct intake *intake, uint64_t window);
/** Delivery @p number has come; the work on it begins. */
void intake_received(struct intake *intake, uint64_t number);
/** The work on one is completed, well or badly. */
void intake_completed(struct intake *intake);
/** The giver says that it has sent so many. */
void intake_heard(struct intake *intake, uint64_t sent);
/** Is a grant owed? */
bool intake_owes(const struct intake *intake);
/** The total to grant; from now on it is told. It never falls. */
uint64_t intake_total(struct intake *intake);

#endif

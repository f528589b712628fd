/**
 * @file inflight.h
 * The messages of one queue: which is next, who has it, until when.
 *
 *     inflight_add(inflight, item);
 *     item = inflight_take(inflight, worker);     // A lease on it begins.
 *     item = inflight_ack(inflight, receipt);     // NULL: too late.
 *
 * An item is embedded in a message, as a timer is in its owner. It is
 *
 *                add                take              ack
 *     OUT ------------> READY ---------------> TAKEN ------> OUT
 *                         ^                      |
 *                         | until                | failed: given back, the
 *                      DELAYED <-----------------+ lease is over, or its
 *                                  with a delay  | holder has left
 *                                                v
 *                       OUT: dead, after so many attempts
 *
 *  - The ready item of the least id is taken first: one that comes back goes
 *    before those that were added later.
 *  - A *lease* lasts for the visibility time-out. It is over at item->until by
 *    this env's clock: nobody else can take the item before (Q5), and from then
 *    on its receipt is worth nothing (Q6), whether the timer has fired or not.
 *    When that fires, the delivery has failed.
 *  - A *receipt* is for one delivery, and none is used twice: not for the next
 *    delivery of the same item, and not after a reboot. The first of a life is
 *    (life << 40) + 1, each later one is one more.
 *  - A delivery that *fails* raises item->attempts. When these reach the limit,
 *    the item is dead: it is OUT, and not ready again.
 *  - What is back without a delay is ready at once. A delayed one is ready when
 *    the timer fires at item->until, and until then others pass it.
 *
 * One timer, by the earliest end. No item is freed. (Q5, Q6: queue_scene.c.)
 */
#ifndef QUEUES_INFLIGHT_H
#define QUEUES_INFLIGHT_H
#include "common/world/env.h"

/** Where an item is. */
enum item_state { ITEM_OUT, ITEM_READY, ITEM_TAKEN, ITEM_DELAYED };

/** A receipt: the life, and a number of so many bits. At a million deliveries a
 * second that is twelve days; then it aborts, and the next life begins. */
enum { INFLIGHT_SHIFT = 40 };

/** What is delivered: part of its owner's message. Its id and attempts are set
 * when it is added; the rest is zero, or as it was left. */
struct item {
    uint64_t id;           /**< The owner's: its place in the queue; unique. */
    uint32_t attempts;     /**< Deliveries of it that have failed so far. */
    enum item_state state; /**< Where it is. */
    node_id holder;        /**< TAKEN: by whom. */
    uint64_t receipt;      /**< TAKEN: by which delivery. */
    nsec until;            /**< TAKEN, DELAYED: so long. */
    GList link;            /**< To be used within, or not. */
};

/** How, and who is told, from within the timer, nack and leave: they may call
 * inflight_add() and inflight_take(). The item they are told of is where it
 * belongs then; others that end now may have their turn yet. ready() is last. */
struct inflight_settings {
    uint32_t life;     /**< A number that rises at each boot; under 2^24. */
    uint32_t attempts; /**< So many failures, and it is dead; 0: never. */
    nsec visibility;   /**< How long a lease lasts; at least 1. */
    void (*ready)(void *self); /**< Items have become ready, by the timer. */
    /** A delivery of @p item has failed, and it lives on: for the log. */
    void (*failed)(void *self, struct item *item);
    /** @p item is dead: OUT, and its owner's again. */
    void (*dead)(void *self, struct item *item);
    void *self; /**< Their first argument. */
};

struct inflight;

/** No items yet. Borrows @p env. Returns new. */
struct inflight *inflight_new(struct env *env,
                              struct inflight_settings settings);
/** @p item, which is OUT, becomes READY. Borrows it until it is OUT again. */
void inflight_add(struct inflight *inflight, struct item *item);
/** Lease the next ready item to @p holder; NULL: none is ready. */
struct item *inflight_take(struct inflight *inflight, node_id holder);
/** The delivery of @p receipt is done: its item, OUT now. NULL: there is no such
 * lease, or it is over; nothing changes. */
struct item *inflight_ack(struct inflight *inflight, uint64_t receipt);
/** It has failed, says its holder; the item is ready again after @p delay.
 * False: no such lease. */
bool inflight_nack(struct inflight *inflight, uint64_t receipt, nsec delay);
/** It needs more time: its lease begins anew. False: no such lease. */
bool inflight_touch(struct inflight *inflight, uint64_t receipt);
/** @p holder is gone: all its deliveries have failed. */
void inflight_leave(struct inflight *inflight, node_id holder);
/** Take @p item out, in whatever state it is, without a word. */
void inflight_remove(struct inflight *inflight, struct item *item);
/** How many of its items are in that state; OUT: 0. */
unsigned inflight_count(const struct inflight *inflight, enum item_state state);
/** Free it; the items are their owner's. */
void inflight_free(struct inflight *inflight);

#endif

/**
 * @file timers.h
 * Armed timers, soonest first: shared by every env that owns a clock.
 *
 *     timers_arm(&timers, &timer, timers_after(now, delay));
 *     uint64_t mark = timers_mark(&timers);      // One turn: what is armed
 *     while ((due = timers_due(&timers, now, mark)))   // meanwhile waits for
 *         due->fire(due->self);                  // the next.
 *
 * A binary heap of borrowed structs. Each timer knows its place in the heap, so
 * arming, moving and disarming cost O(log n) and no allocation.
 *
 * Invariant: heap[i]->place == i + 1, and no timer is sooner than its parent.
 */
#ifndef WORLD_TIMERS_H
#define WORLD_TIMERS_H
#include "common/world/env.h"

/** All zero when empty. */
struct timers {
    struct timer **heap; /**< The soonest first; each before its children. */
    unsigned count;      /**< Timers in the heap. */
    unsigned room;       /**< Places in the heap. */
    uint64_t order;      /**< How many were ever armed ... */
    uint64_t first;      /**< ... and how many of them to come first. */
};

/** Arm @p timer for the absolute time @p due, or move it there. */
void timers_arm(struct timers *timers, struct timer *timer, nsec due);
/** The same; but of those due then it comes before all that timers_arm() has
 * armed, and after those of which this was said earlier. */
void timers_arm_first(struct timers *timers, struct timer *timer, nsec due);
/** Forget @p timer, if it is armed. */
void timers_disarm(struct timers *timers, struct timer *timer);
/** Disarm and return the soonest timer, if it is due at @p now and was armed
 * before @p mark; else NULL. */
struct timer *timers_due(struct timers *timers, nsec now, uint64_t mark);
/** Disarm all and free the heap; ready for use again. */
void timers_clear(struct timers *timers);

/** The time @p delay after @p now. One of more than 73 years (2^61 ns) counts
 * as so long: what never ends does not overflow. */
static inline nsec timers_after(nsec now, nsec delay)
{
    return now + MIN(delay, (nsec)1 << 61);
}

/** Orders from here on are those of timers_arm(). */
#define TIMERS_USUAL ((uint64_t)1 << 62)

/** Timers armed from now on are not before this mark. */
static inline uint64_t timers_mark(const struct timers *timers)
{
    return TIMERS_USUAL + timers->order;
}

/** The soonest, or NULL. */
static inline struct timer *timers_first(const struct timers *timers)
{
    return timers->count ? timers->heap[0] : NULL;
}

#endif

/**
 * @file deliveries_scene.h
 * A queue that is never empty, and workers, in the simulator: how fast is it,
 * and how often is the same delivered twice?
 *
 *     struct deliveries_plan plan = {.workers = 4, .credit = 8,
 *                                    .trip = 10 * MSEC, .work = MSEC,
 *                                    .lease = DELIVERIES_FOR_EVER};
 *     struct deliveries deliveries = deliveries_run(&plan, 1);
 *
 * Node 1 has a queue (inflight.h), and delivers by credit (credit.h). Each
 * worker works on one message at a time, in the order in which they came, for
 * exponentially distributed times; and says so when it is done. It finishes what
 * it has begun, also when the lease has ended. Nothing is lost.
 */
#ifndef QUEUES_DELIVERIES_SCENE_H
#define QUEUES_DELIVERIES_SCENE_H
#include "common/world/env.h"

/** A lease that does not end. */
#define DELIVERIES_FOR_EVER UINT64_MAX

/** What is measured. */
struct deliveries_plan {
    unsigned workers; /**< So many. */
    uint64_t credit;  /**< Of each: its window; 1 is no prefetch. */
    bool by_halves;   /**< Grants are for half a window; else for each. */
    nsec trip;        /**< There and back. */
    nsec work;        /**< On one message, in the mean. */
    nsec lease;       /**< The visibility time-out. */
    unsigned count;   /**< It ends when so many are done. */
};

/** What came of it, after a tenth of it has passed. */
struct deliveries {
    uint64_t done;      /**< So many were worked on. */
    uint64_t delivered; /**< Deliveries. */
    uint64_t ended;     /**< Those whose lease ended before the ack. */
    nsec time;          /**< In so long. */
};

/** Run it, in the world of @p seed. */
struct deliveries deliveries_run(const struct deliveries_plan *plan,
                                 uint64_t seed);

#endif

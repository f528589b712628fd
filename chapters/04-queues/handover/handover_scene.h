/**
 * @file handover_scene.h
 * The same jobs, handed over by call and by message, to one worker that is slow
 * for a while. In virtual time.
 *
 *     by call       caller --- job ---> worker        and waits for "done"
 *     by message    caller --- job ---> broker ---> worker
 *                          <-- kept --                and waits for "kept"
 *
 *     static struct handover_job jobs[HANDOVER_JOBS];
 *     handover_by_message(jobs);
 *     ... jobs[100].done ...
 *
 * There is a job each HANDOVER_EVERY, and the worker takes HANDOVER_WORK for
 * one; but for each of the HANDOVER_SLOW jobs from HANDOVER_FROM on it takes ten
 * times that. A message takes a millisecond on its way, a sync of the broker's
 * disk two.
 */
#ifndef QUEUES_HANDOVER_SCENE_H
#define QUEUES_HANDOVER_SCENE_H
#include "common/world/env.h"

enum {
    HANDOVER_JOBS = 500, /**< In all. */
    HANDOVER_FROM = 100, /**< The first that takes long. */
    HANDOVER_SLOW = 20   /**< So many do. */
};

#define HANDOVER_EVERY (10 * MSEC) /**< From job to job. */
#define HANDOVER_WORK  (6 * MSEC)  /**< The time that one takes. */

/** When things happened to a job, after the caller had it. */
struct handover_job {
    nsec free;      /**< The caller is rid of it. */
    nsec done;      /**< The worker has done it. */
    unsigned depth; /**< Jobs before it that were not done when it came. */
};

/** How long the work on job @p i takes. */
nsec handover_work(unsigned i);
/** Hand HANDOVER_JOBS jobs over by calls. */
void handover_by_call(struct handover_job *jobs);
/** By messages. */
void handover_by_message(struct handover_job *jobs);

#endif

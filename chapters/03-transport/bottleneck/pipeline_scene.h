/**
 * @file pipeline_scene.h
 * One sender, one receiver, and between them a long line that is never idle if
 * the sender can help it: what of it does a protocol use?
 *
 *     struct pipeline *scene = pipeline_new(
 *         (struct pipeline_line){.frame = MSEC, .way = 100 * MSEC,
 *                                .loss = 10000}, seed);
 *     pipeline_gobackn(scene, 201, 202 * MSEC);
 *     pipeline_run(scene, 100 * SEC);
 *     pipeline_arrived(scene);
 *
 * Each frame takes the line for the same time, and is lost by chance. An ack
 * takes no time but its way, and is never lost: so the formulas suppose.
 */
#ifndef TRANSPORT_PIPELINE_SCENE_H
#define TRANSPORT_PIPELINE_SCENE_H
#include "common/world/env.h"

/** The line. */
struct pipeline_line {
    nsec frame;    /**< A frame takes it for so long, T. */
    nsec way;      /**< And is so long on its way, D. */
    unsigned loss; /**< Chance of a frame, in millionths. */
};

struct pipeline;

/** A line that nobody uses yet. Returns new. */
struct pipeline *pipeline_new(struct pipeline_line line, uint64_t seed);
/** From now on stop-and-wait uses it (arq.h). One of these three is called,
 * once. */
void pipeline_arq(struct pipeline *scene, nsec timeout);
/** Go-Back-N uses it (gobackn.h), with @p window frames. */
void pipeline_gobackn(struct pipeline *scene, unsigned window, nsec timeout);
/** Selective repeat uses it (flow.h): at most @p flying frames on their way,
 * and none @p window or more beyond the first that has not arrived. */
void pipeline_flow(struct pipeline *scene, unsigned flying, unsigned window);
/** Let @p time pass. */
void pipeline_run(struct pipeline *scene, nsec time);
/** So many frames have arrived, in order, each counted once. */
uint64_t pipeline_arrived(const struct pipeline *scene);
/** Free it. */
void pipeline_free(struct pipeline *scene);

#endif

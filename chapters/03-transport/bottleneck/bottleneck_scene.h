/**
 * @file bottleneck_scene.h
 * Flows that share one link: a simulated world for tests, figures and benches.
 *
 *     struct bottleneck *scene = bottleneck_new(
 *         (struct bottleneck_link){.rate = 10000000, .delay = 10 * MSEC,
 *                                  .queue = 25000, .loss = 10000}, 2, seed);
 *     bottleneck_send(scene, 1, newreno_new, 20 << 20);
 *     bottleneck_run(scene, 60 * SEC);
 *     bottleneck_arrived(scene, 1);
 *
 *     sender 1 ---.                         .--- receiver 1
 *     sender 2 ----+--| queue |== rate ====+---- receiver 2
 *                  '<----- acks: delay alone, and loss ----'
 *
 * What does not fit into the queue is lost; besides, any segment is, by chance.
 * A segment takes as many bytes of the link as it has, and 28 for UDP and IP.
 */
#ifndef TRANSPORT_BOTTLENECK_SCENE_H
#define TRANSPORT_BOTTLENECK_SCENE_H
#include "03-transport/flow.h"

/** Bytes of data in a full segment, and of headers around it. */
enum { BOTTLENECK_SEGMENT = 1440, BOTTLENECK_HEADERS = SEGMENT_HEADER + 28 };

/** The link. */
struct bottleneck_link {
    uint64_t rate; /**< Bits a second. */
    nsec delay;    /**< One way. */
    size_t queue;  /**< Bytes that may wait. */
    unsigned loss; /**< Chance, in millionths, both ways. */
    nsec tremble; /**< Each way is longer by up to so much, as if by a neighbour
                      who comes and goes; nothing overtakes. */
};

struct bottleneck;

/** A world of @p pairs senders and receivers. Returns new. */
struct bottleneck *bottleneck_new(struct bottleneck_link link, unsigned pairs,
                                  uint64_t seed);
/** From now on, sender @p pair, from 1, has @p size bytes for its receiver. */
void bottleneck_send(struct bottleneck *scene, unsigned pair,
                     struct controller *(*controller)(size_t segment),
                     uint64_t size);
/** Let @p time pass; or less, until all has arrived. */
void bottleneck_run(struct bottleneck *scene, nsec time);
/** From now on nothing gets through; or, not @p dark, all goes on. */
void bottleneck_darken(struct bottleneck *scene, bool dark);
/** The world's time. */
nsec bottleneck_time(const struct bottleneck *scene);
/** Bytes the receiver has taken; all were what they should be, else it
 * stops. */
uint64_t bottleneck_arrived(const struct bottleneck *scene, unsigned pair);
/** Bytes of data segments that went on the link, headers included. */
uint64_t bottleneck_carried(const struct bottleneck *scene, unsigned pair);
/** The flow of a sender. Borrowed. */
const struct flow *bottleneck_flow(const struct bottleneck *scene,
                                   unsigned pair);
/** Free it. */
void bottleneck_free(struct bottleneck *scene);

#endif

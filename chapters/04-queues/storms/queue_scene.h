/**
 * @file queue_scene.h
 * A broker before the judge: an office at node 1, producers and consumers at the
 * others, and everything that can befall them and the network between.
 */
#ifndef QUEUES_QUEUE_SCENE_H
#define QUEUES_QUEUE_SCENE_H
#include "common/storm/subject.h"

/** An office, and two to five clients of it. */
extern const struct subject queue_subject;

#endif

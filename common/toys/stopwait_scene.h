/**
 * @file stopwait_scene.h
 * stopwait.h before the judge: node 1 and node 2 push words to each other.
 */
#ifndef TOYS_STOPWAIT_SCENE_H
#define TOYS_STOPWAIT_SCENE_H
#include "common/storm/subject.h"

/** Two nodes. */
extern const struct subject stopwait_subject;

#endif

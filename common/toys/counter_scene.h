/**
 * @file counter_scene.h
 * counter.h before the judge: three to five nodes, each with a client beside it.
 */
#ifndef TOYS_COUNTER_SCENE_H
#define TOYS_COUNTER_SCENE_H
#include "common/storm/subject.h"

/** Three to five nodes. */
extern const struct subject counter_subject;

#endif

/**
 * @file flow_scene.h
 * flow.h before the judge: two nodes push bytes to each other.
 */
#ifndef TRANSPORT_FLOW_SCENE_H
#define TRANSPORT_FLOW_SCENE_H
#include "common/storm/subject.h"

/** Two nodes, with a small window, and sequence numbers near their wrap. */
extern const struct subject flow_subject;

#endif

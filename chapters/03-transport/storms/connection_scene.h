/**
 * @file connection_scene.h
 * endpoint.h before the judge: three nodes open connections to each other, say
 * things, end them, reset them, and reboot.
 */
#ifndef TRANSPORT_CONNECTION_SCENE_H
#define TRANSPORT_CONNECTION_SCENE_H
#include "common/storm/subject.h"

/** Three nodes; what a node has said comes again when nobody expects it. */
extern const struct subject connection_subject;

#endif

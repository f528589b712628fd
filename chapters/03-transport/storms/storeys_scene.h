/**
 * @file storeys_scene.h
 * Layers stack: the counter of common/toys, which spares itself turned bits,
 * over arq.h, and then it need not.
 */
#ifndef TRANSPORT_STOREYS_SCENE_H
#define TRANSPORT_STOREYS_SCENE_H
#include "common/storm/subject.h"

/** The counter's subject, with arq.h below each node, and every class of
 * faults. */
struct subject storeys(void);

#endif

/**
 * @file letters_scene.h
 * tunnel.h before the judge: two or three nodes that write to each other all
 * the time, and a judge who has a copy of each letter.
 */
#ifndef TRANSPORT_LETTERS_SCENE_H
#define TRANSPORT_LETTERS_SCENE_H
#include "common/storm/subject.h"

/** Nodes that crash, in the midst of a letter too, and boot again. */
extern const struct subject letters_subject;

#endif

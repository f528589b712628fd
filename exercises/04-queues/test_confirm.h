/**
 * @file test_confirm.h
 * What the broker of 4.B stands on: the world, or something between that has a
 * fault. The right one is in test_confirm.c; another takes its place.
 */
#ifndef QUEUES_TEST_CONFIRM_H
#define QUEUES_TEST_CONFIRM_H
#include "common/world/env.h"

/** The env that the broker is given over @p world. Borrowed, until it crashes. */
struct env *confirm_floor(struct env *world);
/** The broker has crashed, or is freed. */
void confirm_floor_free(struct env *floor);

/** Hand @p message to a client, at once. */
void confirm_tell(node_id client, GBytes *message);

#endif

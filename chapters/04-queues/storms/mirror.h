/**
 * @file mirror.h
 * What a broker would find on a disk, and nothing is written there.
 *
 *     struct mirror *mirror = mirror_new(env);
 *     struct broker *broker = broker_open(mirror_env(mirror), ...);
 *     ... take all, ask for all ...
 *
 * So a judge looks at the messages that have survived a crash from outside, with
 * what every client has: publish, take.
 */
#ifndef QUEUES_MIRROR_H
#define QUEUES_MIRROR_H
#include "common/world/env.h"

struct mirror;

/** A layer over @p env, borrowed: what is written or sent goes nowhere, and no
 * timer fires. Returns new. */
struct mirror *mirror_new(struct env *env);
/** The env to open the broker on. Borrowed. */
struct env *mirror_env(struct mirror *mirror);
/** Was an end cut off something, so far? */
bool mirror_has_cut(const struct mirror *mirror);
/** Was something removed that was there, so far? */
bool mirror_has_removed(const struct mirror *mirror);
/** Free it. */
void mirror_free(struct mirror *mirror);

#endif

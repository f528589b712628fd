/**
 * @file synctime.h
 * How long does this disk take to make a page durable?
 *
 *     nsec time = synctime_measure(dir);
 *
 * It is what nobody can beat who syncs before a confirm: with a window of W
 * messages under way, and one sync at a time, W every so often.
 */
#ifndef QUEUES_SYNCTIME_H
#define QUEUES_SYNCTIME_H
#include "common/world/env.h"

/** The median of some syncs (fdatasync) of a page of 4 KiB, overwritten in a
 * file in @p dir that is removed again; 0 when it cannot be written. */
nsec synctime_measure(const char *dir);

#endif

/**
 * @file deadline.h
 * A deadline, and how long until then.
 *
 *     nsec deadline = clock_monotonic() + 5 * SEC;
 *     ...
 *     nsec wait = deadline_left(deadline, clock_monotonic());
 *
 * What shall end in time is given a moment, not a span: a span begins anew with
 * each call that is interrupted or repeated, a moment comes when it comes.
 */
#ifndef SOCKETS_DEADLINE_H
#define SOCKETS_DEADLINE_H
#include "common/world/clock.h"

/** A deadline that does not come. */
#define NEVER UINT64_MAX

/** How long is it from @p now until @p deadline, both in nanoseconds? 0 when it
 * is past: time never runs backwards. */
nsec deadline_left(nsec deadline, nsec now);

#endif

/**
 * @file clock.h
 * Two clocks: the machine's, and a simulated one that drifts.
 *
 *     nsec deadline = clock_monotonic() + 5 * SEC;
 *
 * A struct clock agreed with the world once, and has gained ppm microseconds a
 * second since. It computes in integers, so that every machine and compiler
 * agrees on what it shows.
 */
#ifndef WORLD_CLOCK_H
#define WORLD_CLOCK_H
#include "common/world/env.h"

/** This machine's monotonic clock: nanoseconds since it started. */
nsec clock_monotonic(void);

/** A clock that drifts. */
struct clock {
    nsec world; /**< At this moment of the world ... */
    nsec local; /**< ... it showed this. */
    int ppm;    /**< Microseconds it gains a second: -500 000 to 500 000. */
};

/** What the clock shows when the world's shows @p world. */
nsec clock_local(const struct clock *clock, nsec world);
/** The first moment of the world at which the clock shows @p local. */
nsec clock_world(const struct clock *clock, nsec local);

#endif

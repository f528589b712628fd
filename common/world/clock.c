#include "common/world/clock.h"
#include <time.h>

nsec clock_monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (nsec)t.tv_sec * SEC + (nsec)t.tv_nsec;
}

enum { MILLION = 1000000 };

/* By how much the clock moves while the world's moves by @p elapsed. Whole
 * milliseconds and the rest apart, so that no product overflows. */
static nsec scale(nsec elapsed, int ppm)
{
    int64_t whole = (int64_t)(elapsed / MILLION);
    int64_t rest = (int64_t)(elapsed % MILLION);
    return elapsed + (nsec)(whole * ppm + rest * ppm / MILLION);
}

nsec clock_local(const struct clock *clock, nsec world)
{
    return clock->local + scale(world - clock->world, clock->ppm);
}

/* scale() undone, to within a few nanoseconds: the caller mends the rest. */
static nsec unscale(nsec wait, int ppm)
{
    nsec rate = (nsec)(MILLION + ppm);
    return wait / rate * MILLION + wait % rate * MILLION / rate;
}

nsec clock_world(const struct clock *clock, nsec local)
{
    nsec wait = local > clock->local ? local - clock->local : 0;
    nsec elapsed = clock->ppm ? unscale(wait, clock->ppm) : wait;
    while (elapsed > 0 && scale(elapsed - 1, clock->ppm) >= wait)
        elapsed--;
    while (scale(elapsed, clock->ppm) < wait)
        elapsed++;
    return clock->world + elapsed;
}

/**
 * @file idletime.h
 * How long have the processors of this machine been idle?
 *
 *     double idle = idletime_seconds();
 *     ... measure ...
 *     double share = idletime_share(idletime_seconds() - idle, seconds);
 *
 * Where next to nothing was idle, whoever is measured shared the processors
 * with others, and would have been done sooner without them.
 */
#ifndef QUEUES_IDLETIME_H
#define QUEUES_IDLETIME_H
#include <stdbool.h>

/** Seconds that all of them together were idle, since the machine started. */
double idletime_seconds(void);
/** What share of the processors that is, of @p seconds of the clock. */
double idletime_share(double idle, double seconds);
/** Is that so little that all were the limit? */
bool idletime_is_short(double share);

#endif

/**
 * @file processors.h
 * Who runs where: for measurements, which the scheduler would disturb.
 *
 *     processors_use(0);   // The server starts here, and inherits it,
 *     ... start it ...
 *     processors_use(1);   // and we measure from the next.
 */
#ifndef SOCKETS_PROCESSORS_H
#define SOCKETS_PROCESSORS_H
#include <stdbool.h>

/** How many this program was given when it first asked; at least 1. */
unsigned processors_count(void);
/** From now on this thread, and the children it will have, run on the
 * @p index-th of them, from 0, and no other; it wraps around. Returns whether
 * the system does so. */
bool processors_use(unsigned index);

#endif

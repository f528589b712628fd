/**
 * @file lanes.h
 * A trace as a picture for a terminal: a lane for each node, time runs down, an
 * arrow for each message when it arrives, a cross where one was lost.
 *
 *     time ms     1         2         3
 *        1.000    |-hello-->|         |
 *        3.500    |         |-- ack -x|
 *        4.000    |         # became leader
 */
#ifndef WORLD_LANES_H
#define WORLD_LANES_H
#include "common/world/env.h"
#include <stdio.h>

/** Draw @p trace, the text of a trace.h file, to @p out, in lines of at most
 * 80 columns; of more than six nodes, those with the lowest ids. Times are
 * given since the first line. Borrows both. */
void lanes_draw(FILE *out, const char *trace);

#endif

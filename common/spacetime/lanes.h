/**
 * @file lanes.h
 * A trace as a picture for a terminal: a lane for each node, time runs down, an
 * arrow for each message when it arrives, a cross where one was lost, a mark
 * where a node did something, and a box round what broke.
 *
 *     time ms  1         2         3
 *        1.000    |-hello-->|         |
 *        3.500    |         |-- ack -x|
 *        4.000    |         # became leader
 *
 * Other things may have happened at the sender while a message was on its way:
 * then "sent 1.250" stands beside the arrow. What is still under way when something
 * breaks stands above the box, the last three of it.
 */
#ifndef SPACETIME_LANES_H
#define SPACETIME_LANES_H
#include <stdio.h>

/** Draw @p trace, the text of a trace.h file, to @p out, up to what broke, in
 * lines of at most 80 columns, at most @p rows of them (no fewer than 12; 0: as
 * many as there are). When there is too much, the last is kept, and the first
 * row says what is not. Times are given since the first event. Borrows both. */
void lanes_draw(FILE *out, const char *trace, unsigned rows);

#endif

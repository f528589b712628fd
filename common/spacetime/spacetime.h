/**
 * @file spacetime.h
 * A trace as a space-time diagram for a page: a lane for each node, time runs
 * down, a slanted arrow for each message, and in a red box what broke.
 *
 *     spacetime_svg("storm.svg", trace, &error);
 *
 * gnuplot draws it, in the house style; a program that uses this runs in the
 * book's root. For a figure of the book, `measure_x` prints spacetime_table(),
 * and `NN-x.gp` says
 *
 *     data = "figures/NN-x.tsv"
 *     load "common/tools/spacetime.gp"
 *
 * lanes.h draws the same for a terminal.
 */
#ifndef SPACETIME_SPACETIME_H
#define SPACETIME_SPACETIME_H
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/** Print the data of the picture of @p trace; false if it tells of no node. */
bool spacetime_table(FILE *out, const char *trace);
/** Write the picture to @p path, which is whole or is not touched. */
bool spacetime_svg(const char *path, const char *trace, GError **error);

#endif

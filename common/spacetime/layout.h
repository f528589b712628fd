/**
 * @file layout.h
 * A tale laid out on a page: where each line, mark and text stands, in pixels, as
 * blocks of tab-separated values that spacetime.gp draws. It knows no colour.
 *
 *     # marks
 *     # x	y	sign
 *     250.0	78.5	1
 *
 * Each block has a name and a heading, and may be empty. So much of the end of a
 * tale is shown as fits on a layout.
 */
#ifndef SPACETIME_LAYOUT_H
#define SPACETIME_LAYOUT_H
#include "common/spacetime/tale.h"
#include <stdio.h>

/** Print the layout of @p tale, which has a lane, to @p out. */
void layout_print(FILE *out, const struct tale *tale);

#endif

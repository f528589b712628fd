/**
 * @file layout.h
 * A tale laid out on a page: where each line, mark and text stands, in pixels,
 * as blocks of tab-separated values that spacetime.gp draws. It knows no
 * colour.
 *
 *     # marks
 *     # x	y	sign
 *     -99	-99	-99
 *     250.0	78.5	1
 *
 * Each block has a name, a heading, and a first row that lies off the page. So
 * much of the end of a tale is shown as fits on a page.
 */
#ifndef SPACETIME_LAYOUT_H
#define SPACETIME_LAYOUT_H
#include "common/spacetime/tale.h"
#include <stdio.h>

/** Print the layout of @p tale, which has a lane, to @p out. */
void layout_print(FILE *out, const struct tale *tale);

#endif

/**
 * @file prose.h
 * Words for a terminal: lines of at most 80 columns, the later ones indented.
 */
#ifndef COURSE_PROSE_H
#define COURSE_PROSE_H
#include <stdio.h>

enum { PROSE_WIDTH = 80 };

/** Print @p head, filled up to @p indent columns, then @p text; where a line is
 * full the next one begins below the text. */
void prose_print(FILE *file, const char *head, int indent, const char *text);
/** @p text as UTF-8, without what a terminal would obey. Returns new. */
char *prose_tame(const char *text);

#endif

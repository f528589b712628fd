/**
 * @file part.h
 * A part of a figure's rows: what the tests measure again (--part=K/N).
 *
 *     struct part part;
 *     int status = part_read(argc, argv, &part);
 *     if (status != 0)
 *         return status;
 *     for (unsigned row = 0; row < ROWS; row++)
 *         if (part_has(part, row))
 *             print_row(row);
 */
#ifndef JUDGE_PART_H
#define JUDGE_PART_H
#include <stdbool.h>

/** Every `of`-th row, from the `number`-th on. */
struct part {
    unsigned number; /**< Which part, from 1. */
    unsigned of;     /**< Of how many. */
};

/** The part that the arguments of a program name; all rows without any. Returns
 * 0; or, after one sentence, what main should return. */
int part_read(int argc, char **argv, struct part *part);
/** Is row number @p row, from 0 on, in it? */
bool part_has(struct part part, unsigned row);

#endif

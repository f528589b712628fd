/**
 * @file matrix.h
 * The kill matrix of an exercise: which test catches which known mistake, and
 * how well mistakes are recognised by their signs (signs.h).
 *
 *                                     a   b   c
 *     one_read_is_all                [W]      W
 *     signal_is_an_error                 [W]  H
 *
 * A letter is a verdict (WRONG, CRASH, HANG, FLOOD, LEAK, RACE); in brackets
 * that of the test which the mistake names.
 */
#ifndef COURSE_MATRIX_H
#define COURSE_MATRIX_H
#include "common/course/signs.h"
#include <stdio.h>

/** Of the mistakes of an exercise, or of several. */
struct rates {
    unsigned mistakes;   /**< There are so many, in all their shapes. */
    unsigned caught;     /**< By the test that they name. */
    unsigned recognised; /**< So many have signs like no other mistake. */
    unsigned again;      /**< Shapes of a mistake that has another one, too. */
    unsigned again_recognised; /**< Those that this one's signs recognised. */
    unsigned wrong;            /**< Taken for another mistake. */
};

/** Count the mistakes that these @p signs belong to, and add them to @p sum. */
void matrix_count(const GPtrArray *signs, struct rates *sum);
/** Print it for a terminal of 80 columns. */
void matrix_print(FILE *file, const struct task *task, const GPtrArray *signs);
/** Begin the page of the site that shows them all, in Markdown. */
void matrix_begin_page(FILE *file);
/** Print it as a section of that page. */
void matrix_page(FILE *file, const struct task *task, const GPtrArray *signs);
/** Say which mistakes look like which other ones. */
void matrix_print_doubles(FILE *file, const GPtrArray *signs);
/** Are all caught, nine of ten recognised, and none taken for another? */
bool matrix_is_good(const struct rates *rates);
/** Print the rates, a line for each. */
void matrix_print_rates(FILE *file, const struct rates *rates);

#endif

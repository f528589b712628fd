/**
 * @file mistakes.h
 * The known wrong answers of an exercise, solutions/NN-name/X.mistakes. Each is
 * our answer with some lines replaced, and says why it is wrong and which test
 * must notice. A file of entries (entries.h):
 *
 *     Mistake: one_read_is_all
 *     Because: one recv is taken for all of them (1.2)
 *     Caught: a_short_read_is_not_the_end_of_the_work
 *     Replace:
 *         while (done < size) {
 *     With:
 *         if (done < size) {
 *     Or: by_hand
 *     Replace: ...
 *
 * The lines to replace stand in the answer once; how far they are indented does
 * not matter. "With:" may be empty, and there may be several pairs. "Or:" makes
 * the same mistake in another shape, which is known as one_read_is_all.by_hand.
 */
#ifndef COURSE_MISTAKES_H
#define COURSE_MISTAKES_H
#include "common/course/task.h"
#include <glib.h>

/** Some lines of the answer, and what stands in their place. */
struct replacement {
    char *old; /**< Lines, joined by '\n'. */
    char *new; /**< The same; "" for none. */
};

/** A wrong answer. */
struct mistake {
    char *name;         /**< "one_read_is_all". */
    char *shape;        /**< "by_hand"; NULL for the first. */
    char *because;      /**< Why it is wrong, and a section to read. */
    char *test;         /**< The one that must catch it. */
    GPtrArray *changes; /**< struct replacement, in the order of the file. */
    int line;           /**< Where it begins. */
};

/** The mistakes of the file at @p path. Returns new, a GPtrArray of struct
 * mistake; or NULL and @p error. */
GPtrArray *mistakes_read(const char *path, GError **error);
/** Its name and shape, "one_read_is_all.by_hand". Returns new. */
char *mistake_id(const struct mistake *mistake);
/** The text of @p answer with that mistake made. Returns new; or NULL and @p
 * error when lines to replace stand there never, or more than once. */
char *mistake_make(const struct mistake *mistake, const char *answer,
                   GError **error);
/** Write @p text to @p path, if it says something else: make looks at the time. */
bool mistake_put(const char *path, const char *text, GError **error);
/** Does each test of @p task catch a mistake, and is each mistake caught by a
 * test there is? If not, @p error says which. */
bool mistakes_cover(const GPtrArray *mistakes, const struct task *task,
                    GError **error);

#endif

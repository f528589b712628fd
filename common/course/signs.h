/**
 * @file signs.h
 * What known mistakes look like from outside: which tests fail, in which way,
 * and with which values. exercises/NN-name/X.signs is written by `make signs`;
 * it is X.mistakes (mistakes.h) without the code:
 *
 *     Mistake: one_read_is_all
 *     Because: one recv is taken for the whole ..
 *     Caught: a_short_read_is_not_the_end_of_the_work
 *     Fails: a_short_read_is_not_the_end_of_the_work WRONG
 *         read_all returns 24: 1
 *
 * Who makes exactly one of them is told which. A wrong guess would cost more
 * than silence: all failing tests must be the same, and all values, and no
 * other mistake may look so.
 */
#ifndef COURSE_SIGNS_H
#define COURSE_SIGNS_H
#include "common/course/mistakes.h"
#include "common/course/verdict.h"

/** A test that fails. */
struct symptom {
    char *test;             /**< Its name. */
    enum verdict_word word; /**< In which way. */
    char *values;           /**< What was expected, and got; NULL: these depend
                             * on luck or on the machine. */
};

/** What a mistake looks like. */
struct sign {
    char *name;          /**< Of the mistake. */
    char *shape;         /**< See struct mistake. */
    char *because;       /**< Why it is wrong, and what to read. */
    char *caught;        /**< The test that must fail. */
    GPtrArray *symptoms; /**< struct symptom, in the order of the task. */
};

/** The sign of a mistake whose tests say these @p verdicts (struct verdict); NULL:
 * of whatever a reader has made. Returns new. */
struct sign *sign_new(const struct mistake *mistake, const GPtrArray *verdicts);
/** Free it. */
void sign_free(void *sign);
/** Append it to @p text, as it stands in a file. */
void sign_write(const struct sign *sign, GString *text);
/** The signs in the file at @p path. Returns new, a GPtrArray of struct sign;
 * or NULL and @p error. */
GPtrArray *signs_read(const char *path, GError **error);
/** How does it fail @p test? NULL: it does not. */
const struct symptom *sign_symptom(const struct sign *sign, const char *test);
/** The one mistake that fails just like @p seen; itself is not looked at.
 * NULL: none, or several of them. */
const struct sign *signs_recognise(const GPtrArray *signs,
                                   const struct sign *seen);

#endif

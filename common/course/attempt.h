/**
 * @file attempt.h
 * One test of a program of graded tests (graded.h), run in a cell (cell.h) with
 * a sheet (sheet.h) of its own, and judged (verdict.h).
 */
#ifndef COURSE_ATTEMPT_H
#define COURSE_ATTEMPT_H
#include "common/course/verdict.h"

/** What to run. Borrowed. */
struct attempt {
    const char *program;  /**< Its path, from the root of the system. */
    const char *salt;     /**< Other seeds; NULL: the usual ones. */
    const char *schedule; /**< A file for it to play; NULL: none. */
    int wall;             /**< See struct cell_plan. */
    int seconds; /**< Of processor time until it hangs; 0: as a reader has. */
    bool brief;  /**< Do not look for the line of a leak. */
};

/** Run the test that @p rule names. Returns new. */
struct verdict *attempt_run(const struct attempt *attempt,
                            const struct task *task, const struct rule *rule);

#endif

/**
 * @file permit.h
 * What a submission may define and call, read from its object file before it is
 * linked with anything.
 *
 * It may define the functions that its header names, and nothing else that is
 * visible; it must define them all. It has no constructor, which would run
 * before the test does. It may call what all may (allowed.txt), what its
 * exercise names (task.h), and what our own answer calls: so never exit,
 * longjmp, dlsym, syscall, open. Who replaces malloc or the judge's functions
 * defines too much. Both objects are looked at, the plain one and the one with
 * sanitizers: the latter is what runs.
 */
#ifndef COURSE_PERMIT_H
#define COURSE_PERMIT_H
#include "common/course/task.h"
#include <stdbool.h>

/** The objects to compare, and where the list of what all may call stands. */
struct permit {
    const char *theirs;  /**< The submission's object. */
    const char *checked; /**< The same with sanitizers; NULL: there is none. */
    const char *ours;    /**< The answer's: it defines what the header names. */
    const char *allowed; /**< allowed.txt. */
};

/** May @p theirs be linked? If not, @p reason says why, with symbol and, where
 * the object tells, the line: new. */
bool permit_check(const struct permit *permit, const struct task *task,
                  char **reason);

#endif

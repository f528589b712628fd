/**
 * @file schedule.h
 * Break it: the reader writes what happens, so that a wrong program fails and
 * the right one comes through. exercises/NN-name/X.schedule has a list of events
 * for each wrong program (task.h), a line each. The fewer the better:
 *
 *     Break: one_read_is_all
 *         at 0.5 send 3
 *
 * What events there are the chapter's stage knows, exercises/NN-name/test_X.c:
 * a program as any other of graded tests, which plays what schedule_lines()
 * gives it. It is run twice, linked with the wrong module and with ours.
 */
#ifndef COURSE_SCHEDULE_H
#define COURSE_SCHEDULE_H
#include "common/course/verdict.h"

/** The events for the program @p name in the file at @p path, a NULL-ended list
 * without indentation: new. Or NULL and @p error. */
char **schedule_read(const char *path, const char *name, GError **error);
/** For a stage: those it shall play. Where no file was handed down there are
 * none. The test fails here when they cannot be read. Returns new. */
char **schedule_lines(const char *name);
/** For a stage: @p line is no event; say so, with what there is. */
void schedule_refuse(const char *line, const char *events) G_GNUC_NORETURN;
/** For a stage: @p line is an event, but not where it stands; say @p why. */
void schedule_reject(const char *line, const char *why) G_GNUC_NORETURN;

/** Where things are. Borrowed. */
struct schedule_plan {
    const char *path;  /**< The reader's file. */
    const char *right; /**< The stage, with our module. */
    const char *wrong; /**< The same, with the wrong one. */
};
/** Did it break the wrong program, and that alone? Points fall with length,
 * beyond twice ours. Returns new. */
struct verdict *schedule_judge(const struct task *task, const struct rule *rule,
                               const struct schedule_plan *plan);

#endif

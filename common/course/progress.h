/**
 * @file progress.h
 * How far the reader has come: a small file at the root of the book, .progress,
 * which git ignores. It holds a number for each exercise and kind:
 *
 *     [hints]
 *     io=2
 *     [points]
 *     io=17
 *
 * Without it nothing is lost but the progress bar. Nothing in it is believed by
 * the grader.
 */
#ifndef COURSE_PROGRESS_H
#define COURSE_PROGRESS_H
#include "common/course/task.h"

/** How many hints were shown. */
#define PROGRESS_HINTS "hints"
/** What the last grade was, in points. */
#define PROGRESS_POINTS "points"
/** Was it ever whole? */
#define PROGRESS_WHOLE "whole"
/** A sum over the file that was graded, to see whether it has changed. */
#define PROGRESS_FILE "file"

/** A number of the exercise of @p task; @p otherwise where there is none. */
int progress_get(const struct task *task, const char *kind, int otherwise);
/** Write it down. Returns whether that was possible, else @p error. */
bool progress_set(const struct task *task, const char *kind, int value,
                  GError **error);
/** A sum over the reader's file as it stands, for PROGRESS_FILE. */
int progress_sum(const struct task *task);

#endif

/**
 * @file report.h
 * Grades, as people and machines read them.
 */
#ifndef COURSE_REPORT_H
#define COURSE_REPORT_H
#include "common/course/grade.h"
#include <stdio.h>

/** For people: a table, and one failure in full, at most 40 lines of it, 80
 * columns. With colours where @p colour says so. */
void report_text(FILE *file, const struct grade *grade, bool colour);
/** The same in parts, as things happen. First the heading; */
void report_begin(FILE *file, const struct task *task, bool colour);
/** a row for each verdict that is told (grade.h); */
void report_row(FILE *file, const struct verdict *verdict, bool colour);
/** and the rest. */
void report_end(FILE *file, const struct grade *grade, bool colour);
/** For machines, of all @p grades (struct grade): JSON, which Gradescope reads
 * as results.json. Returns new. */
char *report_json(const GPtrArray *grades);
/** The same as JUnit's XML. Returns new. */
char *report_junit(const GPtrArray *grades);

#endif

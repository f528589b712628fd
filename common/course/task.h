/**
 * @file task.h
 * The table of an exercise, exercises/NN-name/X.task: the rules that its tests
 * check, what each is worth, what the module may call, hints, and questions for
 * an oral check. A file of entries (entries.h):
 *
 *     Exercise: 1.1
 *     Title: All the bytes
 *     Calls: recv read poll ppoll clock_monotonic
 *
 *     Test: a_read_goes_on_after_a_short_read
 *     Points: 4
 *     Rule: recv may give fewer bytes than were asked for (1.2).
 *
 *     Hint: Three of them, from vague to nearly the answer.
 *     Question: For an oral check.
 *     Answer: What a good answer says.
 *
 * In a break-it exercise (schedule.h) "Breaks: io" stands for "Calls:", and each
 * Test is the name of a wrong program, a mistake of io (mistakes.h), with
 *
 *     Ours: 2
 *     Expects: to give up at the deadline
 *     Wrong: the lines of it that are wrong
 */
#ifndef COURSE_TASK_H
#define COURSE_TASK_H
#include <glib.h>
#include <stdbool.h>

/** A graded test. */
struct rule {
    char *test;      /**< Its name, a sentence. */
    unsigned points; /**< What it is worth. */
    char *text;      /**< The rule it checks. */
    unsigned ours;   /**< To break: the events of our schedule. */
    char *expects;   /**< The expectation that must fail. */
    char *wrong;     /**< The wrong lines, as code. */
};

/** An exercise. */
struct task {
    char *module;       /**< "io". */
    char *chapter;      /**< "01-sockets". */
    char *number;       /**< "1.1". */
    char *title;        /**< "All the bytes". */
    char *reads;        /**< What to read first; NULL: nothing is said. */
    char *breaks;       /**< Break-it: programs of this module; else NULL. */
    char **calls;       /**< What it may call besides what all may; patterns. */
    GPtrArray *rules;   /**< struct rule, in the order of the file. */
    GPtrArray *hints;   /**< char *. */
    GPtrArray *answers; /**< char *: a question, a line break, its answer. */
};

/** The exercise of the table at @p path. Returns new; or NULL and @p error. */
struct task *task_read(const char *path, GError **error);
/** The sum of the points. */
unsigned task_points(const struct task *task);
/** Where its @p kind of file stands, from the root: "exercises/01-sockets/io.c"
 * for ".c". Returns new. */
char *task_path(const struct task *task, const char *kind);
/** The reader's: "exercises/01-sockets/io.c", or "..cut.schedule". Returns
 * new. */
char *task_file(const struct task *task);
/** Free it. */
void task_free(struct task *task);

/** The tables of all exercises below @p root, by number, or those that @p name
 * chooses: a module, a number, a chapter or a part of its name. NULL: all.
 * Returns new, a GPtrArray of struct task; or NULL and @p error. */
GPtrArray *tasks_find(const char *root, const char *name, GError **error);

#endif

/**
 * @file grade.h
 * An exercise, graded: may it be linked, and what does each of its tests say?
 *
 *     struct grade *grade = grade_new(task, &plan);
 *     ... grade->earned of task_points(task) ...
 *
 * The files were built before (common/tools/mine.sh): the reader's object, or a
 * log that says why there is none; perhaps warnings; and the program of the
 * tests, linked with it.
 */
#ifndef COURSE_GRADE_H
#define COURSE_GRADE_H
#include "common/course/verdict.h"

/** Where things are. All are paths; borrowed. */
struct grade_plan {
    const char *root;     /**< Of the book: there is exercises/ below. */
    const char *objects;  /**< Of the reader: exercises/NN/X.o, X.log below. */
    const char *checked;  /**< The reader's with sanitizers; or NULL. */
    const char *answers;  /**< Ours: solutions/NN/X.o below. */
    const char *programs; /**< exercises/NN/test_X below. */
    const char *program;  /**< This one instead; NULL: as said. */
    const char *allowed;  /**< allowed.txt (permit.h). */
    const char *only;     /**< Grade this test alone; NULL: all. */
    const char *salt;     /**< Other seeds; NULL: the usual ones. */
    bool trusting;        /**< Link it whatever it calls. For tests. */
    int wall;             /**< See struct cell_plan. */
    int seconds;          /**< See struct attempt. */
    bool brief;           /**< See struct attempt. */
    /** Called with each verdict of a test that was run, at once; or NULL. */
    void (*told)(void *self, const struct verdict *verdict);
    void *self; /**< For told. */
};

/** The result. */
struct grade {
    const struct task *task; /**< Borrowed. */
    GPtrArray *verdicts;     /**< struct verdict, as many as were asked for. */
    char *log;        /**< What the compiler said; NULL: it had no errors. */
    char *warnings;   /**< Its warnings, a line each; NULL: none. */
    unsigned earned;  /**< Points, of those asked for. */
    unsigned most;    /**< So many there were. */
    bool whole;       /**< All that were asked for passed. */
    char *receipt;    /**< A hash of submission, tests, seeds, verdicts. */
    char *looks_like; /**< The mistake it looks like; NULL: like none. */
    char *telling; /**< The test that tells most about it; NULL: the first. */
};

/** Grade @p task, which is borrowed. Returns new. */
struct grade *grade_new(const struct task *task, const struct grade_plan *plan);
/** Free it. */
void grade_free(void *grade);

#endif

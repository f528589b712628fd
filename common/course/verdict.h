/**
 * @file verdict.h
 * What a cell and its sheet say of one test: a word, and why.
 *
 * PASS   it came to its end, every expectation was met, and nothing leaked
 * WRONG  an expectation was not met
 * CRASH  it ended before its end: a bad address, an overflow, an abort, an exit
 * HANG   it would never end: by events in a staged world, by processor time
 * FLOOD  it took more memory, output or processes than a test may
 * LEAK   it came to its end and left memory behind
 * RACE   two threads used the same data at a time
 * TODO   it came by a hole that is not filled
 * BUILD  there was nothing to run
 */
#ifndef COURSE_VERDICT_H
#define COURSE_VERDICT_H
#include "common/course/cell.h"
#include "common/course/sheet.h"
#include "common/course/task.h"

/** The words. */
enum verdict_word { PASS, WRONG, CRASH, HANG, FLOOD, LEAK, RACE, TODO, BUILD };

/** A verdict. Texts are its own; NULL: there is none. */
struct verdict {
    const struct rule *rule; /**< Borrowed. */
    enum verdict_word word;  /**< In a word. */
    unsigned earned;         /**< Points. */
    char *expected;          /**< A sentence. */
    char *got;               /**< Another. */
    char *place;             /**< In the reader's file: "exercises/..c:12". */
    char *trace;     /**< The last calls, a line each, the last one marked. */
    char *head;      /**< The words over its lines; NULL: there are none. */
    bool drawn;      /**< That is a picture, in lines of 80 columns. */
    bool seeded;     /**< Is there a seed? */
    uint64_t seed;   /**< Of the luck. */
    uint64_t digest; /**< A hash of the trace, where it repeats itself. */
};

/** The word in capitals. */
const char *verdict_name(enum verdict_word word);
/** Judge a test of @p task by what is left of it. Returns new. */
struct verdict *verdict_new(const struct task *task, const struct rule *rule,
                            const struct cell_result *cell,
                            const struct sheet *sheet);
/** There was nothing to run, for this @p reason. Returns new. */
struct verdict *verdict_of_build(const struct rule *rule, const char *reason);
/** Free it. */
void verdict_free(void *verdict);

#endif

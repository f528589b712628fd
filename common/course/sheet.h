/**
 * @file sheet.h What the grader reads of a graded test, even when the test has
 * crashed: a page of memory that both share. The grader lays it out and hands
 * it down as a file descriptor; the test's process fills it in, and its last
 * line is an answer that only a test that came to its end can give.
 *
 * Descriptors may be closed and output may be forged: neither is believed.
 * Without a grader there is a sheet of the process's own, and all the same
 * is written on it.
 */
#ifndef COURSE_SHEET_H
#define COURSE_SHEET_H
#include <stdbool.h>
#include <stdint.h>

enum { SHEET_LINES = 64, SHEET_LINE = 100, SHEET_TEXT = 512 };
/** A picture: so many rows of 80 columns, of up to three bytes. */
enum { SHEET_ROWS = 24, SHEET_PICTURE = SHEET_ROWS * 256 };

/** How far a test has come. */
enum sheet_state {
    SHEET_BLANK,
    SHEET_BEGUN,
    SHEET_WRONG,
    SHEET_HANG,
    SHEET_ENDED
};

/** The sheet. Texts end with a NUL. */
struct sheet {
    uint64_t nonce;  /**< The grader's. */
    uint64_t answer; /**< sheet_answer() of it, at the end. */
    uint32_t state;  /**< enum sheet_state. */
    uint32_t seeded; /**< Is there a seed? */
    uint64_t seed;   /**< Of the luck in this run. */
    uint64_t trace;  /**< A hash over all lines ever noted, and drawn. */
    uint32_t lines;  /**< How many there were; the last SHEET_LINES are kept. */
    char head[SHEET_LINE]; /**< Over the lines: what stands in them; or "". */
    char line[SHEET_LINES][SHEET_LINE]; /**< Number i at i % SHEET_LINES. */
    char picture[SHEET_PICTURE];        /**< In the place of lines, or "". */
    char expected[SHEET_TEXT];          /**< By the test that failed. */
    char got[SHEET_TEXT];               /**< And this was seen. */
    char at[SHEET_LINE];   /**< File and line of the expectation. */
    char todo[SHEET_TEXT]; /**< The first hole that was reached. */
};

/** The sheet of this process: the grader's, or its own. Never NULL. */
struct sheet *sheet_open(void);
/** A new sheet with a @p nonce, for a child. Returns its descriptor, closed
 * on exec, and @p sheet; or -1 and errno. */
int sheet_new(struct sheet **sheet, uint64_t nonce);
/** Give it back, and its @p fd. */
void sheet_free(struct sheet *sheet, int fd);
/** What proves that the end was reached. */
uint64_t sheet_answer(uint64_t nonce);
/** Note a line, cut where it is too long. */
void sheet_note(const char *line);
/** The last line is this one after all, as when it says how often. */
void sheet_amend(const char *line);
/** What happened is a picture: these @p rows, cut behind the last that fits. */
void sheet_draw(const char *rows);
/** Over the lines shall stand @p words. */
void sheet_head(const char *words);
/** The test begins: no line is noted yet. */
void sheet_begin(void);
/** The test has come to its end, and every expectation was met. */
void sheet_end(void);

#endif

/**
 * @file graded.h
 * For the tests of an exercise: rules, each checked for points.
 *
 *     static void a_read_goes_on_after_a_short_read(void)
 *     {
 *         ...
 *         expect_equal("read_all returns", read_all(...), 48);
 *     }
 *
 *     int main(int argc, char **argv)
 *     {
 *         static const struct graded tests[] = {
 *             GRADED(a_read_goes_on_after_a_short_read),
 *         };
 *         return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
 *     }
 *
 * By hand it is a test program like any other (judge/test.h): all tests, or
 * those that match a pattern. The grader (cell.h) starts it once for each test.
 * What a failed expectation says stands on the sheet (sheet.h) for it to read:
 * what was expected, what was got. The points and the rules themselves stand in
 * the table of the exercise (task.h).
 */
#ifndef COURSE_GRADED_H
#define COURSE_GRADED_H
#include "common/course/sheet.h"
#include "common/judge/test.h"
#include <errno.h>

/** A test of a rule, named by a sentence. */
struct graded {
    const char *name;  /**< The sentence. */
    void (*run)(void); /**< The test. */
};
/** The one that @p test is. */
#define GRADED(test) \
    {                \
#test, test  \
    }

/** Run the tests that argv[1] matches, or all; or the one that the grader asks
 * for. Returns what main should. */
int graded_run(int argc, char **argv, const struct graded *tests, size_t count);

/** Where an expectation stands. */
#define GRADED_HERE __FILE__ ":" G_STRINGIFY(__LINE__)
/** Expect two integers to be equal: @p what is a phrase, "read_all returns". */
#define expect_equal(what, got, wanted) \
    graded_equal(GRADED_HERE, what, (int64_t)(got), (int64_t)(wanted))
/** Expect an errno, or 0: @p what is a phrase, "the error of on_close". */
#define expect_errno(what, got, wanted) \
    graded_errno(GRADED_HERE, what, got, wanted)
/** Expect -1 and errno @p wanted. */
#define expect_error(what, got, wanted) \
    graded_error(GRADED_HERE, what, (int64_t)(got), wanted)
/** Expect @p size bytes to be alike. */
#define expect_bytes(what, got, wanted, size) \
    graded_bytes(GRADED_HERE, what, got, wanted, size)
/** Expect @p condition, which @p wanted puts into words; the rest, as for
 * printf, says what was seen instead. */
#define expect_that(condition, wanted, ...)                             \
    do {                                                                \
        if (!(condition))                                               \
            graded_fail(SHEET_WRONG, GRADED_HERE, wanted, __VA_ARGS__); \
    } while (0)
/** For what stages the world of a test: it fails here, as expect_that() does. */
#define graded_wrong(wanted, ...) \
    graded_fail(SHEET_WRONG, "the stage", wanted, __VA_ARGS__)
/** The same: it would never come to an end. */
#define graded_hang(wanted, ...) \
    graded_fail(SHEET_HANG, "the stage", wanted, __VA_ARGS__)

/** See expect_equal(). @p at is where it stands. */
void graded_equal(const char *at, const char *what, int64_t got,
                  int64_t wanted);
/** See expect_errno(). */
void graded_errno(const char *at, const char *what, int got, int wanted);
/** See expect_error(). */
void graded_error(const char *at, const char *what, int64_t got, int wanted);
/** See expect_bytes(). */
void graded_bytes(const char *at, const char *what, const void *got,
                  const void *wanted, size_t size);
/** The test ends in @p state: @p wanted was expected, and not what the rest
 * says. */
void graded_fail(enum sheet_state state, const char *at, const char *wanted,
                 const char *format, ...) G_GNUC_PRINTF(4, 5) G_GNUC_NORETURN;

#endif

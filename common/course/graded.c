#include "common/course/graded.h"
#include "common/course/sheet.h"
#include "common/world/complain.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { SECONDS = 3, LATE = 124 }; /* Of processor time. */

/* ---- What a test says. ---- */

/* The last lines, for those who run the program by hand. */
static void print_calls(const struct sheet *sheet)
{
    uint32_t first =
        sheet->lines > SHEET_LINES ? sheet->lines - SHEET_LINES : 0;
    for (uint32_t i = first; i < sheet->lines; i++)
        fprintf(stderr, "%s %s\n", i + 1 == sheet->lines ? "->" : "  ",
                sheet->line[i % SHEET_LINES]);
}

void graded_fail(enum sheet_state state, const char *at, const char *wanted,
                 const char *format, ...)
{
    struct sheet *sheet = sheet_open();
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sheet->got, sizeof sheet->got, format, arguments);
    va_end(arguments);
    g_strlcpy(sheet->at, at, sizeof sheet->at);
    g_strlcpy(sheet->expected, wanted, sizeof sheet->expected);
    sheet->seeded = test_seed_now(&sheet->seed);
    sheet->state = state;
    fflush(stdout); /* What the reader prints came before. */
    fprintf(stderr, "expected  %s\ngot       %s\n", sheet->expected,
            sheet->got);
    print_calls(sheet);
    _fail(at, 0);
    abort();
}

void graded_equal(const char *at, const char *what, int64_t got, int64_t wanted)
{
    char right[SHEET_TEXT];
    const char *error = got == -1 && errno ? strerrorname_np(errno) : NULL;
    if (got == wanted)
        return;
    g_snprintf(right, sizeof right, "%s %" G_GINT64_FORMAT, what, wanted);
    graded_fail(SHEET_WRONG, at, right, "%" G_GINT64_FORMAT "%s%s", got,
                error ? ", and errno is " : "", error ? error : "");
}

static const char *name_of(int error)
{
    const char *name = strerrorname_np(error);
    return error == 0 ? "0 (none)" : name ? name : "no errno at all";
}

void graded_errno(const char *at, const char *what, int got, int wanted)
{
    char right[SHEET_TEXT];
    if (got == wanted)
        return;
    g_snprintf(right, sizeof right, "%s: %s", what, name_of(wanted));
    graded_fail(SHEET_WRONG, at, right, "%s", name_of(got));
}

void graded_error(const char *at, const char *what, int64_t got, int wanted)
{
    char right[SHEET_TEXT];
    int seen = errno;
    if (got == -1 && seen == wanted)
        return;
    g_snprintf(right, sizeof right, "%s -1, and errno is %s", what,
               strerrorname_np(wanted));
    if (got != -1)
        graded_fail(SHEET_WRONG, at, right, "%" G_GINT64_FORMAT, got);
    graded_fail(SHEET_WRONG, at, right, "-1, and errno is %s", name_of(seen));
}

void graded_bytes(const char *at, const char *what, const void *got,
                  const void *wanted, size_t size)
{
    const uint8_t *left = got, *right = wanted;
    char text[SHEET_TEXT];
    size_t i = 0;
    while (i < size && left[i] == right[i])
        i++;
    if (i == size)
        return;
    g_snprintf(text, sizeof text, "%s: byte %zu of %zu is 0x%02x", what, i,
               size, right[i]);
    graded_fail(SHEET_WRONG, at, text, "0x%02x; those before it are right",
                left[i]);
}

/* ---- Running. ---- */

static const struct graded *tests_of_all;

static const struct graded *find(const char *name, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(tests_of_all[i].name, name) == 0)
            return &tests_of_all[i];
    return NULL;
}

/* cmocka calls this with the test. A hole that was reached passes nothing. */
static void run(void **state)
{
    const struct graded *test = *state;
    sheet_begin();
    test->run();
    fflush(stdout);
    if (g_getenv("REPLAY"))
        print_calls(sheet_open());
    if (sheet_open()->todo[0])
        fail_msg("%s", sheet_open()->todo);
}

void __sanitizer_print_stack_trace(void) __attribute__((weak));

static char late_words[128];

/* Where was it? The stack says so, under a sanitizer. */
static void on_late(int number)
{
    (void)number;
    if (g_getenv("REPLAY") &&
        write(STDERR_FILENO, late_words, strlen(late_words)) > 0)
        print_calls(sheet_open());
    if (__sanitizer_print_stack_trace)
        __sanitizer_print_stack_trace();
    _exit(LATE);
}

/* For the grader, which may give it less time: one test, and the answer when it
 * has come to its end. */
static int run_alone(const struct graded *test)
{
    const char *given = g_getenv("GRADE_SECONDS");
    int seconds = given && atoi(given) > 0 ? atoi(given) : SECONDS;
    const struct CMUnitTest one = {test->name, run, NULL, NULL, (void *)test};
    struct itimerval late = {.it_value = {seconds, 0}};
    g_snprintf(late_words, sizeof late_words,
               "\nIt did not end within %d seconds of processor time. It was "
               "here:\n",
               seconds);
    signal(SIGPROF, on_late);
    setitimer(ITIMER_PROF, &late, NULL);
    if (_cmocka_run_group_tests(test->name, &one, 1, NULL, NULL) != 0) {
        fflush(NULL);
        _exit(FAILED); /* It jumped over what it should have freed. */
    }
    sheet_end();
    return 0; /* And now whoever looks for leaks looks. */
}

int graded_run(int argc, char **argv, const struct graded *tests, size_t count)
{
    const char *name = g_getenv("GRADE_TEST");
    tests_of_all = tests;
    sheet_open();
    if (name) {
        const struct graded *test = find(name, count);
        if (!test)
            return complain(USAGE, "there is no test %s", name);
        return run_alone(test);
    }
    g_autofree struct CMUnitTest *all = g_new0(struct CMUnitTest, count);
    for (size_t i = 0; i < count; i++)
        all[i] = (struct CMUnitTest){tests[i].name, run, NULL, NULL,
                                     (void *)&tests[i]};
    return test_run_array(argc, argv, all, count);
}

#include "common/course/attempt.h"
#include <glib.h>
#include <sys/random.h>

static struct verdict *run(const struct attempt *attempt,
                           const char *const *variables,
                           const struct task *task, const struct rule *rule)
{
    uint64_t nonce = 0;
    struct sheet *sheet;
    if (getrandom(&nonce, sizeof nonce, 0) < 0)
        nonce = (uint64_t)g_get_real_time();
    int fd = sheet_new(&sheet, nonce);
    g_assert(fd >= 0);
    struct cell_result cell =
        cell_run((struct cell_plan){.program = attempt->program,
                                    .variables = variables,
                                    .fd = fd,
                                    .wall = attempt->wall});
    struct verdict *verdict = verdict_new(task, rule, &cell, sheet);
    cell_clear(&cell);
    sheet_free(sheet, fd);
    return verdict;
}

static char *variable(const char *name, const char *value)
{
    return g_strconcat(name, "=", value ? value : "", NULL);
}

/* To find the line of a leak each allocation must be traced with care, which
 * takes ten times as long: GLib has no frame pointers. */
static struct verdict *run_with(const struct attempt *attempt,
                                const struct task *task,
                                const struct rule *rule, bool careful)
{
    static const char *const sanitizers =
        "handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2:"
        "handle_abort=2:detect_stack_use_after_return=1:exitcode=99:"
        "max_allocation_size_mb=512:detect_leaks=1:symbolize=1:"
        "fast_unwind_on_malloc=";
    g_autofree char *asan =
        g_strconcat("ASAN_OPTIONS=", sanitizers, careful ? "0" : "1", NULL);
    g_autofree char *test = variable("GRADE_TEST", rule->test);
    g_autofree char *salt = variable("SALT", attempt->salt);
    g_autofree char *schedule = variable("SCHEDULE", attempt->schedule);
    g_autofree char *seconds =
        g_strdup_printf("GRADE_SECONDS=%d", attempt->seconds);
    const char *const variables[] = {
        asan,       "UBSAN_OPTIONS=print_stacktrace=1",
        "LC_ALL=C", "G_SLICE=always-malloc",
        test,       "GRADE_SHEET=3",
        salt,       schedule,
        seconds,    NULL};
    return run(attempt, variables, task, rule);
}

struct verdict *attempt_run(const struct attempt *attempt,
                            const struct task *task, const struct rule *rule)
{
    struct verdict *verdict = run_with(attempt, task, rule, false);
    if (verdict->word != LEAK || attempt->brief)
        return verdict;
    verdict_free(verdict);
    return run_with(attempt, task, rule, true);
}

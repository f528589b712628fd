#include "common/course/grade.h"
#include "common/course/permit.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* ---- Where things are. ---- */

static char *file_of(const char *top, const char *side, const struct task *task,
                     const char *before, const char *kind)
{
    return g_strdup_printf("%s/%s/%s/%s%s%s", top, side, task->chapter, before,
                           task->module, kind);
}

static char *read_file(const char *path)
{
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

/* ---- Is there anything to run? ---- */

/* Returns the reason why not: new; or NULL. */
static char *look_for_reason(struct grade *grade, const struct grade_plan *plan)
{
    const struct task *task = grade->task;
    g_autofree char *log =
        file_of(plan->objects, "exercises", task, "", ".log");
    g_autofree char *theirs =
        file_of(plan->objects, "exercises", task, "", ".o");
    g_autofree char *ours = file_of(plan->answers, "solutions", task, "", ".o");
    g_autofree char *link =
        file_of(plan->programs, "exercises", task, "test_", ".log");
    char *reason = NULL;
    grade->log = read_file(log);
    if (!grade->log && plan->checked) {
        g_autofree char *other =
            file_of(plan->checked, "exercises", task, "", ".log");
        grade->log = read_file(other);
    }
    if (grade->log)
        return g_strdup("it cannot be built");
    g_autofree char *checked =
        plan->checked ? file_of(plan->checked, "exercises", task, "", ".o")
                      : NULL;
    struct permit permit = {theirs, checked, ours, plan->allowed};
    if (!plan->trusting)
        permit_check(&permit, task, &reason);
    if (!reason && (grade->log = read_file(link)))
        reason = g_strdup("it cannot be linked");
    return reason;
}

/* ---- Running. ---- */

static struct verdict *run_test(const struct grade *grade,
                                const struct grade_plan *plan,
                                const struct rule *rule)
{
    static const char *const sanitizers =
        "handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2:"
        "handle_abort=2:detect_stack_use_after_return=1:exitcode=99:"
        "fast_unwind_on_malloc=0:max_allocation_size_mb=512:"
        "detect_leaks=1:symbolize=1";
    g_autofree char *program =
        file_of(plan->programs, "exercises", grade->task, "test_", "");
    g_autofree char *asan = g_strconcat("ASAN_OPTIONS=", sanitizers, NULL);
    g_autofree char *test = g_strconcat("GRADE_TEST=", rule->test, NULL);
    g_autofree char *salt =
        g_strconcat("SALT=", plan->salt ? plan->salt : "", NULL);
    const char *const variables[] = {asan,
                                     "UBSAN_OPTIONS=print_stacktrace=1",
                                     "G_SLICE=always-malloc",
                                     "GRADE_SHEET=3",
                                     test,
                                     salt,
                                     "LC_ALL=C",
                                     NULL};
    uint64_t nonce = 0;
    struct sheet *sheet;
    if (getrandom(&nonce, sizeof nonce, 0) < 0)
        nonce = (uint64_t)g_get_real_time();
    int fd = sheet_new(&sheet, nonce);
    g_assert(fd >= 0);
    struct cell_result cell =
        cell_run((struct cell_plan){.program = program,
                                    .variables = variables,
                                    .fd = fd,
                                    .wall = plan->wall});
    struct verdict *verdict = verdict_new(grade->task, rule, &cell, sheet);
    cell_clear(&cell);
    sheet_free(sheet, fd);
    return verdict;
}

/* ---- The receipt. ---- */

static void add_file(GChecksum *sum, const char *path)
{
    g_autofree char *text = NULL;
    size_t size = 0;
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) /* A pipe has no end. */
        g_file_get_contents(path, &text, &size, NULL);
    g_checksum_update(sum, (const guchar *)(text ? text : ""), (gssize)size);
}

static void add_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text) + 1);
}

/* Never of printed text, or of anything from real threads or times. */
static char *receipt_of(const struct grade *grade,
                        const struct grade_plan *plan)
{
    static const char *const files[][2] = {
        {"", ".c"}, {"test_", ".c"}, {"", ".task"}};
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = file_of(plan->root, "exercises", grade->task,
                                        files[i][0], files[i][1]);
        add_file(sum, path);
    }
    add_text(sum, plan->salt ? plan->salt : "");
    for (guint i = 0; i < grade->verdicts->len; i++) {
        const struct verdict *verdict = grade->verdicts->pdata[i];
        g_autofree char *line = g_strdup_printf(
            "%s %s %u %" PRIx64, verdict->rule->test,
            verdict_name(verdict->word), verdict->earned, verdict->digest);
        add_text(sum, line);
    }
    return g_strndup(g_checksum_get_string(sum), 16);
}

/* ---- All of it. ---- */

struct grade *grade_new(const struct task *task, const struct grade_plan *plan)
{
    struct grade *grade = g_new0(struct grade, 1);
    grade->task = task;
    grade->verdicts = g_ptr_array_new_with_free_func(verdict_free);
    grade->whole = true;
    g_autofree char *reason = look_for_reason(grade, plan);
    for (guint i = 0; i < task->rules->len; i++) {
        const struct rule *rule = task->rules->pdata[i];
        if (plan->only && !g_pattern_match_simple(plan->only, rule->test))
            continue;
        struct verdict *verdict = reason ? verdict_of_build(rule, reason)
                                         : run_test(grade, plan, rule);
        g_ptr_array_add(grade->verdicts, verdict);
        grade->earned += verdict->earned;
        grade->most += rule->points;
        grade->whole &= verdict->word == PASS;
    }
    grade->receipt = receipt_of(grade, plan);
    return grade;
}

void grade_free(void *self)
{
    struct grade *grade = self;
    g_ptr_array_unref(grade->verdicts);
    g_free(grade->log);
    g_free(grade->receipt);
    g_free(grade);
}

#include "common/course/grade.h"
#include "common/course/attempt.h"
#include "common/course/entries.h"
#include "common/course/permit.h"
#include "common/course/schedule.h"
#include "common/course/signs.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- Where things are. ---- */

static char *file_of(const char *top, const char *side, const struct task *task,
                     const char *before, const char *kind)
{
    return g_strdup_printf("%s/%s/%s/%s%s%s", top, side, task->chapter, before,
                           task->module, kind);
}

/* What a compiler has said, of a source in any encoding. */
static char *read_log(const char *path)
{
    g_autofree char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text ? g_utf8_make_valid(text, -1) : NULL;
}

/* ---- Is there anything to run? ---- */

/* What is built may still be worth a word. */
static char *read_warnings(const struct task *task,
                           const struct grade_plan *plan)
{
    g_autofree char *path =
        file_of(plan->objects, "exercises", task, "", ".warnings");
    return read_log(path);
}

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
    grade->log = read_log(log);
    if (!grade->log && plan->checked) {
        g_autofree char *other =
            file_of(plan->checked, "exercises", task, "", ".log");
        grade->log = read_log(other);
    }
    if (grade->log)
        return g_strdup("it cannot be built");
    g_autofree char *checked =
        plan->checked ? file_of(plan->checked, "exercises", task, "", ".o")
                      : NULL;
    struct permit permit = {theirs, checked, ours, plan->allowed};
    if (!plan->trusting)
        permit_check(&permit, task, &reason);
    if (!reason && (grade->log = read_log(link)))
        reason = g_strdup("it cannot be linked");
    return reason;
}

/* ---- Running. ---- */

static struct verdict *run_test(const struct grade *grade,
                                const struct grade_plan *plan,
                                const struct rule *rule)
{
    g_autofree char *program =
        plan->program
            ? g_strdup(plan->program)
            : file_of(plan->programs, "exercises", grade->task, "test_", "");
    struct attempt attempt = {.program = program,
                              .salt = plan->salt,
                              .wall = plan->wall,
                              .seconds = plan->seconds,
                              .brief = plan->brief};
    return attempt_run(&attempt, grade->task, rule);
}

/* The stage is linked with our module and, below X.wrong, with the wrong one. */
static struct verdict *play(const struct grade *grade,
                            const struct grade_plan *plan,
                            const struct rule *rule)
{
    const struct task *task = grade->task;
    g_autofree char *right =
        file_of(plan->programs, "exercises", task, "test_", "");
    g_autofree char *below = g_strconcat(".wrong/", rule->test, NULL);
    g_autofree char *wrong =
        file_of(plan->programs, "exercises", task, "", below);
    g_autofree char *path =
        file_of(plan->root, "exercises", task, "", ".schedule");
    struct schedule_plan schedule = {path, right, wrong};
    return schedule_judge(task, rule, &schedule);
}

/* ---- The receipt. ---- */

/* What is no file, or an enormous one, has not been graded either. */
static void add_file(GChecksum *sum, const char *path)
{
    size_t size = 0;
    g_autofree char *text = entries_raw(path, &size, NULL);
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
    const char *const files[][2] = {
        {"", grade->task->breaks ? ".schedule" : ".c"},
        {"test_", ".c"},
        {"", ".task"}};
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

/* ---- What it looks like. ---- */

/* Where there is exactly one mistake that fails just so (signs.h). */
static void guess(struct grade *grade, const struct grade_plan *plan)
{
    g_autofree char *path =
        file_of(plan->root, "exercises", grade->task, "", ".signs");
    g_autoptr(GPtrArray) signs = signs_read(path, NULL);
    struct sign *seen = sign_new(NULL, grade->verdicts);
    const struct sign *found = signs ? signs_recognise(signs, seen) : NULL;
    if (found) {
        grade->looks_like = g_strdup(found->because);
        grade->telling = g_strdup(found->caught);
    }
    sign_free(seen);
}

/* ---- All of it. ---- */

struct grade *grade_new(const struct task *task, const struct grade_plan *plan)
{
    struct grade *grade = g_new0(struct grade, 1);
    grade->task = task;
    grade->verdicts = g_ptr_array_new_with_free_func(verdict_free);
    grade->whole = true;
    g_autofree char *reason =
        task->breaks ? NULL : look_for_reason(grade, plan);
    if (!task->breaks && !reason)
        grade->warnings = read_warnings(task, plan);
    for (guint i = 0; i < task->rules->len; i++) {
        const struct rule *rule = task->rules->pdata[i];
        if (plan->only && !g_pattern_match_simple(plan->only, rule->test))
            continue;
        struct verdict *verdict = reason ? verdict_of_build(rule, reason)
                                  : task->breaks ? play(grade, plan, rule)
                                                 : run_test(grade, plan, rule);
        g_ptr_array_add(grade->verdicts, verdict);
        if (plan->told && !reason)
            plan->told(plan->self, verdict);
        grade->earned += verdict->earned;
        grade->most += rule->points;
        grade->whole &= verdict->word == PASS;
    }
    grade->whole &= grade->earned == grade->most;
    grade->receipt = receipt_of(grade, plan);
    if (!plan->only)
        guess(grade, plan);
    return grade;
}

void grade_free(void *self)
{
    struct grade *grade = self;
    g_ptr_array_unref(grade->verdicts);
    g_free(grade->log);
    g_free(grade->warnings);
    g_free(grade->receipt);
    g_free(grade->looks_like);
    g_free(grade->telling);
    g_free(grade);
}

/*
 * grade: the program behind `make grade`. It never runs a line of the reader's
 * itself: each test is a process in a cell (cell.h).
 */
#include "common/course/progress.h"
#include "common/course/report.h"
#include "common/world/complain.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *exercise, *only, *salt, *format;
static char *build = "build", *sanitized = "build/san";

static const GOptionEntry entries[] = {
    {"exercise", 0, 0, G_OPTION_ARG_STRING, &exercise,
     "A module, a number or a chapter (all)", "NAME"},
    {"test", 0, 0, G_OPTION_ARG_STRING, &only, "Only tests that match",
     "PATTERN"},
    {"salt", 0, 0, G_OPTION_ARG_STRING, &salt, "Other seeds", "WORD"},
    {"format", 0, 0, G_OPTION_ARG_STRING, &format, "How to report (text)",
     "text|json|junit"},
    {"build", 0, 0, G_OPTION_ARG_STRING, &build, "Where objects are", "DIR"},
    {"sanitized", 0, 0, G_OPTION_ARG_STRING, &sanitized,
     "Where the tests are, with sanitizers", "DIR"},
    G_OPTION_ENTRY_NULL,
};

static bool is_format(const char *name)
{
    return !name || !*name || g_str_equal(name, "text") ||
           g_str_equal(name, "json") || g_str_equal(name, "junit");
}

static bool parse(int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1 || !is_format(format)) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            argc > 1 ? "it takes options only"
                                     : "--format is text, json or junit");
        return false;
    }
    return true;
}

static void print_sum(const GPtrArray *grades)
{
    unsigned earned = 0, most = 0;
    for (guint i = 0; i < grades->len; i++) {
        const struct grade *grade = grades->pdata[i];
        earned += grade->earned;
        most += grade->most;
    }
    if (grades->len > 1)
        printf("\n  All together: %u of %u points.\n", earned, most);
}

static int refuse_test(const GPtrArray *tasks)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < tasks->len; i++) {
        const struct task *task = tasks->pdata[i];
        for (guint j = 0; j < task->rules->len; j++)
            g_string_append_printf(
                names, "\n    %s",
                ((struct rule *)task->rules->pdata[j])->test);
    }
    g_autofree char *list = g_string_free(names, FALSE);
    return complain(USAGE, "there is no test \"%s\"; there are%s", only, list);
}

/* For `make next` and `make solution`. It is no harm if it cannot be written. */
static void remember(const struct grade *grade)
{
    const struct task *task = grade->task;
    bool written =
        progress_set(task, PROGRESS_POINTS, (int)grade->earned, NULL) &&
        progress_set(task, PROGRESS_FILE, progress_sum(task), NULL);
    if (written && grade->whole)
        progress_set(task, PROGRESS_WHOLE, 1, NULL);
}

/* What people see, as it happens. */
struct screen {
    const struct task *task;
    bool begun, colour;
};

static void begin(struct screen *screen)
{
    if (!screen->begun)
        report_begin(stdout, screen->task, screen->colour);
    screen->begun = true;
}

static void on_verdict(void *self, const struct verdict *verdict)
{
    struct screen *screen = self;
    begin(screen);
    report_row(stdout, verdict, screen->colour);
    fflush(stdout);
}

static struct grade *grade_and_show(const struct task *task,
                                    struct grade_plan plan)
{
    struct screen screen = {.task = task, .colour = isatty(STDOUT_FILENO)};
    plan.told = on_verdict;
    plan.self = &screen;
    struct grade *grade = grade_new(task, &plan);
    if (grade->verdicts->len > 0) {
        begin(&screen);
        report_end(stdout, grade, screen.colour);
    }
    fflush(stdout);
    return grade;
}

/* Returns whether everything asked for passed. */
static bool grade_all(const GPtrArray *tasks, const struct grade_plan *plan)
{
    g_autoptr(GPtrArray) grades = g_ptr_array_new_with_free_func(grade_free);
    bool text = !format || !*format || g_str_equal(format, "text");
    bool whole = true;
    unsigned asked = 0;
    for (guint i = 0; i < tasks->len; i++) {
        const struct task *task = tasks->pdata[i];
        struct grade *grade =
            text ? grade_and_show(task, *plan) : grade_new(task, plan);
        g_ptr_array_add(grades, grade);
        whole &= grade->whole;
        asked += grade->verdicts->len;
        if (!plan->only)
            remember(grade);
    }
    if (asked == 0)
        exit(refuse_test(tasks));
    g_autofree char *machine = text ? NULL
                               : g_str_equal(format, "json")
                                   ? report_json(grades)
                                   : report_junit(grades);
    if (machine)
        printf("%s\n", machine);
    else
        print_sum(grades);
    return whole;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (!parse(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    g_autoptr(GPtrArray) tasks = tasks_find(".", exercise, &error);
    if (!tasks)
        return complain(USAGE, "%s", error->message);
    g_autofree char *root = g_get_current_dir();
    g_autofree char *objects =
        g_build_filename(root, build, "mine", "obj", NULL);
    g_autofree char *checked =
        g_build_filename(root, sanitized, "mine", "obj", NULL);
    g_autofree char *answers = g_build_filename(root, build, "obj", NULL);
    g_autofree char *programs =
        g_build_filename(root, sanitized, "graded", NULL);
    struct grade_plan plan = {.root = root,
                              .objects = objects,
                              .checked = checked,
                              .answers = answers,
                              .programs = programs,
                              .allowed = "common/course/allowed.txt",
                              .only = only && *only ? only : NULL,
                              .salt = salt && *salt ? salt : NULL};
    cell_settle();
    return grade_all(tasks, &plan) ? 0 : FAILED;
}

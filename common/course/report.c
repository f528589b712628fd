/*
 * The text begins with a table: a line for each test. Then the first failure is
 * explained, in an order that never changes: the verdict, the rule, what was
 * expected and got and where, the last calls or a picture, how to see it again,
 * a hint.
 */
#include "common/course/report.h"
#include "common/course/prose.h"
#include <inttypes.h>
#include <string.h>

enum { LABEL = 10, LOG = 24, CALLS = 19, WARNINGS = 3 };

struct ink {
    const char *good, *bad, *bold, *plain;
};

static struct ink ink_of(bool colour)
{
    return colour ? (struct ink){"\033[32m", "\033[31m", "\033[1m", "\033[0m"}
                  : (struct ink){"", "", "", ""};
}

/* ---- Lines of at most 80 columns. ---- */

/* "label     words ..", the lines below indented like the first. */
static void print_words(FILE *file, const char *label, const char *text)
{
    g_autofree char *head = g_strdup_printf("  %s", label);
    prose_print(file, head, LABEL + 2, text);
}

/* At most so many lines, each behind @p margin. */
static void print_lines(FILE *file, const char *margin, const char *text,
                        int most)
{
    g_autofree char *copy = g_strchomp(prose_tame(text));
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    int count = (int)g_strv_length(lines);
    glong room = PROSE_WIDTH - (glong)strlen(margin);
    for (int i = 0; i < MIN(count, most); i++) {
        glong size = g_utf8_strlen(lines[i], -1);
        g_autofree char *line = g_utf8_substring(lines[i], 0, MIN(size, room));
        fprintf(file, "%s%s\n", margin, line);
    }
    if (count > most)
        fprintf(file, "  (%d more lines)\n", count - most);
}

/* ---- One failure. ---- */

/* The program to break: lines of code. */
static void print_wrong(FILE *file, const char *code)
{
    g_auto(GStrv) lines = g_strsplit(code, "\n", -1);
    fprintf(file, "  %-*s%s\n", LABEL, "wrong", lines[0] ? lines[0] : "");
    for (int i = 1; lines[0] && lines[i]; i++)
        fprintf(file, "  %-*s%s\n", LABEL, "", lines[i]);
}

static void print_again(FILE *file, const struct grade *grade,
                        const struct verdict *verdict)
{
    g_autofree char *seed =
        verdict->seeded ? g_strdup_printf(" SEED=0x%" PRIx64, verdict->seed)
                        : g_strdup("");
    g_autofree char *command =
        g_strdup_printf("make replay EX=%s%s \\", grade->task->module, seed);
    print_words(file, "again", command);
    g_autofree char *test = g_strdup_printf("TEST=%s", verdict->rule->test);
    print_words(file, "", test);
}

/* The last calls, or a picture of what happened. */
static void print_trace(FILE *file, const struct verdict *verdict)
{
    if (!verdict->trace || !*verdict->trace)
        return;
    fprintf(file, "\n");
    if (verdict->head)
        print_lines(file, "    ", verdict->head, 1);
    if (verdict->drawn)
        print_lines(file, "", verdict->trace, SHEET_ROWS);
    else
        print_lines(file, "  ", verdict->trace, CALLS);
    fprintf(file, "\n");
}

static void print_failure(FILE *file, const struct grade *grade,
                          const struct verdict *verdict, const struct ink *ink)
{
    g_autofree char *hint =
        g_strdup_printf("make hint EX=%s", grade->task->module);
    fprintf(file, "\n%s%s%s  %s", ink->bad, verdict_name(verdict->word),
            ink->plain, verdict->rule->test);
    if (verdict->rule->points > 0)
        fprintf(file, "  (-%u)", verdict->rule->points);
    fprintf(file, "\n\n");
    print_words(file, "rule", verdict->rule->text);
    if (verdict->rule->wrong)
        print_wrong(file, verdict->rule->wrong);
    print_words(file, "expected", verdict->expected);
    print_words(file, "got", verdict->got);
    if (verdict->place)
        print_words(file, "at", verdict->place);
    print_trace(file, verdict);
    print_again(file, grade, verdict);
    print_words(file, "hint", hint);
}

/* ---- All of them. ---- */

/* The one that tells most; where nobody knows, a crash, or the first. */
static const struct verdict *choose_failure(const struct grade *grade)
{
    const struct verdict *first = NULL, *crash = NULL;
    for (guint i = 0; i < grade->verdicts->len; i++) {
        const struct verdict *verdict = grade->verdicts->pdata[i];
        if (verdict->word == PASS)
            continue;
        if (g_strcmp0(verdict->rule->test, grade->telling) == 0)
            return verdict;
        first = first ? first : verdict;
        crash = crash || verdict->word != CRASH ? crash : verdict;
    }
    return crash ? crash : first;
}

static unsigned count_failures(const struct grade *grade)
{
    unsigned count = 0;
    for (guint i = 0; i < grade->verdicts->len; i++)
        count += ((struct verdict *)grade->verdicts->pdata[i])->word != PASS;
    return count;
}

/* What the compiler says, as it says it. */
static void print_log(FILE *file, const char *log)
{
    g_autofree char *copy = g_strchomp(prose_tame(log));
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    int count = (int)g_strv_length(lines);
    for (int i = 0; i < MIN(count, LOG); i++)
        fprintf(file, "%s\n", lines[i]);
    if (count > LOG)
        fprintf(file, "(%d more lines)\n", count - LOG);
    fprintf(file, "\n");
}

/* There was nothing to run, for one reason. */
static void print_build(FILE *file, const struct grade *grade,
                        const struct verdict *verdict, const struct ink *ink)
{
    if (grade->log)
        print_log(file, grade->log);
    fprintf(file, "  %sBUILD%s  nothing was run, because\n\n", ink->bad,
            ink->plain);
    print_words(file, "", verdict->got);
    if (grade->log)
        print_words(file, "", "(The reason stands above.)");
}

/* Passed, and might have earned more: a schedule that is longer than it must be
 * (schedule.h). */
static void print_remarks(FILE *file, const struct grade *grade)
{
    for (guint i = 0; i < grade->verdicts->len; i++) {
        const struct verdict *verdict = grade->verdicts->pdata[i];
        if (verdict->word != PASS || verdict->earned == verdict->rule->points)
            continue;
        g_autofree char *head = g_strdup_printf("%s: ", verdict->rule->test);
        g_autofree char *text = g_strconcat(head, verdict->got, NULL);
        fprintf(file, "\n");
        prose_print(file, "  ", 2, text);
    }
}

static void print_failures(FILE *file, const struct grade *grade,
                           const struct verdict *failure, const struct ink *ink)
{
    print_remarks(file, grade);
    if (failure)
        print_failure(file, grade, failure, ink);
    if (count_failures(grade) > 1)
        fprintf(file, "\n  This was one of %u. TEST=NAME shows another one.\n",
                count_failures(grade));
    if (grade->looks_like) {
        fprintf(file, "\n");
        prose_print(file, "  This looks like: ", 19, grade->looks_like);
    }
}

/* They fail nothing; but one may be the reason for what does. */
static void print_warnings(FILE *file, const char *warnings)
{
    g_autofree char *copy = g_strchomp(prose_tame(warnings));
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    int count = (int)g_strv_length(lines);
    fprintf(file, "\n  The compiler warns:\n");
    for (int i = 0; i < MIN(count, WARNINGS); i++)
        prose_print(file, "", 4, lines[i]);
    if (count > WARNINGS)
        fprintf(file, "    (%d more)\n", count - WARNINGS);
}

static void print_sum(FILE *file, const struct grade *grade,
                      const struct ink *ink)
{
    const struct task *task = grade->task;
    fprintf(file, "\n  %s%u of %u points%s   receipt %s-%s\n", ink->bold,
            grade->earned, grade->most, ink->plain, task->number,
            grade->receipt);
    if (grade->whole && grade->verdicts->len == task->rules->len)
        fprintf(file, "  Now: make viva EX=%s, and make next.\n", task->module);
}

void report_begin(FILE *file, const struct task *task, bool colour)
{
    struct ink ink = ink_of(colour);
    g_autofree char *source = task_file(task);
    fprintf(file, "\n%sExercise %s, %s. %s%s\n%s\n\n", ink.bold, task->number,
            task->module, task->title, ink.plain, source);
}

void report_row(FILE *file, const struct verdict *verdict, bool colour)
{
    struct ink ink = ink_of(colour);
    fprintf(file, "  %s%-5s%s %2u/%-2u  %.66s\n",
            verdict->word == PASS ? ink.good : ink.bad,
            verdict_name(verdict->word), ink.plain, verdict->earned,
            verdict->rule->points, verdict->rule->test);
}

void report_end(FILE *file, const struct grade *grade, bool colour)
{
    struct ink ink = ink_of(colour);
    const struct verdict *failure = choose_failure(grade);
    if (failure && failure->word == BUILD)
        print_build(file, grade, failure, &ink);
    else
        print_failures(file, grade, failure, &ink);
    if (grade->warnings)
        print_warnings(file, grade->warnings);
    print_sum(file, grade, &ink);
}

void report_text(FILE *file, const struct grade *grade, bool colour)
{
    report_begin(file, grade->task, colour);
    for (guint i = 0; i < grade->verdicts->len; i++) {
        const struct verdict *verdict = grade->verdicts->pdata[i];
        if (verdict->word != BUILD)
            report_row(file, verdict, colour);
    }
    report_end(file, grade, colour);
}

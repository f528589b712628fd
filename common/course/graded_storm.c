/*
 * A graded test has three seconds of processor time (graded.c), also where
 * sanitizers watch. Most are left when a storm has broken something: so the
 * shrinker gets a budget that takes less than one. Whoever gives a test less
 * time wants its verdict alone, and then nothing is shrunk.
 *
 * A crash inside of a run is the reader's, and ends the test: the seed is put
 * on the sheet before.
 */
#include "common/course/graded_storm.h"
#include "common/course/graded.h"
#include "common/spacetime/lanes.h"
#include "common/storm/draw.h"
#include "common/storm/failure.h"
#include <stdlib.h>
#include <string.h>

enum { BUDGET = 60000, MORE = 8 }; /* Events; lines. */

static uint64_t budget(void)
{
    const char *seconds = g_getenv("GRADE_SECONDS");
    return seconds && atoi(seconds) > 0 ? 0 : BUDGET;
}

/* Returns whether nothing breaks. If something does, the seed stays on the
 * sheet. */
static bool is_survived(const struct subject *subject,
                        const struct storm *storm, struct ordeal_report *report)
{
    struct sheet *sheet = sheet_open();
    sheet->seeded = test_seed_now(&sheet->seed);
    ordeal_run(subject, storm, (struct ordeal_wish){0}, report);
    if (report->id)
        return false;
    sheet->seeded = false;
    ordeal_report_clear(report);
    return true;
}

/* ---- What the reader is shown. ---- */

static unsigned count_lines(const char *text)
{
    unsigned lines = 0;
    for (; text && *text; text++)
        lines += *text == '\n';
    return lines;
}

/* The picture, and below it what the checker has to say, if that is short. */
static char *draw(const struct failure *failure)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    const char *more = failure->report.more;
    unsigned below = more ? 1 + count_lines(more) : 0;
    if (below > MORE)
        below = 0;
    lanes_draw(file, failure->trace, SHEET_ROWS - below);
    if (below > 0)
        fprintf(file, "\n%s", more);
    fclose(file);
    return text;
}

static void G_GNUC_NORETURN fail_shown(const struct failure *failure)
{
    char rule[SHEET_TEXT];
    char *picture = draw(failure);
    sheet_draw(picture);
    free(picture);
    g_snprintf(rule, sizeof rule, "%s  %s", failure->rule->id,
               failure->rule->text);
    fprintf(stderr, "%s\n", sheet_open()->picture);
    storm_write(failure->small.storm, stderr);
    graded_fail(SHEET_WRONG, "the storm", rule, "%s", failure->report.why);
}

/* What breaks once, and not again, remembers something from run to run. */
static void G_GNUC_NORETURN fail_once(const struct ordeal_report *report)
{
    graded_fail(SHEET_WRONG, "the storm",
                "the same storm to end the same way, whenever it is run",
                "once %s broke (%s), and then it did not", report->id,
                report->why);
}

/* ---- One storm, and many. ---- */

void graded_storm_of(const struct subject *subject, const struct storm *storm)
{
    struct ordeal_report report;
    struct failure failure;
    if (is_survived(subject, storm, &report))
        return;
    struct shrunk small = shrink(subject, storm, report.id, budget());
    if (failure_of(&failure, subject, small.storm))
        fail_shown(&failure);
    fail_once(&report);
}

static void fail_with_seed(const struct subject *subject,
                           const struct storm *storm,
                           const struct ordeal_report *report)
{
    struct failure failure;
    if (failure_find(&failure, subject, storm->seed, budget()) ||
        failure_of(&failure, subject, storm))
        fail_shown(&failure);
    fail_once(report);
}

void graded_storm(const struct subject *subject, uint64_t count)
{
    struct ordeal_report report;
    for_each_seed (seed, count) {
        struct storm *storm = storm_draw(subject, seed);
        if (!is_survived(subject, storm, &report))
            fail_with_seed(subject, storm, &report);
        storm_free(storm);
    }
}

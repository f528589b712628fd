#include "common/storm/failure.h"
#include "common/storm/draw.h"
#include "common/world/lanes.h"
#include <stdlib.h>
#include <string.h>

char *failure_trace(const struct subject *subject, const struct storm *storm,
                    struct ordeal_report *report)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    ordeal_run(subject, storm, (struct ordeal_wish){.trace = file}, report);
    fclose(file);
    return text;
}

static const struct invariant *rule_of(const struct subject *subject,
                                       const char *id)
{
    const struct invariant *rule = subject->rules;
    while (strcmp(rule->id, id) != 0)
        rule++;
    return rule;
}

static unsigned count_lines(const struct storm *storm)
{
    return storm->events->len;
}

bool failure_of(struct failure *failure, const struct subject *subject,
                const struct storm *storm)
{
    *failure = (struct failure){0};
    failure->trace = failure_trace(subject, storm, &failure->report);
    failure->small.storm = storm_copy(storm);
    failure->small.before = failure->small.after = count_lines(storm);
    if (failure->report.id)
        failure->rule = rule_of(subject, failure->report.id);
    return failure->rule != NULL;
}

/* ---- The smallest of several. ---- */

/* The invariant that breaks in a storm, or NULL. */
static const char *broken_in(const struct subject *subject,
                             const struct storm *storm, uint64_t *budget)
{
    struct ordeal_report report;
    ordeal_run(subject, storm, (struct ordeal_wish){0}, &report);
    const char *id = report.id;
    *budget -= MIN(*budget, report.events);
    ordeal_report_clear(&report);
    return id;
}

static bool is_smaller(const struct storm *a, const struct storm *b)
{
    unsigned left = count_lines(a), right = count_lines(b);
    return left != right ? left < right
                         : a->nodes < b->nodes ||
                               (a->nodes == b->nodes && a->until < b->until);
}

/* Shrink the storm of @p seed, if it breaks @p id; keep it, if it is smaller. */
static void try_seed(const struct subject *subject, uint64_t seed,
                     const char *id, uint64_t *budget, struct shrunk *best)
{
    struct storm *storm = storm_draw(subject, seed);
    const char *broken = broken_in(subject, storm, budget);
    if (broken && strcmp(broken, id) == 0) {
        struct shrunk shrunk = shrink(subject, storm, id, *budget);
        *budget -= shrunk.spent;
        unsigned runs = best->runs + shrunk.runs;
        bool smaller = !best->storm || is_smaller(shrunk.storm, best->storm);
        storm_free(smaller && best->storm ? best->storm
                   : smaller              ? storm_new()
                                          : shrunk.storm);
        *best = smaller ? shrunk : *best;
        best->runs = runs;
    }
    storm_free(storm);
}

bool failure_find(struct failure *failure, const struct subject *subject,
                  uint64_t seed, uint64_t budget)
{
    enum { OTHERS = 50 };
    struct shrunk best = {0};
    struct storm *storm = storm_draw(subject, seed);
    const char *id = broken_in(subject, storm, &budget);
    storm_free(storm);
    *failure = (struct failure){0};
    for (uint64_t i = 0; id && i <= OTHERS && budget > 0; i++)
        try_seed(subject, seed + i, id, &budget, &best);
    if (!best.storm)
        return false;
    bool found = failure_of(failure, subject, best.storm);
    storm_free(failure->small.storm);
    failure->small = best;
    return found;
}

/* ---- Showing it. ---- */

void failure_write(const struct failure *failure, FILE *file, unsigned rows)
{
    fprintf(file, "%s  %s\n\n", failure->rule->id, failure->rule->text);
    lanes_draw(file, failure->trace, rows);
    if (failure->report.more)
        fprintf(file, "\n%s", failure->report.more);
}

void failure_clear(struct failure *failure)
{
    g_clear_pointer(&failure->small.storm, storm_free);
    g_clear_pointer(&failure->trace, free);
    ordeal_report_clear(&failure->report);
}

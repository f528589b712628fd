#include "common/storm/failure.h"
#include "common/spacetime/lanes.h"
#include "common/storm/draw.h"
#include "common/storm/facts.h"
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

static unsigned count_lines(const struct storm *storm)
{
    return storm->events->len;
}

bool failure_of(struct failure *failure, const struct subject *subject,
                const struct storm *storm)
{
    *failure = (struct failure){0};
    failure->trace = failure_trace(subject, storm, &failure->report);
    failure->seed = storm->seed;
    failure->small.storm = storm_copy(storm);
    failure->small.before = failure->small.after = count_lines(storm);
    if (failure->report.id)
        failure->rule = facts_rule(subject, failure->report.id);
    return failure->rule != NULL;
}

/* ---- The smallest of several. ---- */

enum { OTHERS = 50, SMALL = 2 }; /* Seeds; lines that nobody need shorten. */

/* A seed whose storm breaks what is to be broken, and how long that takes. */
struct suspect {
    uint64_t seed, events;
};

static gint is_shorter(gconstpointer left, gconstpointer right)
{
    const struct suspect *a = left, *b = right;
    return (a->events > b->events) - (a->events < b->events);
}

/* The invariant that breaks in the storm of @p suspect, or NULL. */
static const char *broken_by(const struct subject *subject,
                             struct suspect *suspect)
{
    struct ordeal_report report;
    struct storm *storm = storm_draw(subject, suspect->seed);
    ordeal_run(subject, storm, (struct ordeal_wish){0}, &report);
    const char *id = report.id;
    suspect->events = report.events;
    ordeal_report_clear(&report);
    storm_free(storm);
    return id;
}

/* Those of @p seed and the next, the shortest first; none, when the first is
 * innocent. Its invariant goes to @p id. */
static GArray *find_suspects(const struct subject *subject, uint64_t seed,
                             const char **id)
{
    GArray *suspects = g_array_new(FALSE, FALSE, sizeof(struct suspect));
    for (uint64_t i = 0; i <= OTHERS; i++) {
        struct suspect suspect = {.seed = seed + i};
        const char *broken = broken_by(subject, &suspect);
        if (i == 0)
            *id = broken;
        if (!*id)
            break;
        if (broken && strcmp(broken, *id) == 0)
            g_array_append_val(suspects, suspect);
    }
    g_array_sort(suspects, is_shorter);
    return suspects;
}

static bool is_smaller(const struct storm *a, const struct storm *b)
{
    unsigned left = count_lines(a), right = count_lines(b);
    return left != right ? left < right
                         : a->nodes < b->nodes ||
                               (a->nodes == b->nodes && a->until < b->until);
}

/* Shrink one more; @p best is the smallest so far, or has no storm yet. */
static void shrink_one(const struct subject *subject, uint64_t seed,
                       const char *id, uint64_t budget, struct shrunk *best)
{
    struct storm *storm = storm_draw(subject, seed);
    struct shrunk shrunk = shrink(subject, storm, id, budget);
    storm_free(storm);
    shrunk.runs += best->runs;
    shrunk.spent += best->spent;
    if (!best->storm || is_smaller(shrunk.storm, best->storm)) {
        g_clear_pointer(&best->storm, storm_free);
        *best = shrunk;
        return;
    }
    best->runs = shrunk.runs;
    best->spent = shrunk.spent;
    storm_free(shrunk.storm);
}

bool failure_find(struct failure *failure, const struct subject *subject,
                  uint64_t seed, uint64_t budget)
{
    struct shrunk best = {0};
    const char *id = NULL;
    GArray *suspects = find_suspects(subject, seed, &id);
    *failure = (struct failure){0};
    for (guint i = 0; i < suspects->len && best.spent < budget &&
                      (i == 0 || best.after > SMALL);
         i++)
        shrink_one(subject, g_array_index(suspects, struct suspect, i).seed, id,
                   budget - best.spent, &best);
    g_array_unref(suspects);
    if (!best.storm)
        return false;
    bool found = failure_of(failure, subject, best.storm);
    storm_free(failure->small.storm);
    failure->small = best;
    failure->seed = seed;
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

#include "common/storm/hunt.h"
#include "common/storm/draw.h"
#include "common/storm/facts.h"
#include <inttypes.h>

/* ---- Counting. ---- */

static void count(struct hunt *hunt, const struct ordeal_report *report)
{
    hunt->storms++;
    hunt->delivered += report->delivered;
    hunt->asked += report->asked;
    hunt->answered += report->answered;
    hunt->overlapping += report->overlapping;
    hunt->healed = MAX(hunt->healed, report->healed);
    for (unsigned i = 0; i < STORM_KINDS; i++)
        hunt->happened[i] += report->happened[i];
    for (unsigned i = 0; i < facts_marks(hunt->subject); i++)
        hunt->marks[i] += report->marks[i];
}

const char *hunt_unreached(const struct hunt *hunt)
{
    for (unsigned i = 0; i < facts_marks(hunt->subject); i++)
        if (hunt->marks[i] == 0)
            return hunt->subject->marks[i];
    return NULL;
}

/* ---- Hunting. ---- */

static bool pass(struct hunt *hunt)
{
    struct storm *storm = storm_draw(hunt->subject, hunt->seed);
    ordeal_run(hunt->subject, storm, (struct ordeal_wish){0}, &hunt->report);
    count(hunt, &hunt->report);
    storm_free(storm);
    return !hunt->report.id && !hunt->report.endless;
}

bool hunt_run(struct hunt *hunt)
{
    hunt->marks = g_new0(uint64_t, facts_marks(hunt->subject) + 1);
    for (hunt->seed = hunt->first; hunt->storms < hunt->count; hunt->seed++) {
        if (!pass(hunt))
            return true;
        ordeal_report_clear(&hunt->report);
        if (hunt->progress)
            hunt->progress(hunt);
    }
    return false;
}

/* ---- What it was worth. ---- */

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void write_faults(const struct hunt *hunt, FILE *file)
{
    static const char *const names[] = {"crashes",   "pauses",    "cuts",
                                        "splits",    "farewells", "drifts",
                                        "slow disks"};
    const char *between = "  faults      ";
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        fprintf(file, "%s%" PRIu64 " %s", between, hunt->happened[i], names[i]);
        between = i == 3 ? ",\n              " : ", ";
    }
    fputc('\n', file);
}

void hunt_write_health(const struct hunt *hunt, FILE *file)
{
    g_autofree char *healed = storm_time(hunt->healed);
    if (hunt->asked > 0)
        fprintf(file,
                "  operations  %" PRIu64 ", of which %.0f %% were answered and "
                "%.0f %% overlapped others\n",
                hunt->asked, percent(hunt->answered, hunt->asked),
                percent(hunt->overlapping, hunt->asked));
    write_faults(hunt, file);
    fprintf(file, "  messages    %" PRIu64 " arrived\n", hunt->delivered);
    if (hunt->healed > 0)
        fprintf(file, "  recovery    in %s at the longest\n", healed);
    for (unsigned i = 0; i < facts_marks(hunt->subject); i++)
        fprintf(file, "  %-10s  %" PRIu64 " times: %s\n",
                i == 0 ? "sometimes" : "", hunt->marks[i],
                hunt->subject->marks[i]);
}

void hunt_clear(struct hunt *hunt)
{
    ordeal_report_clear(&hunt->report);
    g_clear_pointer(&hunt->marks, g_free);
}

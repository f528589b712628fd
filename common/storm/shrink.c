/*
 * Every pass is a list of proposals. A proposal is a copy of the best storm so
 * far with one thing simpler; shrink_propose() runs it, and it becomes the best if the
 * same invariant breaks. Passes go on until one whole round gained nothing.
 *
 * Each proposal is simpler in a measure that cannot go down for ever (lines,
 * nodes, digits, times), and so it ends, even without its budget.
 */
#include "common/storm/shrink_parts.h"
#include <string.h>

/* Takes @p storm. */
bool shrink_propose(struct shrinking *shrinking, struct storm *storm)
{
    struct ordeal_report report;
    if (shrinking->budget == 0) {
        storm_free(storm);
        return false;
    }
    ordeal_run(shrinking->subject, storm, (struct ordeal_wish){0}, &report);
    shrinking->runs++;
    shrinking->budget -= MIN(shrinking->budget, report.events);
    bool same = report.id && strcmp(report.id, shrinking->id) == 0;
    storm_free(storm);
    if (same) {
        storm_free(shrinking->best);
        shrinking->best = g_steal_pointer(&report.storm);
        shrinking->broke = report.time;
        shrinking->gained = true;
    }
    ordeal_report_clear(&report);
    return same;
}

static struct storm *copy(const struct shrinking *shrinking)
{
    return storm_copy(shrinking->best);
}

/* ---- The tail. ---- */

static void cut_tail_at(struct shrinking *shrinking, nsec end)
{
    struct storm *storm = copy(shrinking);
    if (end >= storm->until) {
        storm_free(storm);
        return;
    }
    storm->until = end;
    for (unsigned i = storm->events->len; i-- > 0;)
        if (storm_event(storm, i)->at > end)
            g_array_remove_index(storm->events, i);
    shrink_propose(shrinking, storm);
}

static void cut_tail(struct shrinking *shrinking)
{
    nsec last = 0;
    cut_tail_at(shrinking, (shrinking->broke / MSEC + 1) * MSEC);
    for (unsigned i = 0; i < shrinking->best->events->len; i++)
        last = MAX(last, storm_event(shrinking->best, i)->at);
    cut_tail_at(shrinking, (last / MSEC + 1) * MSEC);
    cut_tail_at(shrinking, shrinking->best->until / 2 / MSEC * MSEC);
}

/* ---- Whole classes. ---- */

static void drop_kinds(struct shrinking *shrinking)
{
    for (enum storm_kind kind = 0; kind < STORM_KINDS; kind++) {
        struct storm *storm = copy(shrinking);
        for (unsigned i = storm->events->len; i-- > 0;)
            if (storm_event(storm, i)->kind == kind)
                g_array_remove_index(storm->events, i);
        if (storm->events->len < shrinking->best->events->len)
            shrink_propose(shrinking, storm);
        else
            storm_free(storm);
    }
}

static void propose_weather(struct shrinking *shrinking,
                            struct storm_weather weather)
{
    const struct storm_weather *old = &shrinking->best->weather;
    bool same = old->loss == weather.loss && old->repeat == weather.repeat &&
                old->turn == weather.turn && old->spread == weather.spread &&
                old->overtaking == weather.overtaking &&
                old->sync_least == weather.sync_least &&
                old->sync_most == weather.sync_most;
    if (same)
        return;
    struct storm *storm = copy(shrinking);
    storm->weather = weather;
    shrink_propose(shrinking, storm);
}

static void calm_weather(struct shrinking *shrinking)
{
#define CALMER(member, value)                                   \
    do {                                                        \
        struct storm_weather calmer = shrinking->best->weather; \
        calmer.member = value;                                  \
        propose_weather(shrinking, calmer);                     \
    } while (0)
    CALMER(loss, 0);
    CALMER(repeat, 0);
    CALMER(turn, 0);
    CALMER(spread, STORM_NONE);
    CALMER(overtaking, false);
    CALMER(sync_most, calmer.sync_least);
    CALMER(sync_least = calmer.sync_most, 0);
#undef CALMER
}

/* ---- From chances to fates. ---- */

/* Worse than most: not only in time, or later than @p late. */
static bool is_odd(const struct sim_fate *fate, nsec late)
{
    return fate->lost || fate->repeated || fate->turned > 0 ||
           fate->delay > late;
}

/* The same run, with a line for each message that fares worse than most; what is
 * no later than @p late is not late at all. */
static bool name_fates(struct shrinking *shrinking, nsec late)
{
    struct ordeal_report report;
    ordeal_run(shrinking->subject, shrinking->best,
               (struct ordeal_wish){.write_fates = true}, &report);
    struct storm *storm = g_steal_pointer(&report.storm);
    ordeal_report_clear(&report);
    nsec usual = storm->weather.least;
    struct storm_weather perfect = {
        .least = usual,
        .overtaking = storm->weather.overtaking,
        .sync_least = storm->weather.sync_least,
        .sync_most = storm->weather.sync_most,
    };
    storm->weather = perfect;
    for (unsigned i = storm->events->len; i-- > 0;) {
        struct storm_event *event = storm_event(storm, i);
        if (event->kind != STORM_MESSAGE)
            continue;
        if (event->fate.delay <= late)
            event->fate.delay = usual;
        if (event->fate.later <= late)
            event->fate.later = usual;
        if (!is_odd(&event->fate, late))
            g_array_remove_index(storm->events, i);
    }
    return shrink_propose(shrinking, storm);
}

static bool has_chances(const struct storm_weather *weather)
{
    return weather->loss > 0 || weather->repeat > 0 || weather->turn > 0 ||
           weather->spread != STORM_NONE;
}

/* The fewer lines the better: so first without those that are only late. */
static void replace_chances(struct shrinking *shrinking)
{
    nsec usual = shrinking->best->weather.least;
    const nsec late[] = {UINT64_MAX, 64 * usual, 16 * usual, 4 * usual, usual};
    if (!has_chances(&shrinking->best->weather))
        return;
    for (unsigned i = 0; i < G_N_ELEMENTS(late); i++)
        if (name_fates(shrinking, late[i]))
            return;
}

/* ---- Lines: delta debugging. ---- */

/* Without @p count lines from @p start on. */
static bool drop_lines(struct shrinking *shrinking, unsigned start,
                       unsigned count)
{
    struct storm *storm = copy(shrinking);
    count = MIN(count, storm->events->len - start);
    g_array_remove_range(storm->events, start, count);
    return shrink_propose(shrinking, storm);
}

static void drop_chunks(struct shrinking *shrinking, unsigned size)
{
    unsigned start = 0;
    while (start < shrinking->best->events->len)
        if (!drop_lines(shrinking, start, size))
            start += size;
}

static void debug_by_deltas(struct shrinking *shrinking)
{
    unsigned size = shrinking->best->events->len / 2;
    for (; size > 1; size /= 2)
        drop_chunks(shrinking, size);
    drop_chunks(shrinking, 1);
}

/* A crash, or a question, is not needed alone, but with another: pairs. */
static void drop_pairs(struct shrinking *shrinking)
{
    enum { FEW = 24 };
    for (unsigned i = 0; i < shrinking->best->events->len; i++)
        for (unsigned j = i + 1; j < shrinking->best->events->len &&
                                 shrinking->best->events->len <= FEW;
             j++) {
            struct storm *storm = copy(shrinking);
            g_array_remove_index(storm->events, j);
            g_array_remove_index(storm->events, i);
            if (shrink_propose(shrinking, storm))
                j = i;
        }
}

static void number_earlier(struct storm *storm, unsigned earlier)
{
    for (unsigned i = 0; i < storm->events->len; i++) {
        struct storm_event *event = storm_event(storm, i);
        event->number -= MIN(event->number, earlier);
    }
}

/* Without a question fewer messages are sent: those whose fate matters come
 * earlier on their links. */
static void drop_and_renumber(struct shrinking *shrinking)
{
    enum { FEW = 200, MOST = 4 };
    for (unsigned i = shrinking->best->events->len; i-- > 0;)
        for (unsigned earlier = 1; earlier <= MOST; earlier++) {
            struct storm *storm = copy(shrinking);
            if (storm_event(storm, i)->kind != STORM_MESSAGE &&
                storm->events->len <= FEW) {
                g_array_remove_index(storm->events, i);
                number_earlier(storm, earlier);
            }
            if (storm->events->len == shrinking->best->events->len)
                storm_free(storm);
            else if (shrink_propose(shrinking, storm))
                break;
        }
}

/* ---- All passes. ---- */

/* What a reader would have to read of the run as it was drawn. */
static unsigned count_lines(const struct subject *subject,
                            const struct storm *storm)
{
    struct ordeal_report report;
    ordeal_run(subject, storm, (struct ordeal_wish){.write_fates = true},
               &report);
    unsigned lines = 0;
    for (unsigned i = 0; i < report.storm->events->len; i++) {
        const struct storm_event *event = storm_event(report.storm, i);
        lines += event->kind != STORM_MESSAGE ||
                 is_odd(&event->fate, storm->weather.least);
    }
    ordeal_report_clear(&report);
    return lines;
}

struct shrunk shrink(const struct subject *subject, const struct storm *storm,
                     const char *id, uint64_t budget)
{
    struct shrinking shrinking = {
        .subject = subject,
        .id = id,
        .best = storm_copy(storm),
        .budget = budget,
        .gained = true,
    };
    unsigned before = count_lines(subject, storm);
    shrink_propose(&shrinking, storm_copy(storm));
    while (shrinking.gained && shrinking.budget > 0) {
        shrinking.gained = false;
        storm_sort(shrinking.best);
        cut_tail(&shrinking);
        drop_kinds(&shrinking);
        calm_weather(&shrinking);
        debug_by_deltas(&shrinking);
        replace_chances(&shrinking);
        debug_by_deltas(&shrinking);
        drop_pairs(&shrinking);
        drop_and_renumber(&shrinking);
        shrink_nodes(&shrinking);
        shrink_values(&shrinking);
    }
    return (struct shrunk){.storm = shrinking.best,
                           .before = before,
                           .after = shrinking.best->events->len,
                           .runs = shrinking.runs,
                           .spent = budget - shrinking.budget};
}

/*
 * A run is the simulator, stepped, and three kinds of timers of the world
 * beside its own: one for each event of the storm, which begins it; the same
 * again, which ends it (a node boots, a link is mended); and one for the end of
 * the storm, then for the end of all patience.
 *
 *     0 ---- storm ---- until ---- calm ---- deadline
 *       faults come and heal | the core heals,   | what has not come by now,
 *       holds: always ...    | the rest is frozen|  never comes
 */
#include "common/storm/facts.h"
#include "common/storm/ordeal_parts.h"
#include <inttypes.h>
#include <string.h>

static struct ordeal *under_way;

struct ordeal *ordeal_under_way(void)
{
    return under_way;
}

uint64_t ordeal_events(const struct ordeal *ordeal)
{
    return ordeal->report->events;
}

/* ---- What a checker sees and says. ---- */

struct sim *ordeal_sim(struct ordeal *ordeal)
{
    return ordeal->sim;
}

const struct storm *ordeal_storm(struct ordeal *ordeal)
{
    return ordeal->storm;
}

bool ordeal_has_healed(const struct ordeal *ordeal)
{
    return ordeal->calm;
}

void *ordeal_node(struct ordeal *ordeal, node_id id)
{
    return sim_protocol(ordeal->sim, id);
}

bool ordeal_is_core(struct ordeal *ordeal, node_id id)
{
    return ordeal->storm->core >> id & 1;
}

bool ordeal_answer(struct ordeal *ordeal, node_id id, const char *words)
{
    if (!sim_is_up(ordeal->sim, id))
        return false;
    sim_remark(ordeal->sim, id, "answer", words);
    ordeal->report->answered++;
    ordeal->underway[id] -= ordeal->underway[id] > 0;
    return true;
}

void ordeal_mark(struct ordeal *ordeal, const char *mark)
{
    const char *const *marks = ordeal->subject->marks;
    unsigned i = 0;
    while (marks && marks[i] && strcmp(marks[i], mark) != 0)
        i++;
    if (!marks || !marks[i])
        g_error("\"%s\" is no mark of the subject %s", mark,
                ordeal->subject->name);
    ordeal->report->marks[i]++;
}

void ordeal_break(struct ordeal *ordeal, node_id at, const char *id,
                  const char *format, ...)
{
    struct ordeal_report *report = ordeal->report;
    va_list arguments;
    if (report->id)
        return;
    va_start(arguments, format);
    report->why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    report->id = facts_rule(ordeal->subject, id)->id;
    report->node = at;
    g_autofree char *text = g_strdup_printf("%s: %s", id, report->why);
    sim_remark(ordeal->sim, at, "broken", text);
    ordeal->over = true;
}

void ordeal_explain(struct ordeal *ordeal, const char *lines)
{
    g_free(ordeal->report->more);
    ordeal->report->more = *lines ? g_strdup(lines) : NULL;
}

/* ---- The end of the storm. ---- */

static nsec calm_of(const struct subject *subject)
{
    return subject->calm > 0 ? subject->calm : 10 * SEC;
}

/* First the storm ends, then the patience. */
static void on_end(void *self)
{
    struct ordeal *ordeal = self;
    nsec now = sim_time(ordeal->sim);
    if (ordeal->calm) {
        ordeal->over = true;
        return;
    }
    ordeal->calm = true;
    bool in_order = ordeal->subject->spared >> CLASS_OVERTAKE & 1;
    nsec latest = weather_calm(ordeal->weather, in_order);
    nsec start = MAX(now, MAX(ordeal->paused, latest));
    faults_heal_core(ordeal);
    sim_at(ordeal->sim, &ordeal->end, start + calm_of(ordeal->subject));
}

/* ---- After each event. ---- */

static void check(struct ordeal *ordeal)
{
    const struct invariant *rule = ordeal->subject->rules;
    for (; rule && rule->id && !ordeal->over; rule++) {
        g_string_truncate(ordeal->why, 0);
        if (rule->holds && !rule->holds(ordeal->checker, ordeal->why))
            ordeal_break(ordeal, 0, rule->id, "%s", ordeal->why->str);
    }
}

/* The first that has not come yet, with a word on it; NULL: all have. */
static const struct invariant *await(struct ordeal *ordeal)
{
    const struct invariant *rule = ordeal->subject->rules;
    for (; rule && rule->id; rule++) {
        g_string_truncate(ordeal->why, 0);
        if (rule->comes && !rule->comes(ordeal->checker, ordeal->why))
            return rule;
    }
    return NULL;
}

static void step(struct ordeal *ordeal)
{
    struct ordeal_report *report = ordeal->report;
    ordeal->over |= !sim_step(ordeal->sim);
    report->events++;
    check(ordeal);
    report->endless = !ordeal->over && report->events >= ORDEAL_EVENTS;
    ordeal->over |= report->endless;
}

static void pass_the_storm(struct ordeal *ordeal)
{
    while (!ordeal->calm && !ordeal->over)
        step(ordeal);
}

/* "nodes 1, 3 and 4". Returns new. */
static char *core_of(const struct storm *storm)
{
    GString *text = g_string_new(NULL);
    uint64_t left = storm->core;
    for (node_id id = 1; left >> id > 0; id++) {
        if (!(left >> id & 1))
            continue;
        bool last = left >> id == 1;
        g_string_append(text, text->len == 0 ? "" : last ? " and " : ", ");
        g_string_append_printf(text, "%u", (unsigned)id);
    }
    bool one = (left & (left - 1)) == 0;
    g_string_prepend(text, one ? "node " : "nodes ");
    return g_string_free(text, FALSE);
}

static void recover(struct ordeal *ordeal)
{
    const struct invariant *awaited;
    while ((awaited = await(ordeal)) && !ordeal->over)
        step(ordeal);
    if (ordeal->report->id || ordeal->report->endless)
        return;
    ordeal->report->healed = sim_time(ordeal->sim) - ordeal->storm->until;
    if (!awaited)
        return;
    g_autofree char *since = storm_time(ordeal->storm->until);
    g_autofree char *waited = storm_time(ordeal->report->healed);
    g_autofree char *core = core_of(ordeal->storm);
    ordeal_break(ordeal, 0, awaited->id,
                 "%s had healed at %s, and it has not come in %s: %s", core,
                 since, waited, ordeal->why->str);
}

/* ---- A run. ---- */

static struct sim_fate decide(void *self, const struct sim_message *message)
{
    struct ordeal *ordeal = self;
    return weather_decide(ordeal->weather, message, sim_time(ordeal->sim));
}

static void on_left(void *self, const struct sim_message *message)
{
    struct ordeal *ordeal = self;
    if (ordeal->subject->left)
        ordeal->subject->left(ordeal->checker, message);
}

static void set_up_world(struct ordeal *ordeal, struct ordeal_wish wish)
{
    const struct storm *storm = ordeal->storm;
    struct sim_weather disks = {.sync_min = storm->weather.sync_least,
                                .sync_max = storm->weather.sync_most};
    ordeal->sim = sim_new(storm->nodes, storm->seed, disks);
    ordeal->weather = weather_new(storm);
    if (wish.trace)
        sim_trace(ordeal->sim, wish.trace);
    sim_set_watch(ordeal->sim,
                  (struct sim_watch){.decide = decide,
                                     .left = on_left,
                                     .describe = ordeal->subject->describe,
                                     .self = ordeal});
}

static void set_up_nodes(struct ordeal *ordeal)
{
    const struct subject *subject = ordeal->subject;
    ordeal->checker = subject->open ? subject->open(ordeal) : ordeal;
    struct sim_program program = {subject->boot, subject->stop,
                                  ordeal->checker};
    for (node_id id = 1; id <= ordeal->storm->nodes; id++)
        sim_install(ordeal->sim, id, program);
}

static void put_fates_into(struct storm *storm, GArray *fates)
{
    for (unsigned i = storm->events->len; i-- > 0;)
        if (storm_event(storm, i)->kind == STORM_MESSAGE)
            g_array_remove_index(storm->events, i);
    g_array_append_vals(storm->events, fates->data, fates->len);
}

static void finish(struct ordeal *ordeal)
{
    const struct subject *subject = ordeal->subject;
    struct ordeal_report *report = ordeal->report;
    if (!report->id && !report->endless && subject->end)
        subject->end(ordeal->checker);
    report->time = sim_time(ordeal->sim);
    report->delivered = sim_delivered(ordeal->sim);
    sim_free(ordeal->sim);
    if (subject->close)
        subject->close(ordeal->checker);
    report->storm = ordeal->storm;
    weather_free(ordeal->weather);
    g_free(ordeal->happenings);
    g_string_free(ordeal->why, TRUE);
}

void ordeal_run(const struct subject *subject, const struct storm *storm,
                struct ordeal_wish wish, struct ordeal_report *report)
{
    struct ordeal ordeal = {.subject = subject, .report = report};
    g_autoptr(GArray) fates =
        g_array_new(FALSE, TRUE, sizeof(struct storm_event));
    *report = (struct ordeal_report){
        .marks = g_new0(unsigned, facts_marks(subject) + 1)};
    ordeal.storm = storm_copy(storm);
    ordeal.why = g_string_new(NULL);
    under_way = &ordeal;
    set_up_world(&ordeal, wish);
    if (wish.write_fates)
        weather_write_down(ordeal.weather, fates);
    set_up_nodes(&ordeal);
    faults_start(&ordeal);
    ordeal.end = (struct timer){.fire = on_end, .self = &ordeal};
    sim_at(ordeal.sim, &ordeal.end, storm->until);
    pass_the_storm(&ordeal);
    recover(&ordeal);
    finish(&ordeal);
    under_way = NULL;
    if (wish.write_fates)
        put_fates_into(report->storm, fates);
}

void ordeal_report_clear(struct ordeal_report *report)
{
    g_clear_pointer(&report->storm, storm_free);
    g_clear_pointer(&report->why, g_free);
    g_clear_pointer(&report->more, g_free);
    g_clear_pointer(&report->marks, g_free);
}

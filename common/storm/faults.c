/*
 * Every fault is idempotent: a crash of what is down happens not at all, a link
 * is mended when the last cut of it ends. So a shrinker may take any line away.
 */
#include "common/storm/ordeal_parts.h"

/* ---- Links. ---- */

static void set_cut(struct ordeal *ordeal, node_id from, node_id to, bool cut)
{
    unsigned *cuts = &ordeal->cuts[from][to];
    if (from == to || (!cut && *cuts == 0))
        return;
    *cuts = cut ? *cuts + 1 : *cuts - 1;
    if (*cuts == (cut ? 1 : 0))
        sim_cut(ordeal->sim, from, to, cut);
}

static void set_split(struct ordeal *ordeal, uint64_t side, bool cut)
{
    for (node_id from = 1; from <= ordeal->storm->nodes; from++)
        for (node_id to = 1; to <= ordeal->storm->nodes; to++)
            if ((side >> from & 1) != (side >> to & 1))
                set_cut(ordeal, from, to, cut);
}

/* ---- Faults begin. ---- */

/* Each returns whether it took place. */

static bool crash(struct ordeal *ordeal, const struct storm_event *event)
{
    if (!sim_is_up(ordeal->sim, event->node))
        return false;
    if (event->effects > 0)
        sim_crash_after(ordeal->sim, event->node, event->effects, event->loss);
    else
        sim_crash_now(ordeal->sim, event->node, event->loss);
    return true;
}

static bool pause_node(struct ordeal *ordeal, const struct storm_event *event)
{
    nsec end = sim_time(ordeal->sim) + event->lasts;
    if (!sim_is_up(ordeal->sim, event->node))
        return false;
    sim_pause(ordeal->sim, event->node, event->lasts);
    ordeal->paused = MAX(ordeal->paused, end);
    return true;
}

static bool ask(struct ordeal *ordeal, const struct storm_event *event)
{
    struct ordeal_report *report = ordeal->report;
    bool busy = false;
    if (!sim_is_up(ordeal->sim, event->node) || !ordeal->subject->ask)
        return false;
    for (node_id id = 1; id <= ordeal->storm->nodes; id++)
        busy |= ordeal->underway[id] > 0;
    report->overlapping += busy;
    report->asked++;
    ordeal->underway[event->node]++;
    sim_remark(ordeal->sim, event->node, "ask", event->asked);
    ordeal->subject->ask(ordeal->checker, event->node, event->asked);
    return true;
}

static bool farewell(struct ordeal *ordeal, const struct storm_event *event)
{
    if (!sim_is_up(ordeal->sim, event->node) || event->node == event->peer)
        return false;
    sim_farewell(ordeal->sim, event->node, event->peer);
    return true;
}

static bool begin(struct ordeal *ordeal, const struct storm_event *event)
{
    switch (event->kind) {
    case STORM_CRASH:
        return crash(ordeal, event);
    case STORM_PAUSE:
        return pause_node(ordeal, event);
    case STORM_CUT:
        set_cut(ordeal, event->node, event->peer, true);
        return true;
    case STORM_SPLIT:
        set_split(ordeal, event->side, true);
        return true;
    case STORM_FAREWELL:
        return farewell(ordeal, event);
    case STORM_DRIFT:
        sim_drift(ordeal->sim, event->node, event->ppm);
        return true;
    case STORM_SLOW:
        sim_slow(ordeal->sim, event->node, event->longer);
        return true;
    case STORM_ASK:
        return ask(ordeal, event);
    case STORM_MESSAGE:
    case STORM_KINDS:
        break;
    }
    return false;
}

/* ---- Faults end. ---- */

/* A crash that has not happened yet will not. */
static void boot(struct ordeal *ordeal, node_id id)
{
    ordeal->underway[id] = 0;
    if (sim_is_up(ordeal->sim, id))
        sim_crash_after(ordeal->sim, id, 0, DISK_KEEPS);
    else
        sim_boot(ordeal->sim, id);
}

static void heal(struct ordeal *ordeal, const struct storm_event *event)
{
    switch (event->kind) {
    case STORM_CRASH:
        boot(ordeal, event->node);
        break;
    case STORM_CUT:
        set_cut(ordeal, event->node, event->peer, false);
        break;
    case STORM_SPLIT:
        set_split(ordeal, event->side, false);
        break;
    case STORM_DRIFT:
        sim_drift(ordeal->sim, event->node, 0);
        break;
    case STORM_SLOW:
        sim_slow(ordeal->sim, event->node, 0);
        break;
    case STORM_PAUSE:
    case STORM_FAREWELL:
    case STORM_ASK:
    case STORM_MESSAGE:
    case STORM_KINDS:
        break;
    }
}

/* Whose role is it now? */
static bool resolve(struct ordeal *ordeal, struct storm_event *event)
{
    if (event->node == 0 && event->role[0] && ordeal->subject->who)
        event->node = ordeal->subject->who(ordeal->checker, event->role);
    return event->node != 0 || event->kind == STORM_SPLIT;
}

/* Who is paused is asked when it goes on. */
static bool wait_until_it_hears(struct happening *happening)
{
    struct sim *sim = happening->ordeal->sim;
    const struct storm_event *event = happening->event;
    if (event->kind != STORM_ASK)
        return false;
    nsec then = sim_resumes(sim, event->node);
    if (then == sim_time(sim))
        return false;
    sim_at(sim, &happening->timer, then);
    return true;
}

static void on_happening(void *self)
{
    struct happening *happening = self;
    struct ordeal *ordeal = happening->ordeal;
    struct storm_event *event = happening->event;
    if (ordeal->calm)
        return; /* What has not healed stays as it is. */
    if (happening->begun) {
        heal(ordeal, event);
        return;
    }
    if (!resolve(ordeal, event) || wait_until_it_hears(happening))
        return;
    happening->begun = true;
    if (!begin(ordeal, event))
        return;
    ordeal->report->happened[event->kind]++;
    if (event->lasts > 0)
        sim_at(ordeal->sim, &happening->timer,
               sim_time(ordeal->sim) + event->lasts);
}

/* ---- The storm begins, and ends. ---- */

void faults_start(struct ordeal *ordeal)
{
    GArray *events = ordeal->storm->events;
    ordeal->happenings = g_new0(struct happening, events->len);
    for (unsigned i = 0; i < events->len; i++) {
        struct happening *happening = &ordeal->happenings[i];
        happening->ordeal = ordeal;
        happening->event = storm_event(ordeal->storm, i);
        happening->timer =
            (struct timer){.fire = on_happening, .self = happening};
        if (happening->event->kind != STORM_MESSAGE)
            sim_at(ordeal->sim, &happening->timer, happening->event->at);
    }
}

static void mend_core(struct ordeal *ordeal, node_id id)
{
    for (node_id peer = 1; peer <= ordeal->storm->nodes; peer++)
        if (ordeal_is_core(ordeal, peer) && ordeal->cuts[id][peer] > 0) {
            ordeal->cuts[id][peer] = 1;
            set_cut(ordeal, id, peer, false);
        }
}

void faults_heal_core(struct ordeal *ordeal)
{
    for (node_id id = 1; id <= ordeal->storm->nodes; id++) {
        if (!ordeal_is_core(ordeal, id))
            continue;
        mend_core(ordeal, id);
        boot(ordeal, id);
        sim_slow(ordeal->sim, id, 0);
        sim_drift(ordeal->sim, id, 0);
    }
}

#include "common/storm/facts.h"
#include "common/storm/shrink_parts.h"
#include <string.h>

/* ---- Fewer nodes. ---- */

static node_id renumbered(node_id id, node_id gone)
{
    return id > gone ? id - 1 : id;
}

static uint64_t without_bit(uint64_t bits, node_id gone)
{
    uint64_t low = ((uint64_t)1 << gone) - 1;
    return (bits & low) | (bits >> 1 & ~low);
}

static bool concerns(const struct storm_event *event, node_id id)
{
    return event->node == id || event->peer == id;
}

static struct storm *without_node(const struct shrinking *shrinking,
                                  node_id gone)
{
    struct storm *storm = storm_copy(shrinking->best);
    for (unsigned i = storm->events->len; i-- > 0;) {
        struct storm_event *event = storm_event(storm, i);
        if (concerns(event, gone)) {
            g_array_remove_index(storm->events, i);
            continue;
        }
        event->node = renumbered(event->node, gone);
        event->peer = renumbered(event->peer, gone);
        event->side = without_bit(event->side, gone);
    }
    storm->nodes--;
    storm->core = without_bit(storm->core, gone);
    return storm;
}

static unsigned count_core(const struct storm *storm)
{
    return (unsigned)__builtin_popcountll(storm->core);
}

/* Enough must recover: as many as of the larger world, but not more than there
 * are. */
static void fill_core(struct storm *storm, unsigned quorum)
{
    for (node_id id = 1; id <= storm->nodes && count_core(storm) < quorum; id++)
        storm->core |= (uint64_t)1 << id;
}

void shrink_nodes(struct shrinking *shrinking)
{
    const struct subject *subject = shrinking->subject;
    for (node_id id = shrinking->best->nodes; id >= 1; id--) {
        unsigned nodes = shrinking->best->nodes - 1;
        /* Those without whom it cannot recover keep their numbers. */
        if (nodes < MAX(subject->least, 1) || id > shrinking->best->nodes ||
            subject->always >> id != 0)
            continue;
        struct storm *storm = without_node(shrinking, id);
        fill_core(storm, facts_quorum(subject, nodes));
        shrink_propose(shrinking, storm);
    }
}

/* ---- Rounder values. ---- */

/* Rounded down, so that no value ever grows again. */
static nsec rounder(nsec time, unsigned step)
{
    static const nsec units[] = {SEC, 100 * MSEC, 10 * MSEC, MSEC, USEC};
    return time / units[step] * units[step];
}

/* In all that is made rounder here. */
static bool is_same(const struct storm_event *a, const struct storm_event *b)
{
    const struct sim_fate *left = &a->fate, *right = &b->fate;
    return a->at == b->at && a->lasts == b->lasts && a->longer == b->longer &&
           a->effects == b->effects && a->loss == b->loss &&
           left->repeated == right->repeated && left->delay == right->delay &&
           left->later == right->later && left->turned == right->turned;
}

static bool propose_event(struct shrinking *shrinking, unsigned i,
                          struct storm_event event)
{
    if (is_same(storm_event(shrinking->best, i), &event))
        return false;
    struct storm *storm = storm_copy(shrinking->best);
    *storm_event(storm, i) = event;
    return shrink_propose(shrinking, storm);
}

static void round_times(struct shrinking *shrinking, unsigned i, size_t member)
{
    for (unsigned step = 0; step < 5; step++) {
        struct storm_event event = *storm_event(shrinking->best, i);
        nsec *time = (nsec *)((char *)&event + member);
        *time = rounder(*time, step);
        if (*time > 0 && propose_event(shrinking, i, event))
            return;
    }
}

static void halve(struct shrinking *shrinking, unsigned i, size_t member)
{
    for (;;) {
        struct storm_event event = *storm_event(shrinking->best, i);
        nsec *time = (nsec *)((char *)&event + member);
        if (*time < 2 * MSEC)
            return;
        *time = *time / 2 / MSEC * MSEC;
        if (!propose_event(shrinking, i, event))
            return;
    }
}

static void simplify_crash(struct shrinking *shrinking, unsigned i)
{
    struct storm_event event = *storm_event(shrinking->best, i);
    event.effects = 0;
    propose_event(shrinking, i, event);
    event = *storm_event(shrinking->best, i);
    enum disk_loss loss = event.loss;
    event.loss = DISK_KEEPS;
    if (propose_event(shrinking, i, event) || loss != DISK_TEARS)
        return;
    event.loss = DISK_LOSES;
    propose_event(shrinking, i, event);
}

static void simplify_message(struct shrinking *shrinking, unsigned i)
{
    struct storm_event event = *storm_event(shrinking->best, i);
    nsec usual = shrinking->best->weather.least;
    event.fate = (struct sim_fate){.lost = event.fate.lost, .delay = usual};
    propose_event(shrinking, i, event);
    event = *storm_event(shrinking->best, i);
    event.fate.delay = usual;
    propose_event(shrinking, i, event);
    event = *storm_event(shrinking->best, i);
    event.fate.turned = 0;
    propose_event(shrinking, i, event);
    halve(shrinking, i, offsetof(struct storm_event, fate.delay));
    halve(shrinking, i, offsetof(struct storm_event, fate.later));
    round_times(shrinking, i, offsetof(struct storm_event, fate.delay));
    round_times(shrinking, i, offsetof(struct storm_event, fate.later));
}

static void simplify_event(struct shrinking *shrinking, unsigned i)
{
    halve(shrinking, i, offsetof(struct storm_event, lasts));
    round_times(shrinking, i, offsetof(struct storm_event, lasts));
    round_times(shrinking, i, offsetof(struct storm_event, longer));
    if (storm_event(shrinking->best, i)->kind == STORM_CRASH)
        simplify_crash(shrinking, i);
    if (storm_event(shrinking->best, i)->kind == STORM_MESSAGE)
        simplify_message(shrinking, i);
    else
        round_times(shrinking, i, offsetof(struct storm_event, at));
}

/* All from the i-th on come earlier, so that there is no idle time before. */
static void close_gap(struct shrinking *shrinking, unsigned i)
{
    nsec before = i > 0 ? storm_event(shrinking->best, i - 1)->at : 0;
    for (nsec left = 1; left <= 2; left++) {
        nsec at = storm_event(shrinking->best, i)->at;
        nsec gap = at > before ? at - before : 0;
        nsec less = left == 1 ? gap - MIN(gap, MSEC) : gap / 2 / MSEC * MSEC;
        if (less < MSEC)
            return;
        struct storm *storm = storm_copy(shrinking->best);
        for (unsigned j = i; j < storm->events->len; j++)
            if (storm_event(storm, j)->kind != STORM_MESSAGE)
                storm_event(storm, j)->at -= less;
        storm->until -= MIN(less, storm->until);
        if (shrink_propose(shrinking, storm))
            return;
    }
}

void shrink_values(struct shrinking *shrinking)
{
    for (unsigned i = 0; i < shrinking->best->events->len; i++) {
        if (storm_event(shrinking->best, i)->kind != STORM_MESSAGE)
            close_gap(shrinking, i);
        simplify_event(shrinking, i);
    }
    for (uint64_t seed = 1; seed < MIN(shrinking->best->seed, 4); seed++) {
        struct storm *storm = storm_copy(shrinking->best);
        storm->seed = seed;
        if (shrink_propose(shrinking, storm))
            break;
    }
}

/*
 * A budget keeps a run recoverable, and worth its time: faults that stop a node
 * (crashes and pauses) leave a quorum running, but for one class that stops all
 * at once; and what is cut or stopped stays so for at most a quarter of the
 * storm. No fault takes away what a disk has made durable.
 */
#include "common/storm/draw.h"
#include "common/storm/facts.h"
#include "common/world/dice.h"
#include <string.h>

enum { DRAW = 201, QUESTIONS = 32 };

struct drawing {
    const struct subject *subject;
    struct storm *storm;
    struct dice dice;
    bool on[CLASS_COUNT];
};

/* ---- Rolls. ---- */

static uint64_t between(struct drawing *drawing, uint64_t low, uint64_t high)
{
    return dice_between(&drawing->dice, low, high);
}

/* 2 to the power of something between both. */
static uint64_t power(struct drawing *drawing, unsigned low, unsigned high)
{
    return (uint64_t)1 << between(drawing, low, high);
}

static node_id some_node(struct drawing *drawing)
{
    return between(drawing, 1, drawing->storm->nodes);
}

static node_id another(struct drawing *drawing, node_id node)
{
    node_id nodes = drawing->storm->nodes;
    return (node - 1 + between(drawing, 1, nodes - 1)) % nodes + 1;
}

/* In whole milliseconds: somebody will read it. */
static nsec some_time(struct drawing *drawing)
{
    return between(drawing, 0, drawing->storm->until / MSEC - 1) * MSEC;
}

/* From a 1024th of the storm to a quarter of it. */
static nsec some_while(struct drawing *drawing)
{
    nsec unit = drawing->storm->until / 1024 / MSEC * MSEC;
    return MAX(unit, MSEC) * power(drawing, 0, 8);
}

/* ---- Weather. ---- */

static unsigned chance(struct drawing *drawing, enum storm_class class,
                       unsigned low, unsigned high)
{
    uint64_t chance = power(drawing, low, high);
    return drawing->on[class] ? (unsigned)chance : 0;
}

static void draw_weather(struct drawing *drawing)
{
    struct storm_weather *weather = &drawing->storm->weather;
    weather->loss = chance(drawing, CLASS_LOSS, 1, 6);
    weather->repeat = chance(drawing, CLASS_REPEAT, 1, 6);
    weather->turn = chance(drawing, CLASS_TURN, 3, 9);
    weather->least = MSEC;
    weather->more = power(drawing, 0, 5) * MSEC;
    weather->spread = drawing->on[CLASS_TAIL]    ? STORM_TAIL
                      : drawing->on[CLASS_DELAY] ? STORM_EXPONENTIAL
                                                 : STORM_EVEN;
    weather->overtaking = drawing->on[CLASS_OVERTAKE];
    weather->sync_least = power(drawing, 0, 2) * MSEC;
    weather->sync_most = weather->sync_least * power(drawing, 0, 3);
}

/* ---- Faults. ---- */

static void add(struct drawing *drawing, struct storm_event event)
{
    g_array_append_val(drawing->storm->events, event);
}

/* A node, or whoever has a role then. */
static void aim(struct drawing *drawing, struct storm_event *event)
{
    const char *const *roles = drawing->subject->roles;
    uint64_t count = roles ? g_strv_length((char **)roles) : 0;
    uint64_t choice = between(drawing, 0, 2 * count);
    event->node = some_node(drawing);
    if (choice >= count)
        return;
    event->node = 0;
    g_strlcpy(event->role, roles[choice], sizeof event->role);
}

/* How many others than this node may be down then? A role is perhaps another
 * node each time. */
static unsigned count_stopped(const struct storm *storm,
                              const struct storm_event *event)
{
    uint64_t nodes = 0;
    unsigned roles = 0;
    for (unsigned i = 0; i < storm->events->len; i++) {
        const struct storm_event *other = storm_event(storm, i);
        bool stops = other->kind == STORM_CRASH || other->kind == STORM_PAUSE;
        if (!stops || other->at + other->lasts <= event->at)
            continue;
        roles += other->node == 0;
        if (other->node != 0 && other->node != event->node)
            nodes |= (uint64_t)1 << other->node;
    }
    return roles + (unsigned)__builtin_popcountll(nodes);
}

/* May this node stop, or would too few be left? Two nodes have no spare one:
 * either may. */
static bool is_within_budget(const struct drawing *drawing,
                             const struct storm_event *event)
{
    unsigned nodes = drawing->storm->nodes;
    unsigned most = nodes - facts_quorum(drawing->subject, nodes);
    return count_stopped(drawing->storm, event) < MAX(most, 1);
}

static enum disk_loss draw_loss(struct drawing *drawing)
{
    uint64_t loss = between(drawing, DISK_TEARS, DISK_LOSES);
    return drawing->on[CLASS_TORN] ? (enum disk_loss)loss : DISK_KEEPS;
}

static void draw_farewells(struct drawing *drawing,
                           const struct storm_event *cause)
{
    if (!drawing->on[CLASS_FAREWELL] || cause->node == 0 ||
        drawing->storm->nodes < 2 || between(drawing, 0, 1) == 0)
        return;
    add(drawing, (struct storm_event){.kind = STORM_FAREWELL,
                                      .at = cause->at + 10 * MSEC,
                                      .node = another(drawing, cause->node),
                                      .peer = cause->node});
}

static void draw_crash(struct drawing *drawing, nsec at)
{
    struct storm_event event = {.kind = STORM_CRASH, .at = at};
    event.lasts = some_while(drawing);
    aim(drawing, &event);
    event.loss = draw_loss(drawing);
    if (drawing->on[CLASS_POINT])
        event.effects = (unsigned)between(drawing, 0, 8);
    if (!is_within_budget(drawing, &event))
        return;
    add(drawing, event);
    draw_farewells(drawing, &event);
}

static void draw_all_down(struct drawing *drawing, nsec at)
{
    struct storm_event event = {.kind = STORM_CRASH, .at = at};
    for (node_id id = 1; id <= drawing->storm->nodes; id++) {
        event.lasts = some_while(drawing);
        event.node = id;
        event.loss = draw_loss(drawing);
        add(drawing, event);
    }
}

static void draw_pause(struct drawing *drawing, nsec at)
{
    struct storm_event event = {.kind = STORM_PAUSE, .at = at};
    event.lasts = some_while(drawing);
    aim(drawing, &event);
    if (is_within_budget(drawing, &event))
        add(drawing, event);
}

static void draw_cut(struct drawing *drawing, nsec at)
{
    struct storm_event event = {.kind = STORM_CUT, .at = at};
    event.lasts = some_while(drawing);
    event.node = some_node(drawing);
    event.peer = another(drawing, event.node);
    add(drawing, event);
    draw_farewells(drawing, &event);
}

static void draw_split(struct drawing *drawing, nsec at)
{
    struct storm_event event = {.kind = STORM_SPLIT, .at = at};
    event.lasts = some_while(drawing);
    event.side = (uint64_t)1 << some_node(drawing);
    for (node_id id = 1; id < drawing->storm->nodes; id++)
        event.side |= between(drawing, 0, 1) << id;
    add(drawing, event);
}

static void draw_farewell(struct drawing *drawing, nsec at)
{
    struct storm_event event = {.kind = STORM_FAREWELL, .at = at};
    event.node = some_node(drawing);
    event.peer = another(drawing, event.node);
    add(drawing, event);
}

static void draw_slow(struct drawing *drawing, nsec at)
{
    struct storm_event event = {.kind = STORM_SLOW, .at = at};
    event.lasts = some_while(drawing);
    aim(drawing, &event);
    event.longer = power(drawing, 2, 8) * MSEC;
    add(drawing, event);
}

static void draw_drift(struct drawing *drawing, nsec at)
{
    struct storm_event event = {.kind = STORM_DRIFT, .at = at};
    event.lasts = some_while(drawing);
    aim(drawing, &event);
    event.ppm = (int)power(drawing, 4, 17);
    event.ppm *= between(drawing, 0, 1) ? 1 : -1;
    add(drawing, event);
}

static const struct {
    enum storm_class class;
    void (*draw)(struct drawing *drawing, nsec at);
    unsigned most; /* Two to the power of this many of them. */
} faults[] = {
    {CLASS_CRASH, draw_crash, 4},       {CLASS_PAUSE, draw_pause, 3},
    {CLASS_CUT, draw_cut, 4},           {CLASS_SPLIT, draw_split, 3},
    {CLASS_FAREWELL, draw_farewell, 3}, {CLASS_SLOW, draw_slow, 3},
    {CLASS_DRIFT, draw_drift, 3},       {CLASS_ALL_DOWN, draw_all_down, 0},
};

static void draw_faults(struct drawing *drawing)
{
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        uint64_t count = power(drawing, 0, faults[i].most);
        bool needs_two =
            faults[i].class == CLASS_CUT || faults[i].class == CLASS_FAREWELL;
        if (!drawing->on[faults[i].class] ||
            (needs_two && drawing->storm->nodes < 2))
            continue;
        for (uint64_t n = 0; n < count; n++)
            faults[i].draw(drawing, some_time(drawing));
    }
}

/* ---- Operations. ---- */

static void draw_question(struct drawing *drawing)
{
    struct storm_event event = {.kind = STORM_ASK};
    g_autoptr(GString) operation = g_string_new(NULL);
    event.at = some_time(drawing);
    event.node = some_node(drawing);
    drawing->subject->draw(&drawing->dice, event.node, operation);
    g_strlcpy(event.asked, operation->str, sizeof event.asked);
    if (operation->len > 0)
        add(drawing, event);
}

static void draw_questions(struct drawing *drawing)
{
    unsigned most = drawing->subject->questions;
    most = most > 0 ? most : QUESTIONS;
    uint64_t count = MAX(most >> between(drawing, 0, 3), 1);
    for (uint64_t n = 0; drawing->subject->draw && n < count; n++)
        draw_question(drawing);
}

/* ---- The whole. ---- */

/* Enough to go on: those without whom it cannot, and others by lot. */
static uint64_t draw_core(struct drawing *drawing)
{
    unsigned nodes = drawing->storm->nodes;
    unsigned quorum = facts_quorum(drawing->subject, nodes);
    uint64_t all = ((uint64_t)2 << nodes) - 2;
    uint64_t core = drawing->subject->always & all;
    while ((unsigned)__builtin_popcountll(core) < quorum)
        core |= (uint64_t)1 << some_node(drawing);
    return core;
}

static void draw_classes(struct drawing *drawing)
{
    for (unsigned i = 0; i < CLASS_COUNT; i++)
        drawing->on[i] =
            between(drawing, 0, 1) && !(drawing->subject->spared >> i & 1);
    drawing->on[CLASS_ALL_DOWN] &= between(drawing, 0, 3) == 0;
}

struct storm *storm_draw(const struct subject *subject, uint64_t seed)
{
    struct drawing drawing = {.subject = subject, .storm = storm_new()};
    struct storm *storm = drawing.storm;
    drawing.dice = dice_at(seed, DRAW, 0);
    g_strlcpy(storm->subject, subject->name, sizeof storm->subject);
    storm->seed = seed;
    storm->nodes = (unsigned)between(&drawing, subject->least, subject->most);
    storm->until = subject->lasts > 0 ? subject->lasts : 10 * SEC;
    storm->core = draw_core(&drawing);
    draw_classes(&drawing);
    draw_weather(&drawing);
    draw_faults(&drawing);
    draw_questions(&drawing);
    storm_sort(storm);
    return storm;
}

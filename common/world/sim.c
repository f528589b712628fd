/*
 * One heap of events carries the world: a packet on its way is a timer whose
 * firing delivers it, a sync under way is a timer whose firing makes things
 * durable. Each node keeps its own timers in a heap of its own, on its own
 * clock, and shows the world only the soonest, as its alarm. So a clock may
 * drift without touching a timer, and a crash forgets one heap.
 *
 *     node 1: timers -- alarm --.
 *     node 2: timers -- alarm --+-- events -- sim_step
 *     packets, syncs, tests ----'
 *
 * A verb may be called inside a turn or, by a test, between turns. Either way
 * it touches its node, and each step ends the turns of the touched: a sync
 * starts, the alarm is set.
 */
#include "common/world/sim_parts.h"

enum {
    MOST = 65507,      /* As a UDP datagram. */
    STANDING = 1 << 20 /* Events at one time: more is a circle. */
};

static struct node *node_of(struct env *env)
{
    return (struct node *)env;
}

static struct node *node_at(struct sim *sim, node_id id)
{
    g_assert(id >= 1 && id <= sim->count);
    return &sim->nodes[id - 1];
}

void sim_record(const struct node *node, const char *event, const char *text)
{
    struct trace_line line = {
        .time = node->sim->now, .node = node->env.id, .event = event};
    trace_write(node->sim->trace, line, text);
}

/* The dice of a node's n-th something, of this boot. */
static struct dice dice_of(const struct node *node, enum place place,
                           uint64_t number)
{
    uint64_t where = place | node->env.id << 16 | node->boots << 32;
    return dice_at(node->sim->seed, where, number);
}

/* ---- Clocks. ---- */

static nsec local_time(const struct node *node)
{
    return clock_local(&node->clock, node->sim->now);
}

static void set_alarm(struct node *node)
{
    struct timers *events = &node->sim->events;
    const struct timer *first = timers_first(&node->timers);
    if (!first) {
        timers_disarm(events, &node->alarm);
        return;
    }
    nsec due = MAX(clock_world(&node->clock, first->due), node->sim->now);
    /* One due now was perhaps armed just now: then it comes after all that is
     * already here. */
    if (node->alarm.place == 0 || node->alarm.due != due ||
        due == node->sim->now)
        timers_arm(events, &node->alarm, due);
}

static void on_alarm(void *self)
{
    struct node *node = self;
    nsec now = local_time(node);
    uint64_t mark = timers_mark(&node->timers);
    if (postpone(node, &node->alarm))
        return;
    touch(node);
    for (struct timer *due;
         !node->mute && (due = timers_due(&node->timers, now, mark));) {
        sim_record(node, "fire", NULL);
        due->fire(due->self);
    }
}

/* ---- The end of a turn. ---- */

static void on_synced(void *self)
{
    struct node *node = self;
    if (postpone(node, &node->sync))
        return;
    sim_record(node, "synced", NULL);
    disk_sync_finish(node->disk);
    gate_finish(&node->gate);
    network_release(node);
    touch(node);
}

static void start_sync(struct node *node)
{
    struct sim *sim = node->sim;
    gate_start(&node->gate);
    disk_sync_start(node->disk);
    struct dice dice = dice_of(node, SYNCS, node->gate.started);
    nsec wait =
        dice_between(&dice, sim->weather.sync_min, sim->weather.sync_max) +
        node->slow;
    if (wait > 0)
        timers_arm(&sim->events, &node->sync, sim->now + wait);
    else
        on_synced(node);
}

static void end_turns(struct sim *sim)
{
    while (sim->touched->len > 0) {
        unsigned last = sim->touched->len - 1;
        struct node *node = g_ptr_array_steal_index_fast(sim->touched, last);
        node->touched = false;
        if (node->up && node->mute)
            sim_stop(node, node->loss);
        if (!node->up)
            continue;
        if (gate_wants_sync(&node->gate))
            start_sync(node);
        set_alarm(node);
    }
}

/* ---- The nine verbs. ---- */

static nsec sim_now(struct env *env)
{
    return local_time(node_of(env));
}

static void sim_send(struct env *env, node_id to, GBytes *message)
{
    g_assert(node_of(env)->up);
    if (does(node_of(env)))
        network_send(node_of(env), to, message);
}

static void sim_arm(struct env *env, struct timer *timer, nsec delay)
{
    struct node *node = node_of(env);
    g_assert(node->up);
    touch(node);
    timers_arm(&node->timers, timer, timers_after(local_time(node), delay));
}

static void sim_disarm(struct env *env, struct timer *timer)
{
    touch(node_of(env));
    timers_disarm(&node_of(env)->timers, timer);
}

static bool writes(struct node *node, const char *event, const char *key)
{
    g_assert(node->up);
    if (!does(node))
        return false;
    sim_record(node, event, key);
    gate_write(&node->gate);
    return true;
}

static void sim_persist(struct env *env, const char *key, GBytes *value)
{
    if (writes(node_of(env), "persist", key))
        disk_persist(node_of(env)->disk, key, value);
}

static void sim_append(struct env *env, const char *key, GBytes *bytes)
{
    if (writes(node_of(env), "append", key))
        disk_append(node_of(env)->disk, key, bytes);
}

static GBytes *sim_recall(struct env *env, const char *key)
{
    return disk_recall(node_of(env)->disk, key);
}

static uint64_t sim_random(struct env *env)
{
    struct dice dice = dice_of(node_of(env), RANDOM, node_of(env)->drawn++);
    return dice_roll(&dice);
}

static void sim_note(struct env *env, const char *format, va_list arguments)
{
    struct sim *sim = node_of(env)->sim;
    struct trace_line line = {
        .time = sim->now, .node = env->id, .event = "note"};
    if (!node_of(env)->mute)
        trace_note(sim->trace, line, format, arguments);
}

static const struct env_ops sim_ops = {
    .now = sim_now,
    .send = sim_send,
    .arm = sim_arm,
    .disarm = sim_disarm,
    .persist = sim_persist,
    .append = sim_append,
    .recall = sim_recall,
    .random = sim_random,
    .note = sim_note,
};

/* ---- Life and death of a node. ---- */

/* A boot starts a clock of its own: nobody may compare it with another's, or
 * with what it showed before. */
static void begin_boot(struct node *node)
{
    node->up = true;
    node->boots++;
    node->drawn = 0;
    struct dice dice = dice_of(node, CLOCKS, 0);
    node->clock.world = node->sim->now;
    node->clock.local = dice_between(&dice, 0, 1000 * SEC);
}

static void node_init(struct sim *sim, node_id id)
{
    struct node *node = node_at(sim, id);
    node->env = (struct env){.ops = &sim_ops, .id = id, .most = MOST};
    node->sim = sim;
    node->disk = disk_new();
    node->alarm = (struct timer){.fire = on_alarm, .self = node};
    node->sync = (struct timer){.fire = on_synced, .self = node};
    begin_boot(node);
}

static void run_program(struct node *node)
{
    g_assert(!node->protocol);
    sim_record(node, "boot", NULL);
    touch(node);
    if (node->program.boot)
        node->protocol = node->program.boot(&node->env, node->program.context);
}

void sim_install(struct sim *sim, node_id id, struct sim_program program)
{
    node_at(sim, id)->program = program;
    run_program(node_at(sim, id));
}

void sim_boot(struct sim *sim, node_id id)
{
    g_assert(!node_at(sim, id)->up);
    begin_boot(node_at(sim, id));
    run_program(node_at(sim, id));
}

/* The timers go first: the protocol may disarm them, and finds them gone. */
static void stop_program(struct node *node)
{
    node->up = false;
    env_bind(&node->env, NULL, NULL);
    timers_clear(&node->timers);
    network_forget(node);
    if (node->protocol)
        node->program.stop(node->protocol);
    node->protocol = NULL;
}

void sim_stop(struct node *node, enum disk_loss loss)
{
    struct sim *sim = node->sim;
    timers_disarm(&sim->events, &node->alarm);
    timers_disarm(&sim->events, &node->sync);
    timers_disarm(&sim->events, &node->wake);
    stop_program(node);
    unsigned lost = disk_crash(node->disk, dice_of(node, CRASHES, 0), loss);
    g_autofree char *text = g_strdup_printf("loses %u writes", lost);
    sim_record(node, "crash", lost > 0 ? text : NULL);
    uint64_t syncs = node->gate.started;
    node->gate = (struct gate){.started = syncs, .done = syncs};
    node->effects = 0;
    node->mute = false;
    node->paused = 0;
}

void sim_crash(struct sim *sim, node_id id)
{
    g_assert(node_at(sim, id)->up);
    sim_stop(node_at(sim, id), DISK_TEARS);
}

/* ---- The world. ---- */

static struct timer *next_event(struct sim *sim)
{
    return timers_due(&sim->events, UINT64_MAX, UINT64_MAX);
}

struct sim *sim_new(unsigned nodes, uint64_t seed, struct sim_weather weather)
{
    struct sim *sim = g_new0(struct sim, 1);
    g_assert(nodes >= 1 && nodes <= UINT16_MAX);
    sim->seed = seed;
    sim_set_weather(sim, weather);
    sim->count = nodes;
    sim->nodes = g_new0(struct node, nodes);
    sim->links = g_new0(struct link, (size_t)nodes * nodes);
    sim->touched = g_ptr_array_new();
    for (node_id id = 1; id <= nodes; id++)
        node_init(sim, id);
    return sim;
}

void sim_free(struct sim *sim)
{
    for (node_id id = 1; id <= sim->count; id++) {
        stop_program(node_at(sim, id));
        disk_free(node_at(sim, id)->disk);
    }
    for (struct timer *event; (event = next_event(sim));)
        network_drop(event);
    timers_clear(&sim->events);
    g_ptr_array_unref(sim->touched);
    g_free(sim->nodes);
    g_free(sim->links);
    g_free(sim);
}

static void move_time(struct sim *sim, nsec now)
{
    sim->standing = now > sim->now ? 0 : sim->standing + 1;
    sim->now = now;
    if (sim->standing > STANDING)
        g_error("time stands still at %" G_GUINT64_FORMAT " ns: somebody arms "
                "with no delay, or writes to itself, again and again",
                now);
}

bool sim_step(struct sim *sim)
{
    end_turns(sim);
    struct timer *event = next_event(sim);
    if (!event)
        return false;
    move_time(sim, event->due);
    event->fire(event->self);
    end_turns(sim);
    return true;
}

void sim_run(struct sim *sim, nsec until)
{
    end_turns(sim);
    for (const struct timer *first;
         (first = timers_first(&sim->events)) && first->due <= until;)
        sim_step(sim);
    if (until > sim->now)
        move_time(sim, until);
}

/* ---- Small doors. ---- */

struct env *sim_env(struct sim *sim, node_id id)
{
    return &node_at(sim, id)->env;
}

void *sim_protocol(struct sim *sim, node_id id)
{
    return node_at(sim, id)->protocol;
}

void sim_set_weather(struct sim *sim, struct sim_weather weather)
{
    g_assert(weather.delay_min <= weather.delay_max);
    g_assert(weather.sync_min <= weather.sync_max);
    sim->weather = weather;
}

void sim_cut(struct sim *sim, node_id from, node_id to, bool cut)
{
    struct trace_line line = {.time = sim->now,
                              .node = node_at(sim, from)->env.id,
                              .event = cut ? "cut" : "mend",
                              .peer = node_at(sim, to)->env.id};
    trace_write(sim->trace, line, NULL);
    link_of(sim, from, to)->cut = cut;
}

void sim_farewell(struct sim *sim, node_id at, node_id from)
{
    network_farewell(node_at(sim, at), from);
}

void sim_drift(struct sim *sim, node_id id, int ppm)
{
    struct node *node = node_at(sim, id);
    g_assert(ABS(ppm) <= 500000);
    if (node->clock.ppm == ppm)
        return;
    node->clock = (struct clock){sim->now, local_time(node), ppm};
    sim_record(node, "drift", NULL);
    touch(node);
}

void sim_at(struct sim *sim, struct timer *timer, nsec time)
{
    timers_arm(&sim->events, timer, MAX(time, sim->now));
}

void sim_trace(struct sim *sim, FILE *file)
{
    sim->trace = file;
    if (file)
        trace_open(file);
}

nsec sim_time(const struct sim *sim)
{
    return sim->now;
}

uint64_t sim_delivered(const struct sim *sim)
{
    return sim->delivered;
}

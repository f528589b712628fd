#include "common/world/sim_parts.h"

static struct node *node_at(const struct sim *sim, node_id id)
{
    g_assert(id >= 1 && id <= sim->count);
    return &sim->nodes[id - 1];
}

void sim_set_watch(struct sim *sim, struct sim_watch watch)
{
    sim->watch = watch;
}

bool sim_is_up(const struct sim *sim, node_id id)
{
    return node_at(sim, id)->up && !node_at(sim, id)->mute;
}

GBytes *sim_stored(struct sim *sim, node_id id, const char *key)
{
    return disk_stored(node_at(sim, id)->disk, key);
}

void sim_crash_now(struct sim *sim, node_id id, enum disk_loss loss)
{
    g_assert(node_at(sim, id)->up);
    sim_stop(node_at(sim, id), loss);
}

void sim_crash_after(struct sim *sim, node_id id, unsigned effects,
                     enum disk_loss loss)
{
    struct node *node = node_at(sim, id);
    node->effects = effects;
    node->loss = loss;
}

static void on_wake(void *self)
{
    sim_record(self, "resume", NULL);
}

void sim_pause(struct sim *sim, node_id id, nsec duration)
{
    struct node *node = node_at(sim, id);
    nsec end = timers_after(sim->now, duration);
    g_assert(node->up);
    sim_record(node, "pause", NULL);
    if (end <= MAX(node->paused, sim->now))
        return;
    node->paused = end;
    node->wake.fire = on_wake;
    node->wake.self = node;
    timers_arm_first(&sim->events, &node->wake, end);
}

nsec sim_resumes(const struct sim *sim, node_id id)
{
    return MAX(node_at(sim, id)->paused, sim->now);
}

void sim_slow(struct sim *sim, node_id id, nsec longer)
{
    struct node *node = node_at(sim, id);
    if (node->slow != longer)
        sim_record(node, "slow", longer > 0 ? "begins" : "ends");
    node->slow = longer;
}

void sim_remark(struct sim *sim, node_id id, const char *event,
                const char *text)
{
    struct trace_line line = {.time = sim->now, .node = id, .event = event};
    trace_write(sim->trace, line, text);
}

/*
 * A protocol of yours before the judge: copy this file, replace what is there,
 * and run
 *
 *     make storm MINE=yours.c
 *
 * This one is a beacon. Node 1 counts, and says so; the others remember. What a
 * subject may also have stands in common/storm/subject.h.
 */
#include "common/storm/main.h"
#include "common/storm/ordeal.h"
#include <string.h>

/* ---- The protocol: it knows its env, and nothing else. ---- */

struct beacon {
    struct env *env;
    struct timer timer;
    unsigned number;
};

static void on_number(void *self, node_id from, GBytes *message)
{
    struct beacon *beacon = self;
    unsigned number;
    if (from != 1 || g_bytes_get_size(message) != sizeof number)
        return;
    memcpy(&number, g_bytes_get_data(message, NULL), sizeof number);
    beacon->number = MAX(beacon->number, number);
}

static void on_tick(void *self)
{
    struct beacon *beacon = self;
    beacon->number += beacon->number < 100;
    g_autoptr(GBytes) number =
        g_bytes_new(&beacon->number, sizeof beacon->number);
    env_persist(beacon->env, "number", number);
    for (node_id id = 2; id <= 3; id++)
        env_send(beacon->env, id, number);
    env_arm(beacon->env, &beacon->timer, 100 * MSEC);
}

static void *boot(struct env *env, void *checker)
{
    struct beacon *beacon = g_new0(struct beacon, 1);
    g_autoptr(GBytes) number = env_recall(env, "number");
    (void)checker;
    if (number)
        memcpy(&beacon->number, g_bytes_get_data(number, NULL),
               sizeof beacon->number);
    beacon->env = env;
    beacon->timer = (struct timer){.fire = on_tick, .self = beacon};
    env_bind(env, on_number, beacon);
    if (env->id == 1)
        env_arm(env, &beacon->timer, 0);
    return beacon;
}

static void stop(void *self)
{
    struct beacon *beacon = self;
    env_disarm(beacon->env, &beacon->timer);
    g_free(beacon);
}

/* ---- The judge's side: ten lines are enough. ---- */

static bool nobody_is_ahead(void *ordeal, GString *why)
{
    const struct beacon *first = ordeal_node(ordeal, 1);
    for (node_id id = 2; first && id <= 3; id++) {
        const struct beacon *other = ordeal_node(ordeal, id);
        if (!other || other->number <= first->number)
            continue;
        g_string_append_printf(why, "node %u knows %u, and node 1 %u",
                               (unsigned)id, other->number, first->number);
        return false;
    }
    return true;
}

static const struct invariant rules[] = {
    {"B1", "Nobody is ahead of node 1.", .holds = nobody_is_ahead}, {0}};

static const struct subject beacon = {
    .name = "beacon",
    .least = 3, /* Nodes: this protocol knows that they are three. */
    .most = 3,
    .spared = 1 << CLASS_TURN, /* Its messages have no check sum. */
    .always = 1 << 1,          /* Without node 1 nothing goes on. */
    .boot = boot,
    .stop = stop,
    .rules = rules};

int main(int argc, char **argv)
{
    return storm_main(argc, argv, &beacon);
}

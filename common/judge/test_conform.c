/*
 * The contract, judged for the worlds that common/ has: the tape, the simulator
 * in fair and in foul weather, and a layer over the simulator.
 */
#include "common/judge/conform.h"
#include "common/world/sim.h"
#include "common/world/tape.h"
#include <string.h>

enum { NODES = 2 };

/* ---- The tape. ---- */

static void *open_tape(uint64_t seed)
{
    (void)seed;
    return tape_new(1);
}

static struct env *env_of_tape(void *world, node_id id)
{
    g_assert(id == 1);
    return tape_env(world);
}

static void pass_tape(void *world, nsec time)
{
    tape_pass(world, time);
}

static void crash_tape(void *world)
{
    tape_crash(world);
}

static void close_tape(void *world)
{
    tape_free(world);
}

/* ---- The simulator. ---- */

static const struct sim_weather fair = {.delay_min = MSEC,
                                        .delay_max = MSEC,
                                        .sync_min = 2 * MSEC,
                                        .sync_max = 9 * MSEC};
static const struct sim_weather foul = {
    .repeat = 300, .delay_max = 9 * MSEC, .sync_max = 9 * MSEC};

static void *open_fair(uint64_t seed)
{
    return sim_new(NODES, seed, fair);
}

static void *open_foul(uint64_t seed)
{
    return sim_new(NODES, seed, foul);
}

static struct env *env_of_sim(void *world, node_id id)
{
    return sim_env(world, id);
}

static void pass_sim(void *world, nsec time)
{
    sim_run(world, sim_time(world) + time);
}

static void crash_sim(void *world)
{
    sim_crash(world, 1);
    sim_boot(world, 1);
}

/* A sync takes an hour, and the next one too. */
static void stall_sim(void *world, void (*during)(void *, int), void *self)
{
    struct sim_weather slow = fair;
    slow.sync_min = slow.sync_max = 3600 * SEC;
    sim_set_weather(world, slow);
    pass_sim(world, 20 * MSEC);
    during(self, 1);
    pass_sim(world, 3600 * SEC);
    during(self, 2);
    sim_set_weather(world, fair);
    pass_sim(world, 3600 * SEC);
}

static void close_sim(void *world)
{
    sim_free(world);
}

/* ---- A layer: it numbers its messages, and drops those it has seen. ---- */

struct layer {
    struct env env;
    uint64_t sent;
    GHashTable *seen; /* Numbers, as pointers. */
};

static void layer_send(struct env *env, node_id to, GBytes *message)
{
    struct layer *layer = (struct layer *)env;
    if (to == env->id) {
        env_send(env->below, to, message);
        return;
    }
    uint64_t number = ++layer->sent;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, (uint8_t *)&number, sizeof number);
    g_byte_array_append(bytes, g_bytes_get_data(message, NULL),
                        (guint)g_bytes_get_size(message));
    g_autoptr(GBytes) numbered =
        g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
    env_send(env->below, to, numbered);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct layer *layer = self;
    uint64_t number;
    size_t size = g_bytes_get_size(message);
    if (from == layer->env.id) {
        env_deliver(&layer->env, from, message);
        return;
    }
    if (size < sizeof number)
        return;
    memcpy(&number, g_bytes_get_data(message, NULL), sizeof number);
    if (!g_hash_table_add(layer->seen, GSIZE_TO_POINTER(number)))
        return;
    g_autoptr(GBytes) rest =
        g_bytes_new_from_bytes(message, sizeof number, size - sizeof number);
    env_deliver(&layer->env, from, rest);
}

static void *layer_boot(struct env *below, void *context)
{
    static const struct env_ops ops = {.send = layer_send};
    struct layer *layer = g_new0(struct layer, 1);
    (void)context;
    layer->env = (struct env){.ops = &ops,
                              .below = below,
                              .id = below->id,
                              .most = below->most - sizeof layer->sent};
    layer->seen = g_hash_table_new(NULL, NULL);
    env_bind(below, on_message, layer);
    return layer;
}

static void layer_stop(void *self)
{
    struct layer *layer = self;
    g_hash_table_unref(layer->seen);
    g_free(layer);
}

static void *open_layered(uint64_t seed)
{
    struct sim *sim = open_foul(seed);
    for (node_id id = 1; id <= NODES; id++)
        sim_install(sim, id,
                    (struct sim_program){layer_boot, layer_stop, NULL});
    return sim;
}

static struct env *env_of_layered(void *world, node_id id)
{
    return &((struct layer *)sim_protocol(world, id))->env;
}

/* ---- All of them. ---- */

#define SIM                                                              \
    .connected = true, .overlaps = true, .rounds = 20, .pass = pass_sim, \
    .crash = crash_sim, .stall = stall_sim, .close = close_sim

int main(int argc, char **argv)
{
    static const struct conform_world worlds[] = {
        {.name = "tape",
         .open = open_tape,
         .env = env_of_tape,
         .pass = pass_tape,
         .crash = crash_tape,
         .close = close_tape},
        {.name = "sim, fair", .open = open_fair, .env = env_of_sim, SIM},
        {.name = "sim, foul", .open = open_foul, .env = env_of_sim, SIM},
        {.name = "layer", .open = open_layered, .env = env_of_layered, SIM},
    };
    return conform_run(argc, argv, worlds, G_N_ELEMENTS(worlds));
}

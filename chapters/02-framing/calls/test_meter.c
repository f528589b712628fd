/* The meter keeps the contract, over a simulator that repeats and reorders. */
#include "02-framing/calls/meter.h"
#include "common/judge/conform.h"
#include "common/world/sim.h"

enum { NODES = 2 };

static void *boot(struct env *env, void *context)
{
    (void)context;
    return meter_new(env);
}

static void stop(void *meter)
{
    meter_free(meter);
}

static const struct sim_weather foul = {
    .repeat = 300, .delay_max = 9 * MSEC, .sync_max = 9 * MSEC};

static void *open_metered(uint64_t seed)
{
    struct sim *sim = sim_new(NODES, seed, foul);
    for (node_id id = 1; id <= NODES; id++)
        sim_install(sim, id, (struct sim_program){boot, stop, NULL});
    return sim;
}

static struct env *env_of_metered(void *world, node_id id)
{
    return meter_env(sim_protocol(world, id));
}

static void pass_metered(void *world, nsec time)
{
    sim_run(world, sim_time(world) + time);
}

static void crash_metered(void *world)
{
    sim_crash(world, 1);
    sim_boot(world, 1);
}

/* A sync takes an hour, and the next one too. */
static void stall_metered(void *world, void (*during)(void *, int), void *self)
{
    struct sim_weather slow = foul;
    slow.sync_min = slow.sync_max = 3600 * SEC;
    sim_set_weather(world, slow);
    pass_metered(world, 20 * MSEC);
    during(self, 1);
    pass_metered(world, 3600 * SEC);
    during(self, 2);
    sim_set_weather(world, foul);
    pass_metered(world, 3600 * SEC);
}

static void close_metered(void *world)
{
    sim_free(world);
}

int main(int argc, char **argv)
{
    static const struct conform_world worlds[] = {
        {.name = "meter",
         .connected = true,
         .overlaps = true,
         .rounds = 10,
         .open = open_metered,
         .env = env_of_metered,
         .pass = pass_metered,
         .crash = crash_metered,
         .stall = stall_metered,
         .close = close_metered},
    };
    return conform_run(argc, argv, worlds, G_N_ELEMENTS(worlds));
}

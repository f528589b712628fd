/**
 * @file test_reliable_conform.h
 * The contract of an env, for a reliable layer over the simulator, in fair
 * weather and in foul.
 */
#ifndef TEST_RELIABLE_CONFORM_H
#define TEST_RELIABLE_CONFORM_H
#include "03-transport/reliable.h"
#include "common/course/graded.h"
#include "common/judge/conform.h"
#include "common/world/sim.h"

static const struct sim_weather fair = {.delay_min = MSEC,
                                        .delay_max = MSEC,
                                        .sync_min = 2 * MSEC,
                                        .sync_max = 9 * MSEC};
static const struct sim_weather foul = {
    .loss = 200, .repeat = 300, .delay_max = 9 * MSEC, .sync_max = 9 * MSEC};

/** Which layer the worlds are of. */
static const struct reliable *conforming;

static void *raise_layer(struct env *env, void *context)
{
    const struct reliable *kind = context;
    return kind->raise(env);
}

static struct sim *open_world(uint64_t seed, struct sim_weather weather)
{
    struct sim *sim = sim_new(2, seed, weather);
    for (node_id id = 1; id <= 2; id++)
        sim_install(sim, id,
                    (struct sim_program){raise_layer, conforming->lower,
                                         (void *)conforming});
    return sim;
}

static void *open_fair(uint64_t seed)
{
    return open_world(seed, fair);
}

static void *open_foul(uint64_t seed)
{
    return open_world(seed, foul);
}

static struct env *env_of_world(void *world, node_id id)
{
    return conforming->env(sim_protocol(world, id));
}

static void go_on(struct sim *sim, nsec time)
{
    sim_run(sim, sim_time(sim) + time);
}

/* Ten times as much as is asked for: what is lost is sent again in it. */
static void pass_world(void *world, nsec time)
{
    go_on(world, 10 * time);
}

static void crash_world(void *world)
{
    sim_crash(world, 1);
    sim_boot(world, 1);
}

/* A sync takes some seconds, and the next one too; all the time it is sent
 * again. */
static void stall_world(void *world, void (*during)(void *, int), void *self)
{
    struct sim_weather slow = fair;
    slow.sync_min = slow.sync_max = 5 * SEC;
    sim_set_weather(world, slow);
    go_on(world, 20 * MSEC);
    during(self, 1);
    go_on(world, 5 * SEC);
    during(self, 2);
    sim_set_weather(world, fair);
    go_on(world, 5 * SEC);
}

static void close_world(void *world)
{
    sim_free(world);
}

#define WORLD                                                              \
    .connected = true, .overlaps = true, .rounds = 3, .env = env_of_world, \
    .pass = pass_world, .crash = crash_world, .stall = stall_world,        \
    .close = close_world

/** Every sentence of the contract holds of what @p kind offers. */
static void expect_conforming(const struct reliable *kind)
{
    static const struct conform_world worlds[] = {
        {.name = "fair", .open = open_fair, WORLD},
        {.name = "foul", .open = open_foul, WORLD}};
    conforming = kind;
    for (unsigned i = 0; i < G_N_ELEMENTS(worlds); i++)
        for (unsigned j = 0; conform_sentences[j]; j++) {
            g_autofree char *wrong =
                conform_judge(&worlds[i], conform_sentences[j]);
            expect_that(!wrong, conform_sentences[j], "%s (%s weather)", wrong,
                        worlds[i].name);
        }
}

#endif

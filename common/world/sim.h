/**
 * @file sim.h
 * A world from one seed: same seed, same outcome, on every machine.
 *
 *     struct sim *sim = sim_new(3, seed, (struct sim_weather){.loss = 100});
 *     sim_install(sim, 1, (struct sim_program){boot, stop, context});
 *     sim_run(sim, 10 * SEC);
 *     sim_crash(sim, 1);   // What was not durable may be lost or torn.
 *     sim_boot(sim, 1);    // boot() again: it recalls what survived.
 *
 * Nodes are 1 to n; a turn is one event of one node. The fate of the n-th
 * message on a link, the length of the n-th sync and the n-th random number of
 * a node's boot are rolled from the seed and that n alone: take one event away,
 * and all others stay as they were.
 */
#ifndef WORLD_SIM_H
#define WORLD_SIM_H
#include "common/world/env.h"
#include <stdio.h>

struct sim;

/** The weather. Chances are per message, in parts of a thousand. */
struct sim_weather {
    unsigned loss;   /**< Chance that a message is lost. */
    unsigned repeat; /**< Chance that it arrives twice. */
    nsec delay_min;  /**< On its way at least so long ... */
    nsec delay_max;  /**< ... at most so long: a spread reorders messages. Less
                        than delay_min is a broken invariant: it aborts. */
    nsec sync_min;   /**< A disk takes at least so long to sync ... */
    nsec sync_max;   /**< ... at most so long. */
};

/** What runs on a node. */
struct sim_program {
    void *(*boot)(struct env *env, void *context); /**< Make it. */
    void (*stop)(void *protocol); /**< Free it: it may disarm, no more. */
    void *context;                /**< Handed to boot. */
};

/** A world of nodes 1 to @p nodes (at most 65535), all up, that run nothing
 * yet. Returns new. */
struct sim *sim_new(unsigned nodes, uint64_t seed, struct sim_weather weather);
/** The env of node @p id. Borrowed from @p sim. */
struct env *sim_env(struct sim *sim, node_id id);
/** Name the program of a node, and make it. */
void sim_install(struct sim *sim, node_id id, struct sim_program program);
/** What boot() made; NULL while the node is down. */
void *sim_protocol(struct sim *sim, node_id id);

/** Change the weather, for what is sent or synced from now on. */
void sim_set_weather(struct sim *sim, struct sim_weather weather);
/** Cut, or mend, the link one way. What is on its way is lost too. */
void sim_cut(struct sim *sim, node_id from, node_id to, bool cut);
/** Tell node @p at that its link to @p from is broken: true or not. */
void sim_farewell(struct sim *sim, node_id at, node_id from);
/** From now on the node's clock gains @p ppm microseconds a second, at most
 * half a million; negative: it loses them. */
void sim_drift(struct sim *sim, node_id id, int ppm);
/** Stop a node that is up: its timers and what it held back are gone, its disk
 * is torn. Between events only, or from a sim_at() timer: never from inside a
 * protocol. */
void sim_crash(struct sim *sim, node_id id);
/** Boot a node that is down: a new clock, and its program made again. */
void sim_boot(struct sim *sim, node_id id);
/** Fire @p timer at @p time of the world: for tests, never for protocols. */
void sim_at(struct sim *sim, struct timer *timer, nsec time);
/** Write what happens to @p file, see trace.h; NULL stops. Borrows it. */
void sim_trace(struct sim *sim, FILE *file);

/** Run one event; false when there is none left. Stops the program when time
 * stands still: a protocol that arms with no delay for ever. */
bool sim_step(struct sim *sim);
/** Run all events up to @p until, a time of the world, and go there. */
void sim_run(struct sim *sim, nsec until);
/** The world's time: 0 at its beginning. */
nsec sim_time(const struct sim *sim);
/** Messages handed to a node so far. */
uint64_t sim_delivered(const struct sim *sim);
/** Free the world, its programs first. */
void sim_free(struct sim *sim);

#endif

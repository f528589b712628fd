/**
 * @file sim_faults.h
 * What else can befall a node of the simulator, and who looks on: for storms.
 *
 *     sim_crash_after(sim, 2, 3, DISK_LOSES);   // in the midst of a turn
 *     sim_pause(sim, 1, 5 * SEC);               // as SIGSTOP does
 *     sim_set_watch(sim, (struct sim_watch){.decide = decide, .self = self});
 *
 * Whoever decides the fates of messages can write them down, and decide the
 * same, or nearly the same, the next time: so a storm is replayed, and shrunk.
 */
#ifndef WORLD_SIM_FAULTS_H
#define WORLD_SIM_FAULTS_H
#include "common/world/disk.h"
#include "common/world/sim.h"

/** A message that leaves its node. */
struct sim_message {
    node_id from;    /**< Who sends. */
    node_id to;      /**< To whom; perhaps itself. */
    uint64_t number; /**< The how-many-th on that link, from 0. */
    GBytes *bytes;   /**< Borrowed. */
};

/** What becomes of it. */
struct sim_fate {
    bool lost;       /**< It never arrives. */
    bool repeated;   /**< It arrives twice. */
    nsec delay;      /**< So long after it left. */
    nsec later;      /**< And its copy so long after. */
    uint64_t turned; /**< Bit so many less one arrives turned; 0: none. */
};

/** Who looks on. What is NULL is not asked. */
struct sim_watch {
    /** In the place of the weather: what becomes of @p message, which is not
     * to its sender itself. */
    struct sim_fate (*decide)(void *self, const struct sim_message *message);
    /** It has left its node: so all that was written before is durable. */
    void (*left)(void *self, const struct sim_message *message);
    /** Say in the trace what a message says, in a few words. */
    void (*describe)(GString *text, GBytes *message);
    void *self; /**< The first argument. */
};

/** Let @p watch look on. */
void sim_set_watch(struct sim *sim, struct sim_watch watch);
/** Is the node up? Not when it has had its last effect, see below. */
bool sim_is_up(const struct sim *sim, node_id id);
/** What its disk holds for certain; NULL: nothing. Returns new. */
GBytes *sim_stored(struct sim *sim, node_id id, const char *key);

/** Crash a node that is up, now. */
void sim_crash_now(struct sim *sim, node_id id, enum disk_loss loss);
/** Crash it when it has sent, persisted and appended @p effects times from now
 * on: what its handler still does then does not happen. 0: forget it. */
void sim_crash_after(struct sim *sim, node_id id, unsigned effects,
                     enum disk_loss loss);
/** Nothing happens on a node that is up for so long, and longer if it was
 * paused for longer; what comes meanwhile, comes then, in its order. */
void sim_pause(struct sim *sim, node_id id, nsec duration);
/** When it goes on: now, if it is not paused. */
nsec sim_resumes(const struct sim *sim, node_id id);
/** From now on its disk takes @p longer to sync than the weather says. */
void sim_slow(struct sim *sim, node_id id, nsec longer);
/** A line of the trace by whoever looks on: @p id may be 0, nobody. */
void sim_remark(struct sim *sim, node_id id, const char *event,
                const char *text);

#endif

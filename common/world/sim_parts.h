/**
 * @file sim_parts.h
 * What the parts of the simulator share: sim.c, the nodes and the world, and
 * network.c, the messages between them. Nobody else includes this.
 */
#ifndef WORLD_SIM_PARTS_H
#define WORLD_SIM_PARTS_H
#include "common/world/clock.h"
#include "common/world/dice.h"
#include "common/world/disk.h"
#include "common/world/gate.h"
#include "common/world/sim.h"
#include "common/world/sim_faults.h"
#include "common/world/timers.h"
#include "common/world/trace.h"

/** The places where dice are rolled: see dice.h. */
enum place { SYNCS = 1, RANDOM, CRASHES, CLOCKS, LINKS };

/** One machine. */
struct node {
    struct env env;
    struct sim *sim;
    struct sim_program program;
    void *protocol; /**< What program.boot made; NULL while down. */
    bool up;
    bool touched;         /**< It did something: its turn is to be ended. */
    unsigned effects;     /**< It crashes after so many; 0: it does not. */
    bool mute;            /**< And now it has had them. */
    enum disk_loss loss;  /**< What the disk then does. */
    nsec paused;          /**< Nothing happens on it before. */
    struct timer wake;    /**< The world's: when that is over. */
    nsec slow;            /**< Its disk takes so much longer to sync. */
    struct timers timers; /**< On this node's clock. */
    struct timer alarm;   /**< The world's: when the soonest of them is due. */
    struct clock clock;
    struct disk *disk;
    struct gate gate;
    struct timer sync; /**< The world's: when the sync under way is done. */
    GQueue held;       /**< Packets that the gate does not let pass yet. */
    uint64_t boots;
    uint64_t drawn; /**< Random numbers since the boot. */
};

/** From one node to another. */
struct link {
    bool cut;
    uint64_t sent; /**< How many messages have left. */
};

/** The world. */
struct sim {
    nsec now;
    uint64_t standing; /**< Events since the time moved last. */
    uint64_t seed;
    uint64_t delivered;
    struct sim_weather weather;
    struct sim_watch watch;
    struct timers events; /**< Everything that will happen. */
    GPtrArray *touched;   /**< Borrowed nodes whose turn is to be ended. */
    unsigned count;
    struct node *nodes; /**< nodes[id - 1] */
    struct link *links; /**< count x count, a row for each sender. */
    FILE *trace;
};

/** The link between two nodes of this world. */
static inline struct link *link_of(struct sim *sim, node_id from, node_id to)
{
    return &sim->links[(from - 1) * sim->count + to - 1];
}

/** Something happened on @p node: end its turn before the next event. */
static inline void touch(struct node *node)
{
    if (!node->touched)
        g_ptr_array_add(node->sim->touched, node);
    node->touched = true;
}

/** The node does something that can be seen from outside. False when it has
 * done its last, and is about to crash. */
static inline bool does(struct node *node)
{
    if (node->mute)
        return false;
    touch(node);
    node->mute = node->effects > 0 && --node->effects == 0;
    return true;
}

/** Is it paused? Then @p event comes when it goes on, before what comes
 * then. */
static inline bool postpone(struct node *node, struct timer *event)
{
    if (node->sim->now >= node->paused)
        return false;
    timers_arm_first(&node->sim->events, event, node->paused);
    return true;
}

/** Write down that @p event happened on @p node. */
void sim_record(const struct node *node, const char *event, const char *text);
/** Crash @p node. */
void sim_stop(struct node *node, enum disk_loss loss);

/** Send @p message as soon as the gate lets it pass. Borrows it. */
void network_send(struct node *node, node_id to, GBytes *message);
/** A sync is done: send what the gate lets pass now. */
void network_release(struct node *node);
/** Drop what the gate held back. */
void network_forget(struct node *node);
/** Deliver a farewell to @p node. */
void network_farewell(struct node *node, node_id from);
/** If @p timer, disarmed, is a packet on its way, free it. */
void network_drop(struct timer *timer);

#endif

/**
 * @file gate.h
 * The output rule, as three numbers.
 *
 * Nothing leaves a node before everything it wrote earlier, in program order,
 * is durable; and yet the disk works while later turns run. Syncs are numbered.
 * A write is covered by the next sync to start. What wants to leave takes a
 * stamp, the number of the last sync it must wait for, and may leave once that
 * sync is done:
 *
 *     packet->stamp = gate_stamp(gate);          // when it is written
 *     if (gate_passes(gate, packet->stamp))      // when it would leave
 *
 * Every way out of a node, simulated or real, asks the one gate of that node.
 * Stamps never fall, so a queue of stamped things leaves in its order.
 *
 * Invariant: done <= started <= done + 1.
 */
#ifndef WORLD_GATE_H
#define WORLD_GATE_H
#include <stdbool.h>
#include <stdint.h>

/** A node's syncs. All zero at birth. */
struct gate {
    uint64_t started; /**< Syncs that have started. */
    uint64_t done;    /**< Syncs that are done. */
    bool dirty;       /**< Something was written since the last one started. */
};

/** Something was written. */
static inline void gate_write(struct gate *gate)
{
    gate->dirty = true;
}

/** The sync that what is sent now must wait for. */
static inline uint64_t gate_stamp(const struct gate *gate)
{
    return gate->started + gate->dirty;
}

/** May a thing with this stamp leave? */
static inline bool gate_passes(const struct gate *gate, uint64_t stamp)
{
    return stamp <= gate->done;
}

/** At the end of a turn: is there something to sync, and is the disk free? */
static inline bool gate_wants_sync(const struct gate *gate)
{
    return gate->dirty && gate->started == gate->done;
}

/** A sync starts: it covers all that was written so far. */
static inline void gate_start(struct gate *gate)
{
    gate->started++;
    gate->dirty = false;
}

/** The sync that was started is done. */
static inline void gate_finish(struct gate *gate)
{
    gate->done = gate->started;
}

#endif

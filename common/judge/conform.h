/**
 * @file conform.h
 * The contract of common/world/CONTRACT.md as a library of tests: whoever
 * writes an env, or a layer that offers one, lets it be judged here.
 *
 *     int main(int argc, char **argv)
 *     {
 *         static const struct conform_world worlds[] = {
 *             {.name = "tape", .open = open_tape, ...},
 *         };
 *         return conform_run(argc, argv, worlds, G_N_ELEMENTS(worlds));
 *     }
 *
 * A world is opened afresh for each sentence. Its node 1 is on trial; node 2,
 * where there is one, is told to answer. Nothing here depends on how fast the
 * machine is: what must happen is awaited, what must not is asked about while
 * the disk is held.
 */
#ifndef JUDGE_CONFORM_H
#define JUDGE_CONFORM_H
#include "common/world/env.h"

/** How to handle one kind of world. */
struct conform_world {
    const char *name; /**< "sim, with a disk that takes 20 ms". */
    bool connected;   /**< There is a node 2, and messages reach it. */
    bool overlaps;    /**< Later turns run while the disk works. */
    unsigned rounds;  /**< Each sentence is tried with seeds 1 to this. */
    /** Make it: both nodes up. */
    void *(*open)(uint64_t seed);
    /** The env of node 1 or 2, as it is now. */
    struct env *(*env)(void *world, node_id id);
    /** Let at least @p time pass, with all that happens in it. */
    void (*pass)(void *world, nsec time);
    /** Crash node 1 and boot it again: its env may be another one then. */
    void (*crash)(void *world);
    /** End node 1's turn and do the sync it wants, then the next, if by then
     * it wants one. While the disk is busy with the first, and again with the
     * second, let time pass for all, or at least for node 2, and call
     * @p during with 1, then 2. NULL: this world's disk is durable at once. */
    void (*stall)(void *world, void (*during)(void *self, int sync),
                  void *self);
    /** Free it. */
    void (*close)(void *world);
};

/** The sentences, in the order of the contract; a NULL ends them. */
extern const char *const conform_sentences[];
/** Judge @p world by one sentence. NULL when it keeps it; else what was
 * expected and what came. Returns new. */
char *conform_judge(const struct conform_world *world, const char *sentence);
/** Judge @p count worlds by every sentence, or those that match argv[1], as a
 * cmocka program. Returns what main should. */
int conform_run(int argc, char **argv, const struct conform_world *worlds,
                size_t count);

#endif

/**
 * @file explorer.h
 * Every way in which messengers can be caught, and what comes of it.
 *
 *     struct generals_report report = generals_explore(&protocol);
 *     story_draw(stdout, &report.worst);
 *
 * A run is decided by the order and by who is caught, for a protocol's
 * functions look at nothing else. So all runs are a tree, with up to four
 * branches in each round, and the explorer walks through all of it.
 *
 * It finds one that is lost, whatever the protocol. generals_chain() says why.
 */
#ifndef TRANSPORT_EXPLORER_H
#define TRANSPORT_EXPLORER_H
#include "03-transport/generals/generals.h"
#include <stdint.h>

/** What happened in a round; [0] is general 1's messenger. */
struct generals_round {
    unsigned sent[2]; /**< What they took along; 0: none was sent. */
    bool came[2];     /**< They were not caught. */
};

/** From the first evening to dawn. */
struct generals_run {
    struct general general[2];                        /**< At dawn. */
    struct generals_round round[GENERALS_ROUNDS + 1]; /**< From 1 on. */
    bool attacks[2];                                  /**< At dawn, too. */
    unsigned sent;                                    /**< Messengers ... */
    unsigned caught; /**< ... and those of them who were caught. */
};

/** How it ended. */
enum generals_end {
    GENERALS_WELL,   /**< As it should. */
    GENERALS_ALONE,  /**< One attacks, the other does not. */
    GENERALS_WAITED, /**< An order, nobody caught, and nobody attacks. */
    GENERALS_UNASKED /**< Both attack, and there was no order. */
};

/** All runs. */
struct generals_report {
    unsigned runs;             /**< With an order and without. */
    unsigned lost;             /**< Those that do not end well. */
    uint64_t odds;             /**< How likely is that, if there is an order and
                                    half are caught? In 1 / GENERALS_ODDS. */
    struct generals_run worst; /**< Of the lost, one with the fewest caught. */
};
enum {
    GENERALS_ODDS = 1 << 2 * GENERALS_ROUNDS, /**< Of report.odds: one. */
    GENERALS_CHAIN = 2 * GENERALS_ROUNDS + 2  /**< No chain is longer. */
};

/** How did it end? */
enum generals_end generals_end_of(const struct generals_run *run);
/** Walk through all runs. */
struct generals_report
generals_explore(const struct generals_protocol *protocol);
/** The chain, and how long it is. First comes the run in which nobody is
 * caught; then, in each, one messenger fewer arrives, the last that did; then
 * the one in which none does, without an order. Of each run and the next,
 * general same[i] cannot see the difference, and so does the same in both. */
unsigned generals_chain(const struct generals_protocol *protocol,
                        struct generals_run chain[GENERALS_CHAIN],
                        unsigned same[GENERALS_CHAIN]);
/** Has general @p id seen the same in both? */
bool generals_look_alike(const struct generals_run *one,
                         const struct generals_run *other, unsigned id);

#endif

/**
 * @file witness.h
 * For tests of faults: a world of three nodes that run nothing, in which each
 * message that leaves or comes is written down.
 *
 *     struct witness *witness = witness_new((struct sim_weather){0});
 *     witness_say(sim_env(witness->sim, 1), 2, "a");
 *     witness_run_out(witness);
 *     assert_string_equal(witness->came->str, "12a ");   // a, from 1 to 2.
 *     witness_free(witness);
 *
 * One at a time: it is also the_witness.
 */
#ifndef WORLD_WITNESS_H
#define WORLD_WITNESS_H
#include "common/world/sim_faults.h"

/** What was seen. */
struct witness {
    struct sim *sim;
    GString *left;        /**< Messages that left. */
    GString *came;        /**< Those that came, to any node. */
    GString *when;        /**< And when, in whole milliseconds: "1 7 ". */
    struct sim_fate fate; /**< Of all messages: they take 1 ms; */
    struct sim_fate next; /**< but of the next, if this has a delay. */
};

/** The one there is. */
extern struct witness *the_witness;

/** A world of seed 1. Returns new. */
struct witness *witness_new(struct sim_weather weather);
/** Bind it to an env: witness_new() has done so, a crash undoes it. */
void witness_on_message(void *env, node_id from, GBytes *message);
/** Send @p word. */
void witness_say(struct env *env, node_id to, const char *word);
/** Persist @p word, or append it. */
void witness_write(struct env *env, const char *key, const char *word,
                   bool adds);
/** Run until nothing is left to happen. */
void witness_run_out(struct witness *witness);
/** Bytes as text, "(none)" for NULL. Returns new. */
char *witness_text(GBytes *bytes);
/** Fails the test unless node 1 recalls @p word, "(none)" for nothing. */
void witness_recalls(struct witness *witness, const char *key,
                     const char *word);
/** Fails it unless that is durable at node 1. */
void witness_stores(struct witness *witness, const char *key, const char *word);
/** Free it. */
void witness_free(struct witness *witness);

#endif

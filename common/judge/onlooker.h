/**
 * @file onlooker.h
 * For tests of faults: a world of three nodes that run nothing, in which each
 * message that leaves or comes is written down.
 *
 *     struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
 *     onlooker_say(sim_env(onlooker->sim, 1), 2, "a");
 *     onlooker_run_out(onlooker);
 *     assert_string_equal(onlooker->came->str, "12a ");   // a, from 1 to 2.
 *     onlooker_free(onlooker);
 *
 * One at a time: it is also the_onlooker.
 */
#ifndef JUDGE_ONLOOKER_H
#define JUDGE_ONLOOKER_H
#include "common/world/sim_faults.h"

/** What was seen. */
struct onlooker {
    struct sim *sim;      /**< The world. */
    GString *left;        /**< Messages that left. */
    GString *came;        /**< Those that came, to any node. */
    GString *when;        /**< And when, in whole milliseconds: "1 7 ". */
    struct sim_fate fate; /**< Of all messages: they take 1 ms; */
    struct sim_fate next; /**< but of the next, if this has a delay. */
};

/** The one there is. */
extern struct onlooker *the_onlooker;

/** A world of seed 1. Returns new. */
struct onlooker *onlooker_new(struct sim_weather weather);
/** Bind it to an env: onlooker_new() has done so, a crash undoes it. */
void onlooker_on_message(void *env, node_id from, GBytes *message);
/** Send @p word. */
void onlooker_say(struct env *env, node_id to, const char *word);
/** Persist @p word, or append it. */
void onlooker_write(struct env *env, const char *key, const char *word,
                    bool adds);
/** Run until nothing is left to happen. */
void onlooker_run_out(struct onlooker *onlooker);
/** Bytes as text, "(none)" for NULL. Returns new. */
char *onlooker_text(GBytes *bytes);
/** Fails the test unless node 1 recalls @p word, "(none)" for nothing. */
void onlooker_recalls(struct onlooker *onlooker, const char *key,
                      const char *word);
/** Fails it unless that is durable at node 1. */
void onlooker_stores(struct onlooker *onlooker, const char *key,
                     const char *word);
/** Free it. */
void onlooker_free(struct onlooker *onlooker);

#endif

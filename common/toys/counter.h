/**
 * @file counter.h
 * A toy for the judge: a counter that several nodes keep, and that survives the
 * loss of a minority of them.
 *
 *     struct counter *counter = counter_new(env, 5, answer);
 *     counter_add(counter, 7);    // answer.call(answer.self, 7, 1)
 *     counter_read(counter, 8);   // answer.call(answer.self, 8, 1)
 *
 * Node 1 leads. It keeps a log of what was added, and answers when a majority
 * has a copy on its disks. What replaces a leader is left to later chapters.
 *
 * Invariant: each log is the beginning of the leader's.
 */
#ifndef TOYS_COUNTER_H
#define TOYS_COUNTER_H
#include "common/world/env.h"

struct counter;

/** Who hears the answers of this node's own client. */
struct counter_answer {
    /** The request with this number, as it was given, has this result. */
    void (*call)(void *self, unsigned request, unsigned result);
    void *self; /**< The first argument. */
};

/** One of nodes 1 to @p nodes, over @p env, borrowed. Returns new. */
struct counter *counter_new(struct env *env, unsigned nodes,
                            struct counter_answer answer);
/** Add one; the result is what it counts then. @p request is told back. */
void counter_add(struct counter *counter, unsigned request);
/** How many were added? */
void counter_read(struct counter *counter, unsigned request);
/** How many questions of this node's client are not answered? */
unsigned counter_waiting(const struct counter *counter);
/** Free it. */
void counter_free(struct counter *counter);

#endif

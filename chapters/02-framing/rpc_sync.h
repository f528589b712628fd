/**
 * @file rpc_sync.h
 * Remote calls that look like local ones: ask, and wait for the answer.
 *
 *     struct rpc_world world = {turn, loop};
 *     g_autoptr(GBytes) answer = rpc_ask(rpc, world, 2, question, patience,
 *                                        &outcome);
 *
 * The *synchronous* face of rpc.h, for programs that own their loop and do one
 * thing after the other: a command, a test. While it waits the node goes on:
 * the loop turns, and its other messages and timers are served.
 *
 * A handler must never ask so, since it stands in a turn already: there use
 * rpc_call().
 */
#ifndef FRAMING_RPC_SYNC_H
#define FRAMING_RPC_SYNC_H
#include "02-framing/rpc.h"

/** Whoever brings this node its messages and timers. */
struct rpc_world {
    void (*turn)(void *self); /**< Calls loop_turn(), sim_step(), .. once. */
    void *self;               /**< Its argument. */
};

/** Call as rpc_call() does, and turn @p world until the call has ended. Returns
 * the body, new, and NULL after a time-out. How it ended is in @p outcome, if
 * that is not NULL. The node must stay up till then. */
GBytes *rpc_ask(struct rpc *rpc, struct rpc_world world, node_id to,
                GBytes *body, struct rpc_patience patience,
                enum rpc_outcome *outcome);

#endif

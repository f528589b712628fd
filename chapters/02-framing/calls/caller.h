/**
 * @file caller.h
 * Many calls to one server, so many of them under way at a time.
 *
 *     struct caller *caller = caller_new(rpc, 2, 16);
 *     caller_call(caller, 1000);
 *     ...the loop turns, until caller_answered(caller) is 1000...
 *
 * With one under way, each call waits for the answer to the one before. With w
 * there are always w, until the last begins: they are *pipelined*. If an answer
 * takes R, at most w / R calls a second can be made (Little 1961).
 */
#ifndef FRAMING_CALLER_H
#define FRAMING_CALLER_H
#include "02-framing/rpc.h"

struct caller;

/** A caller of node @p to, with at most @p width calls at a time. Borrows
 * @p rpc. Returns new. */
struct caller *caller_new(struct rpc *rpc, node_id to, unsigned width);
/** Call @p ended when all that was wanted is answered. Borrows @p self. */
void caller_tell(struct caller *caller, void (*ended)(void *self), void *self);
/** Call @p count times more. */
void caller_call(struct caller *caller, unsigned count);
/** How many calls have been answered. */
unsigned caller_answered(const struct caller *caller);
/** Free it, when no call is under way. */
void caller_free(struct caller *caller);

#endif

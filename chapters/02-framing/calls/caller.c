#include "02-framing/calls/caller.h"

static const nsec span = 60 * SEC; /* Long enough for all tries it takes. */

struct caller {
    struct rpc *rpc;
    node_id to;
    unsigned width, wanted, begun, answered;
    GBytes *body;
    void (*ended)(void *self); /* May be NULL. */
    void *self;
};

static void call_one(struct caller *caller, rpc_done *done)
{
    caller->begun++;
    rpc_call(caller->rpc, caller->to, caller->body,
             (struct rpc_patience){.span = span}, done, caller);
}

/* One is answered, so another may begin. */
static void on_done(void *self, enum rpc_outcome outcome, GBytes *body)
{
    struct caller *caller = self;
    (void)body;
    caller->answered += outcome == RPC_DONE;
    if (caller->begun < caller->wanted)
        call_one(caller, on_done);
    if (caller->ended && caller->answered == caller->wanted)
        caller->ended(caller->self);
}

struct caller *caller_new(struct rpc *rpc, node_id to, unsigned width)
{
    struct caller *caller = g_new0(struct caller, 1);
    caller->rpc = rpc;
    caller->to = to;
    caller->width = width;
    caller->body = g_bytes_new_static("a question", 10);
    return caller;
}

void caller_tell(struct caller *caller, void (*ended)(void *self), void *self)
{
    caller->ended = ended;
    caller->self = self;
}

void caller_call(struct caller *caller, unsigned count)
{
    caller->wanted += count;
    while (caller->begun < caller->wanted &&
           rpc_pending(caller->rpc) < caller->width)
        call_one(caller, on_done);
}

unsigned caller_answered(const struct caller *caller)
{
    return caller->answered;
}

void caller_free(struct caller *caller)
{
    g_bytes_unref(caller->body);
    g_free(caller);
}

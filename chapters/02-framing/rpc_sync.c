#include "02-framing/rpc_sync.h"

/* A question, while it is asked. */
struct question {
    bool over;
    enum rpc_outcome outcome;
    GBytes *body;
};

static void on_done(void *self, enum rpc_outcome outcome, GBytes *body)
{
    struct question *question = self;
    question->over = true;
    question->outcome = outcome;
    question->body = body ? g_bytes_ref(body) : NULL;
}

GBytes *rpc_ask(struct rpc *rpc, struct rpc_world world, node_id to,
                GBytes *body, struct rpc_patience patience,
                enum rpc_outcome *outcome)
{
    struct question question = {.over = false};
    rpc_call(rpc, to, body, patience, on_done, &question);
    while (!question.over)
        world.turn(world.self);
    if (outcome)
        *outcome = question.outcome;
    return question.body;
}

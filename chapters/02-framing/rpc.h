/**
 * @file rpc.h
 * Remote calls: a request to another node, and its answer, or none in time.
 *
 *     rpc_serve(rpc, on_request, me);              // on the one side
 *     ...rpc_reply(rpc, request, answer);          // now or later
 *
 *     struct rpc_patience patience = {.span = SEC, .key = rpc_key(rpc)};
 *     rpc_call(rpc, 2, question, patience, on_done, me);      // on the other
 *
 * *The client.* A call has an id of its own, and its deadline. Until then the
 * request is sent again, with the same id, whenever it has been unanswered for
 * a while: the n-th wait is settings.wait times 2^(n-1), at most
 * settings.longest, and of that a random part, any from a half to the whole
 * (*back-off* with *jitter*). The first reply or refusal from that node with
 * that id ends it; any other is dropped. At the deadline it ends as
 * RPC_TIMED_OUT: then nobody here knows whether it was done.
 *
 * *The server.* A request may arrive twice. With key 0 it is served each time.
 * Another key names what is to be done, whatever the id, and is served *at most
 * once*: a repeated one gets the reply that was given, or waits for it; and the
 * reply goes to the id that came last. Keys belong to the node that asks. The
 * server remembers each for settings.memory from its first request on, answered
 * or not; then it is new again. So no span, and no way of a message, should be
 * as long. It remembers at most settings.most of them: one more is refused, none
 * is forgotten. It remembers nothing beyond a crash.
 *
 * *On the wire* a message is one frame. In a request (no flags) its deadline is
 * the time that was left when it was sent, not 0, and the payload is the key (8
 * bytes) and the body. In a reply or a refusal (flags) the payload is the body.
 * What is none of these is dropped, and farewells are.
 */
#ifndef FRAMING_RPC_H
#define FRAMING_RPC_H
#include "02-framing/frame.h"
#include "common/world/env.h"

#define RPC_REPLY   1 /**< The flag of a reply. */
#define RPC_REFUSAL 2 /**< The flag of a refusal: nothing was done. */
/** Bytes of a message that are not body. */
#define RPC_HEADER (FRAME_HEADER + 8)

struct rpc;

/** How patient, and how much is remembered. 0: what is said here. */
struct rpc_settings {
    nsec wait;     /**< Before the second try: 100 ms. */
    nsec longest;  /**< Between two tries: 10 s. */
    nsec memory;   /**< How long the server remembers: 60 s. */
    unsigned most; /**< How many keys it remembers: 65536. */
};

/** How one call is to be made. */
struct rpc_patience {
    nsec span;    /**< Until its deadline: 1 us to 4294 s. */
    uint64_t key; /**< What is to be done at most once; 0: any number of times,
                     as for a request that changes nothing. */
};

/** How a call ended. */
enum rpc_outcome {
    RPC_DONE,      /**< There is a reply. */
    RPC_REFUSED,   /**< The server did nothing with the try that it answered,
                        and the body says why. It may have served an earlier
                        one, or serve another that is still on its way. */
    RPC_TIMED_OUT, /**< Nobody knows. */
};

/** A call has ended; @p body is NULL after a time-out. Borrows it. May call and
 * cancel, but not free. */
typedef void rpc_done(void *self, enum rpc_outcome outcome, GBytes *body);

/** A request as the server sees it; a copy of it does for a later reply. */
struct rpc_request {
    node_id from;  /**< Who asks. */
    uint64_t id;   /**< Which call. */
    uint64_t key;  /**< See above. */
    nsec deadline; /**< On this node's clock; then nobody waits any more. */
};

/** Serve a request, by one rpc_reply() or rpc_refuse(), now or later. Borrows
 * both. */
typedef void rpc_server(void *self, const struct rpc_request *request,
                        GBytes *body);

/** Calls over @p env, to which it is bound from now on. Returns new. */
struct rpc *rpc_new(struct env *env, struct rpc_settings settings);
/** Who serves requests; until then each is refused. */
void rpc_serve(struct rpc *rpc, rpc_server *serve, void *self);

/** A fresh key: random, and not 0. */
uint64_t rpc_key(struct rpc *rpc);
/** Call node @p to. @p done comes once, from the env's loop, never from here.
 * Borrows @p body, at most env->most - RPC_HEADER bytes. Returns the call's id,
 * which no call of this node had before, nor one of an earlier boot. */
uint64_t rpc_call(struct rpc *rpc, node_id to, GBytes *body,
                  struct rpc_patience patience, rpc_done *done, void *self);
/** Forget a call, if it has not ended: @p done will not come. */
void rpc_cancel(struct rpc *rpc, uint64_t id);

/** Answer, with a body as long as a request's at most; behind the deadline it
 * is remembered, and not sent. Borrows both. */
void rpc_reply(struct rpc *rpc, const struct rpc_request *request,
               GBytes *body);
/** Say that nothing was done, and why. It is not remembered: the same key may
 * be tried again. */
void rpc_refuse(struct rpc *rpc, const struct rpc_request *request,
                const char *why);

/** How long somebody still waits for the answer, be it who repeated its key
 * last; 0: nobody does. A call that is made to serve this one should have no
 * longer span. */
nsec rpc_left(const struct rpc *rpc, const struct rpc_request *request);

/** How many calls have not ended. */
unsigned rpc_pending(const struct rpc *rpc);
/** How many keys are remembered. */
unsigned rpc_remembered(const struct rpc *rpc);
/** Free it; what has not ended does not. */
void rpc_free(struct rpc *rpc);

#endif

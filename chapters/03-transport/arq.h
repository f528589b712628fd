/**
 * @file arq.h
 * Stop-and-wait: messages that arrive, over an env that loses them.
 *
 *     struct arq *arq = arq_new(env, 50 * MSEC);
 *     env_bind(arq_env(arq), on_message, self);
 *     env_send(arq_env(arq), 2, message);      // It will arrive, and once.
 *
 * It is an env over an env (CONTRACT.md): a better env_send(); every other verb
 * is answered below. The promise, for each pair of nodes and each direction:
 *
 *  - While both live, messages arrive in the order in which they were sent,
 *    each once; what is damaged on the way is as good as lost.
 *  - A message counts as arrived when it has been delivered, and what the
 *    receiver wrote down while it was delivered is durable: only then is it
 *    acknowledged, and only then is the next one sent. So at most one to each
 *    peer is on its way.
 *  - What is not acknowledged within the timeout is sent again, as often as
 *    needed.
 *  - A boot begins a new *incarnation*. What the old one had not got through is
 *    lost with its memory. What it was still being sent is delivered to the new
 *    one, and the one on its way perhaps to both. A message, or an
 *    acknowledgement, that was meant for an earlier incarnation changes
 *    nothing, however late; nor does one that comes from an earlier one, once a
 *    later was heard of.
 *  - At most ARQ_QUEUE messages to a peer wait; one more, and of those that
 *    wait the oldest is forgotten: the sender has no way to be told, and no end
 *    of memory. The one on its way is not among them.
 *  - A message to oneself, and a farewell, are passed on as they are.
 *
 * The format is its own affair: both sides are of one kind. Under its keys,
 * which begin with "arq.", it may keep what an incarnation needs.
 */
#ifndef TRANSPORT_ARQ_H
#define TRANSPORT_ARQ_H
#include "common/world/env.h"

enum {
    ARQ_QUEUE = 256, /**< So many wait for each peer. */
    ARQ_HEADER = 64  /**< The env offered takes so many bytes fewer. */
};

struct arq;

/** Over @p below, borrowed, to which it is bound. Sends again after @p timeout.
 * Returns new. */
struct arq *arq_new(struct env *below, nsec timeout);
/** The better env. Borrowed. */
struct env *arq_env(struct arq *arq);
/** How many messages were sent again. */
uint64_t arq_repeats(const struct arq *arq);
/** Free it: it may disarm, and no more. */
void arq_free(struct arq *arq);

#endif

/**
 * @file nak.h
 * Stop-and-wait without a timer: sent again only when the other asks for it, by
 * a *NAK* (negative acknowledgement). It is here to show why it was left.
 *
 *     struct nak *nak = nak_new(env, 2);
 *     env_bind(nak_env(nak), on_message, self);
 *     env_send(nak_env(nak), 2, message);
 *
 * An env over an env, between two nodes that never crash. Where messages are
 * damaged and never lost, each arrives once and in order, and what was damaged
 * is sent again after one round trip. But who does not get a message does not
 * know that there was one. If a message is lost, or an acknowledgement, or a
 * NAK, both sides wait for ever.
 */
#ifndef TRANSPORT_NAK_H
#define TRANSPORT_NAK_H
#include "common/world/env.h"

enum { NAK_HEADER = 32 /**< The env offered takes so many bytes fewer. */ };

struct nak;

/** To node @p peer alone, over @p below, borrowed, to which it is bound.
 * Returns new. */
struct nak *nak_new(struct env *below, node_id peer);
/** The env it offers. Borrowed. */
struct env *nak_env(struct nak *nak);
/** How many messages were sent again. */
uint64_t nak_repeats(const struct nak *nak);
/** Free it. */
void nak_free(struct nak *nak);

#endif

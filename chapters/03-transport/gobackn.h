/**
 * @file gobackn.h
 * Go-Back-N: up to N messages on their way to each peer; one lost, and all from
 * it on are sent again.
 *
 *     struct gobackn *gobackn = gobackn_new(env, 16, 50 * MSEC);
 *     env_bind(gobackn_env(gobackn), on_message, self);
 *
 * An env over an env, with the promise of arq.h, but that up to N are on their
 * way. The receiver keeps nothing that is out of order: it delivers the next
 * one it expects, and acknowledges the last it delivered, whatever comes. An
 * ack is for all up to its number. One timer for each peer runs while anything
 * is on its way; when it fires, all of that is sent again.
 */
#ifndef TRANSPORT_GOBACKN_H
#define TRANSPORT_GOBACKN_H
#include "common/world/env.h"

enum {
    GOBACKN_QUEUE = 256, /**< So many wait for each peer. */
    GOBACKN_HEADER = 64  /**< The env offered takes so many bytes fewer. */
};

struct gobackn;

/** Over @p below, borrowed, to which it is bound: at most @p window messages on
 * their way to a peer, from 1; sent again after @p timeout. Returns new. */
struct gobackn *gobackn_new(struct env *below, unsigned window, nsec timeout);
/** The better env. Borrowed. */
struct env *gobackn_env(struct gobackn *gobackn);
/** How many messages were sent again. */
uint64_t gobackn_repeats(const struct gobackn *gobackn);
/** Free it: it may disarm, and no more. */
void gobackn_free(struct gobackn *gobackn);

#endif

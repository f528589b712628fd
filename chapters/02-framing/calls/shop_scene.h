/**
 * @file shop_scene.h
 * A server with a queue, and clients who will not wait for ever.
 *
 *     struct sim *sim = shop_open(seed, load, manner);
 *     sim_run(sim, 30 * SEC);
 *     uint64_t good = shop_good(sim);
 *
 * Node 1 serves one request at a time, each in SHOP_SERVICE; the others wait in
 * a queue, first come, first served. Nodes 2 to 1 + SHOP_CLIENTS call it, at
 * random times, and want each answer within SHOP_SPAN. What is *offered* is the
 * calls a second over what the server can serve; *goodput* are the calls that
 * are answered in time, over the same.
 */
#ifndef FRAMING_SHOP_SCENE_H
#define FRAMING_SHOP_SCENE_H
#include "common/world/sim.h"

enum { SHOP_CLIENTS = 10 };
#define SHOP_SERVICE (10 * MSEC) /**< To serve one request. */
#define SHOP_SPAN    SEC         /**< A client's deadline. */
#define SHOP_WAY     MSEC        /**< Of a message, one way. */

/** What clients and server do about an answer that does not come. */
struct shop_manner {
    nsec wait;    /**< Before the second try; SHOP_SPAN: there is none. */
    nsec longest; /**< The longest wait: above wait, it is backed off. */
    bool keys;    /**< Calls have keys: what waits already waits once. */
    bool drops;   /**< The server drops what it cannot serve in time. */
};

/** A shop to which @p offered, in 1/1000 of what it can serve, is offered.
 * Borrows @p manner, as long as it is open. Returns new, for sim_free(). */
struct sim *shop_open(uint64_t seed, unsigned offered,
                      const struct shop_manner *manner);
/** From now on so much is offered. */
void shop_offer(struct sim *sim, unsigned offered);
/** How many calls were made so far. */
uint64_t shop_calls(struct sim *sim);
/** How many were answered in time. */
uint64_t shop_good(struct sim *sim);
/** How many requests the server has served, those in vain included. */
uint64_t shop_served(struct sim *sim);

#endif

/**
 * @file datagrams.h
 * A node's UDP socket: messages in, and a queue of stamped messages out.
 *
 *     datagrams_send(datagrams, 2, message);   // stamped, queued
 *     ...                                      // the turn ends: flushed
 *
 * A datagram leaves when the gate passes its stamp, in the order of sending. If
 * the kernel will not take it, it is lost, as it may be anywhere on its way. At
 * most 64 are taken in a turn, so that a flood leaves room for timers.
 */
#ifndef SOCKETS_DATAGRAMS_H
#define SOCKETS_DATAGRAMS_H
#include "01-sockets/address.h"
#include "01-sockets/loop.h"
#include "common/world/gate.h"

/** The longest payload of a UDP datagram over IPv4: 65535 - 20 - 8 bytes. */
#define DATAGRAM_MOST 65507

struct datagrams;

/** A socket bound to @p address. Returns new; NULL and errno. Borrows the loop
 * and the gate. */
struct datagrams *datagrams_new(struct loop *loop, const struct gate *gate,
                                const struct address *address);
/** Name the function that gets the messages. */
void datagrams_bind(struct datagrams *datagrams, env_receiver *deliver,
                    void *self);
/** Node @p id is at @p address. */
void datagrams_meet(struct datagrams *datagrams, node_id id,
                    const struct address *address);
/** Whoever else writes is a client from now on: see guests.h. */
void datagrams_welcome(struct datagrams *datagrams, unsigned most);
/** Never forget that client. */
void datagrams_keep(struct datagrams *datagrams, node_id id);
/** Queue @p message; to a node nobody has met, it is lost. Borrows it. */
void datagrams_send(struct datagrams *datagrams, node_id to, GBytes *message);
/** Where the socket is bound. */
struct address datagrams_address(const struct datagrams *datagrams);
/** How many datagrams came from no peer, or empty: they were dropped. */
uint64_t datagrams_strangers(const struct datagrams *datagrams);
/** Close the socket; what is queued is lost. */
void datagrams_free(struct datagrams *datagrams);

#endif

/**
 * @file peers.h
 * Framed TCP as a layer: a better way to send, among a fixed set of nodes.
 *
 *     struct peers *peers = peers_new(host, listener, settings);
 *     peers_meet(peers, 2, &address);                // and 3, and 4 ..
 *     struct rumour *rumour = rumour_new(peers_env(peers), ...);
 *
 * There is one connection for each pair of nodes, and the one with the larger id
 * makes it; when it breaks, again and again, later each time, up to a second. A
 * message waits until there is a connection, and room in it. What waits for one
 * node has a bound: then the oldest is dropped, for it is the least likely to be
 * of use still. What a broken connection had taken is lost. So a message arrives
 * at most once, and in order or not at all; whether it does, nobody promises.
 *
 * All that a turn sends to one node leaves in one system call. When a connection
 * that was open breaks, the protocol gets a farewell from that node. A node that
 * comes back connects anew, and the new connection counts, not the old one.
 *
 * Who knows the cluster's number and a node's id can pose as that node, since
 * nothing is secret here; this is for a network of one's own.
 */
#ifndef FRAMING_PEERS_H
#define FRAMING_PEERS_H
#include "01-sockets/host/host.h"

struct peers;

/** What kind of cluster. 0: what is said here. */
struct peers_settings {
    uint64_t cluster; /**< Its number: others are not let in. */
    size_t most;      /**< The longest message: 4 MiB. */
    size_t backlog;   /**< Bytes that wait for one node: 16 MiB; at least as
                           many as two of the longest messages. */
};

/** A layer over host_env(@p host). It accepts connections on @p listener, which
 * it takes. Borrows @p host. Returns new. */
struct peers *peers_new(struct host *host, int listener,
                        struct peers_settings settings);
/** Node @p id, not this one, listens at @p address; when it has moved, call
 * again. */
void peers_meet(struct peers *peers, node_id id, const struct address *address);
/** The env to hand to a protocol. Borrowed. */
struct env *peers_env(struct peers *peers);
/** Is there an open connection to node @p id? */
bool peers_are_connected(const struct peers *peers, node_id id);
/** How many messages were dropped, for too much was waiting. */
uint64_t peers_dropped(const struct peers *peers);
/** How many connections were turned away: no hello, or not from a node of ours. */
uint64_t peers_strangers(const struct peers *peers);
/** Close all connections. Free what stands on it first. */
void peers_free(struct peers *peers);

#endif

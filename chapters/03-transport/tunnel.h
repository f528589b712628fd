/**
 * @file tunnel.h
 * Framed messages over connections of our own: an env again, and a better one.
 *
 *     struct tunnel *tunnel = tunnel_new(env, (struct tunnel_settings){0});
 *     tunnel_meet(tunnel, 2);                      // and 3, and 4 ..
 *     env_bind(tunnel_env(tunnel), on_message, self);
 *     env_send(tunnel_env(tunnel), 2, message);    // of up to 4 MiB
 *
 * What peers.h is over TCP, this is over endpoint.h, and so over any env: where
 * datagrams are lost, repeated, damaged and late, messages arrive at most once,
 * those of one boot of their sender in order or not at all, and they may be far
 * longer than a datagram.
 *
 * There is one connection for each pair of nodes, and the one with the larger
 * id opens it; when it ends, again and again, later each time, up to a second.
 * A message waits until there is a connection, and room in it. What waits for
 * one node has a bound: then the oldest is dropped. What a connection had taken
 * when it broke is lost, and the protocol gets a farewell from that node.
 *
 * *Arrived* is not *written*. A segment is acknowledged when it has come, not
 * when the protocol above has done with it what it wants; so whoever must know
 * asks for an answer, as without a tunnel.
 */
#ifndef TRANSPORT_TUNNEL_H
#define TRANSPORT_TUNNEL_H
#include "03-transport/endpoint.h"

struct tunnel;

/** How it is. 0: what is said here. */
struct tunnel_settings {
    size_t most;    /**< The longest message: 4 MiB. */
    size_t backlog; /**< Bytes that wait for one node: 16 MiB; at least as many
                       as two of the longest messages. */
    /** Its connections, as in endpoint.h, but: keepalive 1 s, patience 20 s. */
    struct endpoint_settings endpoint;
};

/** Over @p below, borrowed, to which it is bound. Returns new. */
struct tunnel *tunnel_new(struct env *below, struct tunnel_settings settings);
/** Node @p id, not this one, is one of ours: the others are not let in, and
 * what is sent to them is lost. */
void tunnel_meet(struct tunnel *tunnel, node_id id);
/** The env to hand to a protocol. Borrowed. */
struct env *tunnel_env(struct tunnel *tunnel);
/** Is there an open connection to node @p id? */
bool tunnel_is_open(const struct tunnel *tunnel, node_id id);
/** How many messages were dropped, for too much was waiting. */
uint64_t tunnel_dropped(const struct tunnel *tunnel);
/** Free it, as a crash: nobody is told. Free what stands on it first. */
void tunnel_free(struct tunnel *tunnel);

#endif

/**
 * @file host.h
 * A real machine as an env: its clock, durable files, random numbers, UDP.
 *
 *     struct host *host = host_new((struct host_settings){.id = 1});
 *     host_bind(host, &mine);             // where datagrams come in
 *     host_meet(host, 2, &address);       // where those for node 2 go
 *     struct rumour *rumour = rumour_new(host_env(host), 2, SEC);
 *     loop_run(host_loop(host));
 *
 * One turn of its loop serves every message and timer that is ready. Then it
 * ends: what may leave leaves, all that was written is synced at once, and what
 * had to wait for that leaves too. So however many messages one turn brings, it
 * costs one sync.
 *
 * A message is a datagram, of at most 65507 bytes; its sender is known by the
 * address it comes from. Nothing is encrypted, and an address can be forged.
 */
#ifndef SOCKETS_HOST_H
#define SOCKETS_HOST_H
#include "01-sockets/address.h"
#include "01-sockets/host/store.h"
#include "01-sockets/loop.h"
#include "common/world/gate.h"
#include <stdio.h>

struct host;

/** What kind of machine. */
struct host_settings {
    node_id id;                  /**< Who it is. */
    struct store_settings store; /**< No dir: it can keep nothing. */
    FILE *trace;                 /**< See trace.h; may be NULL. Borrowed. */
};

/** A machine that reaches nobody but itself yet. Returns new. */
struct host *host_new(struct host_settings settings);
/** Receive datagrams on @p address; port 0 lets the kernel choose. Returns 0,
 * or -1 and errno. */
int host_bind(struct host *host, const struct address *address);
/** Where it receives them. */
struct address host_address(const struct host *host);
/** Node @p id is at @p address: a peer from now on. */
void host_meet(struct host *host, node_id id, const struct address *address);
/** From now on datagrams from elsewhere are from clients: each address gets a
 * number, from 65536 on, and can be answered; @p most are remembered. */
void host_welcome(struct host *host, unsigned most);
/** Client @p id is let in: it is not forgotten, whoever else writes. */
void host_keep(struct host *host, node_id id);
/** The env to hand to a protocol. Borrowed. */
struct env *host_env(struct host *host);
/** Its loop: loop_run() runs the machine. */
struct loop *host_loop(struct host *host);
/** Its gate: for layers with a way out of their own. */
struct gate *host_gate(struct host *host);
/** Datagrams that came from no peer, or empty: dropped. */
uint64_t host_strangers(const struct host *host);
/** Free it, as a crash. Free what stands on it first. */
void host_free(struct host *host);

#endif

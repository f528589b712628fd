/**
 * @file echo_peers.h
 * The echo server as others write it, for bench_echo.c to compare with: the
 * barest loop there is, and what two well-known libraries offer, each used as
 * its manual advises.
 *
 *     const struct echo_peer *peer = echo_peer("libuv");
 *     return peer->serve(listener);
 *
 * All of them serve in one thread. Set TCP_NODELAY on the listener: whoever is
 * accepted inherits it.
 */
#ifndef SOCKETS_ECHO_PEERS_H
#define SOCKETS_ECHO_PEERS_H

/** One of them. */
struct echo_peer {
    const char *name;           /**< bare, libuv, libevent. */
    int (*serve)(int listener); /**< For ever, or an exit status. */
};

/** The peer of this name; NULL when it was not there to be built with. */
const struct echo_peer *echo_peer(const char *name);

#endif

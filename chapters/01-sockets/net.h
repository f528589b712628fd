/**
 * @file net.h
 * Sockets that wait for others: listen and accept, and a bound UDP socket.
 *
 *     int listener = net_listen(&address, 128);
 *     struct address from;
 *     int fd = net_accept(listener, &from);
 *
 * Every socket here is made with SOCK_CLOEXEC, so that no child process
 * inherits it. As with the calls they wrap: -1 and errno when it fails.
 */
#ifndef SOCKETS_NET_H
#define SOCKETS_NET_H
#include "01-sockets/address.h"

/** A stream socket that listens on @p address, with room for @p backlog
 * connections not yet accepted; or -1. A port left a moment ago may be taken
 * again (SO_REUSEADDR). On [::] it serves IPv4 as well. A Unix socket's file,
 * behind which nobody listens any more, is removed and made anew; two servers
 * that start there in the same moment need a lock of their own, or one of them
 * may listen where nobody finds it. */
int net_listen(const struct address *address, int backlog);
/** For a clean stop, before @p listener is closed: remove the file of its Unix
 * path. Nobody finds it now; and while it was open, nobody has taken its place.
 * Other listeners leave nothing behind. */
void net_withdraw(int listener);
/** Accept one connection; @p from, unless NULL, tells whose. Returns a socket
 * that blocks; or -1. A connection that died in the queue (ECONNABORTED) and a
 * signal (EINTR) are not errors: the next one is awaited. */
int net_accept(int listener, struct address *from);
/** Say on standard output that @p listener is there, as every server of the
 * book does when it can serve: "ready ADDRESS", with the port the kernel chose.
 * Returns 0; or -1 when nobody can be told. */
int net_announce(int listener);
/** Begin to connect to @p address: a socket that does not block, connected or
 * still connecting; it becomes writable when that has ended, and SO_ERROR tells
 * how. Or -1: EAGAIN when a Unix listener has no room left, now. */
int net_connect(const struct address *address);
/** A UDP socket bound to @p address, non-blocking; or -1. */
int net_bind(const struct address *address);

#endif

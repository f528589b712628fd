/**
 * @file eyeballs.h
 * Happy Eyeballs (RFC 8305): connect to whoever answers first.
 *
 *     g_autoptr(GArray) to = address_find("example.org:80", &error);
 *     int fd = eyeballs_dial(to, clock_monotonic() + 5 * SEC);
 *
 * A machine may have an IPv6 address that leads nowhere. Who tries one address
 * after the other (dial.h) then waits a share of the whole deadline before the
 * next; a person at a browser has left by then. Here the next attempt begins a
 * quarter of a second after the last, or as soon as one fails, and all of them
 * stay in the race: the first connection wins, the others are closed. A dead
 * IPv6 address costs 250 ms.
 */
#ifndef SOCKETS_EYEBALLS_H
#define SOCKETS_EYEBALLS_H
#include "01-sockets/address.h"
#include "common/world/clock.h"

/** The Connection Attempt Delay (RFC 8305, 5). */
#define EYEBALLS_DELAY (250 * MSEC)

/** As dial(): connect by the first of @p addresses, a GArray of struct address
 * in any order (eyeballs_order() is applied), that answers before @p deadline,
 * a time of clock_monotonic(). Returns a connected socket that does not block
 * (SOCK_NONBLOCK, SOCK_CLOEXEC), or -1 and the errno of the last attempt to
 * fail: ETIMEDOUT when @p deadline came first. No descriptor is left open by an
 * attempt that failed or lost. */
int eyeballs_dial(const GArray *addresses, nsec deadline);
/** The order of the attempts (RFC 8305, 4): the families take turns, beginning
 * with that of the first address; within a family nothing changes. Returns
 * new. */
GArray *eyeballs_order(const GArray *addresses);

#endif

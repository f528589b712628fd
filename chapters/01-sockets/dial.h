/**
 * @file dial.h
 * Connect: all addresses, one deadline.
 *
 *     g_autoptr(GArray) to = address_find("example.org:80", &error);
 *     int fd = dial(to, clock_monotonic() + 5 * SEC);
 *
 * A name may stand for several addresses, and the first need not be the one
 * that works: it may refuse (RST), be unreachable (ICMP), or say nothing at
 * all. So each attempt gets an equal share of the time that is left, and a
 * black hole cannot use up the turn of those behind it.
 */
#ifndef SOCKETS_DIAL_H
#define SOCKETS_DIAL_H
#include "01-sockets/address.h"
#include "01-sockets/deadline.h"
#include "common/world/clock.h"

/** Connect by TCP to the first of @p addresses, a GArray of struct address,
 * that answers before @p deadline, a time of clock_monotonic(); with NEVER the
 * first one lasts as long as the kernel tries, some two minutes. Returns a
 * connected socket that does not block (SOCK_NONBLOCK, SOCK_CLOEXEC), or -1 and
 * the errno of the last attempt: ETIMEDOUT, ECONNREFUSED, EHOSTUNREACH ..; of
 * none, EDESTADDRREQ. No descriptor is left open by a failed attempt. */
int dial(const GArray *addresses, nsec deadline);

#endif

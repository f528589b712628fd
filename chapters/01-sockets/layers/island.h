/**
 * @file island.h
 * A network of one's own: a namespace with a loopback device, and nobody else.
 *
 *     g_autoptr(GError) error = NULL;
 *     if (!island_enter(&error))
 *         ... error->message says which step this machine forbids, and why ...
 *
 * What needs CAP_NET_RAW or CAP_NET_ADMIN elsewhere, to capture packets or to
 * make them by hand, is everybody's right in a network that is theirs: in a new
 * user namespace whoever made it may do everything, to what belongs to it. Some
 * machines forbid that too: containers, and systems that have been hardened.
 */
#ifndef SOCKETS_ISLAND_H
#define SOCKETS_ISLAND_H
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** Move this process, which must have one thread, to a new network whose
 * loopback device is up. There is no way back, and there are no other devices.
 * False and @p error when the machine forbids it: then the process may be half
 * way, in a network where nothing is up. */
bool island_enter(GError **error);
/** A counter of this process's network, as in /proc/net/snmp: "Udp",
 * "InCsumErrors". -1 when it cannot be read. */
int64_t island_counter(const char *protocol, const char *name);

#endif

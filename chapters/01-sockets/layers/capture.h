/**
 * @file capture.h
 * Packets as they arrive at a device, with the header of its link layer.
 *
 *     int fd = capture_open("lo");
 *     struct packet_bytes bytes;
 *     while (capture_next(fd, &bytes, deadline) == 0) {
 *         ... bytes.data, bytes.size ...
 *         g_free((void *)bytes.data);
 *     }
 *
 * A packet socket (packet(7)) is handed a copy of every packet, beside the
 * protocols that it is meant for. That takes CAP_NET_RAW; in a network of its
 * own (island.h), everybody has it.
 */
#ifndef SOCKETS_CAPTURE_H
#define SOCKETS_CAPTURE_H
#include "01-sockets/layers/packet.h"
#include "common/world/env.h"

/** Capture the IPv4 packets that arrive at @p device from now on; of those that
 * leave, a socket for one protocol is told nothing. Returns a socket, or -1 and
 * errno. */
int capture_open(const char *device);
/** Wait for the next packet till @p deadline, a time of clock_monotonic(); its
 * data are new, for g_free(). Returns 0, or -1 and errno: ETIMEDOUT. */
int capture_next(int fd, struct packet_bytes *bytes, nsec deadline);

#endif

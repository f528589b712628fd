/**
 * @file rawpacket.h
 * A UDP datagram made by hand, with headers and checksums of our own.
 *
 *     struct rawpacket raw = {.from = here, .to = there, .id = 1981};
 *     g_autoptr(GByteArray) packet = rawpacket_udp(&raw, "hello", 5);
 *     int fd = rawpacket_open();
 *     rawpacket_send(fd, packet);
 *
 * A raw socket leaves out the kernel's UDP: whatever stands in the bytes is
 * sent, right or wrong, and the receiver's kernel judges it like any other.
 * That takes CAP_NET_RAW; in a network of its own (island.h), everybody has it.
 * IPv4 only.
 */
#ifndef SOCKETS_RAWPACKET_H
#define SOCKETS_RAWPACKET_H
#include "01-sockets/address.h"
#include <stdint.h>

/** What the headers say; all else in them is fixed. */
struct rawpacket {
    struct address from; /**< AF_INET: address and port of the sender. */
    struct address to;   /**< AF_INET: address and port of the receiver. */
    uint16_t id;         /**< IP's identification; 0: the kernel chooses. */
};

/** An IP header, a UDP header and the @p size bytes of @p data, at most 65507,
 * with right checksums. Returns new. */
GByteArray *rawpacket_udp(const struct rawpacket *raw, const void *data,
                          size_t size);
/** A socket for it, or -1 and errno: EPERM for want of CAP_NET_RAW. */
int rawpacket_open(void);
/** Send @p packet, IP header and all, to where that header says. The kernel
 * writes the total length and the checksum of IP again (raw(7)), and leaves the
 * rest alone. Returns 0, or -1 and errno. */
int rawpacket_send(int fd, const GByteArray *packet);

#endif

/**
 * @file checksum.h
 * The Internet checksum (RFC 1071): what IP, TCP and UDP notice damage by.
 *
 *     struct checksum sum = {0};
 *     checksum_add_pseudo(&sum, ip + 12, IPPROTO_UDP, size);
 *     checksum_add(&sum, header, 8);      // Its checksum field is zero.
 *     checksum_add(&sum, data, size - 8);
 *     uint16_t field = checksum_finish_udp(&sum);
 *
 * The bytes are 16-bit words, the high byte first; they are added up, what
 * carries out on the left is added again on the right (*one's complement*), and
 * the complement of the sum is sent. Whoever adds up everything, that field
 * too, finds ffff. It notices every single flipped bit, and no two words that
 * changed places: addition does not mind the order.
 */
#ifndef SOCKETS_CHECKSUM_H
#define SOCKETS_CHECKSUM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A sum under way; begins as {0}. */
struct checksum {
    uint64_t sum; /**< The carries are kept in its upper bits. */
    bool odd;     /**< The next byte is the low one of its word. */
};

/** Add @p size bytes, which go on where the last ones ended: pieces may be of
 * any size, odd ones too. */
void checksum_add(struct checksum *checksum, const void *data, size_t size);
/** Add the pseudo-header of TCP and UDP over IPv4: @p addresses are the eight
 * bytes of source and destination, as the IP header has them; @p size is that
 * of the header and data of @p protocol. It comes first. */
void checksum_add_pseudo(struct checksum *checksum, const void *addresses,
                         uint8_t protocol, uint16_t size);
/** The sum so far, every carry added: ffff if all that was added is whole and
 * holds its own checksum. */
uint16_t checksum_sum(const struct checksum *checksum);
/** What to write into the field, the high byte first: the complement. */
uint16_t checksum_finish(const struct checksum *checksum);
/** The same for UDP, where a field of 0 says that there is no checksum: 0 is
 * sent as ffff, which adds up to the same (RFC 768). */
uint16_t checksum_finish_udp(const struct checksum *checksum);

#endif

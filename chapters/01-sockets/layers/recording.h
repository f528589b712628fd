/**
 * @file recording.h
 * Two experiments with packets, and what was seen: now, or once and for all.
 *
 *     struct recording seen = {0};
 *     if (!recording_make(&seen, &error))
 *         seen = recording_kept;   // error->message says what is forbidden.
 *
 * The first is a TCP connection on loopback that carries one message, captured
 * packet by packet. The second is a UDP datagram made by hand and sent twice to
 * an ordinary socket, the first time damaged.
 *
 * The recording in the library was printed by `demo_layers --record`. It is
 * shown where the machine forbids the experiments, and tests take it apart.
 */
#ifndef SOCKETS_RECORDING_H
#define SOCKETS_RECORDING_H
#include "01-sockets/layers/packet.h"
#include <stdio.h>

/** The most packets that are kept of a connection. */
#define RECORDING_MOST 16

/** What was seen. */
struct recording {
    char system[32]; /**< On which system: "Linux 6.18". */
    /** Every packet of the connection. */
    struct packet_bytes packets[RECORDING_MOST];
    unsigned count;   /**< How many. */
    unsigned arrived; /**< How many of the two datagrams were received. */
    char text[64];    /**< What the last of those carried ... */
    char from[32];    /**< ... and from whom, as recvfrom() says. */
    /** UDP's counter InCsumErrors before and after; -1: not known. */
    int64_t damaged[2];
};

/** The one in the library. */
extern const struct recording recording_kept;

/** Make the experiments, in an island (island.h), which this process does not
 * leave again. False and @p error where that is forbidden. */
bool recording_make(struct recording *recording, GError **error);
/** The datagram made by hand: an IP header, a UDP header, a sentence. If
 * @p damaged, the last bit of its first letter was flipped after the checksum
 * had been made. Returns new. */
GByteArray *recording_datagram(bool damaged);
/** Print @p recording as the source of recording_kept.c. */
void recording_print(FILE *out, const struct recording *recording);
/** Free what recording_make() has made. */
void recording_clear(struct recording *recording);

#endif

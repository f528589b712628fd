/**
 * @file tube.h
 * Both ends of a TCP connection, in one program, to see what is inside.
 *
 *     struct tube tube;
 *     if (tube_open(&tube, (struct tube_settings){.segment = 536}) < 0)
 *         ...errno says why...
 *     write_all(tube.client, "hello", 5, NEVER);
 *     size_t waiting = tube_arrived(&tube); // At the server, unread.
 *
 * One thread can play both parts, one after the other: what is seen does not
 * depend on who runs when. The bytes take the whole way through the kernel's
 * TCP, and in the end each of them is in one of three places: not yet sent,
 * arrived and not yet read, or read.
 */
#ifndef SOCKETS_TUBE_H
#define SOCKETS_TUBE_H
#include <stddef.h>

/** Two connected sockets on 127.0.0.1, which do not block. */
struct tube {
    int client; /**< The one that connected. */
    int server; /**< The one that was accepted. */
};

/** What is asked of the kernel before they connect; 0: as it likes. */
struct tube_settings {
    int segment;        /**< The server's TCP_MAXSEG. */
    int receive_buffer; /**< The server's SO_RCVBUF; it takes twice that. */
    int send_buffer;    /**< The client's SO_SNDBUF; it takes twice that. */
};

/** Open both ends. Returns 0, or -1 and errno. */
int tube_open(struct tube *tube, struct tube_settings settings);
/** How many bytes were written to the client, and not yet sent (SIOCOUTQNSD).
 */
size_t tube_unsent(const struct tube *tube);
/** How many bytes have arrived at the server, and were not yet read (SIOCINQ).
 */
size_t tube_arrived(const struct tube *tube);
/** How many packets with bytes in them the client has sent
 * (tcpi_data_segs_out). */
unsigned tube_packets(const struct tube *tube);
/** Of @p count bytes written to the client and not yet read: wait, a second at
 * most, until none of them is on its way any more. */
void tube_settle(const struct tube *tube, size_t count);
/** Close both ends. */
void tube_close(const struct tube *tube);

#endif

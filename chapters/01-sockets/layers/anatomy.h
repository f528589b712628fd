/**
 * @file anatomy.h
 * Packets on paper: one laid open byte by byte, or many, a line for each.
 *
 *     Internet layer (OSI 3, network): IPv4, 20 bytes, RFC 791
 *     3| 45        version, IHL  4, 5       words of header: 20 bytes  791
 *
 * Each row has the number of its layer in OSI's model in front, and on a
 * terminal a colour of its own. Lines have at most 80 columns.
 */
#ifndef SOCKETS_ANATOMY_H
#define SOCKETS_ANATOMY_H
#include "01-sockets/layers/packet.h"
#include <stdio.h>

/** Where to print. */
struct anatomy {
    FILE *out;   /**< Borrowed. */
    bool colour; /**< With the colours of a terminal. */
};

/** Print how the layers of @p packet are packed in each other, and then every
 * byte, with its field and what that means. */
void anatomy_print(const struct anatomy *anatomy,
                   const struct packet_view *packet);
/** Print a line for each of @p packets, each a struct packet_view, in the order
 * in which they were captured: those of one TCP connection, whose client is the
 * sender of the first. */
void anatomy_print_connection(const struct anatomy *anatomy,
                              const GPtrArray *packets);

#endif

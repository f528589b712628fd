/**
 * @file packet_parts.h
 * What the readers of all layers share; for packet.c and packet_transport.c.
 *
 *     static const struct packet_row rows[] = {
 *         {2, packet_as_number, "length", "bytes of it all", "768"}, ...
 *     };
 *     packet_begin(packet, PACKET_TRANSPORT, "UDP", "RFC 768");
 *     if (!packet_is_short(packet, 8))
 *         packet_add_rows(packet, rows, G_N_ELEMENTS(rows));
 *
 * A header is a table of rows, as its RFC draws it. Each row added moves
 * packet->read; packet->end only ever shrinks; so whatever the bytes say,
 * read <= end <= bytes.size.
 */
#ifndef SOCKETS_PACKET_PARTS_H
#define SOCKETS_PACKET_PARTS_H
#include "01-sockets/layers/packet.h"

/** Sets the value of a field, and the meaning if its row has none. */
typedef void packet_explainer(struct packet_view *packet,
                              struct packet_field *field);

/** A field, as its RFC defines it. */
struct packet_row {
    size_t size;               /**< As in struct packet_field. */
    packet_explainer *explain; /**< How. */
    const char *name;          /**< As in struct packet_field. */
    const char *meaning;       /**< As in struct packet_field. */
    const char *standard;      /**< As in struct packet_field. */
};

/** Set @p text to a text that lives as long as the packet. */
void packet_say(struct packet_view *packet, const char **text,
                const char *format, ...) G_GNUC_PRINTF(3, 4);
/** The two bytes at @p at as a number, the high one first. */
unsigned packet_word(const uint8_t *at);
/** How many bytes are left. */
size_t packet_rest(const struct packet_view *packet);
/** The layer that is being read. */
struct packet_layer *packet_top(struct packet_view *packet);

/** Begin the next layer. Returns its first byte. */
const uint8_t *packet_begin(struct packet_view *packet, enum packet_place place,
                            const char *protocol, const char *standard);
/** Are there fewer than @p least bytes left? Then that is the trouble. */
bool packet_is_short(struct packet_view *packet, size_t least);
/** Add a field to the layer. */
void packet_add(struct packet_view *packet, const struct packet_row *row);
/** Add @p count of them. */
void packet_add_rows(struct packet_view *packet, const struct packet_row *rows,
                     size_t count);

/** @{ */
/** Ways to explain: a number; a word in hex; how many bytes; a checksum, of
 * which packet_judge() has been told before. */
packet_explainer packet_as_number, packet_as_word, packet_as_size,
    packet_as_sum;
/** @} */
/** Judge the checksum of the layer, over @p size bytes from here: it stands
 * @p field bytes from here. In the transport layer the addresses count too. */
void packet_judge(struct packet_view *packet, size_t size, size_t field);

/** Read UDP, TCP, or whatever @p protocol is; and what it carries. */
void packet_read_transport(struct packet_view *packet, unsigned protocol);

#endif

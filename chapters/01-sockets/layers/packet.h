/**
 * @file packet.h
 * A packet taken apart: its layers, their fields, and what each of them means.
 *
 *     struct packet_bytes bytes = {.data = data, .size = size};
 *     struct packet_view *packet = packet_read(bytes);
 *     uint64_t size = packet_number(packet, PACKET_INTERNET, "total length");
 *     if (packet->trouble)
 *         puts(packet->trouble);   // "It says that it has 1500 bytes, .."
 *
 * Ethernet, IPv4, TCP and UDP are read, and no other. A packet comes from
 * anywhere, so every length in it may be a lie and it may end at any byte: no
 * byte outside is ever looked at. Where a layer makes no sense, a sentence
 * says why, and the layers above it are not read.
 */
#ifndef SOCKETS_PACKET_H
#define SOCKETS_PACKET_H
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** The layers of RFC 1122, from the bottom. */
enum packet_place {
    PACKET_LINK,
    PACKET_INTERNET,
    PACKET_TRANSPORT,
    PACKET_APPLICATION,
    PACKET_LAYERS, /**< How many there are. */
};

/** A packet as it was found. */
struct packet_bytes {
    const uint8_t *data; /**< Borrowed. */
    size_t size;         /**< How many bytes. */
    bool bare;           /**< It begins with the IP header: no link layer. */
    bool unfinished;     /**< Its TCP or UDP checksum was left to hardware. */
};

/** Some bytes with one name. */
struct packet_field {
    const uint8_t *data;  /**< Where they are. */
    size_t size;          /**< How many. */
    const char *name;     /**< As its RFC calls it, or nearly so. */
    const char *value;    /**< What they hold. */
    const char *meaning;  /**< What that means, in a few words; or "". */
    const char *standard; /**< The numbers of its RFCs; or "". */
};

/** What is to be said of a checksum. */
enum packet_sum {
    PACKET_SUM_NONE,    /**< There is none. */
    PACKET_SUM_UNKNOWN, /**< Not all that it adds up is here. */
    PACKET_SUM_RIGHT,
    PACKET_SUM_WRONG,
    PACKET_SUM_UNFINISHED, /**< The sum of the pseudo-header alone. */
};

/** A header; or what the application sends. */
struct packet_layer {
    const char *protocol; /**< "IPv4"; NULL when it was not reached. */
    const char *standard; /**< Where it is defined: "RFC 791"; or "". */
    GArray *fields;       /**< struct packet_field, in order, without gaps. */
    size_t size;          /**< Bytes of all of them. */
    enum packet_sum sum;  /**< Its checksum, recomputed and compared. */
    uint16_t proper;      /**< What its checksum should be. */
};

/** A packet taken apart. */
struct packet_view {
    struct packet_bytes bytes;                 /**< As given. */
    struct packet_layer layers[PACKET_LAYERS]; /**< At enum packet_place. */
    enum packet_place top;                     /**< The last one reached. */
    size_t read;         /**< How many bytes belong to the layers. */
    size_t end;          /**< Where the datagram ends; then padding. */
    const char *trouble; /**< Why the top layer ends here; or NULL. */
    GStringChunk *texts; /**< Where the strings live. */
};

/** Take @p bytes apart. Borrows their data. Returns new. */
struct packet_view *packet_read(struct packet_bytes bytes);
/** The field of this name in this layer, or NULL. */
const struct packet_field *packet_find(const struct packet_view *packet,
                                       enum packet_place place,
                                       const char *name);
/** Its bytes as one number, the high one first; 0 when there is no such
 * field. */
uint64_t packet_number(const struct packet_view *packet,
                       enum packet_place place, const char *name);
/** Free it. */
void packet_free(struct packet_view *packet);

#endif

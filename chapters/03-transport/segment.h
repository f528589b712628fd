/**
 * @file segment.h
 * A segment, what a flow sends in one datagram; and numbers in a circle.
 *
 *     GBytes *bytes = segment_bytes(&segment); // checked, short
 *     if (segment_of(message, &segment))       // false: damaged, or not ours
 *         flow_on_segment(flow, &segment);
 *
 * The header, numbers big-endian; what is in brackets only with its flag:
 *
 *     0   CRC-32C of all that follows    [ACK: ack, window, echo: 4 bytes each;
 *     4   connection                           then 8 bytes for each range]
 *     8   flags
 *     9   how many ranges                data: all the rest
 *     10  zero, 2 bytes
 *     12  packet
 *     16  seq
 *
 * *Sequence numbers* name bytes of the stream: 32 bits, so after 4 GiB they
 * come again, and which of two is earlier is asked of their distance (RFC 9293,
 * 3.4). A *packet number* names one sending of a segment: what is sent again
 * has another one. So an echo of it says which sending arrived, and how long
 * that took: there is no question whether an ack is for the first copy or the
 * second (RFC 9002, 3).
 */
#ifndef TRANSPORT_SEGMENT_H
#define TRANSPORT_SEGMENT_H
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    SEGMENT_HEADER = 20, /**< Bytes before the acknowledgement, or the data. */
    SEGMENT_ACK_SIZE = 12,  /**< Bytes of an acknowledgement without ranges. */
    SEGMENT_RANGE_SIZE = 8, /**< Of a range. */
    SEGMENT_RANGES = 32     /**< No more in one segment. */
};

/** Flags. Others are refused. */
enum {
    SEGMENT_ACK = 1,    /**< It acknowledges. */
    SEGMENT_OPEN = 2,   /**< It begins the stream; seq is before its bytes. */
    SEGMENT_FIN = 4,    /**< The stream ends behind its data. */
    SEGMENT_RESET = 8,  /**< There is no such connection, any more. */
    SEGMENT_COOKIE = 16 /**< The data is a proof, and no part of the stream. */
};

/** Bytes from .first up to, and without, .end. */
struct range {
    uint32_t first; /**< The first of them. */
    uint32_t end;   /**< The first behind them. */
};

/** See above. */
struct segment {
    uint32_t connection; /**< Which one, as the receiver numbers it. */
    uint8_t flags;       /**< SEGMENT_ACK and so on. */
    uint32_t packet;     /**< Which sending. */
    uint32_t seq;        /**< The first byte of the data. */
    uint32_t ack;        /**< All before this have come ... */
    uint32_t window; /**< ... and so many more may be sent, from there on. */
    uint32_t echo;   /**< The packet that came last. */
    unsigned ranges; /**< What came beyond the ack, the newest first ... */
    struct range range[SEGMENT_RANGES]; /**< ... and where (RFC 2018). */
    const uint8_t *data; /**< Borrowed; may be NULL when size is 0. */
    size_t size;         /**< Bytes of data. */
};

/** Write it. Returns new. */
GBytes *segment_bytes(const struct segment *segment);
/** Is @p message one intact segment? Its data stands in @p message. */
bool segment_of(GBytes *message, struct segment *segment);

/** How far is it from @p from to @p to? Negative: backwards. Of numbers half a
 * circle apart, 2^31, neither is before the other. */
static inline int32_t sequence_distance(uint32_t from, uint32_t to)
{
    return (int32_t)(to - from);
}

/** Is @p a before @p b? */
static inline bool sequence_is_before(uint32_t a, uint32_t b)
{
    return sequence_distance(a, b) > 0;
}

#endif

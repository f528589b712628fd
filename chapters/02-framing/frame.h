/**
 * @file frame.h
 * Frames: a row of bytes cut into messages, and damage noticed.
 *
 *     frame_feed(decoder, data, size);        // As they come: any pieces.
 *     while (frame_next(decoder, &frame))
 *         ...frame.payload, frame.size...
 *
 * A frame is a header of 28 bytes, numbers big-endian, and its payload:
 *
 *     0   magic, c3 5a             8   id of the request
 *     2   version, 1              16   deadline: microseconds left, or 0
 *     3   flags                   20   CRC-32C of the payload
 *     4   length of the payload   24   CRC-32C of the 24 bytes before
 *
 * The header has a check of its own, so that a length can be believed before as
 * many bytes have been waited for. Bytes may be damaged on the way; none are
 * added or taken away. What the decoder does about it:
 *
 *  - No header (wrong magic, version or check; or a length beyond the cap): one
 *    byte is skipped, and it looks again. Nothing is believed of such a header,
 *    least of all its length.
 *  - A header, but another payload: the whole frame is skipped.
 *
 * So every frame that came whole is given, also behind damage, as soon as its
 * last byte is there, and none else. The exception is a damaged header: nobody
 * knows where its payload ends, so that is searched, and what looks like a
 * header there is taken for one. What it claims as its own payload goes with
 * it, so whole frames may be lost.
 *
 * The memory in use is at most eight times the bytes that were fed, and not
 * given or skipped before the last use of the decoder, and 32 KiB, whatever
 * lengths are claimed. The work grows as the bytes do, however they are cut.
 */
#ifndef FRAMING_FRAME_H
#define FRAMING_FRAME_H
#include "02-framing/wire.h"

#define FRAME_MAGIC   0xc35a /**< The first two bytes. */
#define FRAME_VERSION 1      /**< The third. */
#define FRAME_HEADER  28     /**< Bytes before the payload. */

/** A message on its way. */
struct frame {
    uint8_t flags;          /**< What they mean is for the user to say. */
    uint64_t id;            /**< Which request this is, or answers. */
    uint32_t deadline;      /**< So many microseconds are left; 0: no end. */
    const uint8_t *payload; /**< Borrowed; may be NULL when size is 0. */
    size_t size;            /**< Bytes of payload. */
};

/** Write @p frame, which has less than 4 GiB of payload. */
void frame_put(struct wire_writer *out, const struct frame *frame);
/** The same, as a message of its own. Returns new. */
GBytes *frame_bytes(const struct frame *frame);
/** Is @p message one intact frame, and nothing else? Then @p frame is that, and
 * its payload stands in @p message. */
bool frame_of(GBytes *message, struct frame *frame);

struct frame_decoder;

/** A decoder of frames with at most @p most bytes of payload. Returns new. */
struct frame_decoder *frame_decoder_new(size_t most);
/** These @p size bytes came next, fewer than 2 GiB. Copies. */
void frame_feed(struct frame_decoder *decoder, const void *data, size_t size);
/** The next frame, whose payload is valid until the decoder is used again;
 * false: more bytes are needed. */
bool frame_next(struct frame_decoder *decoder, struct frame *frame);
/** How many bytes were skipped so far. When frame_next() has returned false
 * these are all bytes that it has passed, and none of a frame that may still be
 * given. This is no use of the decoder: a payload stays valid. */
uint64_t frame_skipped(const struct frame_decoder *decoder);
/** Free it, with all that was not given. */
void frame_decoder_free(struct frame_decoder *decoder);

#endif

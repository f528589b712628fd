/* A shape with a ring: a row of bytes whose end is followed by its beginning, so
 * that nothing moves when bytes are given. It grows by doubling and shrinks by
 * halves, and a frame whose bytes run over the end of the ring is copied out
 * before it is given. A CRC needs no copy: it takes two pieces as well as one. */
#include "02-framing/crc32c.h"
#include "02-framing/frame.h"
#include <string.h>

enum { LEAST = 4096 }; /* Bytes of a ring. */

struct frame_decoder {
    size_t most;
    uint8_t *ring;
    size_t room, begin, count;
    uint8_t *copy; /* Of the payload that was given; or NULL. */
    uint64_t skipped;
};

static uint32_t crc_of_header(const uint8_t *header)
{
    return crc32c(0, header, FRAME_HEADER - 4);
}

void frame_put(struct wire_writer *out, const struct frame *frame)
{
    struct wire_writer header = {.most = FRAME_HEADER};
    wire_put_u16(&header, FRAME_MAGIC);
    wire_put_u8(&header, FRAME_VERSION);
    wire_put_u8(&header, frame->flags);
    wire_put_u32(&header, (uint32_t)frame->size);
    wire_put_u64(&header, frame->id);
    wire_put_u32(&header, frame->deadline);
    wire_put_u32(&header, crc32c(0, frame->payload, frame->size));
    wire_put_u32(&header, crc_of_header(header.data));
    wire_put_raw(out, header.data, header.size);
    wire_put_raw(out, frame->payload, frame->size);
    wire_clear(&header);
}

GBytes *frame_bytes(const struct frame *frame)
{
    struct wire_writer out = {.most = FRAME_HEADER + frame->size};
    frame_put(&out, frame);
    return wire_finish(&out);
}

static bool is_header(const uint8_t *data, struct frame *frame, uint32_t *crc)
{
    struct wire_reader in = wire_read(data, FRAME_HEADER);
    bool ours = wire_get_u16(&in) == FRAME_MAGIC;
    ours = wire_get_u8(&in) == FRAME_VERSION && ours;
    frame->flags = wire_get_u8(&in);
    frame->size = wire_get_u32(&in);
    frame->id = wire_get_u64(&in);
    frame->deadline = wire_get_u32(&in);
    frame->payload = NULL;
    *crc = wire_get_u32(&in);
    return ours && wire_get_u32(&in) == crc_of_header(data);
}

bool frame_of(GBytes *message, struct frame *frame)
{
    struct wire_reader in = wire_read_bytes(message);
    const uint8_t *header = wire_get_raw(&in, FRAME_HEADER);
    uint32_t crc;
    if (!header || !is_header(header, frame, &crc))
        return false;
    frame->payload = wire_get_raw(&in, frame->size);
    return wire_whole(&in) && crc32c(0, frame->payload, frame->size) == crc;
}

/* ---- The ring. ---- */

/* From the byte number @p at on, how many stand in a row? */
static const uint8_t *row_at(const struct frame_decoder *decoder, size_t at,
                             size_t *size)
{
    size_t place = (decoder->begin + at) % decoder->room;
    if (*size > decoder->room - place)
        *size = decoder->room - place;
    return decoder->ring + place;
}

static void copy_out(const struct frame_decoder *decoder, size_t at,
                     uint8_t *to, size_t size)
{
    while (size > 0) {
        size_t piece = size;
        const uint8_t *from = row_at(decoder, at, &piece);
        memcpy(to, from, piece);
        to += piece, at += piece, size -= piece;
    }
}

static void resize(struct frame_decoder *decoder, size_t room)
{
    uint8_t *ring = g_malloc(room);
    copy_out(decoder, 0, ring, decoder->count);
    g_free(decoder->ring);
    decoder->ring = ring;
    decoder->room = room;
    decoder->begin = 0;
}

static void drop(struct frame_decoder *decoder, size_t size)
{
    decoder->begin = (decoder->begin + size) % decoder->room;
    decoder->count -= size;
}

/* ---- Decoding. ---- */

static uint32_t crc_of_row(const struct frame_decoder *decoder, size_t at,
                           size_t size)
{
    uint32_t crc = 0;
    while (size > 0) {
        size_t piece = size;
        const uint8_t *data = row_at(decoder, at, &piece);
        crc = crc32c(crc, data, piece);
        at += piece, size -= piece;
    }
    return crc;
}

/* What was given is valid no more: there is a time to become smaller. */
static void settle(struct frame_decoder *decoder)
{
    g_clear_pointer(&decoder->copy, g_free);
    size_t room = decoder->room;
    while (room > LEAST && decoder->count < room / 4)
        room /= 2;
    if (room < decoder->room)
        resize(decoder, room);
}

void frame_feed(struct frame_decoder *decoder, const void *data, size_t size)
{
    settle(decoder);
    size_t room = decoder->room;
    while (room - decoder->count < size)
        room *= 2;
    if (room > decoder->room)
        resize(decoder, room);
    const uint8_t *from = data;
    for (size_t done = 0; done < size;) {
        size_t piece = size - done;
        uint8_t *to = (uint8_t *)row_at(decoder, decoder->count, &piece);
        memcpy(to, from + done, piece);
        decoder->count += piece;
        done += piece;
    }
}

static void give_payload(struct frame_decoder *decoder, struct frame *frame)
{
    size_t row = frame->size;
    frame->payload = row_at(decoder, FRAME_HEADER, &row);
    if (row < frame->size) {
        decoder->copy = g_malloc(frame->size);
        copy_out(decoder, FRAME_HEADER, decoder->copy, frame->size);
        frame->payload = decoder->copy;
    }
}

bool frame_next(struct frame_decoder *decoder, struct frame *frame)
{
    uint8_t header[FRAME_HEADER];
    uint32_t crc;
    settle(decoder);
    while (decoder->count >= FRAME_HEADER) {
        size_t size = 1;
        bool right = false;
        copy_out(decoder, 0, header, FRAME_HEADER);
        if (is_header(header, frame, &crc) && frame->size <= decoder->most) {
            size = FRAME_HEADER + frame->size;
            if (decoder->count < size)
                return false;
            right = crc_of_row(decoder, FRAME_HEADER, frame->size) == crc;
        }
        if (right)
            give_payload(decoder, frame);
        drop(decoder, size);
        if (right)
            return true;
        decoder->skipped += size;
    }
    return false;
}

uint64_t frame_skipped(const struct frame_decoder *decoder)
{
    return decoder->skipped;
}

struct frame_decoder *frame_decoder_new(size_t most)
{
    struct frame_decoder *decoder = g_new0(struct frame_decoder, 1);
    decoder->most = most;
    decoder->room = LEAST;
    decoder->ring = g_malloc(LEAST);
    return decoder;
}

void frame_decoder_free(struct frame_decoder *decoder)
{
    g_free(decoder->copy);
    g_free(decoder->ring);
    g_free(decoder);
}

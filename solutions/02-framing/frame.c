/*
 *     fed:  ......[=================|             |
 *           given  ^ next            ^ end         ^ memory
 *
 * The row of bytes that were fed. Of those up to next the decoder is done.
 */
#include "02-framing/frame.h"
#include "02-framing/crc32c.h"
#include "common/course/todo.h"
#include <string.h>

enum {
    CHECKED = FRAME_HEADER - 4, /* What the header's check covers. */
    KEPT = 1 << 14,             /* Half of what may stay unused (frame.h). */
};

struct frame_decoder {
    size_t most;
    GByteArray *fed;
    size_t next; /* Bytes of it that are given or skipped. */
    uint64_t skipped;
};

/* ---- Encoding. ---- */

void frame_put(struct wire_writer *out, const struct frame *frame)
{
    /* SOLUTION: the header as frame.h draws it, then the payload. The header's
     * check comes last, when the 24 bytes before it are written: they stand in
     * out->data, at the end of out->size, unless out->failed. */
    g_assert(frame->size <= UINT32_MAX);
    wire_put_u16(out, FRAME_MAGIC);
    wire_put_u8(out, FRAME_VERSION);
    wire_put_u8(out, frame->flags);
    wire_put_u32(out, (uint32_t)frame->size);
    wire_put_u64(out, frame->id);
    wire_put_u32(out, frame->deadline);
    wire_put_u32(out, crc32c(0, frame->payload, frame->size));
    if (!out->failed)
        wire_put_u32(out, crc32c(0, out->data + out->size - CHECKED, CHECKED));
    wire_put_raw(out, frame->payload, frame->size);
    /* END SOLUTION: (void)out, (void)todo(frame); */
}

GBytes *frame_bytes(const struct frame *frame)
{
    struct wire_writer out = {.most = FRAME_HEADER + frame->size};
    frame_put(&out, frame);
    return wire_finish(&out);
}

/* ---- Decoding. ---- */

/* What the header says, and the check of its payload. */
struct header {
    struct frame frame;
    uint32_t check;
};

/* Do these FRAME_HEADER bytes begin a frame? */
static bool read_header(const uint8_t *data, struct header *header)
{
    /* SOLUTION: read all fields, and believe them only if magic, version and
     * check are right. The payload begins behind the header, there or not yet:
     * that is where frame.payload points. */
    struct wire_reader in = wire_read(data, FRAME_HEADER);
    uint16_t magic = wire_get_u16(&in);
    uint8_t version = wire_get_u8(&in);
    header->frame.flags = wire_get_u8(&in);
    header->frame.size = wire_get_u32(&in);
    header->frame.id = wire_get_u64(&in);
    header->frame.deadline = wire_get_u32(&in);
    header->check = wire_get_u32(&in);
    header->frame.payload = data + FRAME_HEADER;
    return magic == FRAME_MAGIC && version == FRAME_VERSION &&
           wire_get_u32(&in) == crc32c(0, data, CHECKED);
    /* END SOLUTION: (void)data, (void)header;
     * return todo(false); */
}

static bool is_whole(const struct header *header)
{
    const struct frame *frame = &header->frame;
    return crc32c(0, frame->payload, frame->size) == header->check;
}

bool frame_of(GBytes *message, struct frame *frame)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    struct header header;
    if (size < FRAME_HEADER || !read_header(data, &header) ||
        header.frame.size != size - FRAME_HEADER || !is_whole(&header))
        return false;
    *frame = header.frame;
    return true;
}

static void skip(struct frame_decoder *decoder, size_t size)
{
    decoder->next += size;
    decoder->skipped += size;
}

/* SOLUTION: whoever uses the decoder again needs no byte that was given. Drop
 * those, but not a few of many: each byte should move once, on average. And the
 * memory of a large frame should not stay when it is given. */
/* A row of 2 * KEPT bytes and less may stay as large as it is. */
static void drop_given(struct frame_decoder *decoder)
{
    GByteArray *fed = decoder->fed;
    guint given = (guint)decoder->next, left = fed->len - given;
    if (given < left || given == 0)
        return;
    if (given > KEPT) {
        decoder->fed = g_byte_array_sized_new(left);
        g_byte_array_append(decoder->fed, fed->data + given, left);
        g_byte_array_unref(fed);
    } else {
        g_byte_array_remove_range(fed, 0, given);
    }
    decoder->next = 0;
}

/* END SOLUTION: */
void frame_feed(struct frame_decoder *decoder, const void *data, size_t size)
{
    /* SOLUTION: keep what has come, behind what is kept already. */
    /* A cap on lengths alone would not save the memory: the bytes of a large
     * frame are kept as they come, never reserved because a header says so. */
    drop_given(decoder);
    g_assert(size <= G_MAXUINT - decoder->fed->len);
    g_byte_array_append(decoder->fed, data, (guint)size);
    /* END SOLUTION: (void)decoder, (void)data, (void)todo(size); */
}

bool frame_next(struct frame_decoder *decoder, struct frame *frame)
{
    /* SOLUTION: while there are bytes enough for a header: what begins here? Do
     * by frame.h. */
    /* Nothing, and one byte is skipped; or a frame that is not all there, or a
     * damaged one, or a whole one. */
    drop_given(decoder);
    struct header header;
    while (decoder->fed->len - decoder->next >= FRAME_HEADER) {
        const uint8_t *data = decoder->fed->data + decoder->next;
        size_t left = decoder->fed->len - decoder->next;
        if (!read_header(data, &header) || header.frame.size > decoder->most) {
            skip(decoder, 1);
            continue;
        }
        size_t size = FRAME_HEADER + header.frame.size;
        if (left < size)
            return false;
        if (is_whole(&header)) {
            decoder->next += size;
            *frame = header.frame;
            return true;
        }
        skip(decoder, size);
    }
    return false;
    /* END SOLUTION: (void)frame;
     * return todo(false); */
}

uint64_t frame_skipped(const struct frame_decoder *decoder)
{
    return decoder->skipped;
}

struct frame_decoder *frame_decoder_new(size_t most)
{
    struct frame_decoder *decoder = g_new0(struct frame_decoder, 1);
    decoder->most = most;
    decoder->fed = g_byte_array_new();
    return decoder;
}

void frame_decoder_free(struct frame_decoder *decoder)
{
    g_byte_array_unref(decoder->fed);
    g_free(decoder);
}

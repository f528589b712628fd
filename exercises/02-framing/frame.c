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
    /* TODO: the header as frame.h draws it, then the payload. The header's
     * check comes last, when the 24 bytes before it are written: they stand in
     * out->data, at the end of out->size, unless out->failed. */
    (void)out, (void)todo(frame);
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
    /* TODO: read all fields, and believe them only if magic, version and
     * check are right. The payload begins behind the header, there or not yet:
     * that is where frame.payload points. */
    (void)data, (void)header;
    return todo(false);
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

/* TODO: whoever uses the decoder again needs no byte that was given. Drop
 * those, but not a few of many: each byte should move once, on average. And the
 * memory of a large frame should not stay when it is given. */
void frame_feed(struct frame_decoder *decoder, const void *data, size_t size)
{
    /* TODO: keep what has come, behind what is kept already. */
    (void)decoder, (void)data, (void)todo(size);
}

bool frame_next(struct frame_decoder *decoder, struct frame *frame)
{
    /* TODO: while there are bytes enough for a header: what begins here? Do
     * by frame.h. */
    (void)frame;
    return todo(false);
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

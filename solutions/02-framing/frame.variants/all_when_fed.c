/* A shape that does everything in frame_feed(): it finds all frames that are
 * whole and keeps them, one GBytes each, for frame_next() to hand out. It is
 * impatient: a byte that cannot begin a frame is skipped at once, and not when
 * there are 28 of them. What is left waits in a row. */
#include "02-framing/crc32c.h"
#include "02-framing/frame.h"
#include <string.h>

struct frame_decoder {
    size_t most;
    GByteArray *rest;
    GQueue ready;  /* GBytes: whole frames. */
    GBytes *given; /* The last one. */
    uint64_t skipped;
};

static const uint8_t start[] = {FRAME_MAGIC >> 8, FRAME_MAGIC & 0xff,
                                FRAME_VERSION};

void frame_put(struct wire_writer *out, const struct frame *frame)
{
    size_t begin = out->size;
    wire_put_raw(out, start, sizeof start);
    wire_put_u8(out, frame->flags);
    wire_put_u32(out, (uint32_t)frame->size);
    wire_put_u64(out, frame->id);
    wire_put_u32(out, frame->deadline);
    wire_put_u32(out, crc32c(0, frame->payload, frame->size));
    wire_put_u32(out, out->failed ? 0 : crc32c(0, out->data + begin, 24));
    wire_put_raw(out, frame->payload, frame->size);
}

GBytes *frame_bytes(const struct frame *frame)
{
    struct wire_writer out = {.most = FRAME_HEADER + frame->size};
    frame_put(&out, frame);
    return wire_finish(&out);
}

static uint32_t word(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return GUINT32_FROM_BE(word);
}

enum found { NOTHING, A_PART, A_WRECK, A_FRAME };

/* What begins at @p data, and how long is it? */
static enum found look(const uint8_t *data, size_t left, size_t most,
                       size_t *size)
{
    *size = 1;
    if (left > 0 && memcmp(data, start, MIN(left, sizeof start)) != 0)
        return NOTHING;
    if (left < FRAME_HEADER)
        return A_PART;
    if (word(data + 24) != crc32c(0, data, 24) || word(data + 4) > most)
        return NOTHING;
    *size = FRAME_HEADER + (size_t)word(data + 4);
    if (left < *size)
        return A_PART;
    uint32_t crc = crc32c(0, data + FRAME_HEADER, *size - FRAME_HEADER);
    return crc == word(data + 20) ? A_FRAME : A_WRECK;
}

bool frame_of(GBytes *message, struct frame *frame)
{
    size_t whole, size;
    const uint8_t *data = g_bytes_get_data(message, &whole);
    if (look(data, whole, UINT32_MAX, &size) != A_FRAME || size != whole)
        return false;
    *frame = (struct frame){
        .flags = data[3],
        .id = (uint64_t)word(data + 8) << 32 | word(data + 12),
        .deadline = word(data + 16),
        .payload = data + FRAME_HEADER,
        .size = size - FRAME_HEADER,
    };
    return true;
}

static void keep_rest(struct frame_decoder *decoder, size_t done)
{
    GByteArray *old = decoder->rest;
    if (done == 0)
        return;
    decoder->rest = g_byte_array_new();
    g_byte_array_append(decoder->rest, old->data + done,
                        old->len - (guint)done);
    g_byte_array_unref(old);
}

void frame_feed(struct frame_decoder *decoder, const void *data, size_t size)
{
    size_t done = 0, length;
    enum found found;
    g_byte_array_append(decoder->rest, data, (guint)size);
    while (done < decoder->rest->len) {
        const uint8_t *at = decoder->rest->data + done;
        found = look(at, decoder->rest->len - done, decoder->most, &length);
        if (found == A_PART)
            break;
        done += length;
        if (found == A_FRAME)
            g_queue_push_tail(&decoder->ready, g_bytes_new(at, length));
        else
            decoder->skipped += length;
    }
    keep_rest(decoder, done);
}

bool frame_next(struct frame_decoder *decoder, struct frame *frame)
{
    g_clear_pointer(&decoder->given, g_bytes_unref);
    decoder->given = g_queue_pop_head(&decoder->ready);
    return decoder->given && frame_of(decoder->given, frame);
}

uint64_t frame_skipped(const struct frame_decoder *decoder)
{
    return decoder->skipped;
}

struct frame_decoder *frame_decoder_new(size_t most)
{
    struct frame_decoder *decoder = g_new0(struct frame_decoder, 1);
    decoder->most = most;
    decoder->rest = g_byte_array_new();
    g_queue_init(&decoder->ready);
    return decoder;
}

void frame_decoder_free(struct frame_decoder *decoder)
{
    g_queue_clear_full(&decoder->ready, (GDestroyNotify)g_bytes_unref);
    g_clear_pointer(&decoder->given, g_bytes_unref);
    g_byte_array_unref(decoder->rest);
    g_free(decoder);
}

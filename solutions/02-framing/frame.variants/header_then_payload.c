/* A shape of two states. In HEADER the first bytes of a frame gather in an array
 * of 28, which slides by one byte while they are no header. In PAYLOAD the rest
 * gathers in a row of its own. What is fed and not looked at yet waits in a
 * chunk: a right header and a large payload are copied once, and only a header
 * is ever looked at twice. */
#include "02-framing/crc32c.h"
#include "02-framing/frame.h"
#include <string.h>

enum state { HEADER, PAYLOAD };

struct frame_decoder {
    size_t most;
    enum state state;
    uint8_t header[FRAME_HEADER];
    size_t in_header;    /* Bytes of it that are there. */
    struct frame frame;  /* In PAYLOAD: what the header said. */
    uint32_t check;      /* And of the payload. */
    GByteArray *payload; /* As much as has come. */
    GQueue chunks;       /* GBytes: not looked at yet. */
    size_t at;           /* Where, in the first of them. */
    uint64_t skipped;
};

static uint64_t number(const uint8_t *data, int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++)
        number = number << 8 | data[i];
    return number;
}

static void write_number(uint8_t *data, uint64_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--, number >>= 8)
        data[i] = (uint8_t)number;
}

void frame_put(struct wire_writer *out, const struct frame *frame)
{
    uint8_t header[FRAME_HEADER];
    write_number(header, FRAME_MAGIC, 2);
    header[2] = FRAME_VERSION;
    header[3] = frame->flags;
    write_number(header + 4, frame->size, 4);
    write_number(header + 8, frame->id, 8);
    write_number(header + 16, frame->deadline, 4);
    write_number(header + 20, crc32c(0, frame->payload, frame->size), 4);
    write_number(header + 24, crc32c(0, header, 24), 4);
    wire_put_raw(out, header, sizeof header);
    wire_put_raw(out, frame->payload, frame->size);
}

GBytes *frame_bytes(const struct frame *frame)
{
    struct wire_writer out = {.most = SIZE_MAX};
    frame_put(&out, frame);
    return wire_finish(&out);
}

/* Is it one? Then its fields. */
static bool parse(const uint8_t *header, struct frame *frame, uint32_t *check)
{
    if (number(header, 3) != (FRAME_MAGIC << 8 | FRAME_VERSION) ||
        number(header + 24, 4) != crc32c(0, header, 24))
        return false;
    *frame = (struct frame){.flags = header[3],
                            .size = number(header + 4, 4),
                            .id = number(header + 8, 8),
                            .deadline = (uint32_t)number(header + 16, 4)};
    *check = (uint32_t)number(header + 20, 4);
    return true;
}

bool frame_of(GBytes *message, struct frame *frame)
{
    struct frame found;
    uint32_t check;
    size_t size = g_bytes_get_size(message);
    const uint8_t *data = g_bytes_get_data(message, NULL);
    if (size < FRAME_HEADER || !parse(data, &found, &check) ||
        found.size + FRAME_HEADER != size ||
        crc32c(0, data + FRAME_HEADER, found.size) != check)
        return false;
    found.payload = data + FRAME_HEADER;
    *frame = found;
    return true;
}

/* Up to @p most bytes of what waits, into @p to; how many? */
static size_t take(struct frame_decoder *decoder, uint8_t *to, size_t most)
{
    size_t size, done = 0;
    while (done < most && !g_queue_is_empty(&decoder->chunks)) {
        GBytes *first = g_queue_peek_head(&decoder->chunks);
        const uint8_t *data = g_bytes_get_data(first, &size);
        size_t piece = size - decoder->at;
        if (piece > most - done)
            piece = most - done;
        if (piece > 0)
            memcpy(to + done, data + decoder->at, piece);
        done += piece;
        decoder->at += piece;
        if (decoder->at == size) {
            g_bytes_unref(g_queue_pop_head(&decoder->chunks));
            decoder->at = 0;
        }
    }
    return done;
}

/* A new row: the old one may be large. */
static void forget_payload(struct frame_decoder *decoder)
{
    if (decoder->payload->len == 0)
        return;
    g_byte_array_unref(decoder->payload);
    decoder->payload = g_byte_array_new();
}

/* Fill the header. Is there one, or are there no more bytes? */
static bool fill_header(struct frame_decoder *decoder)
{
    decoder->in_header += take(decoder, decoder->header + decoder->in_header,
                               FRAME_HEADER - decoder->in_header);
    if (decoder->in_header < FRAME_HEADER)
        return false;
    if (parse(decoder->header, &decoder->frame, &decoder->check) &&
        decoder->frame.size <= decoder->most) {
        decoder->state = PAYLOAD;
        decoder->in_header = 0;
        return true;
    }
    memmove(decoder->header, decoder->header + 1, FRAME_HEADER - 1);
    decoder->in_header--;
    decoder->skipped++;
    return true;
}

static bool fill_payload(struct frame_decoder *decoder)
{
    uint8_t some[4096];
    while (decoder->payload->len < decoder->frame.size) {
        size_t lacking = decoder->frame.size - decoder->payload->len;
        size_t count = take(decoder, some, MIN(lacking, sizeof some));
        if (count == 0)
            return false;
        g_byte_array_append(decoder->payload, some, (guint)count);
    }
    return true;
}

void frame_feed(struct frame_decoder *decoder, const void *data, size_t size)
{
    g_queue_push_tail(&decoder->chunks, g_bytes_new(data, size));
}

bool frame_next(struct frame_decoder *decoder, struct frame *frame)
{
    if (decoder->state == HEADER)
        forget_payload(decoder);
    for (;;) {
        while (decoder->state == HEADER)
            if (!fill_header(decoder))
                return false;
        if (!fill_payload(decoder))
            return false;
        decoder->state = HEADER;
        const uint8_t *payload = decoder->payload->data;
        size_t size = decoder->frame.size;
        if (crc32c(0, payload, size) == decoder->check) {
            *frame = decoder->frame;
            frame->payload = payload;
            return true;
        }
        decoder->skipped += FRAME_HEADER + size;
        forget_payload(decoder);
    }
}

uint64_t frame_skipped(const struct frame_decoder *decoder)
{
    return decoder->skipped;
}

struct frame_decoder *frame_decoder_new(size_t most)
{
    struct frame_decoder *decoder = g_new0(struct frame_decoder, 1);
    decoder->most = most;
    decoder->payload = g_byte_array_new();
    g_queue_init(&decoder->chunks);
    return decoder;
}

void frame_decoder_free(struct frame_decoder *decoder)
{
    g_queue_clear_full(&decoder->chunks, (GDestroyNotify)g_bytes_unref);
    g_byte_array_unref(decoder->payload);
    g_free(decoder);
}

/*
 * A segment on the wire; segment.h draws it. What is refused is refused before
 * anything is believed: the check first, then flags and counts, then the rest.
 *
 * There is one way to write each segment: what has no flag is not there, the
 * two spare bytes are zero, and a count of ranges without an acknowledgement
 * is no segment. So what segment_of() takes, segment_bytes() writes again,
 * byte by byte.
 */
#include "03-transport/segment.h"
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include <string.h>

enum { CHECK = 4 }; /* Bytes of the check. */
enum {
    FLAGS = SEGMENT_ACK | SEGMENT_OPEN | SEGMENT_FIN | SEGMENT_RESET |
            SEGMENT_COOKIE
};

/* ---- Writing. ---- */

static void put_ack(struct wire_writer *out, const struct segment *segment)
{
    wire_put_u32(out, segment->ack);
    wire_put_u32(out, segment->window);
    wire_put_u32(out, segment->echo);
    for (unsigned i = 0; i < segment->ranges; i++) {
        wire_put_u32(out, segment->range[i].first);
        wire_put_u32(out, segment->range[i].end);
    }
}

static void put_check(struct wire_writer *out)
{
    uint32_t check =
        GUINT32_TO_BE(crc32c(0, out->data + CHECK, out->size - CHECK));
    memcpy(out->data, &check, CHECK);
}

GBytes *segment_bytes(const struct segment *segment)
{
    bool acknowledges = segment->flags & SEGMENT_ACK;
    struct wire_writer out = {.most = SIZE_MAX};
    g_assert((segment->flags & ~FLAGS) == 0);
    g_assert(segment->ranges <= (acknowledges ? SEGMENT_RANGES : 0));
    wire_put_u32(&out, 0); /* The check: it comes last. */
    wire_put_u32(&out, segment->connection);
    wire_put_u8(&out, segment->flags);
    wire_put_u8(&out, (uint8_t)segment->ranges);
    wire_put_u16(&out, 0);
    wire_put_u32(&out, segment->packet);
    wire_put_u32(&out, segment->seq);
    if (acknowledges)
        put_ack(&out, segment);
    wire_put_raw(&out, segment->data, segment->size);
    put_check(&out);
    return wire_finish(&out);
}

/* ---- Reading. ---- */

static bool is_intact(GBytes *message)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    struct wire_reader in = wire_read(data, size);
    uint32_t check = wire_get_u32(&in);
    return size >= SEGMENT_HEADER && crc32c(0, in.next, in.left) == check;
}

static void get_ack(struct wire_reader *in, struct segment *segment)
{
    segment->ack = wire_get_u32(in);
    segment->window = wire_get_u32(in);
    segment->echo = wire_get_u32(in);
    for (unsigned i = 0; i < segment->ranges; i++) {
        segment->range[i].first = wire_get_u32(in);
        segment->range[i].end = wire_get_u32(in);
    }
}

/* Is what the flags and the count say allowed? */
static bool is_plausible(const struct segment *segment, uint16_t zero)
{
    bool acknowledges = segment->flags & SEGMENT_ACK;
    return zero == 0 && (segment->flags & ~FLAGS) == 0 &&
           segment->ranges <= (acknowledges ? SEGMENT_RANGES : 0);
}

bool segment_of(GBytes *message, struct segment *segment)
{
    struct wire_reader in = wire_read_bytes(message);
    *segment = (struct segment){0};
    if (!is_intact(message))
        return false;
    wire_get_u32(&in);
    segment->connection = wire_get_u32(&in);
    segment->flags = wire_get_u8(&in);
    segment->ranges = wire_get_u8(&in);
    uint16_t zero = wire_get_u16(&in);
    if (!is_plausible(segment, zero))
        return false;
    segment->packet = wire_get_u32(&in);
    segment->seq = wire_get_u32(&in);
    if (segment->flags & SEGMENT_ACK)
        get_ack(&in, segment);
    segment->size = in.left;
    segment->data = wire_get_raw(&in, in.left);
    return wire_whole(&in);
}

/*
 * Fuzzing segment.c. The input is a message, behind a byte that says what of
 * it is set right first, or hardly any would get past the check: bit 0, the
 * check; bit 1, the flags, the count of ranges and the spare bytes. What is
 * taken for a segment points into the message, and is written again as the
 * same bytes.
 */
#include "02-framing/crc32c.h"
#include "03-transport/segment.h"
#include "common/judge/fuzz.h"
#include <stdlib.h>
#include <string.h>

/* Not an assertion of GLib's, which would print before it stops. */
static void expect(bool condition)
{
    if (!condition)
        abort();
}

static void expect_inside(GBytes *message, const struct segment *segment)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    expect(segment->ranges <= SEGMENT_RANGES);
    expect(segment->size <= size - SEGMENT_HEADER);
    expect(segment->size == 0 || segment->data == data + size - segment->size);
}

static void set_header(uint8_t *data)
{
    data[8] &= 31;
    data[9] = data[8] & SEGMENT_ACK ? data[9] % (SEGMENT_RANGES + 2) : 0;
    data[10] = data[11] = 0;
}

static void set_check(uint8_t *data, size_t size)
{
    uint32_t check = GUINT32_TO_BE(crc32c(0, data + 4, size - 4));
    memcpy(data, &check, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct segment segment;
    if (size == 0)
        return 0;
    g_autofree uint8_t *copy = g_malloc(size);
    memcpy(copy, data + 1, size - 1);
    if (data[0] & 2 && size > SEGMENT_HEADER)
        set_header(copy);
    if (data[0] & 1 && size > 4)
        set_check(copy, size - 1);
    g_autoptr(GBytes) message = g_bytes_new(copy, size - 1);
    if (!segment_of(message, &segment))
        return 0;
    expect_inside(message, &segment);
    g_autoptr(GBytes) again = segment_bytes(&segment);
    expect(g_bytes_equal(message, again));
    return 0;
}

/* A shape with a table of sixteen numbers, which can be written down: half a byte
 * at a time, the lower half first. Nothing has to be made, and it stays in the
 * smallest cache. */
#include "02-framing/crc32c.h"

static const uint32_t halves[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
    0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
    0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t step(uint32_t rest)
{
    return rest >> 4 ^ halves[rest & 15];
}

uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
    uint32_t rest = ~crc;
    const uint8_t *end = (const uint8_t *)data + size;
    for (const uint8_t *next = data; next < end; next++)
        rest = step(step(rest ^ *next));
    return ~rest;
}

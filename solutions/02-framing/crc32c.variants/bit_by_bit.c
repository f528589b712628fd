/* A shape without a table: the division as one does it by hand, a bit at a time,
 * and the processor is not asked. A tenth of the speed, and a quarter of the
 * lines. */
#include "02-framing/crc32c.h"

uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *byte = data;
    crc = ~crc;
    while (size-- > 0) {
        crc ^= *byte++;
        for (int i = 0; i < 8; i++)
            crc = crc >> 1 ^ (CRC32C_POLYNOMIAL & (0 - (crc & 1)));
    }
    return ~crc;
}

#include "01-sockets/checksum.h"

/* Byte by byte: no byte order of the machine, no alignment, and an odd piece
 * needs no case of its own. RFC 1071, 2 shows how to be faster. */
void checksum_add(struct checksum *checksum, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        checksum->sum += checksum->odd ? bytes[i] : (uint64_t)bytes[i] << 8;
        checksum->odd = !checksum->odd;
    }
}

void checksum_add_pseudo(struct checksum *checksum, const void *addresses,
                         uint8_t protocol, uint16_t size)
{
    const uint8_t rest[4] = {0, protocol, (uint8_t)(size >> 8), (uint8_t)size};
    checksum_add(checksum, addresses, 8);
    checksum_add(checksum, rest, sizeof rest);
}

uint16_t checksum_sum(const struct checksum *checksum)
{
    uint64_t sum = checksum->sum;
    while (sum > UINT16_MAX)
        sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)sum;
}

uint16_t checksum_finish(const struct checksum *checksum)
{
    return (uint16_t)~checksum_sum(checksum);
}

uint16_t checksum_finish_udp(const struct checksum *checksum)
{
    uint16_t field = checksum_finish(checksum);
    return field == 0 ? UINT16_MAX : field;
}

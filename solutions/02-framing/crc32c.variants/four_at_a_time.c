/* A shape that takes four bytes in one step, from four tables: tables[k][b] is
 * what is left of byte b when k more bytes have followed it. So the four look-ups
 * do not wait for each other (Intel's "slicing by 4", Kounavis and Berry 2005).
 * What does not fill a word is done by the first table. */
#include "02-framing/crc32c.h"
#include <glib.h>
#include <string.h>

static uint32_t tables[4][256];

static void fill_tables(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t rest = byte;
        for (int bit = 0; bit < 8; bit++)
            rest = (rest & 1) ? rest >> 1 ^ CRC32C_POLYNOMIAL : rest >> 1;
        tables[0][byte] = rest;
    }
    for (int more = 1; more < 4; more++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t rest = tables[more - 1][byte];
            tables[more][byte] = rest >> 8 ^ tables[0][rest & 0xff];
        }
}

static uint32_t take_byte(uint32_t rest, uint8_t byte)
{
    return rest >> 8 ^ tables[0][(rest ^ byte) & 0xff];
}

static uint32_t take_word(uint32_t rest, const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    rest ^= GUINT32_FROM_LE(word);
    return tables[3][rest & 0xff] ^ tables[2][rest >> 8 & 0xff] ^
           tables[1][rest >> 16 & 0xff] ^ tables[0][rest >> 24];
}

uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
    static gsize filled;
    const uint8_t *at = data;
    uint32_t rest = ~crc;
    if (g_once_init_enter(&filled)) {
        fill_tables();
        g_once_init_leave(&filled, 1);
    }
    for (; size >= 4; size -= 4, at += 4)
        rest = take_word(rest, at);
    for (; size > 0; size--)
        rest = take_byte(rest, *at++);
    return ~rest;
}

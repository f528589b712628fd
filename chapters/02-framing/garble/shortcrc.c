/*
 * Long division, as in crc32c.c, with a register of sixteen bits whatever the
 * width. A shorter one stands at its left end:
 *
 *     width 12    | r11 r10 ... r1 r0  0 0 0 0 |  <-  the next byte, from the
 *                   ^ what is shifted out             left too
 *
 * So the bit to look at is always the leftmost, a byte always enters there, and
 * a CRC of eight bits needs no case of its own, nor does one of four.
 *
 * Where a kind is reflected, each byte is turned round as it enters, and the
 * check as it leaves. Others turn the polynomial instead, and shift to the
 * right; that is faster, and is the same.
 */
#include "02-framing/garble/shortcrc.h"
#include <glib.h>

enum { REGISTER = 16, LEFTMOST = 1 << (REGISTER - 1), BYTE = 8 };

static const struct shortcrc_kind kinds[] = {
    {"CRC-3/GSM", 3, 0x3, 0x0, false, 0x7},
    {"CRC-4/G-704", 4, 0x3, 0x0, true, 0x0},
    {"CRC-5/USB", 5, 0x05, 0x1f, true, 0x1f},
    {"CRC-8/SMBUS", 8, 0x07, 0x00, false, 0x00},
    {"CRC-8/MAXIM-DOW", 8, 0x31, 0x00, true, 0x00},
    {"CRC-8/SAE-J1850", 8, 0x1d, 0xff, false, 0xff},
    {"CRC-10/ATM", 10, 0x233, 0x000, false, 0x000},
    {"CRC-12/DECT", 12, 0x80f, 0x000, false, 0x000},
    {"CRC-12/CDMA2000", 12, 0xf13, 0xfff, false, 0x000},
    {"CRC-14/GSM", 14, 0x202d, 0x0000, false, 0x3fff},
    {"CRC-14/DARC", 14, 0x0805, 0x0000, true, 0x0000},
    {"CRC-15/CAN", 15, 0x4599, 0x0000, false, 0x0000},
    {"CRC-16/ARC", 16, 0x8005, 0x0000, true, 0x0000},
    {"CRC-16/IBM-3740", 16, 0x1021, 0xffff, false, 0x0000},
    {"CRC-16/IBM-SDLC", 16, 0x1021, 0xffff, true, 0xffff},
    {"CRC-16/ISO-IEC-14443-3-A", 16, 0x1021, 0xc6c6, true, 0x0000},
    {"CRC-16/T10-DIF", 16, 0x8bb7, 0x0000, false, 0x0000},
    {"CRC-16/XMODEM", 16, 0x1021, 0x0000, false, 0x0000},
};

const struct shortcrc_kind *shortcrc_named(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

/* The first of @p width bits becomes the last. */
static unsigned turn_round(unsigned bits, unsigned width)
{
    unsigned turned = 0;
    for (unsigned i = 0; i < width; i++)
        turned |= (bits >> i & 1) << (width - 1 - i);
    return turned;
}

static unsigned divide_byte(unsigned remainder, unsigned polynomial)
{
    for (int bit = 0; bit < BYTE; bit++)
        remainder = remainder << 1 ^ (remainder & LEFTMOST ? polynomial : 0);
    return remainder & UINT16_MAX;
}

void shortcrc_init(struct shortcrc *crc, const struct shortcrc_kind *kind)
{
    g_assert(kind->width >= 1 && kind->width <= REGISTER);
    unsigned polynomial = (unsigned)kind->polynomial
                          << (REGISTER - kind->width);
    crc->kind = *kind;
    for (unsigned byte = 0; byte < G_N_ELEMENTS(crc->table); byte++) {
        unsigned first = kind->reflected ? turn_round(byte, BYTE) : byte;
        crc->table[byte] = (uint16_t)divide_byte(first << BYTE, polynomial);
    }
}

/* The table is asked for bytes as they come: where those are reflected, the
 * eight bits of the register that they meet are turned round too. */
static unsigned take_byte(const struct shortcrc *crc, unsigned remainder,
                          uint8_t byte)
{
    unsigned left = remainder >> BYTE;
    if (crc->kind.reflected)
        left = turn_round(left, BYTE);
    return (remainder << BYTE & UINT16_MAX) ^ crc->table[left ^ byte];
}

uint16_t shortcrc_check(const struct shortcrc *crc, const void *data,
                        size_t size)
{
    const struct shortcrc_kind *kind = &crc->kind;
    const uint8_t *bytes = data;
    unsigned remainder = (unsigned)kind->init << (REGISTER - kind->width);
    for (size_t i = 0; i < size; i++)
        remainder = take_byte(crc, remainder, bytes[i]);
    unsigned check = remainder >> (REGISTER - kind->width);
    if (kind->reflected)
        check = turn_round(check, kind->width);
    return (uint16_t)(check ^ kind->xorout);
}

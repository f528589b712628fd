/*
 * Long division in a register of 32 bits.
 */
#include "02-framing/crc32c.h"
#include "02-framing/crc32c_hardware.h"
#include "common/course/todo.h"
#include <glib.h>

/* SOLUTION: crc32c() is three things. The register begins as the complement of
 * the CRC so far; it takes in each byte, lowest bit first; and its complement
 * is the CRC. Division is a shift to the right for each bit, and an exclusive
 * or with the polynomial when a 1 was shifted out. A table of what each byte
 * does makes eight steps one (optional). */
/* A byte at a time: what the division of one byte leaves stands in a table,
 * which is made once, bit by bit. A register whose lowest bit is 1 is shifted,
 * and the polynomial is subtracted, which is exclusive or. Whole words are
 * left to the processor, where it can do that. */
static uint32_t table[256];
static size_t made;

static uint32_t divide_byte(uint32_t remainder)
{
    for (int bit = 0; bit < 8; bit++)
        remainder = remainder >> 1 ^ (remainder & 1 ? CRC32C_POLYNOMIAL : 0);
    return remainder;
}

static void make_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++)
        table[byte] = divide_byte(byte);
}

/* END SOLUTION: */
uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
    /* SOLUTION: see above. */
    if (g_once_init_enter(&made)) {
        make_table();
        g_once_init_leave(&made, 1);
    }
    const uint8_t *bytes = data;
    uint32_t remainder = ~crc;
    size_t done = crc32c_hardware(&remainder, data, size);
    for (; done < size; done++)
        remainder = remainder >> 8 ^ table[(remainder ^ bytes[done]) & 0xff];
    return ~remainder;
    /* END SOLUTION: return (uint32_t)todo(crc + (data && size)); */
}

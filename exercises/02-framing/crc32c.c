/*
 * Long division in a register of 32 bits.
 */
#include "02-framing/crc32c.h"
#include "02-framing/crc32c_hardware.h"
#include "common/course/todo.h"
#include <glib.h>

/* TODO: crc32c() is three things. The register begins as the complement of
 * the CRC so far; it takes in each byte, lowest bit first; and its complement
 * is the CRC. Division is a shift to the right for each bit, and an exclusive
 * or with the polynomial when a 1 was shifted out. A table of what each byte
 * does makes eight steps one (optional). */
uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
    /* TODO: see above. */
    return (uint32_t)todo(crc + (data && size));
}

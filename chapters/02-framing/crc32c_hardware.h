/**
 * @file crc32c_hardware.h
 * The processor's own instruction for CRC-32C, where there is one.
 *
 *     size_t done = crc32c_hardware(&remainder, data, size);
 *     ...the other size - done bytes by hand...
 *
 * x86-64 has it since SSE 4.2, ARM as an option of v8: eight bytes at a time.
 */
#ifndef FRAMING_CRC32C_HARDWARE_H
#define FRAMING_CRC32C_HARDWARE_H
#include <stddef.h>
#include <stdint.h>

/** Divide on, from @p remainder, the register as it is: neither its beginning
 * nor its end is turned over here. Returns how many of the @p size bytes, from
 * the first on, are done: words of 8 of them, and none of fewer than 64, or
 * without such an instruction. */
size_t crc32c_hardware(uint32_t *remainder, const void *data, size_t size);

#endif

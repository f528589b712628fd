/**
 * @file crc32c.h
 * CRC-32C: thirty-two bits that notice damage.
 *
 *     uint32_t crc = crc32c(0, header, 24);
 *     crc = crc32c(crc, payload, size);     // As if they were one.
 *
 * The bytes, taken as a polynomial over the numbers 0 and 1, are divided by a
 * fixed one; the remainder is the check. This is Castagnoli's polynomial (1993),
 *
 *     x^32 + x^28 + x^27 + x^26 + x^25 + x^23 + x^22 + x^20 + x^19 + x^18
 *          + x^14 + x^13 + x^11 + x^10 + x^9 + x^8 + x^6 + 1,
 *
 * as iSCSI uses it (RFC 3720, 12.1): the lowest bit of a byte is the first, so
 * the register shifts to the right and the polynomial is CRC32C_POLYNOMIAL; the
 * register begins with all ones; and at the end all its bits are turned over.
 * The CRC of "123456789" is e3069283. That of no bytes is 0.
 *
 * It notices every burst of damage up to 32 bits long, every odd number of
 * flipped bits, and up to five flipped bits in up to 5243 bits (Koopman 2002).
 * Of other damage one case in 2^32 escapes. It stops no liar: anybody can
 * compute it.
 */
#ifndef FRAMING_CRC32C_H
#define FRAMING_CRC32C_H
#include <stddef.h>
#include <stdint.h>

/** Castagnoli's polynomial, the lowest bit for x^31, and x^32 left out. */
#define CRC32C_POLYNOMIAL 0x82f63b78u

/** The CRC of what @p crc is that of, followed by @p size bytes; @p crc is 0 at
 * the beginning. */
uint32_t crc32c(uint32_t crc, const void *data, size_t size);

#endif

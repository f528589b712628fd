/**
 * @file shortcrc.h
 * CRCs of up to sixteen bits: one algorithm, and all that may differ.
 *
 *     struct shortcrc crc;
 *     shortcrc_init(&crc, shortcrc_named("CRC-8/SMBUS"));
 *     uint16_t check = shortcrc_check(&crc, data, size);
 *
 * CRCs differ in few things, which R. Williams (A Painless Guide to CRC Error
 * Detection Algorithms, 1993, 15) made the parameters of one algorithm; with
 * them CRCs are catalogued to this day. Our names are those of Greg Cook's
 * Catalogue of parametrised CRC algorithms.
 *
 * A CRC of k bits notices every burst of damage up to k bits long. Of all other
 * damage one case in 2^k escapes, and the polynomial says which.
 */
#ifndef FRAMING_SHORTCRC_H
#define FRAMING_SHORTCRC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** All that makes a CRC what it is. */
struct shortcrc_kind {
    const char *name;    /**< As in the catalogue. */
    unsigned width;      /**< Bits of the check: 1 to 16. */
    uint16_t polynomial; /**< The lowest bit for 1, and x^width left out. */
    uint16_t init;       /**< The register at the beginning, unreflected. */
    bool reflected;      /**< The lowest bit of a byte comes first, and so does
                              that of the check. */
    uint16_t xorout;     /**< The bits of the check that are turned over. */
};

/** One, ready for use. */
struct shortcrc {
    struct shortcrc_kind kind; /**< Which it is. */
    uint16_t table[256];       /**< What each byte does to the register. */
};

/** The kind of this name; NULL when we know none. */
const struct shortcrc_kind *shortcrc_named(const char *name);
/** Make @p crc one of @p kind, which is copied. */
void shortcrc_init(struct shortcrc *crc, const struct shortcrc_kind *kind);
/** The check of these @p size bytes, in the lowest bits. */
uint16_t shortcrc_check(const struct shortcrc *crc, const void *data,
                        size_t size);

#endif

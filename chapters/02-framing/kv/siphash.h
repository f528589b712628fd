/**
 * @file siphash.h
 * A hash whose collisions nobody can foretell who does not know its key.
 *
 * Who may choose the keys of a hash table, and knows the function, chooses a
 * hundred thousand that fall into one place: then every lookup walks along all
 * of them. SipHash-1-3 mixes a secret of 128 bits in (Aumasson and Bernstein
 * 2012, with fewer rounds, as most languages' tables have it).
 */
#ifndef FRAMING_SIPHASH_H
#define FRAMING_SIPHASH_H
#include <stddef.h>
#include <stdint.h>

/** The secret: drawn at random, once for a table. */
struct siphash_key {
    uint64_t low;  /**< Its first eight bytes, little-endian. */
    uint64_t high; /**< And the others. */
};

/** The hash of @p size bytes. */
uint64_t siphash(struct siphash_key key, const void *data, size_t size);

#endif

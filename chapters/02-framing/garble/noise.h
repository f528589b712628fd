/**
 * @file noise.h
 * Damage to a row of bytes, by dice: the same seed, the same damage.
 *
 *     struct dice dice = dice_at(seed, 0, number);
 *     noise_fill(&dice, row, sizeof row);     // A message.
 *     noise_flip(&dice, row, sizeof row, 3);  // Three bits turn over.
 *
 * No damage here leaves a row as it was, unless it is that of no bits.
 */
#ifndef FRAMING_NOISE_H
#define FRAMING_NOISE_H
#include "common/world/dice.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Damage that lies together. */
struct noise_burst {
    unsigned bits;  /**< From the first flipped bit to the last: 1 to 64. */
    bool low_first; /**< Bytes go over the wire with their lowest bit first. */
};

/** Make the row @p size random bytes. */
void noise_fill(struct dice *dice, uint8_t *row, size_t size);
/** Flip so many of its bits, all of them different ones. */
void noise_flip(struct dice *dice, uint8_t *row, size_t size, unsigned bits);
/** Flip the first and the last bit of a burst somewhere in the row, which is
 * long enough, and each bit between them or not. */
void noise_burst(struct dice *dice, uint8_t *row, size_t size,
                 struct noise_burst burst);
/** Swap two different 16-bit words, counted from the row's beginning. False:
 * there are no two. */
bool noise_swap(struct dice *dice, uint8_t *row, size_t size);

#endif

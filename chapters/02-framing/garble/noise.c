#include "02-framing/garble/noise.h"
#include <glib.h>
#include <string.h>

enum { BYTE = 8, WORD = 2, LONGEST = 64 };

static const uint64_t HIGHEST = (uint64_t)1 << (LONGEST - 1);

void noise_fill(struct dice *dice, uint8_t *row, size_t size)
{
    for (size_t done = 0; done < size; done += sizeof(uint64_t)) {
        uint64_t some = GUINT64_TO_LE(dice_roll(dice));
        memcpy(row + done, &some, MIN(size - done, sizeof some));
    }
}

/* Each bit is taken with the chance that is left to it (Knuth, The Art of
 * Computer Programming 2, 3.4.2, algorithm S). */
void noise_flip(struct dice *dice, uint8_t *row, size_t size, unsigned bits)
{
    size_t all = BYTE * size, needed = bits;
    g_assert(needed <= all);
    for (size_t bit = 0; needed > 0; bit++)
        if (dice_between(dice, 1, all - bit) <= needed) {
            row[bit / BYTE] ^= (uint8_t)(1 << bit % BYTE);
            needed--;
        }
}

/* The pattern begins at its lowest bit, or, where the highest bit of a byte is
 * the first, at its highest. So each byte is a part of it, shifted. */
void noise_burst(struct dice *dice, uint8_t *row, size_t size,
                 struct noise_burst burst)
{
    unsigned bits = burst.bits;
    g_assert(bits >= 1 && bits <= LONGEST && bits <= BYTE * size);
    size_t start = dice_between(dice, 0, BYTE * size - bits);
    uint64_t pattern = (dice_roll(dice) | HIGHEST) >> (LONGEST - bits) | 1;
    if (!burst.low_first)
        pattern <<= LONGEST - bits;
    int begin = (int)(start % BYTE);
    for (int bit = 0; bit < begin + (int)bits; bit += BYTE) {
        int shift =
            burst.low_first ? bit - begin : LONGEST - BYTE + begin - bit;
        row[(start + (size_t)bit) / BYTE] ^=
            (uint8_t)(shift >= 0 ? pattern >> shift : pattern << -shift);
    }
}

static bool has_two(const uint8_t *row, size_t words)
{
    for (size_t i = 1; i < words; i++)
        if (memcmp(row, row + WORD * i, WORD) != 0)
            return true;
    return false;
}

bool noise_swap(struct dice *dice, uint8_t *row, size_t size)
{
    size_t words = size / WORD;
    uint8_t *one = row, *other = row, kept[WORD];
    if (!has_two(row, words))
        return false;
    while (memcmp(one, other, WORD) == 0) {
        one = row + WORD * dice_between(dice, 0, words - 1);
        other = row + WORD * dice_between(dice, 0, words - 1);
    }
    memcpy(kept, one, WORD);
    memcpy(one, other, WORD);
    memcpy(other, kept, WORD);
    return true;
}

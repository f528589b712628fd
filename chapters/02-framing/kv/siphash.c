#include "02-framing/kv/siphash.h"
#include <endian.h>
#include <string.h>

static uint64_t rotate(uint64_t word, int by)
{
    return word << by | word >> (64 - by);
}

/* Additions, rotations and XOR, with names as in the paper. */
static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1], v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1], v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static inline void compress(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

/* The bytes behind the last whole word, and the length. */
static uint64_t last_word(const uint8_t *data, size_t rest, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, data, rest);
    return le64toh(word) | (uint64_t)size << 56;
}

uint64_t siphash(struct siphash_key key, const void *data, size_t size)
{
    const uint8_t *at = data;
    uint64_t v[4] = {
        key.low ^ 0x736f6d6570736575, key.high ^ 0x646f72616e646f6d,
        key.low ^ 0x6c7967656e657261, key.high ^ 0x7465646279746573};
    size_t left = size;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        compress(v, le64toh(word));
    }
    compress(v, last_word(at, left, size));
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

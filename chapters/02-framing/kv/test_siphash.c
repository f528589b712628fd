/* SipHash-1-3, beside what Python 3.11 says and a plain second one. */
#include "02-framing/kv/siphash.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <string.h>

/* ---- A second one: as the paper tells it, byte by byte. ---- */

struct sip {
    uint64_t a, b, c, d;
};

static uint64_t left_by(uint64_t word, int by)
{
    return (word << by) + (word >> (64 - by));
}

static void turn(struct sip *v)
{
    v->a += v->b;
    v->b = left_by(v->b, 13);
    v->b ^= v->a;
    v->a = left_by(v->a, 32);
    v->c += v->d;
    v->d = left_by(v->d, 16);
    v->d ^= v->c;
    v->a += v->d;
    v->d = left_by(v->d, 21);
    v->d ^= v->a;
    v->c += v->b;
    v->b = left_by(v->b, 17);
    v->b ^= v->c;
    v->c = left_by(v->c, 32);
}

/* The i-th byte of the padded message: zeros, and the length at the end. */
static uint64_t padded(const uint8_t *data, size_t size, size_t i)
{
    if (i < size)
        return data[i];
    return i % 8 == 7 ? size % 256 : 0;
}

static uint64_t plain(struct siphash_key key, const uint8_t *data, size_t size)
{
    struct sip v = {key.low ^ 0x736f6d6570736575, key.high ^ 0x646f72616e646f6d,
                    key.low ^ 0x6c7967656e657261,
                    key.high ^ 0x7465646279746573};
    for (size_t at = 0; at <= size; at += 8) {
        uint64_t word = 0;
        for (size_t i = 8; i-- > 0;)
            word = word * 256 + padded(data, size, at + i);
        v.d ^= word;
        turn(&v);
        v.a ^= word;
    }
    v.c ^= 255;
    turn(&v), turn(&v), turn(&v);
    return v.a ^ v.b ^ v.c ^ v.d;
}

static void fill(uint8_t *data, size_t size, struct dice *dice)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)dice_roll(dice);
}

/* ---- Tests. ---- */

/* PYTHONHASHSEED=0 python3 -c 'print(hash(b"a"))', from 3.11 on. */
static void it_hashes_as_python_does_with_a_key_of_zeros(void **state)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } known[] = {{"a", 0x407448d2b89b1813},
                 {"hello, world", 0xd792fbf81ec197f9},
                 {"From sockets to consensus.", 0xae8b804970ce5944}};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        assert_int_equal(siphash((struct siphash_key){0}, known[i].text,
                                 strlen(known[i].text)),
                         known[i].hash);
}

static void it_equals_a_plain_one_at_each_length(void **state)
{
    uint8_t data[300];
    (void)state;
    for_each_seed (seed, 20) {
        struct dice dice = dice_at(seed, 1, 0);
        struct siphash_key key = {dice_roll(&dice), dice_roll(&dice)};
        fill(data, sizeof data, &dice);
        for (size_t size = 0; size <= sizeof data; size++)
            assert_int_equal(siphash(key, data, size), plain(key, data, size));
    }
}

/* Words are read where they stand: at any address. */
static void it_does_not_matter_where_the_bytes_are(void **state)
{
    uint8_t data[64], moved[64 + 8];
    struct siphash_key key = {1, 2};
    struct dice dice = dice_at(1, 2, 0);
    (void)state;
    fill(data, sizeof data, &dice);
    for (size_t by = 0; by < 8; by++) {
        memcpy(moved + by, data, sizeof data);
        assert_int_equal(siphash(key, moved + by, sizeof data),
                         siphash(key, data, sizeof data));
    }
}

/* Each bit of the data and of the key turns half of the hash; here: at least a
 * fifth of it, and at most four fifths. */
static void each_bit_turns_about_half_of_the_hash(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        struct dice dice = dice_at(seed, 3, 0);
        uint64_t words[5]; /* The key, and 24 bytes. */
        fill((uint8_t *)words, sizeof words, &dice);
        uint64_t before =
            siphash((struct siphash_key){words[0], words[1]}, words + 2, 24);
        for (unsigned bit = 0; bit < 8 * sizeof words; bit++) {
            words[bit / 64] ^= (uint64_t)1 << bit % 64;
            uint64_t after = siphash((struct siphash_key){words[0], words[1]},
                                     words + 2, 24);
            words[bit / 64] ^= (uint64_t)1 << bit % 64;
            assert_in_range(__builtin_popcountll(before ^ after), 13, 51);
        }
    }
}

static void zeros_of_each_length_differ(void **state)
{
    static const uint8_t zeros[256];
    uint64_t hashes[256];
    (void)state;
    for (size_t size = 0; size < 256; size++) {
        hashes[size] = siphash((struct siphash_key){3, 4}, zeros, size);
        for (size_t other = 0; other < size; other++)
            assert_int_not_equal(hashes[size], hashes[other]);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_hashes_as_python_does_with_a_key_of_zeros),
        cmocka_unit_test(it_equals_a_plain_one_at_each_length),
        cmocka_unit_test(it_does_not_matter_where_the_bytes_are),
        cmocka_unit_test(each_bit_turns_about_half_of_the_hash),
        cmocka_unit_test(zeros_of_each_length_differ),
    };
    return test_run(argc, argv, tests);
}

/*
 * Short CRCs against the check values of Cook's catalogue: each is the CRC of
 * the digits 1 to 9. Then what the mathematics promises, tried on all cases
 * there are.
 */
#include "02-framing/garble/shortcrc.h"
#include "common/judge/test.h"
#include "common/world/dice.h"

static const struct {
    const char *name;
    unsigned check;
} catalogue[] = {
    {"CRC-3/GSM", 0x4},          {"CRC-4/G-704", 0x7},
    {"CRC-5/USB", 0x19},         {"CRC-8/SMBUS", 0xf4},
    {"CRC-8/MAXIM-DOW", 0xa1},   {"CRC-8/SAE-J1850", 0x4b},
    {"CRC-10/ATM", 0x199},       {"CRC-12/DECT", 0xf5b},
    {"CRC-12/CDMA2000", 0xd4d},  {"CRC-14/GSM", 0x30ae},
    {"CRC-14/DARC", 0x082d},     {"CRC-15/CAN", 0x059e},
    {"CRC-16/ARC", 0xbb3d},      {"CRC-16/IBM-3740", 0x29b1},
    {"CRC-16/IBM-SDLC", 0x906e}, {"CRC-16/T10-DIF", 0xd0db},
    {"CRC-16/XMODEM", 0x31c3},   {"CRC-16/ISO-IEC-14443-3-A", 0xbf05},
};

static struct shortcrc crc_named(const char *name)
{
    struct shortcrc crc;
    assert_non_null(shortcrc_named(name));
    shortcrc_init(&crc, shortcrc_named(name));
    return crc;
}

/* The same polynomial in which no bytes, and only zeros, have the CRC 0: then
 * damage escapes if, and only if, the CRC of the difference is 0. */
static struct shortcrc linear_crc(const char *name)
{
    struct shortcrc_kind kind = *shortcrc_named(name);
    struct shortcrc crc;
    kind.init = kind.xorout = 0;
    shortcrc_init(&crc, &kind);
    return crc;
}

static void each_has_the_check_value_of_the_catalogue(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(catalogue); i++) {
        struct shortcrc crc = crc_named(catalogue[i].name);
        unsigned check = shortcrc_check(&crc, "123456789", 9);
        if (check != catalogue[i].check)
            fail_msg("%s: %x, and not %x", catalogue[i].name, check,
                     catalogue[i].check);
    }
}

static void what_has_no_name_here_is_not_found(void **state)
{
    (void)state;
    assert_null(shortcrc_named("CRC-16"));
    assert_null(shortcrc_named(""));
}

static void of_nothing_the_register_is_left_as_it_began(void **state)
{
    (void)state;
    struct shortcrc crc = crc_named("CRC-16/IBM-3740");
    assert_int_equal(shortcrc_check(&crc, NULL, 0), 0xffff);
    crc = crc_named("CRC-8/SAE-J1850");
    assert_int_equal(shortcrc_check(&crc, NULL, 0), 0);
    crc = crc_named("CRC-8/SMBUS");
    assert_int_equal(shortcrc_check(&crc, NULL, 0), 0);
}

/* By the definition: a bit at a time, the highest first, and the register at
 * the right end. */
static unsigned divide_slowly(const struct shortcrc_kind *kind,
                              const uint8_t *data, size_t size)
{
    unsigned remainder = kind->init;
    for (size_t bit = 0; bit < 8 * size; bit++) {
        unsigned in = data[bit / 8] >> (7 - bit % 8) & 1;
        unsigned out = remainder >> (kind->width - 1) & 1;
        remainder = remainder << 1 & ((1u << kind->width) - 1);
        if (in != out)
            remainder ^= kind->polynomial;
    }
    return remainder ^ kind->xorout;
}

static void it_is_the_remainder_of_a_long_division(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        struct dice dice = dice_at(seed, 0, 0);
        uint8_t data[40];
        size_t size = dice_between(&dice, 0, sizeof data);
        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)dice_roll(&dice);
        for (size_t i = 0; i < G_N_ELEMENTS(catalogue); i++) {
            struct shortcrc crc = crc_named(catalogue[i].name);
            if (!crc.kind.reflected)
                assert_int_equal(shortcrc_check(&crc, data, size),
                                 divide_slowly(&crc.kind, data, size));
        }
    }
}

/* Does a burst escape, whose first bit on the wire is the highest? */
static bool escapes(const struct shortcrc *crc, unsigned burst)
{
    uint8_t difference[3] = {0};
    for (unsigned bit = 0; bit < 8 * sizeof difference; bit++)
        if (burst >> (23 - bit) & 1)
            difference[bit / 8] |=
                (uint8_t)(crc->kind.reflected ? 1 << bit % 8 : 0x80 >> bit % 8);
    return shortcrc_check(crc, difference, sizeof difference) == 0;
}

/* How many do, of all of exactly so many bits? Where such a burst lies makes no
 * difference. */
static unsigned count_escapes(const struct shortcrc *crc, unsigned bits)
{
    unsigned count = 0, first = 1u << (bits - 1);
    for (unsigned burst = first | 1; burst < 2 * first; burst += 2)
        count += escapes(crc, burst);
    return count;
}

static void every_burst_up_to_the_width_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(catalogue); i++) {
        struct shortcrc crc = linear_crc(catalogue[i].name);
        for (unsigned bits = 1; bits <= crc.kind.width; bits++)
            assert_int_equal(count_escapes(&crc, bits), 0);
    }
}

static void of_those_a_bit_longer_one_escapes_the_polynomial(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(catalogue); i++) {
        struct shortcrc crc = linear_crc(catalogue[i].name);
        assert_int_equal(count_escapes(&crc, crc.kind.width + 1), 1);
    }
}

/* How many of all differences of two 16-bit words go unnoticed when the words,
 * @p apart from each other, change places? */
static unsigned count_swaps(const struct shortcrc *crc, unsigned apart)
{
    unsigned escapes = 0;
    uint8_t difference[128] = {0};
    size_t second = 2 * (size_t)apart;
    for (unsigned word = 1; word <= UINT16_MAX; word++) {
        difference[0] = difference[second] = (uint8_t)(word >> 8);
        difference[1] = difference[second + 1] = (uint8_t)word;
        escapes += shortcrc_check(crc, difference, second + 2) == 0;
    }
    return escapes;
}

/* What two words change when they change places is d x^n (x^16j + 1), where d
 * is their difference, of degree 15 at most. Each of these polynomials is x + 1
 * times a factor of degree k - 1 that cannot be factored further. The first
 * divides x^16j + 1, whatever j is; the second does not while j is less than
 * its order, 127 at least. So it must divide d, as 2^(17-k) - 1 of them are. */
static void swapped_words_escape_if_a_factor_divides_them(void **state)
{
    const char *names[] = {"CRC-8/SMBUS", "CRC-10/ATM", "CRC-12/DECT",
                           "CRC-14/GSM", "CRC-16/IBM-3740"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        struct shortcrc crc = linear_crc(names[i]);
        for (unsigned apart = 1; apart < 32; apart += 6)
            assert_int_equal(count_swaps(&crc, apart),
                             (1u << (17 - crc.kind.width)) - 1);
    }
}

/* Its polynomial cannot be factored at all, and its degree is above 15. */
static void t10_dif_notices_all_swapped_words(void **state)
{
    (void)state;
    struct shortcrc crc = linear_crc("CRC-16/T10-DIF");
    for (unsigned apart = 1; apart < 32; apart += 6)
        assert_int_equal(count_swaps(&crc, apart), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_the_check_value_of_the_catalogue),
        cmocka_unit_test(what_has_no_name_here_is_not_found),
        cmocka_unit_test(of_nothing_the_register_is_left_as_it_began),
        cmocka_unit_test(it_is_the_remainder_of_a_long_division),
        cmocka_unit_test(every_burst_up_to_the_width_is_noticed),
        cmocka_unit_test(of_those_a_bit_longer_one_escapes_the_polynomial),
        cmocka_unit_test(swapped_words_escape_if_a_factor_divides_them),
        cmocka_unit_test(t10_dif_notices_all_swapped_words),
    };
    return test_run(argc, argv, tests);
}

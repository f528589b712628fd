/* The Internet checksum: RFC 1071's example, pieces, carries, and what it
 * notices. */
#include "01-sockets/checksum.h"
#include "common/judge/test.h"
#include <netinet/in.h>
#include <string.h>

/* RFC 1071, 3. */
static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03,
                                  0xf4, 0xf5, 0xf6, 0xf7};

static uint16_t sum_of(const void *data, size_t size)
{
    struct checksum sum = {0};
    checksum_add(&sum, data, size);
    return checksum_sum(&sum);
}

static void the_example_of_the_rfc_adds_up(void **state)
{
    struct checksum sum = {0};
    (void)state;
    checksum_add(&sum, example, sizeof example);
    assert_int_equal(checksum_sum(&sum), 0xddf2);
    assert_int_equal(checksum_finish(&sum), 0x220d);
    assert_int_equal(checksum_finish_udp(&sum), 0x220d);
}

static void nothing_adds_up_to_zero(void **state)
{
    struct checksum sum = {0};
    (void)state;
    assert_int_equal(checksum_sum(&sum), 0);
    checksum_add(&sum, NULL, 0);
    assert_int_equal(checksum_finish(&sum), 0xffff);
}

static void an_odd_byte_at_the_end_is_the_high_one_of_its_word(void **state)
{
    (void)state;
    assert_int_equal(sum_of(example, 1), 0x0000);
    assert_int_equal(sum_of(example, 3), 0xf201);
    assert_int_equal(sum_of(example + 2, 1), 0xf200);
}

static void it_may_be_cut_anywhere(void **state)
{
    (void)state;
    for (size_t first = 0; first <= sizeof example; first++)
        for (size_t second = first; second <= sizeof example; second++) {
            struct checksum sum = {0};
            checksum_add(&sum, example, first);
            checksum_add(&sum, example + first, second - first);
            checksum_add(&sum, example + second, sizeof example - second);
            assert_int_equal(checksum_sum(&sum), 0xddf2);
        }
}

static void what_carries_out_comes_in_again(void **state)
{
    (void)state;
    assert_int_equal(sum_of("\xff\xff\x00\x01", 4), 0x0001);
    assert_int_equal(sum_of("\x80\x00\x80\x00", 4), 0x0001);
    /* 1ffff: the carry itself carries. */
    assert_int_equal(sum_of("\xff\xff\xff\xff\x00\x01", 6), 0x0001);
}

static void carries_are_not_lost_in_a_long_run(void **state)
{
    size_t size = 1 << 20;
    g_autofree uint8_t *data = g_malloc(size);
    (void)state;
    memset(data, 0xff, size);
    assert_int_equal(sum_of(data, size), 0xffff);
    data[0] = 0x7f;
    assert_int_equal(sum_of(data, size), 0x7fff);
}

static void the_pseudo_header_is_twelve_bytes_of_its_own(void **state)
{
    const uint8_t addresses[] = {192, 0, 2, 1, 198, 51, 100, 2};
    const uint8_t whole[] = {192, 0, 2, 1, 198, 51, 100, 2, 0, 17, 0x12, 0x34};
    struct checksum sum = {0};
    (void)state;
    checksum_add_pseudo(&sum, addresses, IPPROTO_UDP, 0x1234);
    assert_int_equal(checksum_sum(&sum), sum_of(whole, sizeof whole));
    assert_int_equal(checksum_sum(&sum), 0xfe7c);
}

/* RFC 768: a field of 0 would say that there is no checksum. */
static void udp_sends_zero_as_all_ones(void **state)
{
    struct checksum sum = {0};
    (void)state;
    checksum_add(&sum, "\xff\xfe\x00\x01", 4);
    assert_int_equal(checksum_sum(&sum), 0xffff);
    assert_int_equal(checksum_finish(&sum), 0x0000);
    assert_int_equal(checksum_finish_udp(&sum), 0xffff);
    checksum_add(&sum, "\xff\xff", 2); /* And the receiver is content. */
    assert_int_equal(checksum_sum(&sum), 0xffff);
}

/* ---- With its own checksum in it. ---- */

enum { SIZE = 41, FIELD = 6 };

/* Bytes from @p seed that hold their checksum. */
static void fill(uint8_t *data, uint64_t seed)
{
    struct checksum sum = {0};
    g_autoptr(GRand) dice = g_rand_new_with_seed((guint32)seed);
    for (int i = 0; i < SIZE; i++)
        data[i] = (uint8_t)g_rand_int(dice);
    data[FIELD] = data[FIELD + 1] = 0;
    checksum_add(&sum, data, SIZE);
    uint16_t field = checksum_finish(&sum);
    data[FIELD] = (uint8_t)(field >> 8);
    data[FIELD + 1] = (uint8_t)field;
}

static void what_is_whole_adds_up_to_ffff(void **state)
{
    uint8_t data[SIZE];
    (void)state;
    for_each_seed (seed, 200) {
        fill(data, seed);
        assert_int_equal(sum_of(data, SIZE), 0xffff);
    }
}

static void every_flipped_bit_is_noticed(void **state)
{
    uint8_t data[SIZE];
    (void)state;
    for_each_seed (seed, 20) {
        fill(data, seed);
        for (int bit = 0; bit < 8 * SIZE; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(sum_of(data, SIZE), 0xffff);
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void words_that_change_places_are_not_noticed(void **state)
{
    uint8_t data[SIZE], word[2];
    (void)state;
    fill(data, 1);
    memcpy(word, data + 10, 2);
    memcpy(data + 10, data + 20, 2);
    memcpy(data + 20, word, 2);
    assert_int_equal(sum_of(data, SIZE), 0xffff);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_rfc_adds_up),
        cmocka_unit_test(nothing_adds_up_to_zero),
        cmocka_unit_test(an_odd_byte_at_the_end_is_the_high_one_of_its_word),
        cmocka_unit_test(it_may_be_cut_anywhere),
        cmocka_unit_test(what_carries_out_comes_in_again),
        cmocka_unit_test(carries_are_not_lost_in_a_long_run),
        cmocka_unit_test(the_pseudo_header_is_twelve_bytes_of_its_own),
        cmocka_unit_test(udp_sends_zero_as_all_ones),
        cmocka_unit_test(what_is_whole_adds_up_to_ffff),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(words_that_change_places_are_not_noticed),
    };
    return test_run(argc, argv, tests);
}

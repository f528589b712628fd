/* Sealed messages: the examples of RFC 4231, and all that must not open. */
#include "02-framing/garble/mac.h"
#include "common/judge/test.h"
#include <string.h>

#define TEXT "pay 10"

static const struct mac_key our_key = {"between you and me", 18};

static GBytes *sealed_text(void)
{
    return mac_seal(&our_key, TEXT, strlen(TEXT));
}

static bool opens(const struct mac_key *key, const void *sealed, size_t size)
{
    g_autoptr(GBytes) message = g_bytes_new(sealed, size);
    return mac_open(key, message, &size) != NULL;
}

static void expect_seal(struct mac_key key, const char *text, const char *hex)
{
    g_autoptr(GBytes) sealed = mac_seal(&key, text, strlen(text));
    size_t size;
    const uint8_t *data = g_bytes_get_data(sealed, &size);
    g_autoptr(GString) seal = g_string_new(NULL);
    assert_int_equal(size, strlen(text) + MAC_SIZE);
    assert_memory_equal(data, text, strlen(text));
    for (size_t i = strlen(text); i < size; i++)
        g_string_append_printf(seal, "%02x", data[i]);
    assert_string_equal(seal->str, hex);
}

static void the_seals_are_those_of_the_rfc(void **state)
{
    uint8_t elevens[20];
    (void)state;
    memset(elevens, 0x0b, sizeof elevens);
    expect_seal(
        (struct mac_key){elevens, sizeof elevens}, "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect_seal(
        (struct mac_key){"Jefe", 4}, "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void what_was_sealed_opens_as_often_as_it_comes(void **state)
{
    (void)state;
    g_autoptr(GBytes) sealed = sealed_text();
    for (int time = 0; time < 2; time++) {
        size_t size = 0;
        const uint8_t *text = mac_open(&our_key, sealed, &size);
        assert_non_null(text);
        assert_int_equal(size, strlen(TEXT));
        assert_memory_equal(text, TEXT, size);
    }
}

static void a_message_without_text_is_one_too(void **state)
{
    (void)state;
    g_autoptr(GBytes) sealed = mac_seal(&our_key, NULL, 0);
    size_t size = 1;
    assert_non_null(mac_open(&our_key, sealed, &size));
    assert_int_equal(size, 0);
}

static void whatever_bit_is_changed_it_does_not_open(void **state)
{
    (void)state;
    g_autoptr(GBytes) sealed = sealed_text();
    size_t size;
    const uint8_t *data = g_bytes_get_data(sealed, &size);
    g_autofree uint8_t *changed = g_memdup2(data, size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(opens(&our_key, changed, size));
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(opens(&our_key, changed, size));
}

static void what_is_cut_or_longer_does_not_open(void **state)
{
    (void)state;
    g_autoptr(GBytes) sealed = sealed_text();
    size_t size;
    const uint8_t *data = g_bytes_get_data(sealed, &size);
    g_autofree uint8_t *longer = g_malloc0(size + 1);
    memcpy(longer, data, size);
    for (size_t shorter = 0; shorter < size; shorter++)
        assert_false(opens(&our_key, longer, shorter));
    assert_false(opens(&our_key, longer + 1, size - 1));
    assert_false(opens(&our_key, longer, size + 1));
}

static void what_does_not_open_has_no_size(void **state)
{
    (void)state;
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
    size_t size = 1;
    assert_null(mac_open(&our_key, nothing, &size));
    assert_int_equal(size, 0);
}

static void another_key_does_not_open_it(void **state)
{
    (void)state;
    g_autoptr(GBytes) sealed = sealed_text();
    struct mac_key shorter = {our_key.data, our_key.size - 1};
    size_t size;
    const void *data = g_bytes_get_data(sealed, &size);
    assert_true(opens(&our_key, data, size));
    assert_false(opens(&shorter, data, size));
    assert_false(opens(&(struct mac_key){"", 0}, data, size));
}

static void equal_is_what_differs_nowhere(void **state)
{
    uint8_t one[MAC_SIZE] = {0}, other[MAC_SIZE] = {0};
    (void)state;
    assert_true(mac_equal(one, other, MAC_SIZE));
    for (int i = 0; i < MAC_SIZE; i++) {
        other[i] = 0x80;
        assert_false(mac_equal(one, other, MAC_SIZE));
        assert_true(mac_equal(one, other, (size_t)i));
        other[i] = 0;
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seals_are_those_of_the_rfc),
        cmocka_unit_test(what_was_sealed_opens_as_often_as_it_comes),
        cmocka_unit_test(a_message_without_text_is_one_too),
        cmocka_unit_test(whatever_bit_is_changed_it_does_not_open),
        cmocka_unit_test(what_is_cut_or_longer_does_not_open),
        cmocka_unit_test(what_does_not_open_has_no_size),
        cmocka_unit_test(another_key_does_not_open_it),
        cmocka_unit_test(equal_is_what_differs_nowhere),
    };
    return test_run(argc, argv, tests);
}

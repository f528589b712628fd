/*
 * HMAC is GLib's. What is left to do wrong is the comparison: memcmp() may stop
 * at the first byte that differs, and who can measure that finds the right seal
 * byte by byte, with 256 guesses for each instead of 2^256 for all.
 */
#include "02-framing/garble/mac.h"
#include <string.h>

static void make_seal(const struct mac_key *key, const void *text, size_t size,
                      uint8_t seal[MAC_SIZE])
{
    gsize length = MAC_SIZE;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, key->data, key->size);
    g_hmac_update(hmac, text, (gssize)size);
    g_hmac_get_digest(hmac, seal, &length);
    g_hmac_unref(hmac);
    g_assert(length == MAC_SIZE);
}

/* Volatile: a compiler that sees the end coming must not go there at once. */
bool mac_equal(const void *one, const void *other, size_t size)
{
    const uint8_t *a = one, *b = other;
    volatile uint8_t different = 0;
    for (size_t i = 0; i < size; i++)
        different = (uint8_t)(different | (a[i] ^ b[i]));
    return different == 0;
}

GBytes *mac_seal(const struct mac_key *key, const void *text, size_t size)
{
    uint8_t *sealed = g_malloc(size + MAC_SIZE);
    if (size > 0)
        memcpy(sealed, text, size);
    make_seal(key, sealed, size, sealed + size);
    return g_bytes_new_take(sealed, size + MAC_SIZE);
}

const uint8_t *mac_open(const struct mac_key *key, GBytes *sealed, size_t *size)
{
    uint8_t seal[MAC_SIZE];
    size_t whole;
    const uint8_t *text = g_bytes_get_data(sealed, &whole);
    *size = 0;
    if (whole < MAC_SIZE)
        return NULL;
    make_seal(key, text, whole - MAC_SIZE, seal);
    if (!mac_equal(seal, text + whole - MAC_SIZE, MAC_SIZE))
        return NULL;
    *size = whole - MAC_SIZE;
    return text;
}

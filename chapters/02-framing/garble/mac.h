/**
 * @file mac.h
 * Sealed messages: nobody who lacks the key can make or change one.
 *
 *     g_autoptr(GBytes) sealed = mac_seal(&key, text, size);
 *     const uint8_t *text = mac_open(&key, sealed, &size);
 *     if (!text)
 *         return;                       // Changed, or not ours.
 *
 * A *message authentication code* is a check that takes a secret key to make:
 * here HMAC (RFC 2104) with SHA-256, 32 bytes behind the text. A CRC is for
 * accidents; this is for liars.
 *
 * The text is not hidden. And the seal says that somebody with the key wrote
 * it, not to whom, nor when, nor that it is here for the first time: a copy of
 * a whole message is as good as the message. Numbers in the text, and a reader
 * who keeps count, are for that.
 */
#ifndef FRAMING_MAC_H
#define FRAMING_MAC_H
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** Bytes of a seal. */
#define MAC_SIZE 32

/** What writer and reader share, and nobody else has. */
struct mac_key {
    const void *data; /**< Borrowed. */
    size_t size;      /**< Bytes; 32 random ones are right. */
};

/** These @p size bytes, and their seal. Returns new. */
GBytes *mac_seal(const struct mac_key *key, const void *text, size_t size);
/** The text and its @p size, in place, if the seal is right; or NULL and 0. It
 * is never NULL for a right seal, not even if there is no text. */
const uint8_t *mac_open(const struct mac_key *key, GBytes *sealed,
                        size_t *size);
/** Are these @p size bytes the same? How long that takes tells nobody where
 * the first difference is. */
bool mac_equal(const void *one, const void *other, size_t size);

#endif

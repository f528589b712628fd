/**
 * @file wire.h
 * Numbers and strings of bytes in messages, and one check at the end.
 *
 *     struct wire_writer out = {.most = env->most};
 *     wire_put_u64(&out, term);
 *     wire_put_string(&out, name, size);
 *     g_autoptr(GBytes) message = wire_finish(&out);
 *
 *     struct wire_reader in = wire_read(data, size);
 *     uint64_t term = wire_get_u64(&in);
 *     const uint8_t *name = wire_get_string(&in, &size);
 *     if (!wire_whole(&in))
 *         return;            // Cut, too long, or no message of ours.
 *
 * The error is *sticky*: what goes wrong once makes everything behind it give 0
 * or NULL, and wire_whole() tells. So a decoder is a straight line. No byte is
 * read beyond the message, and no memory is asked for that was not received.
 *
 * Fixed numbers have their high byte first (*big-endian*, RFC 1700). A *varint*
 * has seven bits in each byte, the low ones first, and the top bit set in all
 * but the last: 300 is ac 02. There is one way to write each number; another
 * one, such as 80 00, is refused.
 */
#ifndef FRAMING_WIRE_H
#define FRAMING_WIRE_H
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** A message being written. Begins as {.most = ...}. */
struct wire_writer {
    size_t most;     /**< No more bytes than this: the owner's. */
    bool failed;     /**< There would have been more. */
    uint8_t *data;   /**< What is written; its memory grows with it. */
    size_t size;     /**< How many bytes that is. */
    size_t capacity; /**< How many there is memory for. */
};

/** One byte. */
void wire_put_u8(struct wire_writer *out, uint8_t number);
/** Two bytes. */
void wire_put_u16(struct wire_writer *out, uint16_t number);
/** Four bytes. */
void wire_put_u32(struct wire_writer *out, uint32_t number);
/** Eight bytes. */
void wire_put_u64(struct wire_writer *out, uint64_t number);
/** One to ten bytes: small numbers are short. */
void wire_put_varint(struct wire_writer *out, uint64_t number);
/** @p size bytes as they are; the reader must know how many. */
void wire_put_raw(struct wire_writer *out, const void *data, size_t size);
/** A varint that says how many, and @p size bytes. */
void wire_put_string(struct wire_writer *out, const void *data, size_t size);
/** The whole message; NULL when it failed. The writer may begin another one.
 * Returns new. */
GBytes *wire_finish(struct wire_writer *out);
/** Forget what was written, and free it. */
void wire_clear(struct wire_writer *out);

/** A message being read. */
struct wire_reader {
    const uint8_t *next; /**< The first byte that is not read. */
    size_t left;         /**< How many there are. */
    bool failed;         /**< Something was missing, or wrong. */
};

/** Read these @p size bytes. Borrows them. */
struct wire_reader wire_read(const void *data, size_t size);
/** Read @p message. Borrows it. */
struct wire_reader wire_read_bytes(GBytes *message);
/** One byte. */
uint8_t wire_get_u8(struct wire_reader *in);
/** Two bytes. */
uint16_t wire_get_u16(struct wire_reader *in);
/** Four bytes. */
uint32_t wire_get_u32(struct wire_reader *in);
/** Eight bytes. */
uint64_t wire_get_u64(struct wire_reader *in);
/** A varint. */
uint64_t wire_get_varint(struct wire_reader *in);
/** A varint that counts things of at least @p least bytes each, which follow:
 * one that cannot be true is refused before anything is reserved for it. */
size_t wire_get_count(struct wire_reader *in, size_t least);
/** The next @p size bytes, in place; NULL when there are fewer. Borrowed. */
const uint8_t *wire_get_raw(struct wire_reader *in, size_t size);
/** A string and its @p size, in place; NULL and 0 when it is cut. Borrowed. */
const uint8_t *wire_get_string(struct wire_reader *in, size_t *size);
/** Was everything right, and is nothing left over? */
bool wire_whole(const struct wire_reader *in);

#endif

#include "02-framing/wire.h"
#include <string.h>

enum { FIRST = 64, LAST_SHIFT = 63 }; /* Bytes; the tenth byte of a varint. */

/* ---- Writing. ---- */

/* Doubled, so that a long message is copied twice at most, all in all. */
static void grow(struct wire_writer *out, size_t size)
{
    size_t enough = MAX(out->capacity, FIRST);
    while (enough < size)
        enough = enough > SIZE_MAX / 2 ? size : 2 * enough;
    out->data = g_realloc(out->data, enough);
    out->capacity = enough;
}

/* Where the next @p size bytes go; NULL when they would be too many. */
static uint8_t *reserve(struct wire_writer *out, size_t size)
{
    if (out->failed || size > out->most || out->size > out->most - size) {
        out->failed = true;
        return NULL;
    }
    if (!out->data || out->capacity - out->size < size)
        grow(out, out->size + size);
    out->size += size;
    return out->data + out->size - size;
}

/* The high byte first. */
static void put_number(struct wire_writer *out, uint64_t number, size_t size)
{
    uint8_t *at = reserve(out, size);
    for (size_t i = size; at && i > 0; number >>= 8)
        at[--i] = (uint8_t)number;
}

void wire_put_u8(struct wire_writer *out, uint8_t number)
{
    put_number(out, number, 1);
}

void wire_put_u16(struct wire_writer *out, uint16_t number)
{
    put_number(out, number, 2);
}

void wire_put_u32(struct wire_writer *out, uint32_t number)
{
    put_number(out, number, 4);
}

void wire_put_u64(struct wire_writer *out, uint64_t number)
{
    put_number(out, number, 8);
}

void wire_put_varint(struct wire_writer *out, uint64_t number)
{
    for (; number > 0x7f; number >>= 7)
        wire_put_u8(out, (uint8_t)(number | 0x80));
    wire_put_u8(out, (uint8_t)number);
}

void wire_put_raw(struct wire_writer *out, const void *data, size_t size)
{
    uint8_t *at = reserve(out, size);
    if (at && size > 0)
        memcpy(at, data, size);
}

void wire_put_string(struct wire_writer *out, const void *data, size_t size)
{
    wire_put_varint(out, size);
    wire_put_raw(out, data, size);
}

GBytes *wire_finish(struct wire_writer *out)
{
    GBytes *message = NULL;
    if (!out->failed)
        message = g_bytes_new_take(g_steal_pointer(&out->data), out->size);
    wire_clear(out);
    return message;
}

void wire_clear(struct wire_writer *out)
{
    g_free(out->data);
    *out = (struct wire_writer){.most = out->most};
}

/* ---- Reading. ---- */

struct wire_reader wire_read(const void *data, size_t size)
{
    /* No bytes may stand nowhere; but the next byte has a place. */
    return (struct wire_reader){.next = data ? data : "", .left = size};
}

struct wire_reader wire_read_bytes(GBytes *message)
{
    size_t size;
    const void *data = g_bytes_get_data(message, &size);
    return wire_read(data, size);
}

const uint8_t *wire_get_raw(struct wire_reader *in, size_t size)
{
    if (in->failed || in->left < size) {
        in->failed = true;
        return NULL;
    }
    const uint8_t *at = in->next;
    in->next += size;
    in->left -= size;
    return at;
}

static uint64_t get_number(struct wire_reader *in, size_t size)
{
    const uint8_t *at = wire_get_raw(in, size);
    uint64_t number = 0;
    for (size_t i = 0; at && i < size; i++)
        number = number << 8 | at[i];
    return number;
}

uint8_t wire_get_u8(struct wire_reader *in)
{
    return (uint8_t)get_number(in, 1);
}

uint16_t wire_get_u16(struct wire_reader *in)
{
    return (uint16_t)get_number(in, 2);
}

uint32_t wire_get_u32(struct wire_reader *in)
{
    return (uint32_t)get_number(in, 4);
}

uint64_t wire_get_u64(struct wire_reader *in)
{
    return get_number(in, 8);
}

/* Refused: an eleventh byte, more than 64 bits, and a last byte of nothing. */
uint64_t wire_get_varint(struct wire_reader *in)
{
    uint64_t number = 0;
    uint8_t byte = 0x80;
    for (unsigned shift = 0; byte & 0x80; shift += 7) {
        byte = wire_get_u8(in);
        bool excess = shift == LAST_SHIFT && byte > 1;
        if (excess || (byte == 0 && shift > 0))
            in->failed = true;
        if (in->failed)
            return 0;
        number |= (uint64_t)(byte & 0x7f) << shift;
    }
    return number;
}

size_t wire_get_count(struct wire_reader *in, size_t least)
{
    uint64_t count = wire_get_varint(in);
    g_assert(least > 0);
    if (count > in->left / least) {
        in->failed = true;
        return 0;
    }
    return (size_t)count;
}

const uint8_t *wire_get_string(struct wire_reader *in, size_t *size)
{
    *size = wire_get_count(in, 1);
    return wire_get_raw(in, *size);
}

bool wire_whole(const struct wire_reader *in)
{
    return !in->failed && in->left == 0;
}

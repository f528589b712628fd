#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "04-queues/wal_parts.h"

static const char segment_magic[4] = "wal1", manifest_magic[4] = "walm";

static void store_u32(uint8_t *at, uint32_t number)
{
    number = GUINT32_TO_BE(number);
    memcpy(at, &number, sizeof number);
}

static void store_u64(uint8_t *at, uint64_t number)
{
    number = GUINT64_TO_BE(number);
    memcpy(at, &number, sizeof number);
}

uint32_t wal_salt_after(uint32_t salt, uint64_t number)
{
    uint8_t bytes[8];
    store_u64(bytes, number);
    return crc32c(salt, bytes, sizeof bytes);
}

void wal_put_head(const struct wal_segment *segment, uint8_t head[SEGMENT_HEAD])
{
    memcpy(head, segment_magic, 4);
    store_u32(head + 4, segment->salt);
    store_u64(head + 8, segment->first);
    store_u32(head + 16, crc32c(0, head, 16));
}

bool wal_read_head(GBytes *bytes, struct wal_segment *segment)
{
    struct wire_reader in = wire_read_bytes(bytes);
    const uint8_t *start = wire_get_raw(&in, 4);
    segment->salt = wire_get_u32(&in);
    segment->first = wire_get_u64(&in);
    uint32_t check = wire_get_u32(&in);
    segment->size = g_bytes_get_size(bytes);
    return !in.failed && memcmp(start, segment_magic, 4) == 0 &&
           segment->first > 0 && check == crc32c(0, start, SEGMENT_HEAD - 4);
}

void wal_seal(uint8_t *record, size_t size, uint32_t salt)
{
    store_u32(record + 4, salt);
    store_u32(record, crc32c(0, record + 4, size - 4));
}

GBytes *wal_record(uint64_t seq, uint32_t salt, const struct word *parts,
                   unsigned count)
{
    size_t size = 0;
    for (unsigned i = 0; i < count; i++)
        size += parts[i].size;
    g_assert(size <= RECORD_MOST);
    uint8_t *record = g_malloc(RECORD_HEAD + size), *at = record + RECORD_HEAD;
    store_u32(record + 8, (uint32_t)size);
    store_u64(record + 12, seq);
    for (unsigned i = 0; i < count; at += parts[i].size, i++)
        if (parts[i].size > 0)
            memcpy(at, parts[i].data, parts[i].size);
    wal_seal(record, RECORD_HEAD + size, salt);
    return g_bytes_new_take(record, RECORD_HEAD + size);
}

/* ---- The manifest. ---- */

GBytes *wal_manifest_bytes(const struct wal_manifest *manifest)
{
    uint8_t bytes[WAL_MANIFEST];
    memcpy(bytes, manifest_magic, 4);
    store_u64(bytes + 4, manifest->oldest);
    store_u64(bytes + 12, manifest->first);
    store_u64(bytes + 20, manifest->last);
    store_u32(bytes + 28, manifest->salt);
    store_u32(bytes + 32, crc32c(0, bytes, 32));
    return g_bytes_new(bytes, WAL_MANIFEST);
}

bool wal_manifest_of(GBytes *bytes, struct wal_manifest *manifest)
{
    struct wire_reader in = wire_read_bytes(bytes);
    const uint8_t *start = wire_get_raw(&in, 4);
    manifest->oldest = wire_get_u64(&in);
    manifest->first = wire_get_u64(&in);
    manifest->last = wire_get_u64(&in);
    manifest->salt = wire_get_u32(&in);
    uint32_t check = wire_get_u32(&in);
    return wire_whole(&in) && memcmp(start, manifest_magic, 4) == 0 &&
           check == crc32c(0, start, WAL_MANIFEST - 4);
}

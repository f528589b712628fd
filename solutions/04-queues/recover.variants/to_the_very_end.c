/* Every place is looked at with a reader of its own, and the search goes on when
 * all is known. */
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "04-queues/recover.h"

struct found_record {
    bool whole;
    uint64_t seq;
    struct word payload;
};

static struct found_record look(const uint8_t *data, size_t size, size_t at,
                                uint32_t salt)
{
    struct found_record found = {.whole = false};
    struct wire_reader in = wire_read(data + at, size - at);
    uint32_t check = wire_get_u32(&in);
    uint32_t its_salt = wire_get_u32(&in);
    uint32_t length = wire_get_u32(&in);
    found.seq = wire_get_u64(&in);
    const uint8_t *payload = wire_get_raw(&in, length);
    if (in.failed || its_salt != salt || length > RECORD_MOST)
        return found;
    found.payload = (struct word){(const char *)payload, length};
    found.whole = crc32c(0, data + at + 4, RECORD_HEAD - 4 + length) == check;
    return found;
}

static size_t count_later(const uint8_t *data, size_t size,
                          const struct recovery *result, uint32_t salt)
{
    size_t later = 0;
    for (size_t at = result->good; at < size; at++) {
        struct found_record record = look(data, size, at, salt);
        later += record.whole && record.seq >= result->next;
    }
    return later;
}

static void read_good(const uint8_t *data, size_t size, struct recovery *result,
                      GArray *records)
{
    struct wire_reader in = wire_read(data + 4, 4);
    uint32_t salt = wire_get_u32(&in);
    for (;;) {
        struct found_record record = look(data, size, result->good, salt);
        if (!record.whole || record.seq != result->next)
            break;
        g_array_append_val(records, record);
        result->good += RECORD_HEAD + record.payload.size;
        result->next++;
    }
    if (result->good < size)
        result->verdict = count_later(data, size, result, salt) > 0
                              ? RECOVER_ROTTEN
                              : RECOVER_TORN;
}

struct recovery recover(GBytes *segment, recover_visitor *visit, void *self)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(segment, &size);
    struct wire_reader in = wire_read(data, size);
    uint32_t magic = wire_get_u32(&in);
    wire_get_u32(&in);
    uint64_t first = wire_get_u64(&in);
    uint32_t check = wire_get_u32(&in);
    if (in.failed || magic != 0x77616c31 || first == 0 ||
        check != crc32c(0, data, 16))
        return (struct recovery){.verdict = RECOVER_ROTTEN};
    struct recovery result = {RECOVER_WHOLE, SEGMENT_HEAD, first, first};
    GArray *records = g_array_new(FALSE, FALSE, sizeof(struct found_record));
    read_good(data, size, &result, records);
    for (guint i = 0; i < records->len; i++) {
        struct found_record *record =
            &g_array_index(records, struct found_record, i);
        visit(self, record->seq, record->payload);
    }
    g_array_unref(records);
    return result;
}

/* Numbers are put together by hand, and the salt is searched with memmem(). */
#include "02-framing/crc32c.h"
#include "04-queues/recover.h"

static uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

/* The size of the record at @p at, with its head; 0: there is none. */
static size_t record_size(const uint8_t *at, const uint8_t *end,
                          const uint8_t *salt)
{
    size_t left = (size_t)(end - at);
    if (left < RECORD_HEAD || memcmp(at + 4, salt, 4) != 0)
        return 0;
    uint64_t size = number(at + 8, 4);
    if (size > left - RECORD_HEAD || size > RECORD_MOST)
        return 0;
    if (crc32c(0, at + 4, RECORD_HEAD - 4 + size) != number(at, 4))
        return 0;
    return RECORD_HEAD + size;
}

static enum recover_verdict judge(const uint8_t *at, const uint8_t *end,
                                  const uint8_t *salt, uint64_t next)
{
    const uint8_t *found = at;
    if (at == end)
        return RECOVER_WHOLE;
    while (end - found >= RECORD_HEAD) {
        found = memmem(found + 4, (size_t)(end - found) - 4, salt, 4);
        if (!found)
            break;
        found -= 4;
        if (record_size(found, end, salt) > 0 && number(found + 12, 8) >= next)
            return RECOVER_ROTTEN;
        found++;
    }
    return RECOVER_TORN;
}

struct recovery recover(GBytes *segment, recover_visitor *visit, void *self)
{
    struct recovery result = {.verdict = RECOVER_ROTTEN};
    size_t size, step;
    const uint8_t *data = g_bytes_get_data(segment, &size);
    const uint8_t *end = data + size, *salt = data + 4;
    if (size < SEGMENT_HEAD || memcmp(data, "wal1", 4) != 0 ||
        crc32c(0, data, 16) != number(data + 16, 4) || number(data + 8, 8) == 0)
        return result;
    result.first = result.next = number(data + 8, 8);
    const uint8_t *at = data + SEGMENT_HEAD;
    while ((step = record_size(at, end, salt)) > 0 &&
           number(at + 12, 8) == result.next) {
        struct word payload = {(const char *)at + RECORD_HEAD,
                               step - RECORD_HEAD};
        visit(self, result.next++, payload);
        at += step;
    }
    result.good = (size_t)(at - data);
    result.verdict = judge(at, end, salt, result.next);
    return result;
}

/* One loop over all bytes: as long as all was good it steps from record to
 * record, and then from byte to byte. */
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "04-queues/recover.h"

struct pass {
    const uint8_t *data;
    size_t size, at;
    uint32_t salt;
};

static bool is_record(const struct pass *pass, size_t *size, uint64_t *seq)
{
    struct wire_reader in =
        wire_read(pass->data + pass->at, pass->size - pass->at);
    uint32_t check = wire_get_u32(&in), salt = wire_get_u32(&in);
    *size = wire_get_u32(&in);
    *seq = wire_get_u64(&in);
    if (in.failed || salt != pass->salt || in.left < *size)
        return false;
    uint32_t sum = crc32c(0, pass->data + pass->at + 4, RECORD_HEAD - 4);
    return crc32c(sum, in.next, *size) == check && *size <= RECORD_MOST;
}

static bool begin(struct pass *pass, struct recovery *result)
{
    struct wire_reader in = wire_read(pass->data, pass->size);
    uint32_t magic = wire_get_u32(&in);
    pass->salt = wire_get_u32(&in);
    uint64_t first = wire_get_u64(&in);
    uint32_t check = wire_get_u32(&in);
    if (in.failed || magic != 0x77616c31 || first == 0 ||
        check != crc32c(0, pass->data, 16))
        return false;
    pass->at = SEGMENT_HEAD;
    *result = (struct recovery){RECOVER_WHOLE, SEGMENT_HEAD, first, first};
    return true;
}

struct recovery recover(GBytes *segment, recover_visitor *visit, void *self)
{
    struct recovery result = {.verdict = RECOVER_ROTTEN};
    struct pass pass = {.at = 0};
    size_t size;
    uint64_t seq;
    pass.data = g_bytes_get_data(segment, &pass.size);
    if (!begin(&pass, &result))
        return result;
    while (pass.at < pass.size) {
        bool record = is_record(&pass, &size, &seq);
        bool good = result.verdict == RECOVER_WHOLE;
        if (record && good && seq == result.next) {
            const char *payload = (const char *)pass.data + pass.at;
            visit(self, seq, (struct word){payload + RECORD_HEAD, size});
            result.next++;
            result.good = pass.at += RECORD_HEAD + size;
            continue;
        }
        if (record && seq >= result.next) {
            result.verdict = RECOVER_ROTTEN;
            break;
        }
        result.verdict = RECOVER_TORN;
        pass.at++;
    }
    return result;
}

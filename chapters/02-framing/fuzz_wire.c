/*
 * Fuzzing wire.c. The first byte of the input chooses:
 *
 * - read: the rest is a message, and its bytes say as well in which order it
 *   is read. No byte beyond it is touched (a sanitizer looks), what has failed
 *   stays failed, and what was read is written back: the same bytes, for there
 *   is one way to write each.
 * - write: the rest says what is put; the message is read, and says the same.
 */
#include "02-framing/wire.h"
#include "common/judge/fuzz.h"
#include <stdlib.h>
#include <string.h>

enum { KINDS = 7, MOST = 1 << 16 };

/* Not an assertion of GLib's, which would print before it stops. */
static void expect(bool condition)
{
    if (!condition)
        abort();
}

/* ---- What is read is written back. ---- */

static void copy_raw(struct wire_reader *in, struct wire_writer *out,
                     size_t size)
{
    const uint8_t *raw = wire_get_raw(in, size);
    expect(!in->failed == (raw != NULL) || size == 0);
    if (raw)
        wire_put_raw(out, raw, size);
}

static void copy_string(struct wire_reader *in, struct wire_writer *out)
{
    size_t size;
    const uint8_t *string = wire_get_string(in, &size);
    expect(string || size == 0);
    if (!in->failed)
        wire_put_string(out, string, size);
}

static void copy_count(struct wire_reader *in, struct wire_writer *out)
{
    size_t count = wire_get_count(in, 3);
    expect(count <= in->left / 3);
    if (!in->failed)
        wire_put_varint(out, count);
}

static void copy_one(struct wire_reader *in, struct wire_writer *out, int kind)
{
    uint64_t number = 0;
    switch (kind % KINDS) {
    case 0:
        number = wire_get_u8(in);
        in->failed ? (void)0 : wire_put_u8(out, (uint8_t)number);
        break;
    case 1:
        number = wire_get_u16(in);
        in->failed ? (void)0 : wire_put_u16(out, (uint16_t)number);
        break;
    case 2:
        number = wire_get_u32(in);
        in->failed ? (void)0 : wire_put_u32(out, (uint32_t)number);
        break;
    case 3:
        number = wire_get_u64(in);
        in->failed ? (void)0 : wire_put_u64(out, number);
        break;
    case 4:
        number = wire_get_varint(in);
        in->failed ? (void)0 : wire_put_varint(out, number);
        break;
    case 5:
        copy_string(in, out);
        break;
    default:
        kind / KINDS % 2 ? copy_count(in, out)
                         : copy_raw(in, out, (size_t)kind / KINDS);
    }
    expect(!in->failed || number == 0);
}

static void read_message(const uint8_t *data, size_t size)
{
    struct wire_reader in = wire_read(data, size);
    struct wire_writer out = {.most = size};
    for (size_t i = 0; i < 2 * size && !in.failed && in.left > 0; i++) {
        copy_one(&in, &out, data[i % size]);
        expect(in.left <= size);
        if (!in.failed)
            expect(out.size == size - in.left &&
                   (out.size == 0 || memcmp(out.data, data, out.size) == 0));
    }
    expect(wire_whole(&in) == (!in.failed && in.left == 0));
    bool ended = in.failed || in.left == 0;
    expect(!ended || (wire_get_u8(&in) == 0 && in.failed));
    wire_clear(&out);
}

/* ---- What is written is read. ---- */

/* What is put in step number @p i follows from the bytes there. */
struct step {
    int kind;
    uint64_t number;
    const uint8_t *bytes;
    size_t size;
};

static struct step step_at(struct wire_reader *plan)
{
    struct step step = {.kind = wire_get_u8(plan) % KINDS};
    int width = wire_get_u8(plan) % 9;
    for (int i = 0; i < width; i++)
        step.number = step.number << 8 | wire_get_u8(plan);
    step.size = MIN(step.number % 300, plan->left);
    step.bytes = plan->next;
    return step;
}

static void put_step(struct wire_writer *out, struct step step)
{
    switch (step.kind) {
    case 0:
        wire_put_u8(out, (uint8_t)step.number);
        break;
    case 1:
        wire_put_u16(out, (uint16_t)step.number);
        break;
    case 2:
        wire_put_u32(out, (uint32_t)step.number);
        break;
    case 3:
        wire_put_u64(out, step.number);
        break;
    case 4:
        wire_put_varint(out, step.number);
        break;
    case 5:
        wire_put_string(out, step.bytes, step.size);
        break;
    default:
        wire_put_raw(out, step.bytes, step.size);
    }
}

static void expect_bytes_of(struct step step, const uint8_t *bytes, size_t size)
{
    expect(size == step.size && (bytes || size == 0));
    expect(size == 0 || memcmp(bytes, step.bytes, size) == 0);
}

static void expect_step(struct wire_reader *in, struct step step)
{
    size_t size = step.size;
    switch (step.kind) {
    case 0:
        expect(wire_get_u8(in) == (uint8_t)step.number);
        break;
    case 1:
        expect(wire_get_u16(in) == (uint16_t)step.number);
        break;
    case 2:
        expect(wire_get_u32(in) == (uint32_t)step.number);
        break;
    case 3:
        expect(wire_get_u64(in) == step.number);
        break;
    case 4:
        expect(wire_get_varint(in) == step.number);
        break;
    case 5: {
        const uint8_t *string = wire_get_string(in, &size);
        expect_bytes_of(step, string, size);
        break;
    }
    default:
        expect_bytes_of(step, wire_get_raw(in, size), size);
    }
    expect(!in->failed);
}

static void write_message(const uint8_t *data, size_t size)
{
    struct wire_writer out = {.most = MOST};
    struct wire_reader plan = wire_read(data, size);
    while (plan.left > 0)
        put_step(&out, step_at(&plan));
    g_autoptr(GBytes) message = wire_finish(&out);
    if (!message) /* It would have been too long. */
        return;
    struct wire_reader in = wire_read_bytes(message);
    plan = wire_read(data, size);
    while (plan.left > 0)
        expect_step(&in, step_at(&plan));
    expect(wire_whole(&in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 && data[0] % 2)
        read_message(data + 1, size - 1);
    else if (size > 1)
        write_message(data + 1, size - 1);
    return 0;
}

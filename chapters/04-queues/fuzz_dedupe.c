/* Bytes with a right check behind them, as a liar would write them: any, or
 * those of a table with a few of them changed. What is read can be asked, and
 * is the same when it is written and read again. */
#include "02-framing/crc32c.h"
#include "04-queues/dedupe.h"
#include "common/judge/fuzz.h"
#include "common/world/tape.h"
#include <string.h>

static const struct dedupe_settings settings = {4, 8, SEC};

static GBytes *with_check(const uint8_t *data, size_t size)
{
    uint8_t *bytes = g_malloc(size + 4);
    uint32_t check = crc32c(0, data, size);
    if (size > 0)
        memcpy(bytes, data, size);
    for (unsigned i = 0; i < 4; i++)
        bytes[size + i] = (uint8_t)(check >> (24 - 8 * i));
    return g_bytes_new_take(bytes, size + 4);
}

/* The bytes of a table, without their check, in which pairs of @p data say
 * where another byte stands. */
static GBytes *changed(struct env *env, const uint8_t *data, size_t size)
{
    struct dedupe *dedupe = dedupe_new(env, settings);
    for (uint64_t i = 0; i < 20; i++)
        dedupe_done(dedupe, i % 3, 1 + i * i % 13, i);
    size_t whole;
    g_autoptr(GBytes) written = dedupe_write(dedupe);
    uint8_t *bytes = g_bytes_unref_to_data(g_steal_pointer(&written), &whole);
    whole -= 4;
    for (size_t i = 0; i + 1 < MIN(size, 8); i += 2)
        bytes[data[i] % whole] = data[i + 1];
    GBytes *result = with_check(bytes, whole);
    dedupe_free(dedupe);
    g_free(bytes);
    return result;
}

/* What is written from @p dedupe, read, and written again is the same. */
static void write_twice(struct dedupe *dedupe, struct env *env)
{
    struct dedupe *other = dedupe_new(env, settings);
    g_autoptr(GBytes) once = dedupe_write(dedupe);
    g_assert(dedupe_read(other, once));
    g_autoptr(GBytes) twice = dedupe_write(other);
    g_assert(g_bytes_equal(once, twice));
    dedupe_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tape *tape = tape_new(1);
    struct dedupe *dedupe = dedupe_new(tape_env(tape), settings);
    bool any = size % 4 == 0;
    g_autoptr(GBytes) bytes =
        any ? with_check(data, size) : changed(tape_env(tape), data, size);
    uint64_t answer, producer = size % 5;
    if (dedupe_read(dedupe, bytes)) {
        write_twice(dedupe, tape_env(tape));
        uint64_t newest = dedupe_newest(dedupe, producer);
        if (dedupe_ask(dedupe, producer, newest + 1, &answer) == DEDUPE_NEW)
            dedupe_done(dedupe, producer, newest + 1, answer = 1);
        write_twice(dedupe, tape_env(tape));
    } else {
        g_assert(dedupe_producers(dedupe) == 0);
    }
    dedupe_free(dedupe);
    tape_free(tape);
    return 0;
}

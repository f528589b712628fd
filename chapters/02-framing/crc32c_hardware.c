/*
 * The instruction gives its result three cycles after it began, and another may
 * begin in each of them. So a long row of bytes is divided in three lanes, side
 * by side:
 *
 *     | lane 0: a | lane 1: b | lane 2: c |      256 bytes each
 *
 * Division is linear. The remainder of a, b and c in a row is that of a followed
 * by 512 bytes of zero, with that of b followed by 256, and that of c: exclusive
 * or is their sum. What 256 bytes of zero make of a remainder is the sum of what
 * they make of each of its bytes, which stands in four tables.
 */
#include "02-framing/crc32c_hardware.h"
#include <glib.h>
#include <string.h>

enum { WORD = 8, LEAST = 64, LANE = 256 };

#if defined __x86_64__
#include <nmmintrin.h>
#define TARGET __attribute__((target("sse4.2")))

static int is_there(void)
{
    return __builtin_cpu_supports("sse4.2");
}

#define divide(remainder, word) ((uint32_t)_mm_crc32_u64(remainder, word))

#elif defined __aarch64__
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#define TARGET __attribute__((target("+crc")))

static int is_there(void)
{
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}

#define divide(remainder, word) __crc32cd(remainder, word)

#else
#define TARGET

static int is_there(void)
{
    return 0;
}

#define divide(remainder, word) ((uint32_t)(word))
#endif

/* ---- One lane. ---- */

TARGET static uint32_t divide_row(uint32_t remainder, const uint8_t *data,
                                  size_t size)
{
    for (size_t at = 0; at < size; at += WORD) {
        uint64_t word;
        memcpy(&word, data + at, sizeof word);
        remainder = divide(remainder, word);
    }
    return remainder;
}

/* ---- Three. ---- */

static uint32_t zeros[4][256]; /* What a lane of zeros makes of each byte. */

static void make_zeros(void)
{
    static const uint8_t lane[LANE];
    for (unsigned place = 0; place < 4; place++)
        for (uint32_t byte = 0; byte < 256; byte++)
            zeros[place][byte] = divide_row(byte << 8 * place, lane, LANE);
}

static uint32_t after_zeros(uint32_t remainder)
{
    return zeros[0][remainder & 0xff] ^ zeros[1][remainder >> 8 & 0xff] ^
           zeros[2][remainder >> 16 & 0xff] ^ zeros[3][remainder >> 24];
}

TARGET static uint32_t divide_lanes(uint32_t a, const uint8_t *data)
{
    uint32_t b = 0, c = 0;
    for (size_t at = 0; at < LANE; at += 8) {
        uint64_t words[3];
        for (size_t lane = 0; lane < 3; lane++)
            memcpy(&words[lane], data + lane * LANE + at, sizeof words[0]);
        a = divide(a, words[0]);
        b = divide(b, words[1]);
        c = divide(c, words[2]);
    }
    return after_zeros(after_zeros(a) ^ b) ^ c;
}

size_t crc32c_hardware(uint32_t *remainder, const void *data, size_t size)
{
    static size_t made;
    if (!is_there() || size < LEAST)
        return 0;
    if (g_once_init_enter(&made)) {
        make_zeros();
        g_once_init_leave(&made, 1);
    }
    const uint8_t *bytes = data;
    size_t done = 0;
    for (; size - done >= 3 * LANE; done += 3 * LANE)
        *remainder = divide_lanes(*remainder, bytes + done);
    size_t rest = (size - done) / WORD * WORD;
    *remainder = divide_row(*remainder, bytes + done, rest);
    return done + rest;
}

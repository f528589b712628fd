/*
 * The instruction gives its result three cycles after it began, and one may
 * begin in each: so one chain of them does eight bytes in three cycles. Three
 * chains side by side would do three times as many, and need a page of algebra
 * to join them. One is as fast as we can copy.
 */
#include "02-framing/crc32c_hardware.h"
#include <string.h>

enum { BLOCK = 64 };

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

TARGET static uint32_t divide_block(uint32_t remainder, const uint8_t *data)
{
    for (int at = 0; at < BLOCK; at += 8) {
        uint64_t word;
        memcpy(&word, data + at, sizeof word);
        remainder = divide(remainder, word);
    }
    return remainder;
}

TARGET size_t crc32c_hardware(uint32_t *remainder, const void *data,
                              size_t size)
{
    if (!is_there())
        return 0;
    uint32_t rest = *remainder;
    size_t done = 0;
    for (; done + BLOCK <= size; done += BLOCK)
        rest = divide_block(rest, (const uint8_t *)data + done);
    *remainder = rest;
    return done;
}

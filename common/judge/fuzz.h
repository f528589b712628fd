/**
 * @file fuzz.h
 * Random bytes for whatever reads bytes: a program fuzz_x.c is this function,
 *
 *     int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *     {
 *         ...let the parser have them; g_assert() what must be true...
 *         return 0;
 *     }
 *
 * and is built in two ways. `make test` runs it with inputs drawn from seeds;
 * given the name of a file, it takes that for its input. `make fuzz` links it
 * with libFuzzer, which watches what code an input reaches, and breeds those
 * that reach more.
 */
#ifndef JUDGE_FUZZ_H
#define JUDGE_FUZZ_H
#include <stddef.h>
#include <stdint.h>

/** The function's name is libFuzzer's. Returns 0. Borrows @p data. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

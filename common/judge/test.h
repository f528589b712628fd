/**
 * @file test.h
 * cmocka in one include, tests named by sentences, and seeds one can replay.
 *
 *     static void a_ring_keeps_its_order(void **state)
 *     {
 *         (void)state;
 *         for_each_seed(seed, 100)
 *             assert_true(...);
 *     }
 *
 *     int main(int argc, char **argv)
 *     {
 *         const struct CMUnitTest tests[] = {
 *             cmocka_unit_test(a_ring_keeps_its_order),
 *         };
 *         return test_run(argc, argv, tests);
 *     }
 *
 * A test that fails inside for_each_seed prints its seed and the command that
 * replays it: SEED=0x.. build/test/.../test_ring a_ring_keeps_its_order.
 */
#ifndef JUDGE_TEST_H
#define JUDGE_TEST_H
/* cmocka needs these before itself, in this order. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <glib.h>
#include <stdbool.h>

/** Run the statement that follows with @p seed = 1, 2, .. @p count; or, when
 * the environment names a SEED, with that one alone. */
#define for_each_seed(seed, count)            \
    for (uint64_t seed = 0, seed##_tried = 0; \
         test_seed_next(&seed, &seed##_tried, count);)

/** Run @p tests, an array, all or those whose names match argv[1], a pattern
 * with * and ?. Returns what main should. */
#define test_run(argc, argv, tests) \
    test_run_array(argc, argv, tests, G_N_ELEMENTS(tests))

/** See test_run(). @p tests has @p count elements. */
int test_run_array(int argc, char **argv, const struct CMUnitTest *tests,
                   size_t count);
/** See for_each_seed(). With SALT=WORD in the environment the seeds are others
 * than 1, 2 .., but the same for each WORD. */
bool test_seed_next(uint64_t *seed, uint64_t *tried, uint64_t count);
/** Which @p seed is under way? Returns whether one is. */
bool test_seed_now(uint64_t *seed);

/** A new empty directory for this test; removed by test_dir_remove(). Returns
 * new. */
char *test_dir_make(void);
/** Remove @p dir with all that is in it; takes the string. */
void test_dir_remove(char *dir);
/** What a shell prints, to both of its outputs, when it is given @p line; its
 * exit @p status. Returns new. */
char *test_shell(int *status, const char *line);

#endif

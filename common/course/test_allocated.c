/* What is allocated is seen, and what is freed no more. */
#include "common/course/allocated.h"
#include "common/judge/test.h"

enum { SMALL = 1000, COUNT = 1000, LARGE = 1 << 28, SLACK = 1 << 16 };

static void expect_near(size_t got, size_t wanted)
{
    assert_in_range(got, wanted - MIN(wanted, SLACK), wanted + SLACK);
}

static void large_memory_counts_before_it_is_written(void **state)
{
    (void)state;
    size_t before = allocated_bytes();
    char *volatile large = g_malloc(LARGE);
    expect_near(allocated_bytes() - before, LARGE);
    g_free(large);
    expect_near(allocated_bytes(), before);
}

static void small_pieces_add_up(void **state)
{
    (void)state;
    size_t before = allocated_bytes();
    char *pieces[COUNT];
    for (int i = 0; i < COUNT; i++)
        pieces[i] = g_malloc(SMALL);
    expect_near(allocated_bytes() - before, SMALL * COUNT);
    for (int i = 0; i < COUNT; i++)
        g_free(pieces[i]);
    expect_near(allocated_bytes(), before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_memory_counts_before_it_is_written),
        cmocka_unit_test(small_pieces_add_up),
    };
    return test_run(argc, argv, tests);
}

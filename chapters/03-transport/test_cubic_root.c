#include "03-transport/cubic.h"
#include "common/judge/test.h"

enum { LARGEST = 2642245 };

static uint64_t cube(uint64_t number)
{
    return number * number * number;
}

static void a_cube_root_is_whole_and_exact(void **state)
{
    (void)state;
    uint64_t root = 0;
    for (uint64_t number = 0; number < 100000; number++) {
        if (number == cube(root + 1))
            root++;
        assert_int_equal(cubic_root(number), root);
    }
}

static void a_cube_root_is_exact_on_both_sides_of_each_cube(void **state)
{
    (void)state;
    for (uint64_t root = 1; root <= LARGEST; root += root < 5000 ? 1 : 37) {
        assert_int_equal(cubic_root(cube(root) - 1), root - 1);
        assert_int_equal(cubic_root(cube(root)), root);
        assert_int_equal(cubic_root(cube(root) + 1), root);
    }
    assert_int_equal(cubic_root(cube(LARGEST) - 1), LARGEST - 1);
    assert_int_equal(cubic_root(cube(LARGEST)), LARGEST);
    assert_int_equal(cubic_root(UINT64_MAX), LARGEST);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cube_root_is_whole_and_exact),
        cmocka_unit_test(a_cube_root_is_exact_on_both_sides_of_each_cube),
    };
    return test_run(argc, argv, tests);
}

#include "common/judge/line.h"
#include "common/judge/test.h"
#include <math.h>

enum { POINTS = 20 };

static void expect_near(double value, double expected)
{
    assert_true(fabs(value - expected) <= 1e-7 * expected);
}

static double between(GRand *dice, double low, double high)
{
    return g_rand_double_range(dice, low, high);
}

/* Places of every magnitude, as the sizes of messages are. */
static void scatter(struct point *points, GRand *dice)
{
    for (int i = 0; i < POINTS; i++)
        points[i] = (struct point){exp2(between(dice, 0, 22)),
                                   exp2(between(dice, 0, 10))};
}

static void a_line_is_found_from_points_on_it(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        g_autoptr(GRand) dice = g_rand_new_with_seed((uint32_t)seed);
        struct line true_one = {between(dice, 1, 100), between(dice, 0, 1)};
        struct point points[POINTS];
        scatter(points, dice);
        for (int i = 0; i < POINTS; i++)
            points[i].y = line_at(true_one, points[i].x);
        struct line line = line_fit(points, POINTS);
        expect_near(line.base, true_one.base);
        expect_near(line.slope, true_one.slope);
    }
}

/* How far a line is from all points: what should be least. */
static double distance(struct line line, const struct point *points)
{
    double sum = 0;
    for (int i = 0; i < POINTS; i++)
        sum += pow(line_at(line, points[i].x) / points[i].y - 1, 2);
    return sum;
}

static void no_other_line_is_nearer(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        g_autoptr(GRand) dice = g_rand_new_with_seed((uint32_t)seed);
        struct point points[POINTS];
        scatter(points, dice);
        struct line line = line_fit(points, POINTS);
        double least = distance(line, points);
        for (int other = 0; other < 100; other++) {
            struct line tried = {line.base * between(dice, 0.9, 1.1),
                                 line.slope * between(dice, 0.9, 1.1)};
            assert_true(distance(tried, points) >= least);
        }
    }
}

static void no_other_level_is_nearer(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        g_autoptr(GRand) dice = g_rand_new_with_seed((uint32_t)seed);
        struct point points[POINTS];
        scatter(points, dice);
        struct line level = line_fit_level(points, POINTS);
        struct line higher = {level.base * 1.01, 0};
        struct line lower = {level.base * 0.99, 0};
        assert_true(level.slope == 0);
        assert_true(distance(higher, points) > distance(level, points));
        assert_true(distance(lower, points) > distance(level, points));
    }
}

/* An error of one half of 2 counts as much as one of one half of 2000. */
static void errors_count_by_their_share(void **state)
{
    const struct point points[] = {{0, 2}, {0, 1}, {1000, 2000}, {1000, 1000}};
    (void)state;
    struct line line = line_fit(points, G_N_ELEMENTS(points));
    expect_near(line_at(line, 0), 1.2);
    expect_near(line_at(line, 1000), 1200);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_found_from_points_on_it),
        cmocka_unit_test(no_other_line_is_nearer),
        cmocka_unit_test(no_other_level_is_nearer),
        cmocka_unit_test(errors_count_by_their_share),
    };
    return test_run(argc, argv, tests);
}

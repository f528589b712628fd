/* Pieces in any order, beside a model that knows of each byte whether it is
 * here. */
#include "03-transport/test_arrival.h"
#include "common/course/allocated.h"

enum { KIB = 1 << 10 };

/* ---- Any order. ---- */

static void pieces_in_order_come_out_in_order(void)
{
    struct arrival arrival = arrival_new(1000, 100);
    expect_alike(&arrival);
    take(&arrival, 10);
    for (int64_t at = 0; at < 2000; at += 37) {
        put(&arrival, at, 37);
        take(&arrival, at % 3 == 0 ? 80 : 36);
    }
    take(&arrival, 0);
    put(&arrival, 2035, 0);
    arrival_free(&arrival);
}

/* Five pieces of other sizes, in each of their orders. */
static void any_order_is_right(void)
{
    for (unsigned order = 0; order < 120; order++) {
        struct arrival arrival = arrival_new(7, 15);
        int64_t left[] = {0, 1, 3, 6, 10}, size[] = {1, 2, 3, 4, 5};
        for (unsigned n = 5, rest = order; n > 0; rest /= n, n--) {
            unsigned i = rest % n;
            put(&arrival, left[i], size[i]);
            left[i] = left[n - 1];
            size[i] = size[n - 1];
        }
        take(&arrival, 4);
        take(&arrival, 100);
        arrival_free(&arrival);
    }
}

/* Each two pieces of a few bytes, whatever they have in common, and a third. */
static void overlaps_count_once(void)
{
    for (int pieces = 0; pieces < 36 * 36; pieces++) {
        struct arrival arrival = arrival_new(0, 20);
        for (int i = 0, rest = pieces; i < 2; i++, rest /= 36)
            put(&arrival, rest % 6 + 1, rest / 6 % 6 + 1);
        put(&arrival, 3, 2);
        put(&arrival, 2, 8);
        take(&arrival, 3);
        put(&arrival, 0, 5);
        take(&arrival, 20);
        arrival_free(&arrival);
    }
}

static void what_came_comes_no_more(void)
{
    struct arrival arrival = arrival_new(5, 50);
    put(&arrival, 0, 30);
    put(&arrival, 0, 30);
    take(&arrival, 20);
    put(&arrival, 0, 20);
    put(&arrival, 10, 20);
    put(&arrival, 19, 1);
    put(&arrival, 5, 40);
    put(&arrival, -3, 60);
    put(&arrival, -60, 60);
    take(&arrival, 100);
    put(&arrival, 20, 30);
    put(&arrival, 0, 90);
    take(&arrival, 100);
    arrival_free(&arrival);
}

/* ---- The end of the buffer. ---- */

static void beyond_the_end_nothing_is_kept(void)
{
    for (int64_t capacity = 1; capacity < 20; capacity++) {
        for (int64_t at = 0; at < capacity + 3; at++) {
            struct arrival arrival = arrival_new(99, capacity);
            put(&arrival, at, 8);
            put(&arrival, at, capacity + 9);
            put(&arrival, 0, at + 1);
            put(&arrival, capacity, 1);
            take(&arrival, 1 + at / 2);
            put(&arrival, capacity, 9);
            take(&arrival, 100);
            put(&arrival, at, 30);
            take(&arrival, 100);
            arrival_free(&arrival);
        }
    }
}

/* Full, then taken by and by: each byte taken is one more that may come. */
static void what_is_taken_makes_room(void)
{
    struct arrival arrival = arrival_new(3, 64);
    for (int64_t at = 0; at < 1500; at++) {
        put(&arrival, at + 60, 9);
        put(&arrival, at, at % 2 ? 70 : 30);
        take(&arrival, 1 + at % 3 / 2);
    }
    arrival_free(&arrival);
}

/* ---- The circle. ---- */

/* Each piece and each row that lies across 2^32. */
static void numbers_go_in_a_circle(void)
{
    for (uint32_t before = 0; before < 24; before++) {
        struct arrival arrival = arrival_new(0 - before, 16);
        put(&arrival, 9, 3);
        put(&arrival, 5, 2);
        put(&arrival, 14, 9);
        put(&arrival, 0, 6);
        take(&arrival, 5);
        put(&arrival, -4, 12);
        put(&arrival, 3, 40);
        take(&arrival, 12);
        put(&arrival, 20, 4);
        put(&arrival, 16, 4);
        end_at(&arrival, 30);
        put(&arrival, 23, 30);
        take(&arrival, 99);
        put(&arrival, 24, 9);
        take(&arrival, 99);
        arrival_free(&arrival);
    }
}

/* As far as a number can be before another one, or behind it. */
static void half_a_circle_away_is_old_or_too_early(void)
{
    static const int64_t places[] = {
        INT32_MAX,  1 << 30, 65536,           1000, -999,
        -(1 << 30), -65536,  -INT32_MAX + 50, -1};
    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(places); i++) {
        struct arrival arrival = arrival_new(i % 2 ? 10 : 0 - 20u, 999);
        put(&arrival, 40, 10);
        put(&arrival, 0, 20);
        put(&arrival, places[i / 2], 10);
        take(&arrival, 5);
        put(&arrival, places[i / 2], 50);
        if (places[i / 2] < 0)
            end_at(&arrival, places[i / 2]);
        put(&arrival, 20, 20);
        take(&arrival, 99);
        arrival_free(&arrival);
    }
}

/* A ring whose size divides no power of two, many times round. */
static void the_ring_goes_round_any_number_of_times(void)
{
    for (int64_t capacity = 1; capacity < 50; capacity += 3) {
        struct arrival arrival = arrival_new(0 - 300u, capacity);
        for (int64_t at = 0; at < 700; at += (capacity + 1) / 2) {
            put(&arrival, at + capacity / 3, capacity);
            put(&arrival, at, capacity / 3 + 1);
            take(&arrival, (capacity + 1) / 2);
        }
        arrival_free(&arrival);
    }
}

/* ---- The end of the stream. ---- */

static void the_end_is_where_it_was_said_first(void)
{
    for (int64_t end = 0; end < 40; end++) {
        struct arrival arrival = arrival_new(0 - 15u, 30);
        put(&arrival, 0, 10);
        put(&arrival, 15, 5);
        put(&arrival, 22, 3);
        end_at(&arrival, end);
        put(&arrival, 27, 5);
        put(&arrival, 24, 1);
        if (arrival.end < LENGTH)
            for (int64_t other = 0; other < 45; other++)
                end_at(&arrival, other);
        put(&arrival, 10, 60);
        take(&arrival, 15);
        put(&arrival, 20, 40);
        take(&arrival, 60);
        arrival_free(&arrival);
    }
}

/* The end may be known before the last hole is filled, and before all. */
static void it_is_whole_when_all_has_come(void)
{
    struct arrival arrival = arrival_new(0, 20);
    end_at(&arrival, 0);
    end_at(&arrival, 0);
    put(&arrival, 0, 5);
    take(&arrival, 5);
    arrival_free(&arrival);
    for (int order = 0; order < 12; order++) {
        arrival = arrival_new(0 - 3u, 20);
        for (int i = 0; i < 3; i++) {
            if (i == order % 3)
                end_at(&arrival, 12);
            put(&arrival, (order / 3 + i) % 3 * 4, 4);
        }
        take(&arrival, order);
        end_at(&arrival, 12);
        take(&arrival, 20);
        arrival_free(&arrival);
    }
}

/* ---- Rows. ---- */

static void early_rows_are_told_the_last_one_first(void)
{
    struct arrival arrival = arrival_new(0 - 50u, 200);
    for (int64_t i = 0; i < 9; i++)
        put(&arrival, 10 + 20 * (i * 4 % 9), 10);
    for (unsigned most = 0; most < 12; most++)
        expect_ranges(&arrival, most);
    put(&arrival, 94, 2);   /* Again. */
    put(&arrival, 80, 10);  /* Between two. */
    put(&arrival, 125, 10); /* Longer at its end, and at its beginning. */
    put(&arrival, 145, 10);
    put(&arrival, 45, 20); /* Over a hole. */
    put(&arrival, 195, 9); /* Cut. */
    put(&arrival, 0, 5);   /* In order: none is the last. */
    put(&arrival, 52, 1);
    put(&arrival, 2, 2); /* Old. */
    put(&arrival, 52, 1);
    put(&arrival, 300, 2); /* Too early. */
    put(&arrival, 52, 1);
    put(&arrival, 2, 12); /* The first row is in order now. */
    take(&arrival, 15);
    for (unsigned most = 0; most < 12; most++)
        expect_ranges(&arrival, most);
    put(&arrival, 60, 120);
    end_at(&arrival, 90);
    arrival_free(&arrival);
}

static void one_row_too_many_is_dropped(void)
{
    struct arrival arrival = arrival_new(0 - 300u, 800);
    for (int64_t i = 0; i < 300; i++)
        put(&arrival, 799 - 2 * i, 1);
    put(&arrival, 1, 20);   /* A row of its own. */
    put(&arrival, 100, 20); /* The same, near others. */
    put(&arrival, 286, 1);
    put(&arrival, 287, 1); /* It touches one. */
    put(&arrival, 500, 1); /* Two become one. */
    put(&arrival, 10, 2);  /* So there is room for this one. */
    put(&arrival, 20, 2);  /* And not for this one. */
    put(&arrival, 0, 3);   /* In order. */
    put(&arrival, 3, 7);
    put(&arrival, 20, 2);
    take(&arrival, 5);
    put(&arrival, 30, 2);
    put(&arrival, 11, 789);
    take(&arrival, 900);
    arrival_free(&arrival);
}

static void memory_has_a_bound(void)
{
    enum { CAPACITY = 64 * KIB, SLACK = 4 * KIB };
    uint8_t data[64] = {0};
    size_t before = allocated_bytes(), most = 0;
    struct reassembly *reassembly = reassembly_new(0, CAPACITY);
    for (uint32_t round = 0, seq = 1; round < 40; round++) {
        for (uint32_t i = 0; i < 3000; i++, most = MAX(most, allocated_bytes()))
            reassembly_put(reassembly, seq + i * 7919 % CAPACITY, data,
                           1 + i % 3);
        reassembly_end(reassembly, seq - 2);
        seq += 100;
        reassembly_put(reassembly, seq, data, sizeof data);
    }
    expect_that(most - before <= CAPACITY + 32 * KIB + SLACK,
                "at most capacity, 64 KiB, and 32 KiB", "%zu KiB",
                (most - before) / KIB);
    reassembly_free(reassembly);
    size_t after = allocated_bytes();
    expect_that(after < before + SLACK, "all to be freed", "%zu bytes left",
                after - before);
}

/* ---- All together. ---- */

static void happen(struct arrival *arrival, struct dice *dice, int64_t length)
{
    uint64_t what = dice_roll(dice) % 16;
    int64_t around = (int64_t)dice_between(
        dice, 0, (uint64_t)(arrival->capacity + arrival->capacity / 3));
    int64_t at = arrival->taken + around - arrival->capacity / 6;
    int64_t size = 1 + (int64_t)(dice_roll(dice) % 90 >> dice_roll(dice) % 7);
    if (what < 11)
        put(arrival, MIN(at, length), MIN(size, length - MIN(at, length)));
    else if (what < 12)
        put(arrival, arrival->expected,
            MIN(size, length - MIN(arrival->expected, length)));
    else if (what < 15)
        take(arrival, size * 2);
    else if (dice_roll(dice) % 8 == 0)
        end_at(arrival, dice_roll(dice) % 3 ? length : MAX(at, 0));
}

static void any_pieces_are_as_the_model_says(void)
{
    for_each_seed (seed, 60) {
        struct dice dice = dice_at(seed, 33, 1);
        int64_t length = 1 + (int64_t)(dice_roll(&dice) % 3000);
        int64_t capacity = 1 + (int64_t)(dice_roll(&dice) % 600 >> seed % 9);
        uint32_t first = (uint32_t)dice_roll(&dice);
        if (seed % 2 == 0)
            first = 0 - first % (uint32_t)length;
        struct arrival arrival = arrival_new(first, capacity);
        for (int i = 0; i < 400; i++)
            happen(&arrival, &dice, length);
        arrival_free(&arrival);
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(pieces_in_order_come_out_in_order),
        GRADED(any_order_is_right),
        GRADED(overlaps_count_once),
        GRADED(what_came_comes_no_more),
        GRADED(beyond_the_end_nothing_is_kept),
        GRADED(what_is_taken_makes_room),
        GRADED(numbers_go_in_a_circle),
        GRADED(half_a_circle_away_is_old_or_too_early),
        GRADED(the_ring_goes_round_any_number_of_times),
        GRADED(the_end_is_where_it_was_said_first),
        GRADED(it_is_whole_when_all_has_come),
        GRADED(early_rows_are_told_the_last_one_first),
        GRADED(one_row_too_many_is_dropped),
        GRADED(memory_has_a_bound),
        GRADED(any_pieces_are_as_the_model_says),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

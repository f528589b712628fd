/* Fates of messages: how often, how late, in which order, and on what alone
 * they depend. Bounds are those of four standard deviations and more. */
#include "common/judge/test.h"
#include "common/storm/draw.h"
#include "common/storm/ordeal.h"
#include "common/storm/weather.h"
#include "common/toys/stopwait_scene.h"
#include <stdlib.h>
#include <string.h>

enum { MANY = 40000 };

/* ---- One link, many messages. ---- */

static struct sim_fate fate_of(struct weather *weather, node_id from,
                               node_id to, uint64_t number)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("0123456789", 10);
    struct sim_message message = {from, to, number, bytes};
    return weather_decide(weather, &message, 0);
}

/* What became of many messages, each of which leaves at 0. */
struct fates {
    unsigned lost, repeated, turned, both;
    nsec least, most, sum;
    GArray *delays; /* nsec, the shortest first. */
};

static gint is_shorter(gconstpointer left, gconstpointer right)
{
    const nsec *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static struct fates fates_in(struct storm_weather given, uint64_t seed)
{
    struct fates fates = {.least = UINT64_MAX};
    struct storm *storm = storm_new();
    storm->nodes = 2;
    storm->seed = seed;
    storm->weather = given;
    struct weather *weather = weather_new(storm);
    fates.delays = g_array_new(FALSE, FALSE, sizeof(nsec));
    for (uint64_t i = 0; i < MANY; i++) {
        struct sim_fate fate = fate_of(weather, 1, 2, i);
        fates.lost += fate.lost;
        fates.repeated += fate.repeated;
        fates.turned += fate.turned > 0;
        fates.both += fate.lost && fate.repeated;
        fates.least = MIN(fates.least, fate.delay);
        fates.most = MAX(fates.most, fate.delay);
        fates.sum += fate.delay;
        g_array_append_val(fates.delays, fate.delay);
        assert_true(fate.turned <= 80);
    }
    g_array_sort(fates.delays, is_shorter);
    weather_free(weather);
    storm_free(storm);
    return fates;
}

/* Of all delays, @p percent are at most so long. */
static nsec percentile(const struct fates *fates, unsigned percent)
{
    return g_array_index(fates->delays, nsec, MANY / 100 * percent);
}

static void chances_are_as_stated_and_each_on_its_own(void **state)
{
    (void)state;
    for_each_seed (seed, 5) {
        struct fates fates = fates_in(
            (struct storm_weather){
                .loss = 8, .repeat = 4, .turn = 16, .least = MSEC},
            seed);
        assert_in_range(fates.lost, 4700, 5300);
        assert_in_range(fates.repeated, 9600, 10400);
        assert_in_range(fates.turned, 2260, 2740);
        assert_in_range(fates.both, 1090, 1410);
        g_array_unref(fates.delays);
    }
}

static void what_has_no_chance_never_happens(void **state)
{
    (void)state;
    struct fates fates = fates_in((struct storm_weather){.least = 7}, 1);
    assert_int_equal(fates.lost + fates.repeated + fates.turned, 0);
    assert_int_equal(fates.least, 7);
    assert_int_equal(fates.most, 7);
    g_array_unref(fates.delays);
    fates = fates_in((struct storm_weather){.loss = 1, .repeat = 1}, 1);
    assert_int_equal(fates.lost, MANY);
    assert_int_equal(fates.repeated, MANY);
    assert_int_equal(fates.turned, 0);
    g_array_unref(fates.delays);
}

static void an_even_delay_is_even_up_to_twice_its_mean(void **state)
{
    (void)state;
    struct storm_weather even = {.least = MSEC,
                                 .overtaking = true,
                                 .spread = STORM_EVEN,
                                 .more = 4 * MSEC};
    struct fates fates = fates_in(even, 3);
    assert_in_range(fates.least, MSEC, MSEC + 10 * USEC);
    assert_in_range(fates.most, 9 * MSEC - 10 * USEC, 9 * MSEC);
    assert_in_range(fates.sum / MANY, 4940 * USEC, 5060 * USEC);
    for (unsigned percent = 10; percent < 100; percent += 10)
        assert_in_range(percentile(&fates, percent),
                        MSEC + percent * 80 * USEC - 120 * USEC,
                        MSEC + percent * 80 * USEC + 120 * USEC);
    g_array_unref(fates.delays);
}

static void an_exponential_delay_has_its_mean_and_median(void **state)
{
    (void)state;
    struct storm_weather exponential = {.least = 5 * MSEC,
                                        .overtaking = true,
                                        .spread = STORM_EXPONENTIAL,
                                        .more = 10 * MSEC};
    struct fates fates = fates_in(exponential, 4);
    assert_in_range(fates.least, 5 * MSEC, 5 * MSEC + 20 * USEC);
    /* The longest of 40000: 10.6 means, give or take 1.3. */
    assert_in_range(fates.most, 75 * MSEC, 205 * MSEC);
    assert_in_range(fates.sum / MANY, 14700 * USEC, 15300 * USEC);
    assert_in_range(percentile(&fates, 50), 11650 * USEC, 12210 * USEC);
    assert_in_range(percentile(&fates, 90), 27300 * USEC, 28760 * USEC);
    assert_in_range(percentile(&fates, 99), 48500 * USEC, 53700 * USEC);
    g_array_unref(fates.delays);
}

static void in_a_tail_one_in_k_is_k_times_as_late(void **state)
{
    (void)state;
    struct storm_weather tail = {.least = MSEC,
                                 .overtaking = true,
                                 .spread = STORM_TAIL,
                                 .more = 8 * MSEC};
    struct fates fates = fates_in(tail, 5);
    assert_int_equal(fates.least, 3 * MSEC);
    assert_int_equal(fates.most, MSEC + 256 * 8 * MSEC);
    assert_in_range(percentile(&fates, 50), 3 * MSEC, 5 * MSEC);
    assert_in_range(percentile(&fates, 90), 17 * MSEC, 25 * MSEC);
    assert_in_range(percentile(&fates, 99), 160 * MSEC, 250 * MSEC);
    g_array_unref(fates.delays);
}

static void no_delay_is_too_long_to_be_counted(void **state)
{
    (void)state;
    for (enum storm_spread spread = STORM_EVEN; spread <= STORM_TAIL;
         spread++) {
        struct storm_weather huge = {.least = 1000000 * SEC,
                                     .spread = spread,
                                     .overtaking = true,
                                     .more = 1000000 * SEC};
        struct fates fates = fates_in(huge, 6);
        assert_true(fates.least >= 1000000 * SEC);
        assert_true(fates.most <= 260 * 1000000 * SEC);
        g_array_unref(fates.delays);
    }
}

/* ---- On what they depend. ---- */

static const struct storm_weather mixed = {.loss = 3,
                                           .repeat = 3,
                                           .turn = 3,
                                           .least = MSEC,
                                           .overtaking = true,
                                           .spread = STORM_EXPONENTIAL,
                                           .more = 8 * MSEC};

static struct storm *mixed_storm(uint64_t seed)
{
    struct storm *storm = storm_new();
    storm->nodes = 3;
    storm->seed = seed;
    storm->weather = mixed;
    return storm;
}

static bool is_same_fate(struct sim_fate a, struct sim_fate b)
{
    return a.lost == b.lost && a.repeated == b.repeated &&
           a.turned == b.turned && a.delay == b.delay && a.later == b.later;
}

static void a_fate_depends_on_seed_link_and_number_alone(void **state)
{
    enum { EACH = 40 };
    (void)state;
    for_each_seed (seed, 50) {
        struct storm *storm = mixed_storm(seed);
        struct weather *whole = weather_new(storm);
        struct weather *less = weather_new(storm);
        struct sim_fate fates[EACH], other[EACH];
        for (uint64_t i = 0; i < EACH; i++) {
            fates[i] = fate_of(whole, 1, 2, i);
            fate_of(whole, 2, 1, i);
            other[i] = fate_of(whole, 3, 2, i);
        }
        /* In another order, without some. */
        for (uint64_t i = EACH; i-- > 0;)
            assert_true(is_same_fate(other[i], fate_of(less, 3, 2, i)));
        for (uint64_t i = 1; i < EACH; i += 2)
            assert_true(is_same_fate(fates[i], fate_of(less, 1, 2, i)));
        weather_free(whole);
        weather_free(less);
        storm_free(storm);
    }
}

static void another_seed_link_or_number_has_another_fate(void **state)
{
    (void)state;
    struct storm *storm = mixed_storm(1), *other = mixed_storm(2);
    struct weather *weather = weather_new(storm), *next = weather_new(other);
    unsigned same = 0;
    for (uint64_t i = 0; i < 100; i++) {
        struct sim_fate fate = fate_of(weather, 1, 2, i);
        same += is_same_fate(fate, fate_of(next, 1, 2, i));
        same += is_same_fate(fate, fate_of(weather, 2, 1, i));
        same += is_same_fate(fate, fate_of(weather, 1, 3, i));
        same += is_same_fate(fate, fate_of(weather, 3, 2, i));
        same += is_same_fate(fate, fate_of(weather, 1, 2, i + 100));
    }
    assert_int_equal(same, 0);
    weather_free(weather);
    weather_free(next);
    storm_free(storm);
    storm_free(other);
}

static void two_delays_of_one_message_differ(void **state)
{
    (void)state;
    struct storm *storm = mixed_storm(1);
    struct weather *weather = weather_new(storm);
    unsigned later = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        struct sim_fate fate = fate_of(weather, 1, 2, i);
        assert_true(fate.later != fate.delay);
        later += fate.later > fate.delay;
    }
    assert_in_range(later, 430, 570);
    weather_free(weather);
    storm_free(storm);
}

/* ---- Order. ---- */

/* Messages of one link, which leave one after another; the 7th is listed when
 * @p listed. How many overtake one that left before? */
static unsigned count_overtaking(uint64_t seed, bool overtaking, bool listed)
{
    struct storm *storm = mixed_storm(seed);
    struct storm_event late = {.kind = STORM_MESSAGE,
                               .node = 1,
                               .peer = 2,
                               .number = 7,
                               .fate = {.delay = 500 * MSEC}};
    unsigned count = 0;
    nsec last = 0;
    storm->weather.overtaking = overtaking;
    if (listed)
        g_array_append_val(storm->events, late);
    struct weather *weather = weather_new(storm);
    g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);
    for (uint64_t i = 0; i < 100; i++) {
        struct sim_message message = {1, 2, i, bytes};
        nsec now = 20 * MSEC + i * MSEC;
        struct sim_fate fate = weather_decide(weather, &message, now);
        if (fate.lost)
            continue;
        count += now + fate.delay < last;
        count += !overtaking && fate.repeated && fate.later < fate.delay;
        last = MAX(last, now + fate.delay);
        last = fate.repeated ? MAX(last, now + fate.later) : last;
    }
    weather_free(weather);
    storm_free(storm);
    return count;
}

static void nothing_overtakes_unless_it_may(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        assert_int_equal(count_overtaking(seed, false, false), 0);
        assert_true(count_overtaking(seed, true, false) > 10);
    }
}

static void what_is_rolled_does_not_overtake_what_is_listed(void **state)
{
    (void)state;
    for_each_seed (seed, 50)
        assert_int_equal(count_overtaking(seed, false, true), 0);
}

static void a_lost_message_holds_up_nobody(void **state)
{
    (void)state;
    struct storm *storm = storm_new();
    struct storm_event lost = {.kind = STORM_MESSAGE,
                               .node = 1,
                               .peer = 2,
                               .fate = {.lost = true, .delay = SEC}};
    storm->nodes = 2;
    g_array_append_val(storm->events, lost);
    struct weather *weather = weather_new(storm);
    assert_true(fate_of(weather, 1, 2, 0).lost);
    assert_int_equal(fate_of(weather, 1, 2, 1).delay, MSEC);
    weather_free(weather);
    storm_free(storm);
}

/* ---- Lists. ---- */

static void a_listed_fate_wins(void **state)
{
    (void)state;
    struct storm *storm = mixed_storm(1);
    struct storm_event event = {.kind = STORM_MESSAGE, .node = 1, .peer = 2};
    struct sim_fate fate = {
        .repeated = true, .delay = 3, .later = 2, .turned = 9};
    storm->weather.overtaking = false;
    event.fate = fate;
    event.number = 5;
    g_array_append_val(storm->events, event);
    struct weather *weather = weather_new(storm);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(is_same_fate(fate_of(weather, 1, 2, i), fate), i == 5);
        assert_false(is_same_fate(fate_of(weather, 2, 1, i), fate));
        assert_false(is_same_fate(fate_of(weather, 1, 3, i), fate));
    }
    weather_free(weather);
    storm_free(storm);
}

static void what_is_written_down_decides_the_same_again(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        struct storm *storm = mixed_storm(seed);
        struct sim_fate fates[60];
        storm->weather.overtaking = seed % 2;
        struct weather *weather = weather_new(storm);
        g_autoptr(GArray) events =
            g_array_new(FALSE, TRUE, sizeof(struct storm_event));
        weather_write_down(weather, events);
        for (uint64_t i = 0; i < 60; i++)
            fates[i] = fate_of(weather, 1 + i % 2, 3, i / 2);
        weather_free(weather);
        assert_int_equal(events->len, 60);
        g_array_append_vals(storm->events, events->data, events->len);
        storm->seed++;
        storm->weather = (struct storm_weather){.loss = 1};
        weather = weather_new(storm);
        for (uint64_t i = 0; i < 60; i++)
            assert_true(
                is_same_fate(fate_of(weather, 1 + i % 2, 3, i / 2), fates[i]));
        weather_free(weather);
        storm_free(storm);
    }
}

/* ---- Calm. ---- */

static void when_it_is_calm_nothing_is_lost_or_late(void **state)
{
    (void)state;
    struct storm *storm = mixed_storm(1);
    struct storm_event lost = {.kind = STORM_MESSAGE,
                               .node = 1,
                               .peer = 2,
                               .number = 200,
                               .fate = {.lost = true}};
    storm->weather.overtaking = false;
    g_array_append_val(storm->events, lost);
    struct weather *weather = weather_new(storm);
    g_autoptr(GArray) events =
        g_array_new(FALSE, TRUE, sizeof(struct storm_event));
    for (uint64_t i = 0; i < 100; i++)
        fate_of(weather, 1, 2, i);
    weather_write_down(weather, events);
    assert_int_equal(weather_calm(weather, false), 0);
    for (uint64_t i = 100; i < 300; i++) {
        struct sim_fate fate = fate_of(weather, 1, 2, i);
        assert_false(fate.lost || fate.repeated || fate.turned);
        assert_int_equal(fate.delay, MSEC);
    }
    assert_int_equal(events->len, 0);
    weather_free(weather);
    storm_free(storm);
}

static void calm_or_not_what_is_late_is_not_overtaken(void **state)
{
    (void)state;
    struct storm *storm = storm_new();
    struct storm_event late = {.kind = STORM_MESSAGE,
                               .node = 1,
                               .peer = 2,
                               .fate = {.delay = 3 * SEC}};
    storm->nodes = 2;
    g_array_append_val(storm->events, late);
    struct weather *weather = weather_new(storm);
    fate_of(weather, 1, 2, 0);
    assert_int_equal(weather_calm(weather, true), 3 * SEC);
    assert_int_equal(fate_of(weather, 1, 2, 1).delay, 3 * SEC);
    assert_int_equal(fate_of(weather, 2, 1, 1).delay, MSEC);
    weather_free(weather);
    storm_free(storm);
}

/* ---- A whole run. ---- */

static char *trace_of(const struct storm *storm, struct ordeal_report *report)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    ordeal_run(&stopwait_subject, storm,
               (struct ordeal_wish){.trace = file, .write_fates = true},
               report);
    fclose(file);
    return text;
}

static void a_run_with_its_fates_written_down_is_the_same_run(void **state)
{
    (void)state;
    for_each_seed (seed, 40) {
        struct ordeal_report first, second;
        struct storm *storm = storm_draw(&stopwait_subject, seed);
        char *trace = trace_of(storm, &first);
        first.storm->weather.loss = 1; /* Nothing is rolled any more. */
        char *again = trace_of(first.storm, &second);
        assert_string_equal(trace, again);
        ordeal_report_clear(&first);
        ordeal_report_clear(&second);
        storm_free(storm);
        free(trace);
        free(again);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chances_are_as_stated_and_each_on_its_own),
        cmocka_unit_test(what_has_no_chance_never_happens),
        cmocka_unit_test(an_even_delay_is_even_up_to_twice_its_mean),
        cmocka_unit_test(an_exponential_delay_has_its_mean_and_median),
        cmocka_unit_test(in_a_tail_one_in_k_is_k_times_as_late),
        cmocka_unit_test(no_delay_is_too_long_to_be_counted),
        cmocka_unit_test(a_fate_depends_on_seed_link_and_number_alone),
        cmocka_unit_test(another_seed_link_or_number_has_another_fate),
        cmocka_unit_test(two_delays_of_one_message_differ),
        cmocka_unit_test(nothing_overtakes_unless_it_may),
        cmocka_unit_test(what_is_rolled_does_not_overtake_what_is_listed),
        cmocka_unit_test(a_lost_message_holds_up_nobody),
        cmocka_unit_test(a_listed_fate_wins),
        cmocka_unit_test(what_is_written_down_decides_the_same_again),
        cmocka_unit_test(when_it_is_calm_nothing_is_lost_or_late),
        cmocka_unit_test(calm_or_not_what_is_late_is_not_overtaken),
        cmocka_unit_test(a_run_with_its_fates_written_down_is_the_same_run),
    };
    return test_run(argc, argv, tests);
}

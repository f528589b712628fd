/* Storms drawn from seeds: which classes, how much at once, and that a storm
 * depends on its seed alone. */
#include "common/judge/test.h"
#include "common/storm/calling.h"
#include "common/storm/draw.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 10000 };

static void draw(struct dice *dice, node_id node, GString *operation)
{
    unsigned number = (unsigned)dice_between(dice, 0, 9);
    if (number > 0) /* Sometimes there is nothing to ask. */
        g_string_append_printf(operation, "%u %u", (unsigned)node, number);
}

static const char *const roles[] = {"leader", "follower", NULL};

/* Nobody runs it: it is only drawn for. */
static const struct subject drawn = {
    .name = "drawn",
    .least = 3,
    .most = 7,
    .always = 1 << 2,
    .questions = 16,
    .lasts = 8 * SEC,
    .draw = draw,
    .roles = roles,
};

/* ---- Classes. ---- */

static unsigned count(const struct storm *storm, enum storm_kind kind)
{
    unsigned kinds = 0;
    for (unsigned i = 0; i < storm->events->len; i++)
        kinds += storm_event(storm, i)->kind == kind;
    return kinds;
}

/* Some event of a kind, with something about it. */
static bool has_loss(const struct storm *storm)
{
    for (unsigned i = 0; i < storm->events->len; i++)
        if (storm_event(storm, i)->kind == STORM_CRASH &&
            storm_event(storm, i)->loss != DISK_KEEPS)
            return true;
    return false;
}

static bool has_point(const struct storm *storm)
{
    for (unsigned i = 0; i < storm->events->len; i++)
        if (storm_event(storm, i)->effects > 0)
            return true;
    return false;
}

/* So many crashes at one time are all nodes at once. */
static bool has_all_down(const struct storm *storm)
{
    for (unsigned i = 0; i < storm->events->len; i++) {
        const struct storm_event *first = storm_event(storm, i);
        uint64_t nodes = 0;
        for (unsigned j = 0; j < storm->events->len; j++) {
            const struct storm_event *event = storm_event(storm, j);
            if (event->kind == STORM_CRASH && event->at == first->at)
                nodes |= (uint64_t)1 << event->node;
        }
        if ((nodes | 1) == ((uint64_t)2 << storm->nodes) - 1)
            return true;
    }
    return false;
}

/* Bit i: class i is seen in it. One that is on may not show: what crashes is
 * then in no crash. */
static uint32_t classes_of(const struct storm *storm)
{
    const struct storm_weather *weather = &storm->weather;
    const bool seen[CLASS_COUNT] = {
        [CLASS_LOSS] = weather->loss > 0,
        [CLASS_REPEAT] = weather->repeat > 0,
        [CLASS_TURN] = weather->turn > 0,
        [CLASS_DELAY] = weather->spread == STORM_EXPONENTIAL,
        [CLASS_TAIL] = weather->spread == STORM_TAIL,
        [CLASS_OVERTAKE] = weather->overtaking,
        [CLASS_CUT] = count(storm, STORM_CUT) > 0,
        [CLASS_SPLIT] = count(storm, STORM_SPLIT) > 0,
        [CLASS_FAREWELL] = count(storm, STORM_FAREWELL) > 0,
        [CLASS_PAUSE] = count(storm, STORM_PAUSE) > 0,
        [CLASS_CRASH] = count(storm, STORM_CRASH) > 0 && !has_all_down(storm),
        [CLASS_POINT] = has_point(storm),
        [CLASS_TORN] = has_loss(storm),
        [CLASS_ALL_DOWN] = has_all_down(storm),
        [CLASS_SLOW] = count(storm, STORM_SLOW) > 0,
        [CLASS_DRIFT] = count(storm, STORM_DRIFT) > 0,
    };
    uint32_t classes = 0;
    for (unsigned i = 0; i < CLASS_COUNT; i++)
        classes |= (uint32_t)seen[i] << i;
    return classes;
}

/* In percent of the storms; those that hang on another class are rarer. */
static const struct {
    unsigned least, most;
} shares[CLASS_COUNT] = {
    [CLASS_LOSS] = {48, 52},     [CLASS_REPEAT] = {48, 52},
    [CLASS_TURN] = {48, 52},     [CLASS_DELAY] = {23, 27},
    [CLASS_TAIL] = {48, 52},     [CLASS_OVERTAKE] = {48, 52},
    [CLASS_CUT] = {48, 52},      [CLASS_SPLIT] = {48, 52},
    [CLASS_FAREWELL] = {48, 52}, [CLASS_PAUSE] = {36, 52},
    [CLASS_CRASH] = {38, 52},    [CLASS_POINT] = {20, 27},
    [CLASS_TORN] = {25, 32},     [CLASS_ALL_DOWN] = {11, 15},
    [CLASS_SLOW] = {48, 52},     [CLASS_DRIFT] = {48, 52},
};

static void each_class_comes_by_the_toss_of_a_coin(void **state)
{
    unsigned counts[CLASS_COUNT] = {0};
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct storm *storm = storm_draw(&drawn, seed);
        uint32_t classes = classes_of(storm);
        for (unsigned i = 0; i < CLASS_COUNT; i++)
            counts[i] += classes >> i & 1;
        storm_free(storm);
    }
    for (unsigned i = 0; i < CLASS_COUNT && !g_getenv("SEED"); i++)
        if (counts[i] * 100 < shares[i].least * SEEDS ||
            counts[i] * 100 > shares[i].most * SEEDS)
            fail_msg("class %u comes %u times in %u", i, counts[i], SEEDS);
}

static void what_is_spared_never_comes(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct subject spared = drawn;
        unsigned class = (unsigned)(seed % CLASS_COUNT);
        spared.spared = (uint32_t)1 << class;
        /* All at once are crashes, and their nodes say farewell. */
        struct storm *storm = storm_draw(&spared, seed);
        assert_int_equal(classes_of(storm) >> class & 1, 0);
        storm_free(storm);
    }
}

static void of_a_subject_that_survives_nothing_all_is_calm(void **state)
{
    (void)state;
    struct subject weak = drawn;
    weak.spared = UINT32_MAX;
    for_each_seed (seed, 1000) {
        struct storm *storm = storm_draw(&weak, seed);
        assert_int_equal(count(storm, STORM_ASK), storm->events->len);
        assert_int_equal(classes_of(storm), 0);
        storm_free(storm);
    }
}

static void classes_come_in_all_pairs(void **state)
{
    bool both[CLASS_COUNT][CLASS_COUNT] = {{0}};
    (void)state;
    if (g_getenv("SEED"))
        return;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct storm *storm = storm_draw(&drawn, seed);
        uint32_t classes = classes_of(storm);
        for (unsigned i = 0; i < CLASS_COUNT; i++)
            for (unsigned j = 0; j < CLASS_COUNT; j++)
                both[i][j] |= (classes >> i & 1) && (classes >> j & 1);
        storm_free(storm);
    }
    for (unsigned i = 0; i < CLASS_COUNT; i++)
        for (unsigned j = 0; j < CLASS_COUNT; j++)
            if (!both[i][j] && i != j &&
                /* One hides the other. */
                !(MIN(i, j) == CLASS_DELAY && MAX(i, j) == CLASS_TAIL) &&
                !(MIN(i, j) == CLASS_CRASH && MAX(i, j) == CLASS_ALL_DOWN))
                fail_msg("never %u and %u", i, j);
}

/* ---- The budget. ---- */

static bool stops(const struct storm_event *event)
{
    return event->kind == STORM_CRASH || event->kind == STORM_PAUSE;
}

/* How many may be stopped when an event begins? A role may be anybody. */
static unsigned count_stopped(const struct storm *storm, nsec time)
{
    uint64_t nodes = 0;
    unsigned roles_of = 0;
    for (unsigned i = 0; i < storm->events->len; i++) {
        const struct storm_event *event = storm_event(storm, i);
        if (!stops(event) || event->at > time ||
            event->at + event->lasts <= time)
            continue;
        roles_of += event->node == 0;
        nodes |= event->node ? (uint64_t)1 << event->node : 0;
    }
    return roles_of + (unsigned)__builtin_popcountll(nodes);
}

static void enough_nodes_are_always_left(void **state)
{
    unsigned reached = 0;
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct subject subject = drawn;
        subject.spared = 1 << CLASS_ALL_DOWN;
        subject.quorum = seed % 2 ? 0 : 3;
        struct storm *storm = storm_draw(&subject, seed);
        unsigned quorum = seed % 2 ? storm->nodes / 2 + 1 : 3;
        unsigned most = MAX(storm->nodes - quorum, 1), stopped = 0;
        for (unsigned i = 0; i < storm->events->len; i++)
            stopped =
                MAX(stopped, count_stopped(storm, storm_event(storm, i)->at));
        assert_true(stopped <= most);
        reached += stopped == most;
        storm_free(storm);
    }
    assert_true(reached > SEEDS / 4 || g_getenv("SEED"));
}

/* ---- All that is drawn. ---- */

static void assert_node(const struct storm *storm, node_id node)
{
    assert_true(node >= 1 && node <= storm->nodes);
}

static void assert_sound(const struct storm *storm,
                         const struct storm_event *event)
{
    assert_true(event->at < storm->until + 10 * MSEC);
    assert_true(event->lasts <= storm->until / 4);
    assert_int_equal(event->at % MSEC, 0);
    if (event->kind != STORM_SPLIT && event->node == 0)
        assert_true(g_strv_contains(roles, event->role));
    else if (event->kind != STORM_SPLIT)
        assert_node(storm, event->node);
    if (event->kind == STORM_CUT || event->kind == STORM_FAREWELL) {
        assert_node(storm, event->peer);
        assert_true(event->node != event->peer);
    }
    if (event->kind == STORM_SPLIT)
        assert_true(event->side > 1 && event->side < (uint64_t)2
                                                         << storm->nodes);
    if (event->kind == STORM_DRIFT)
        assert_true(event->ppm != 0 && ABS(event->ppm) <= 131072);
    if (event->kind != STORM_FAREWELL && event->kind != STORM_ASK)
        assert_true(event->lasts > 0);
}

static void what_is_drawn_makes_sense(void **state)
{
    (void)state;
    for_each_seed (seed, 3000) {
        struct storm *storm = storm_draw(&drawn, seed);
        nsec last = 0;
        assert_string_equal(storm->subject, "drawn");
        assert_int_equal(storm->seed, seed);
        assert_int_equal(storm->until, 8 * SEC);
        assert_in_range(storm->nodes, 3, 7);
        assert_true(storm->core >> 2 & 1);
        assert_int_equal(storm->core & ~(((uint64_t)2 << storm->nodes) - 2), 0);
        assert_true((unsigned)__builtin_popcountll(storm->core) >
                    storm->nodes / 2);
        assert_true(count(storm, STORM_ASK) <= 16);
        assert_true(storm->weather.sync_least <= storm->weather.sync_most);
        for (unsigned i = 0; i < storm->events->len; i++) {
            assert_sound(storm, storm_event(storm, i));
            assert_true(storm_event(storm, i)->at >= last);
            last = storm_event(storm, i)->at;
        }
        storm_free(storm);
    }
}

static void one_node_alone_has_storms_too(void **state)
{
    (void)state;
    struct subject alone = drawn;
    alone.least = alone.most = 1;
    alone.always = 0;
    for_each_seed (seed, 1000) {
        struct storm *storm = storm_draw(&alone, seed);
        assert_int_equal(storm->nodes, 1);
        assert_int_equal(storm->core, 2);
        assert_int_equal(count(storm, STORM_CUT), 0);
        assert_int_equal(count(storm, STORM_FAREWELL), 0);
        storm_free(storm);
    }
}

static char *text_of(uint64_t seed)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    struct storm *storm = storm_draw(&drawn, seed);
    storm_write(storm, file);
    storm_free(storm);
    fclose(file);
    return text;
}

static void a_storm_depends_on_its_seed_alone(void **state)
{
    (void)state;
    for_each_seed (seed, 200) {
        char *first = text_of(seed), *other = text_of(seed + 1);
        char *again = text_of(seed);
        assert_string_equal(first, again);
        assert_string_not_equal(first, other);
        free(first);
        free(other);
        free(again);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_comes_by_the_toss_of_a_coin),
        cmocka_unit_test(what_is_spared_never_comes),
        cmocka_unit_test(of_a_subject_that_survives_nothing_all_is_calm),
        cmocka_unit_test(classes_come_in_all_pairs),
        cmocka_unit_test(enough_nodes_are_always_left),
        cmocka_unit_test(what_is_drawn_makes_sense),
        cmocka_unit_test(one_node_alone_has_storms_too),
        cmocka_unit_test(a_storm_depends_on_its_seed_alone),
    };
    return test_run(argc, argv, tests);
}

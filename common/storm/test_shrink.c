/*
 * Shrinking, of a little subject with rules that break in ways of which one
 * can tell the smallest storm by hand. Each tenth of a second a node sends a
 * message to the next; and one more to whom it is asked to.
 */
#include "common/judge/test.h"
#include "common/storm/draw.h"
#include "common/storm/failure.h"
#include "common/storm/shrink.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 5, BUDGET = 400000, SOME = 30000 };

/* ---- The subject. ---- */

struct glass {
    struct ordeal *ordeal;
    unsigned boots[MOST + 1], asked;
    bool lastly;             /* The last node was asked for. */
    uint64_t next[MOST + 1]; /* Of 1's messages, by who got them. */
};

struct pane {
    struct env *env;
    struct glass *glass;
    struct timer timer;
    unsigned sent[MOST + 1]; /* To whom how many. */
};

static void knock(struct pane *pane, node_id to)
{
    g_autofree char *text = g_strdup_printf("%u", pane->sent[to]++);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    env_send(pane->env, to, bytes);
}

static void on_tick(void *self)
{
    struct pane *pane = self;
    unsigned nodes = ordeal_storm(pane->glass->ordeal)->nodes;
    if (pane->env->id != 1)
        knock(pane, pane->env->id % nodes + 1);
    env_arm(pane->env, &pane->timer, 100 * MSEC);
}

static void on_knock(void *self, node_id from, GBytes *message)
{
    struct pane *pane = self;
    struct glass *glass = pane->glass;
    node_id id = pane->env->id;
    g_autofree char *text =
        g_strndup(g_bytes_get_data(message, NULL), g_bytes_get_size(message));
    uint64_t number = g_ascii_strtoull(text, NULL, 10);
    if (from != 1 || !*text)
        return;
    if (id == 2 && glass->boots[2] > 2)
        ordeal_break(glass->ordeal, id, "G1", "knocked after two crashes");
    if (glass->lastly && id == ordeal_storm(glass->ordeal)->nodes &&
        number > glass->next[id])
        ordeal_break(glass->ordeal, id, "G0", "the last one's knock was lost");
    if (id == 3 && number > glass->next[id])
        ordeal_break(glass->ordeal, id, "G2", "a knock was lost");
    if (id == 4 && number + 1 < glass->next[id])
        ordeal_break(glass->ordeal, id, "G3", "an old knock came late");
    glass->next[id] = MAX(glass->next[id], number + 1);
}

static void *boot(struct env *env, void *context)
{
    struct pane *pane = g_new0(struct pane, 1);
    pane->env = env;
    pane->glass = context;
    pane->glass->boots[env->id]++;
    pane->timer = (struct timer){.fire = on_tick, .self = pane};
    env_bind(env, on_knock, pane);
    env_arm(env, &pane->timer, 100 * MSEC);
    return pane;
}

static void stop(void *self)
{
    g_free(self);
}

static void *open_glass(struct ordeal *ordeal)
{
    struct glass *glass = g_new0(struct glass, 1);
    glass->ordeal = ordeal;
    return glass;
}

static void close_glass(void *self)
{
    g_free(self);
}

/* Easier to break than all others: two nodes are down at once. */
static bool is_bright(void *self, GString *why)
{
    struct glass *glass = self;
    unsigned down = 0;
    for (node_id id = 1; id <= ordeal_storm(glass->ordeal)->nodes; id++)
        down += !ordeal_node(glass->ordeal, id);
    g_string_append(why, "two are down");
    return down < 2;
}

static const struct invariant rules[] = {
    {.id = "G0", .text = "At most one is down.", .holds = is_bright},
    {.id = "G1", .text = "Nobody knocks after two crashes of node 2."},
    {.id = "G2", .text = "No knock of 1 to 3 is lost."},
    {.id = "G3", .text = "Knocks of 1 come to 4 in order."},
    {0},
};

static void draw(struct dice *dice, node_id node, GString *operation)
{
    (void)node;
    g_string_append_printf(operation, "%u", (unsigned)dice_between(dice, 2, 4));
}

static void ask(void *self, node_id node, const char *operation)
{
    struct glass *glass = self;
    node_id to = g_ascii_strtoull(operation, NULL, 10);
    glass->asked++;
    if (to == 0) /* The last. */
        to = ordeal_storm(glass->ordeal)->nodes;
    glass->lastly |= to != g_ascii_strtoull(operation, NULL, 10);
    if (to >= 2 && to <= MOST)
        knock(ordeal_node(glass->ordeal, node), to);
}

static const struct subject glass_subject = {
    .name = "glass",
    .least = 2,
    .most = MOST,
    .boot = boot,
    .stop = stop,
    .open = open_glass,
    .close = close_glass,
    .rules = rules,
    .draw = draw,
    .ask = ask,
};

/* ---- What it is shrunk to. ---- */

static const struct {
    const char *id;
    unsigned lines, nodes;
    const char *by_hand; /* The smallest there is. */
} smallest[] = {
    {"G0", 2, 2, "crash 1, crash 2"},
    {"G1", 3, 2, "crash 2 for a while, twice, then ask 1 to knock at 2"},
    {"G2", 3, 3, "ask 1 to knock at 3, twice; message 1 3 0 is lost"},
    {"G3", 3, 4, "ask 1 to knock at 4, twice; message 1 4 0 is late"},
};

/* The storm of a seed that breaks this, from @p seed on; it may be long. */
static struct storm *storm_that_breaks(const char *id, uint64_t *seed)
{
    for (;; ++*seed) {
        struct ordeal_report report;
        struct storm *storm = storm_draw(&glass_subject, *seed);
        ordeal_run(&glass_subject, storm, (struct ordeal_wish){0}, &report);
        const char *broken = report.id;
        ordeal_report_clear(&report);
        if (broken && strcmp(broken, id) == 0)
            return storm;
        storm_free(storm);
    }
}

static char *text_of(const struct storm *storm)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    storm_write(storm, file);
    fclose(file);
    return text;
}

static void assert_same_text(const struct storm *a, const struct storm *b)
{
    char *left = text_of(a), *right = text_of(b);
    assert_string_equal(left, right);
    free(left);
    free(right);
}

static void assert_breaks(const struct storm *storm, const char *id)
{
    struct ordeal_report report;
    ordeal_run(&glass_subject, storm, (struct ordeal_wish){0}, &report);
    assert_string_equal(report.id ? report.id : "none", id);
    ordeal_report_clear(&report);
}

static void assert_small(const struct shrunk *shrunk, unsigned i)
{
    const struct storm_weather *weather = &shrunk->storm->weather;
    char *text = text_of(shrunk->storm);
    if (shrunk->after > 2 * smallest[i].lines ||
        shrunk->storm->nodes > smallest[i].nodes + 1)
        fail_msg("by hand: %s; shrunk, from %u lines:\n%s", smallest[i].by_hand,
                 shrunk->before, text);
    assert_int_equal(shrunk->after, shrunk->storm->events->len);
    assert_int_equal(weather->loss + weather->repeat + weather->turn, 0);
    assert_int_equal(weather->spread, STORM_NONE);
    free(text);
}

static void a_shrunk_storm_is_nearly_the_smallest(void **state)
{
    unsigned lines = 0, least = 0;
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(smallest); i++) {
        uint64_t seed = 1;
        for (unsigned found = 0; found < 4; found++, seed++) {
            struct storm *storm = storm_that_breaks(smallest[i].id, &seed);
            struct shrunk shrunk =
                shrink(&glass_subject, storm, smallest[i].id, BUDGET);
            assert_small(&shrunk, i);
            assert_breaks(shrunk.storm, smallest[i].id);
            lines += shrunk.after;
            least += smallest[i].lines;
            storm_free(shrunk.storm);
            storm_free(storm);
        }
    }
    assert_true(lines >= least);
    assert_true(lines * 4 <= least * 5);
}

static void a_storm_written_by_hand_stays_as_small(void **state)
{
    static const char *const texts[] = {
        "nodes 2\nuntil 9s\nat 1s crash 1\nat 2s crash 2\n",
        "nodes 2\nuntil 9s\nat 1s crash 2 for 1s\nat 3s crash 2 for 1s\n"
        "at 5s ask 1 2\n",
        "nodes 3\nuntil 9s\nat 1s ask 1 3\nat 2s ask 1 3\n"
        "message 1 3 0 lost\n",
        "nodes 4\nuntil 9s\novertaking\nat 1s ask 1 4\nat 1.1s ask 1 4\n"
        "message 1 4 0 after 3s\n",
    };
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct storm *storm = storm_read(texts[i], NULL);
        struct shrunk shrunk =
            shrink(&glass_subject, storm, smallest[i].id, BUDGET);
        assert_int_equal(shrunk.after, smallest[i].lines);
        assert_int_equal(shrunk.storm->nodes, smallest[i].nodes);
        assert_true(shrunk.storm->until < 200 * MSEC);
        assert_breaks(shrunk.storm, smallest[i].id);
        storm_free(shrunk.storm);
        storm_free(storm);
    }
}

/* A question that is not asked makes all later messages of its link earlier. */
static void messages_are_numbered_anew(void **state)
{
    (void)state;
    struct storm *storm =
        storm_read("nodes 3\nuntil 9s\nat 1s ask 1 3\nat 2s ask 1 3\n"
                   "at 3s ask 1 3\nat 4s ask 1 3\nat 5s ask 1 3\n"
                   "at 6s ask 1 3\nmessage 1 3 4 lost\n",
                   NULL);
    struct shrunk shrunk = shrink(&glass_subject, storm, "G2", BUDGET);
    assert_int_equal(shrunk.before, 7);
    assert_int_equal(shrunk.after, 3);
    assert_breaks(shrunk.storm, "G2");
    storm_free(shrunk.storm);
    storm_free(storm);
}

/* Nodes that go have lower numbers than those that matter. */
static void who_is_split_off_keeps_his_place_when_others_go(void **state)
{
    (void)state;
    struct storm *storm =
        storm_read("nodes 5\nuntil 9s\nat 1s split 5 for 500ms\n"
                   "at 1.1s ask 1 0\nat 2s ask 1 0\n",
                   NULL);
    struct shrunk shrunk = shrink(&glass_subject, storm, "G0", BUDGET);
    assert_int_equal(shrunk.storm->nodes, 2);
    assert_int_equal(shrunk.after, 3);
    storm_free(shrunk.storm);
    storm_free(storm);
}

/* Broken by an even number of questions: of these none can go alone. */
static void judge_evenness(void *self)
{
    struct glass *glass = self;
    if (glass->asked > 0 && glass->asked % 2 == 0)
        ordeal_break(glass->ordeal, 0, "G0", "asked %u times", glass->asked);
}

static void lines_that_can_only_go_together_go(void **state)
{
    struct subject subject = glass_subject;
    (void)state;
    subject.end = judge_evenness;
    struct storm *storm =
        storm_read("nodes 2\nuntil 9s\nat 1s ask 1 2\nat 2s ask 1 2\n"
                   "at 3s ask 1 2\nat 4s ask 1 2\nat 5s ask 1 2\n"
                   "at 6s ask 1 2\n",
                   NULL);
    struct shrunk shrunk = shrink(&subject, storm, "G0", BUDGET);
    assert_int_equal(shrunk.after, 2);
    storm_free(shrunk.storm);
    storm_free(storm);
}

/* ---- With any budget. ---- */

static void it_never_grows_and_ends_within_its_budget(void **state)
{
    (void)state;
    for_each_seed (seed, 6) {
        uint64_t first = 20 * seed;
        const char *id = smallest[1 + seed % 3].id;
        struct storm *storm = storm_that_breaks(id, &first);
        unsigned last = UINT_MAX;
        for (uint64_t budget = 1; budget <= BUDGET; budget *= 8) {
            struct shrunk shrunk = shrink(&glass_subject, storm, id, budget);
            assert_true(shrunk.spent > 0 && shrunk.spent <= budget);
            assert_true(budget > 1 || shrunk.runs == 1);
            assert_true(shrunk.after <= shrunk.before);
            assert_breaks(shrunk.storm, id);
            last = shrunk.after;
            storm_free(shrunk.storm);
        }
        assert_true(last <= 6);
        storm_free(storm);
    }
}

static void the_result_is_the_same_each_time(void **state)
{
    (void)state;
    for_each_seed (seed, 4) {
        uint64_t first = 50 * seed;
        const char *id = smallest[seed - seed / 4 * 4].id;
        struct storm *storm = storm_that_breaks(id, &first);
        struct shrunk a = shrink(&glass_subject, storm, id, 100000);
        struct shrunk b = shrink(&glass_subject, storm, id, 100000);
        assert_same_text(a.storm, b.storm);
        assert_int_equal(a.runs, b.runs);
        assert_int_equal(a.spent, b.spent);
        storm_free(a.storm);
        storm_free(b.storm);
        storm_free(storm);
    }
}

static void without_any_line_it_does_not_break(void **state)
{
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(smallest); i++) {
        uint64_t seed = 1;
        struct storm *storm = storm_that_breaks(smallest[i].id, &seed);
        struct shrunk shrunk =
            shrink(&glass_subject, storm, smallest[i].id, BUDGET);
        for (unsigned line = 0; line < shrunk.after; line++) {
            struct ordeal_report report;
            struct storm *less = storm_copy(shrunk.storm);
            g_array_remove_index(less->events, line);
            ordeal_run(&glass_subject, less, (struct ordeal_wish){0}, &report);
            assert_true(!report.id || strcmp(report.id, smallest[i].id) != 0);
            ordeal_report_clear(&report);
            storm_free(less);
        }
        storm_free(shrunk.storm);
        storm_free(storm);
    }
}

/* ---- What it must not do. ---- */

static void what_breaks_nothing_stays_as_it_is(void **state)
{
    static const char text[] = "nodes 3\nuntil 1s\ncore 1 2\nloss 1/3\n"
                               "at 100ms crash 3 for 1s\n";
    (void)state;
    struct storm *storm = storm_read(text, NULL);
    struct shrunk shrunk = shrink(&glass_subject, storm, "G1", BUDGET);
    assert_same_text(storm, shrunk.storm);
    storm_free(shrunk.storm);
    storm_free(storm);
}

/* Without node 3 nothing recovers: it keeps its number, and is in the core. */
static bool third_is_up(void *self, GString *why)
{
    struct glass *glass = self;
    g_string_append(why, "3 is down");
    return ordeal_storm(glass->ordeal)->nodes >= 3 &&
           ordeal_node(glass->ordeal, 3);
}

static bool no_two_knocks(void *self, GString *why)
{
    struct glass *glass = self;
    g_string_append(why, "2 was knocked at");
    return glass->next[2] == 0;
}

static void nodes_that_must_recover_stay(void **state)
{
    static const struct invariant third[] = {
        {.id = "G4", .text = "2 is left alone.", .comes = no_two_knocks},
        {.id = "G5", .text = "3 is up.", .comes = third_is_up},
        {0},
    };
    struct subject subject = glass_subject;
    (void)state;
    subject.rules = third;
    subject.always = 1 << 3;
    struct storm *storm =
        storm_read("nodes 5\nuntil 1s\ncore 3 4 5\nat 100ms ask 1 2\n", NULL);
    struct shrunk shrunk = shrink(&subject, storm, "G4", BUDGET);
    assert_int_equal(shrunk.storm->nodes, 3);
    assert_true(shrunk.storm->core >> 3 & 1);
    assert_true(__builtin_popcountll(shrunk.storm->core) >= 2);
    storm_free(shrunk.storm);
    shrunk = shrink(&subject, storm, "G5", BUDGET);
    assert_int_equal(shrunk.storm->nodes, 5); /* Nothing was broken. */
    storm_free(shrunk.storm);
    storm_free(storm);
}

/* ---- The smallest of several. ---- */

static void the_failure_of_a_seed_is_its_own_and_small(void **state)
{
    (void)state;
    for (unsigned i = 1; i < G_N_ELEMENTS(smallest); i++) {
        struct failure failure;
        uint64_t seed = 1;
        storm_free(storm_that_breaks(smallest[i].id, &seed));
        assert_true(failure_find(&failure, &glass_subject, seed, BUDGET));
        assert_string_equal(failure.rule->id, smallest[i].id);
        assert_string_equal(failure.report.id, smallest[i].id);
        assert_small(&failure.small, i);
        assert_non_null(strstr(failure.trace, "\tbroken\t"));
        failure_clear(&failure);
    }
}

static void of_several_storms_the_smallest_is_kept(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct failure failure;
        uint64_t first = 1 + 40 * seed;
        struct storm *storm = storm_that_breaks("G3", &first);
        struct shrunk own = shrink(&glass_subject, storm, "G3", SOME * 9 / 10);
        assert_true(failure_find(&failure, &glass_subject, first, SOME));
        assert_true(failure.small.after <= own.after);
        storm_free(own.storm);
        storm_free(storm);
        failure_clear(&failure);
    }
}

static void a_seed_that_breaks_nothing_is_no_failure(void **state)
{
    (void)state;
    struct failure failure;
    struct subject calm = glass_subject;
    calm.spared = UINT32_MAX;
    assert_false(failure_find(&failure, &calm, 1, BUDGET));
    failure_clear(&failure);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shrunk_storm_is_nearly_the_smallest),
        cmocka_unit_test(a_storm_written_by_hand_stays_as_small),
        cmocka_unit_test(messages_are_numbered_anew),
        cmocka_unit_test(who_is_split_off_keeps_his_place_when_others_go),
        cmocka_unit_test(lines_that_can_only_go_together_go),
        cmocka_unit_test(it_never_grows_and_ends_within_its_budget),
        cmocka_unit_test(the_result_is_the_same_each_time),
        cmocka_unit_test(without_any_line_it_does_not_break),
        cmocka_unit_test(what_breaks_nothing_stays_as_it_is),
        cmocka_unit_test(nodes_that_must_recover_stay),
        cmocka_unit_test(the_failure_of_a_seed_is_its_own_and_small),
        cmocka_unit_test(of_several_storms_the_smallest_is_kept),
        cmocka_unit_test(a_seed_that_breaks_nothing_is_no_failure),
    };
    return test_run(argc, argv, tests);
}

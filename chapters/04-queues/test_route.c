/* Patterns, beside a matcher that tries all choices; and bindings. */
#include "04-queues/route.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <string.h>

/* ---- A naive matcher: for short ones. ---- */

static bool matches(char **pattern, char **topic)
{
    if (!*pattern)
        return !*topic;
    if (g_str_equal(*pattern, "#"))
        return matches(pattern + 1, topic) ||
               (*topic && matches(pattern, topic + 1));
    return *topic &&
           (g_str_equal(*pattern, "*") || g_str_equal(*pattern, *topic)) &&
           matches(pattern + 1, topic + 1);
}

static bool naively_fits(const char *pattern, const char *topic)
{
    g_auto(GStrv) patterns = g_strsplit(pattern, ".", -1);
    g_auto(GStrv) topics = g_strsplit(topic, ".", -1);
    return matches(patterns, topics);
}

static void draw_words(struct dice *dice, GString *text, const char *letters)
{
    g_string_truncate(text, 0);
    for (uint64_t left = dice_roll(dice) % 9; left > 0; left--) {
        g_string_append_c(text, letters[dice_roll(dice) % strlen(letters)]);
        if (dice_roll(dice) % 8 == 0) /* A longer word, or an empty one. */
            g_string_append_c(text, letters[dice_roll(dice) % strlen(letters)]);
        if (dice_roll(dice) % 16 == 0)
            g_string_truncate(text, 0);
        if (left > 1)
            g_string_append_c(text, '.');
    }
}

static void any_pattern_fits_what_it_should(void **state)
{
    unsigned fit = 0;
    (void)state;
    for_each_seed (seed, 30000) {
        struct dice dice = dice_at(seed, 44, 5);
        g_autoptr(GString) pattern = g_string_new(NULL);
        g_autoptr(GString) topic = g_string_new(NULL);
        draw_words(&dice, pattern, seed % 2 ? "ab*#" : "a*##");
        draw_words(&dice, topic, seed % 3 ? "ab" : "a");
        bool wanted = naively_fits(pattern->str, topic->str);
        fit += wanted;
        if (route_fits(pattern->str, topic->str) != wanted)
            fail_msg("\"%s\" and \"%s\": %s", pattern->str, topic->str,
                     wanted ? "should fit" : "should not fit");
    }
    assert_true(fit > 3000 || g_getenv("SEED"));
}

/* ---- Patterns. ---- */

static void a_star_is_one_word(void **state)
{
    (void)state;
    assert_true(route_fits("a.*.c", "a.b.c"));
    assert_true(route_fits("a.*.c", "a.*.c"));
    assert_true(route_fits("*", "abc"));
    assert_true(route_fits("a.*", "a."));
    assert_false(route_fits("a.*.c", "a.c"));
    assert_false(route_fits("a.*.c", "a.b.b.c"));
    assert_false(route_fits("*", "a.b"));
    assert_false(route_fits("*", ""));
}

static void a_hash_is_any_number_of_words(void **state)
{
    (void)state;
    assert_true(route_fits("#", ""));
    assert_true(route_fits("#", "a.b.c"));
    assert_true(route_fits("a.#", "a"));
    assert_true(route_fits("#.c", "c"));
    assert_true(route_fits("#.c", "a.b.c"));
    assert_true(route_fits("a.#.c", "a.c"));
    assert_true(route_fits("a.#.b.#.c", "a.x.b.b.y.c"));
    assert_true(route_fits("#.*", "a"));
    assert_true(route_fits("#.#", ""));
    assert_false(route_fits("#.*", ""));
    assert_false(route_fits("#.*.*", "a"));
    assert_false(route_fits("a.#", "b.a"));
    assert_false(route_fits("#.c", "a.c.b"));
    assert_false(route_fits("a.#.b.#.c", "a.c.b"));
}

static void other_words_stand_for_themselves(void **state)
{
    (void)state;
    assert_true(route_fits("", ""));
    assert_true(route_fits("a.b", "a.b"));
    assert_true(route_fits("a..b", "a..b"));
    assert_true(route_fits("a*.#b", "a*.#b"));
    assert_false(route_fits("a*", "ab"));
    assert_false(route_fits("a#", "a"));
    assert_false(route_fits("a.b", "a.B"));
    assert_false(route_fits("a.b", "a.bc"));
    assert_false(route_fits("a.bc", "a.b"));
    assert_false(route_fits("a.b", "a..b"));
    assert_false(route_fits("a.b", "a.b."));
    assert_false(route_fits("", "a"));
    assert_false(route_fits("a", ""));
}

/* A naive matcher would be at it for longer than the world has been there. */
static void a_hostile_pattern_ends_soon(void **state)
{
    (void)state;
    g_autoptr(GString) hashes = g_string_new(NULL);
    g_autoptr(GString) doubts = g_string_new("#");
    g_autoptr(GString) topic = g_string_new("a");
    for (unsigned i = 0; i < 126; i++) {
        g_string_append(hashes, "#.");
        g_string_append(doubts, i % 2 ? ".#" : ".a");
    }
    g_string_append(hashes, "x");
    g_string_append(doubts, ".b");
    for (unsigned i = 0; i < 30000; i++)
        g_string_append(topic, ".a");
    assert_false(route_fits(hashes->str, topic->str));
    assert_false(route_fits(doubts->str, topic->str));
    g_string_append(topic, ".b.x");
    assert_true(route_fits(hashes->str, topic->str));
    assert_false(route_fits(doubts->str, topic->str));
    g_string_truncate(topic, topic->len - 2);
    assert_true(route_fits(doubts->str, topic->str));
}

/* ---- Bindings. ---- */

static void on_binding(void *self, const char *pattern, const char *queue)
{
    g_string_append_printf(self, "%s:%s ", pattern, queue);
}

static void expect_match(struct route *route, const char *topic,
                         const char *wanted)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    unsigned count = route_match(route, topic, on_binding, seen), words = 0;
    for (const char *at = seen->str; *at; at++)
        words += *at == ' ';
    assert_string_equal(seen->str, wanted);
    assert_int_equal(count, words);
}

static void expect_bindings(const struct route *route, const char *wanted)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    route_each(route, on_binding, seen);
    assert_string_equal(seen->str, wanted);
}

static void each_queue_gets_it_once_in_order(void **state)
{
    (void)state;
    struct route *route = route_new();
    expect_match(route, "a.b", "");
    assert_true(route_add(route, "x", "three"));
    assert_true(route_add(route, "a.#", "one"));
    assert_true(route_add(route, "a.*", "two"));
    assert_true(route_add(route, "#", "one"));
    assert_true(route_add(route, "*.b", "three"));
    for (unsigned again = 0; again < 3; again++) {
        expect_match(route, "a.b", "a.#:one a.*:two *.b:three ");
        expect_match(route, "x", "x:three #:one ");
        expect_match(route, "b.c", "#:one ");
    }
    route_free(route);
}

static void a_binding_is_there_once_and_goes(void **state)
{
    (void)state;
    struct route *route = route_new();
    assert_true(route_add(route, "a", "one"));
    assert_true(route_add(route, "b", "one"));
    assert_true(route_add(route, "a", "two"));
    assert_true(route_add(route, "a", "one"));
    expect_bindings(route, "a:one b:one a:two ");
    assert_false(route_remove(route, "c", "one"));
    assert_false(route_remove(route, "b", "two"));
    assert_false(route_remove(route, "a", "three"));
    assert_true(route_remove(route, "a", "one"));
    assert_false(route_remove(route, "a", "one"));
    expect_match(route, "a", "a:two ");
    assert_true(route_add(route, "a", "one"));
    expect_bindings(route, "b:one a:two a:one ");
    assert_int_equal(route_remove_queue(route, "one"), 2);
    assert_int_equal(route_remove_queue(route, "one"), 0);
    expect_bindings(route, "a:two ");
    assert_true(route_remove(route, "a", "two"));
    expect_bindings(route, "");
    route_free(route);
}

static void there_are_no_more_than_so_many(void **state)
{
    (void)state;
    struct route *route = route_new();
    g_autofree char *longest = g_strnfill(ROUTE_LONGEST, 'a');
    g_autofree char *longer = g_strnfill(ROUTE_LONGEST + 1, 'a');
    assert_true(route_add(route, longest, longest));
    assert_false(route_add(route, longer, "one"));
    assert_false(route_add(route, "a", longer));
    for (unsigned i = 1; i < ROUTE_MOST; i++) {
        g_autofree char *pattern = g_strdup_printf("a.%u.#", i);
        assert_true(route_add(route, pattern, i % 2 ? "one" : "two"));
    }
    assert_false(route_add(route, "b", "one"));
    assert_true(route_add(route, "a.1.#", "one")); /* It is there already. */
    assert_true(route_remove(route, "a.7.#", "one"));
    assert_true(route_add(route, "b", "one"));
    expect_match(route, "a.8.9", "a.8.#:two ");
    assert_int_equal(route_remove_queue(route, "one"), ROUTE_MOST / 2);
    route_free(route);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_is_one_word),
        cmocka_unit_test(a_hash_is_any_number_of_words),
        cmocka_unit_test(other_words_stand_for_themselves),
        cmocka_unit_test(any_pattern_fits_what_it_should),
        cmocka_unit_test(a_hostile_pattern_ends_soon),
        cmocka_unit_test(each_queue_gets_it_once_in_order),
        cmocka_unit_test(a_binding_is_there_once_and_goes),
        cmocka_unit_test(there_are_no_more_than_so_many),
    };
    return test_run(argc, argv, tests);
}

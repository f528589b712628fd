/*
 * What demo_garble says, for several seeds. Where damage falls is the seed's
 * affair; what the checks make of it is not.
 */
#include "common/judge/test.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 80, SEEDS = 3, CHECKS = 4 };
enum { SUM, CRC8, CRC16, CRC32C };

/* What was said, its lines joined by blanks, and how the program ended. */
struct told {
    GString *text;
    char *errors;
    int status;
};

static void expect_plain(const char *line)
{
    if (g_utf8_strlen(line, -1) > COLUMNS)
        fail_msg("longer than %d columns: %s", COLUMNS, line);
    for (const char *at = line; *at; at++)
        if (g_ascii_iscntrl(*at))
            fail_msg("not plain: %s", line);
}

static struct told listen_to(const char *argument, const char *second)
{
    struct stage *stage = stage_new();
    struct actor *actor =
        stage_start(stage, "demo_garble", argument, second, NULL);
    struct told told = {.text = g_string_new(NULL)};
    assert_non_null(actor);
    for (char *line; (line = actor_await(actor, "", 60 * SEC));) {
        expect_plain(line);
        g_string_append_printf(told.text, "%s ", line);
        g_free(line);
    }
    told.status = actor_wait(actor, 60 * SEC);
    told.errors = actor_errors(actor);
    stage_free(stage);
    return told;
}

static void forget(struct told *told)
{
    g_string_free(told->text, TRUE);
    g_free(told->errors);
}

/* With one seed it says the same each time: it is asked once. */
static struct told watch(uint64_t seed)
{
    static GHashTable *texts;
    g_autofree char *argument = g_strdup_printf("%" G_GUINT64_FORMAT, seed);
    if (!texts)
        texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!g_hash_table_contains(texts, argument)) {
        struct told told = listen_to(argument, NULL);
        assert_string_equal(told.errors, "");
        assert_int_equal(told.status, 0);
        g_hash_table_insert(texts, g_strdup(argument),
                            g_strdup(told.text->str));
        forget(&told);
    }
    return (struct told){g_string_new(g_hash_table_lookup(texts, argument)),
                         NULL, 0};
}

/* What was said from @p text on. */
static const char *from(const struct told *told, const char *text)
{
    const char *at = strstr(told->text->str, text);
    if (!at)
        fail_msg("nothing is said of \"%s\", but: %s", text, told->text->str);
    return at + strlen(text);
}

/* The number that was said after @p text. */
static unsigned number(const struct told *told, const char *text)
{
    unsigned value = 0;
    const char *at = from(told, text);
    if (sscanf(at, " %u", &value) != 1)
        fail_msg("no number after \"%s\": %.40s", text, at);
    return value;
}

/* ---- Frames on a wire. ---- */

/* What is drawn of frame @p i: the marks of its bytes, and what is said. */
static const char *fate(const struct told *told, unsigned i)
{
    g_autofree char *row = g_strdup_printf(" %u sent ", i);
    const char *at = strstr(from(told, row), " read ");
    return at + strlen(" read ") + strspn(at + strlen(" read "), " ");
}

static size_t marks(const struct told *told, const char *kind)
{
    size_t count = 0;
    for (unsigned i = 1; i <= 6; i++)
        count += strspn(fate(told, i), kind);
    return count;
}

static void whole_frames_are_given_and_damaged_ones_not(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct told told = watch(seed);
        assert_int_equal(*fate(&told, 1), '=');
        assert_int_equal(*fate(&told, 2), '.');
        assert_int_equal(*fate(&told, 3), '=');
        assert_int_equal(*fate(&told, 4), '-');
        assert_true(*fate(&told, 5) == '.' || *fate(&told, 5) == '-');
        assert_int_equal(*fate(&told, 6), '=');
        forget(&told);
    }
}

static void after_a_lost_header_the_next_frame_is_in_step(void **state)
{
    const char *kept = "given: in step again";
    (void)state;
    struct told told = watch(1);
    const char *third = fate(&told, 3);
    third += strspn(third, "= ");
    assert_memory_equal(third, kept, strlen(kept));
    forget(&told);
}

static void what_is_drawn_is_what_is_counted(void **state)
{
    (void)state;
    struct told told = watch(1);
    size_t all = number(&told, " Of "), given = marks(&told, "=");
    assert_int_equal(given + marks(&told, ".-"), all);
    g_autofree char *sum =
        g_strdup_printf("Of %zu bytes %zu are given, and %zu skipped.", all,
                        given, all - given);
    from(&told, sum);
    forget(&told);
}

static void nobody_waits_for_a_length_that_is_a_lie(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct told told = watch(seed);
        assert_true(number(&told, "frame 2 now says") >= 1 << 24);
        forget(&told);
    }
}

/* ---- Checks. ---- */

/* Of how many messages, and how many of them passed each check. */
struct passed {
    unsigned trials, of[CHECKS];
};

static struct passed passed(const struct told *told, const char *damage)
{
    struct passed row = {0};
    const char *at = from(told, damage);
    if (sscanf(at, " %u %u %u %u %u", &row.trials, &row.of[SUM], &row.of[CRC8],
               &row.of[CRC16], &row.of[CRC32C]) != 1 + CHECKS)
        fail_msg("no such row: %s %.60s", damage, at);
    return row;
}

static void no_check_misses_one_bit_or_a_short_burst(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct told told = watch(seed);
        for (int i = 0; i < CHECKS; i++) {
            assert_int_equal(passed(&told, " one bit ").of[i], 0);
            assert_int_equal(passed(&told, " a burst of 8 bits ").of[i], 0);
        }
        forget(&told);
    }
}

static void the_sum_misses_every_swap_and_crc_32c_none(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct told told = watch(seed);
        struct passed swaps = passed(&told, " two words swapped ");
        assert_int_equal(swaps.trials, 1000);
        assert_int_equal(swaps.of[SUM], swaps.trials);
        assert_in_range(swaps.of[CRC8], 1, 30);
        assert_in_range(swaps.of[CRC16], 0, 2);
        assert_int_equal(swaps.of[CRC32C], 0);
        forget(&told);
    }
}

static void crc_32c_does_not_see_its_own_polynomial(void **state)
{
    (void)state;
    struct told told = watch(1);
    struct passed added = passed(&told, " CRC-32C's polynomial ");
    assert_int_equal(added.of[CRC32C], added.trials);
    assert_true(added.of[SUM] < 10);
    assert_true(added.of[CRC16] < 10);
    forget(&told);
}

/* Within six deviations of what is expected; few are Poisson's. */
static void of_long_bursts_each_misses_its_share(void **state)
{
    (void)state;
    for_each_seed (seed, SEEDS) {
        struct told told = watch(seed);
        struct passed bursts = passed(&told, " a burst of 64 bits ");
        unsigned expected = bursts.trials / 256;
        assert_in_range(bursts.of[CRC8], expected - 205, expected + 205);
        assert_in_range(bursts.of[SUM], 0, 20);
        assert_in_range(bursts.of[CRC16], 0, 20);
        assert_int_equal(bursts.of[CRC32C], 0);
        forget(&told);
    }
}

/* ---- A liar. ---- */

static void expect_answer(const struct told *told, const char *row,
                          const char *answer)
{
    const char *at = from(told, row);
    const char *accepted = strstr(at, "accepted");
    const char *refused = strstr(at, "refused");
    bool is_accepted = accepted && (!refused || accepted < refused);
    if (is_accepted != g_str_equal(answer, "accepted"))
        fail_msg("%s is not %s: %.60s", row, answer, at);
}

static void a_crc_stops_no_liar(void **state)
{
    (void)state;
    struct told told = watch(1);
    expect_answer(&told, "C. ", "accepted");
    expect_answer(&told, " changed   ", "refused");
    expect_answer(&told, " changed, and its CRC ", "accepted");
    forget(&told);
}

/* The scene from its heading on. */
static void a_seal_stops_a_liar_but_no_copy(void **state)
{
    (void)state;
    struct told told = watch(1);
    g_autofree char *scene = g_strdup(from(&told, " D. "));
    g_string_assign(told.text, scene);
    expect_answer(&told, " as it was sent ", "accepted");
    expect_answer(&told, " changed   ", "refused");
    expect_answer(&told, " sealed with a guess ", "refused");
    expect_answer(&told, " the first one, again ", "accepted");
    forget(&told);
}

/* ---- Arguments. ---- */

static void without_a_seed_it_is_the_first(void **state)
{
    (void)state;
    struct told plain = listen_to(NULL, NULL), first = watch(1);
    struct told other = watch(2);
    assert_string_equal(plain.text->str, first.text->str);
    assert_string_not_equal(plain.text->str, other.text->str);
    forget(&plain);
    forget(&first);
    forget(&other);
}

static void expect_refusal(const char *argument, const char *second)
{
    struct told told = listen_to(argument, second);
    assert_int_equal(told.status, USAGE);
    assert_string_equal(told.text->str, "");
    assert_string_equal(told.errors, "demo_garble: the only argument is a "
                                     "seed, a number.\n");
    forget(&told);
}

static void whatever_is_no_seed_is_refused_in_a_sentence(void **state)
{
    (void)state;
    expect_refusal("seed", NULL);
    expect_refusal("", NULL);
    expect_refusal("-1", NULL);
    expect_refusal("1x", NULL);
    expect_refusal("99999999999999999999", NULL);
    expect_refusal("1", "2");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_frames_are_given_and_damaged_ones_not),
        cmocka_unit_test(after_a_lost_header_the_next_frame_is_in_step),
        cmocka_unit_test(what_is_drawn_is_what_is_counted),
        cmocka_unit_test(nobody_waits_for_a_length_that_is_a_lie),
        cmocka_unit_test(no_check_misses_one_bit_or_a_short_burst),
        cmocka_unit_test(the_sum_misses_every_swap_and_crc_32c_none),
        cmocka_unit_test(crc_32c_does_not_see_its_own_polynomial),
        cmocka_unit_test(of_long_bursts_each_misses_its_share),
        cmocka_unit_test(a_crc_stops_no_liar),
        cmocka_unit_test(a_seal_stops_a_liar_but_no_copy),
        cmocka_unit_test(without_a_seed_it_is_the_first),
        cmocka_unit_test(whatever_is_no_seed_is_refused_in_a_sentence),
    };
    return test_run(argc, argv, tests);
}

#include "common/judge/claim.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <string.h>

/* How many claims hold; -1 when one does not, and then @p part must be in what
 * is said of it. */
static int check(const char *text, const char *part)
{
    g_autoptr(GError) error = NULL;
    int claims = claim_check(text, &error);
    if ((claims < 0) != (error != NULL))
        fail_msg("%d claims, and %s error", claims, error ? "an" : "no");
    if (error && !(part && strstr(error->message, part)))
        fail_msg("it says: %s", error->message);
    return claims;
}

#define assert_holds(count, text) assert_int_equal(check(text, NULL), count)
#define assert_fails(text, part)  assert_int_equal(check(text, part), -1)

/* A claim about one row: a is 1, b is 2, c is 3, lost is no value. */
static const char *about(const char *claim)
{
    static char text[1024];
    g_snprintf(text, sizeof text,
               "# a\tb\tc\tlost\tword\tnan\tinf\n# claim: %s\n"
               "1\t2\t3\t-\traft\tnan\tinf\n",
               claim);
    return text;
}

/* ---- What holds and what does not. ---- */

static void a_text_without_claims_holds(void **state)
{
    (void)state;
    assert_holds(0, "");
    assert_holds(0, "# a\tb\n1\t2\n");
    assert_holds(0, "no table\tat all\n");
}

static void a_claim_holds_in_every_row_it_speaks_of(void **state)
{
    (void)state;
    assert_holds(1,
                 "# loss\tmeasured\tmodel\n"
                 "# claim: |measured - model| / model <= 0.05 for loss <= 0.1\n"
                 "0.01\t0.98\t1\n"
                 "0.1\t0.96\t1\n"
                 "0.2\t0.5\t1\n");
}

static void a_broken_claim_is_named_with_its_row_and_values(void **state)
{
    const char *text = "# machine: a small one\n"
                       "# loss\tmeasured\tmodel\n"
                       "0.01\t0.98\t1\n"
                       "0.02\t0.5\t1\n"
                       "0.03\t0.25\t1\n"
                       "\n"
                       "# claim: |measured - model| / model <= 0.05\n";
    (void)state;
    assert_fails(text, "line 7: claim \"|measured - model| / model <= 0.05\": "
                       "0.5 <= 0.05 is not so in line 4");
}

static void comparisons_are_what_their_signs_say(void **state)
{
    static const struct {
        const char *sign;
        gboolean less, same, more;
    } table[] = {{"<", TRUE, FALSE, FALSE},
                 {"<=", TRUE, TRUE, FALSE},
                 {"==", FALSE, TRUE, FALSE},
                 {">=", FALSE, TRUE, TRUE},
                 {">", FALSE, FALSE, TRUE}};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        for (int left = 1; left <= 3; left++) {
            g_autofree char *claim =
                g_strdup_printf("%d %s b", left, table[i].sign);
            gboolean so = left < 2    ? table[i].less
                          : left == 2 ? table[i].same
                                      : table[i].more;
            assert_int_equal(check(about(claim), "is not so"), so ? 1 : -1);
        }
}

static void sums_are_computed_as_in_algebra(void **state)
{
    static const char *const claims[] = {"a + b * c == 7",
                                         "(a + b) * c == 9",
                                         "c - b - a == 0",
                                         "12 / c / b == 2",
                                         "12 / (c / b) == 8",
                                         "-a + b == 1",
                                         "a - -b == 3",
                                         "2 * -c == -6",
                                         "|a - c| == 2",
                                         "|a - c|*|a-c| == 4",
                                         "||a - b| - c| == 2",
                                         "|-|-c|| == 3",
                                         "-|b| == -2",
                                         "1.5e1 == 15",
                                         ".5 == 0.5",
                                         "a==1",
                                         "  a\t<= b  ",
                                         "(((a))) == 1",
                                         "b * (c + |a - c|) == 10"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(claims); i++)
        assert_holds(1, about(claims[i]));
}

static void names_may_hold_digits_and_letters_of_any_alphabet(void **state)
{
    (void)state;
    assert_holds(1, "# p99_ms\tρ\n# claim: p99_ms * ρ == 10\n20\t0.5\n");
}

/* ---- Which rows. ---- */

static void every_condition_must_hold_for_a_row_to_be_meant(void **state)
{
    const char *text = "# n\tkind\ty\n"
                       "# claim: y == 1 for kind == 2 and n > 10\n"
                       "5\t2\t0\n"
                       "20\t1\t0\n"
                       "20\t2\t1\n";
    (void)state;
    assert_holds(1, text);
}

static void a_row_without_a_needed_value_is_passed_over(void **state)
{
    (void)state;
    assert_holds(1, "# x\ty\n# claim: y == 1\n1\t-\n2\t1\n");
    assert_holds(1, "# x\ty\n# claim: y == 1 for x < 5\n-\t7\n2\t1\n");
    assert_holds(1, "# x\ty\tz\n# claim: y == 1\n1\t1\t-\n");
}

static void a_claim_about_no_row_does_not_hold(void **state)
{
    (void)state;
    assert_fails("# x\ty\n# claim: y == 1", "no row");
    assert_fails(about("a == 1 for b > 2"), "no row");
    assert_fails(about("lost == 1"), "no row");
}

static void a_cell_nobody_asks_for_may_be_anything(void **state)
{
    (void)state;
    assert_holds(1, about("a == 1"));
    assert_holds(1, "# x\ty\n# claim: y == 1 for x > 1\n1\tnone\n2\t1\n");
}

static void a_claim_speaks_of_the_block_it_stands_in(void **state)
{
    const char *text = "# claim: written before any heading\n";
    (void)state;
    assert_fails(text, "no heading before it");
    assert_holds(2, "# x\ty\n# claim: x < 10\n1\t1\n\n\n"
                    "# x\tz\n# claim: x > 10\n20\t1\n");
    assert_fails("# x\ty\n1\t1\n\n\n# x\tz\n# claim: y == 1\n20\t1\n",
                 "no column is called \"y\"");
}

static void every_claim_is_checked(void **state)
{
    (void)state;
    assert_holds(2, "# x\ty\n# claim: x == 1\n# claim: y == 2\n1\t2\n");
    assert_fails("# x\ty\n# claim: x == 1\n# claim: y == 3\n1\t2\n", "line 3");
}

static void a_claim_written_carelessly_is_not_passed_over(void **state)
{
    (void)state;
    assert_fails("# x\ty\n#claim: x == 2\n1\t2\n", "line 2");
    assert_fails("# x\ty\n#  Claim: x == 2\n1\t2\n", "line 2");
    assert_fails("# x\ty\n# claim:\tx == 2\n1\t2\n", "line 2");
}

/* ---- Numbers that are none. ---- */

static void nan_never_satisfies(void **state)
{
    static const char *const claims[] = {
        "nan == nan", "nan <= 1",       "nan >= 1",       "0 / 0 == 0 / 0",
        "nan < inf",  "inf - inf <= 1", "|nan - a| > 0.5"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(claims); i++)
        assert_fails(about(claims[i]), "is not so");
    assert_fails(about("a == 1 for nan <= 1"), "no row");
}

static void a_word_where_a_number_is_needed_is_an_error(void **state)
{
    (void)state;
    assert_fails(about("word == 1"), "\"raft\" in line 3 is not a number");
    assert_fails(about("a == 1 for word > 0"), "is not a number");
    assert_fails("# x\ty\n# claim: y == 1\n1\t\n", "is not a number");
    assert_fails("# x\ty\n# claim: y == 1\n1\t1 ms\n", "is not a number");
}

static void a_row_cut_short_is_an_error(void **state)
{
    (void)state;
    assert_fails("# x\ty\n# claim: y == 1\n1\t1\n2",
                 "line 4 has no cell for y");
}

/* ---- Claims that cannot be read. ---- */

static void a_claim_that_makes_no_sense_says_why(void **state)
{
    static const struct {
        const char *claim, *complaint;
    } table[] = {
        {"", "a number or a column is missing"},
        {"a", "a comparison is missing"},
        {"a = 1", "a comparison is missing before \"= 1\""},
        {"a <=", "a number or a column is missing"},
        {"<= 1", "a number or a column is missing before \"<= 1\""},
        {"a <= 1 <= b", "\"<= b\" is too much"},
        {"a b <= 1", "a comparison is missing before \"b <= 1\""},
        {"(a <= 1", "\")\" is missing before \"<= 1\""},
        {"a) <= 1", "a comparison is missing before \") <= 1\""},
        {"|a <= 1", "\"|\" is missing before \"<= 1\""},
        {"a + <= 1", "a number or a column is missing"},
        {"d <= 1", "no column is called \"d\""},
        {"a <= 1 for", "\"for\" is too much"},
        {"a <= 1 for ", "a number or a column is missing"},
        {"a <= 1 for b", "a comparison is missing"},
        {"a <= 1 for b > 1 and", "\"and\" is too much"},
        {"a <= 1 and b > 1", "\"and b > 1\" is too much"},
        {"a <= 1 for b > 1 or c > 1", "\"or c > 1\" is too much"},
        {"a <= 1.", NULL},
        {". <= 1", "a comparison is missing before \". <= 1\""},
        {"a ^ 2 <= 1", "a comparison is missing before \"^ 2 <= 1\""},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        assert_int_equal(check(about(table[i].claim), table[i].complaint),
                         table[i].complaint ? -1 : 1);
}

static void nonsense_is_found_where_there_is_nothing_to_compute(void **state)
{
    (void)state;
    assert_fails("# x\ty\n# claim: z == 1\n-\t-\n", "no column");
    assert_fails("# x\ty\n# claim: x == 1 for x == 1 and z > 1\n2\t2\n",
                 "no column");
}

/* ---- Hostile text. ---- */

static void nothing_nests_too_deep(void **state)
{
    static const char *const openings[] = {"(", "-", "|", "(-"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(openings); i++) {
        g_autoptr(GString) text = g_string_new("# x\ty\n# claim: ");
        for (int depth = 0; depth < 1000000; depth++)
            g_string_append(text, openings[i]);
        assert_fails(text->str, "lie in one another");
    }
}

/* Bytes of which some mean something. */
static void hostile_text_never_crashes(void **state)
{
    static const char *const bits[] = {
        "# ", "claim:", "\t", "\n", " ",      " for ", " and ", "x",  "y",
        "1",  "-",      "(",  ")",  "|",      "+",     "*",     "/",  "<=",
        "==", "<",      ".",  "e",  "1e9999", "\xff",  "%s",    "0x", "nan"};
    (void)state;
    for_each_seed (seed, 3000) {
        g_autoptr(GRand) dice = g_rand_new_with_seed((uint32_t)seed);
        g_autoptr(GString) text = g_string_new("# x\ty\n1\t2\n# claim: ");
        g_autoptr(GError) error = NULL;
        for (int i = g_rand_int_range(dice, 0, 60); i > 0; i--)
            g_string_append(
                text, bits[g_rand_int_range(dice, 0, G_N_ELEMENTS(bits))]);
        int claims = claim_check(text->str, &error);
        assert_true((claims >= 0) == !error);
    }
}

/* ---- The program. ---- */

/* Its exit status, given a file that says @p text. */
static int run_on(const char *text, size_t size)
{
    struct stage *stage = stage_new();
    g_autofree char *path =
        g_build_filename(stage_dir(stage), "data.tsv", NULL);
    g_file_set_contents(path, text, (gssize)size, NULL);
    struct actor *claims =
        stage_start(stage, "claims", path, "/dev/null", NULL);
    int status = claims ? actor_wait(claims, 60 * SEC) : -1;
    stage_free(stage);
    return status;
}

static void the_program_fails_when_a_claim_does(void **state)
{
    static const char zero[] = "# x\ty\n1\t2\n\0\n# claim: y == 1\n";
    const char *holds = about("b == 2");
    (void)state;
    assert_int_equal(run_on(holds, strlen(holds)), 0);
    const char *fails = about("b == 1");
    assert_int_equal(run_on(fails, strlen(fails)), 1);
    assert_int_equal(run_on(zero, sizeof zero - 1), 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_without_claims_holds),
        cmocka_unit_test(a_claim_holds_in_every_row_it_speaks_of),
        cmocka_unit_test(a_broken_claim_is_named_with_its_row_and_values),
        cmocka_unit_test(comparisons_are_what_their_signs_say),
        cmocka_unit_test(sums_are_computed_as_in_algebra),
        cmocka_unit_test(names_may_hold_digits_and_letters_of_any_alphabet),
        cmocka_unit_test(every_condition_must_hold_for_a_row_to_be_meant),
        cmocka_unit_test(a_row_without_a_needed_value_is_passed_over),
        cmocka_unit_test(a_claim_about_no_row_does_not_hold),
        cmocka_unit_test(a_cell_nobody_asks_for_may_be_anything),
        cmocka_unit_test(a_claim_speaks_of_the_block_it_stands_in),
        cmocka_unit_test(every_claim_is_checked),
        cmocka_unit_test(a_claim_written_carelessly_is_not_passed_over),
        cmocka_unit_test(nan_never_satisfies),
        cmocka_unit_test(a_word_where_a_number_is_needed_is_an_error),
        cmocka_unit_test(a_row_cut_short_is_an_error),
        cmocka_unit_test(a_claim_that_makes_no_sense_says_why),
        cmocka_unit_test(nonsense_is_found_where_there_is_nothing_to_compute),
        cmocka_unit_test(nothing_nests_too_deep),
        cmocka_unit_test(hostile_text_never_crashes),
        cmocka_unit_test(the_program_fails_when_a_claim_does),
    };
    return test_run(argc, argv, tests);
}

/*
 * Storms as graded tests. This program is its own exercise: the grader's cell
 * starts it again, with the name of a graded test, and that is then run on a toy
 * that says words to its neighbour. The neighbour should hear each word once,
 * and does, unless the network repeats one.
 */
#include "common/course/attempt.h"
#include "common/course/graded.h"
#include "common/course/graded_storm.h"
#include "common/storm/ordeal.h"
#include "common/world/dice.h"
#include <stdlib.h>
#include <string.h>

enum { WORDS = 64, FEW = 8 };

/* ---- A toy, and its checker. ---- */

struct storm_ear {
    struct ordeal *ordeal;
    struct env *env[3];
    bool heard[WORDS];
    unsigned said;
};

static bool is_deaf, is_mortal, is_fickle;

static void on_word(void *self, node_id from, GBytes *message)
{
    struct storm_ear *ear = self;
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    (void)from;
    if (size != 3 || is_deaf)
        return; /* A farewell, or it is not listening. */
    unsigned number = 10u * (data[1] - '0') + (data[2] - '0');
    if (ear->heard[number] && is_mortal)
        abort();
    if (ear->heard[number])
        ordeal_break(ear->ordeal, 2, "E1", "word %u is heard again", number);
    ear->heard[number] = true;
}

static void *boot(struct env *env, void *self)
{
    struct storm_ear *ear = self;
    ear->env[env->id] = env;
    env_bind(env, on_word, ear);
    return ear;
}

static void stop(void *self)
{
    (void)self;
}

static void *open_ear(struct ordeal *ordeal)
{
    struct storm_ear *ear = g_new0(struct storm_ear, 1);
    ear->ordeal = ordeal;
    return ear;
}

static void draw(struct dice *dice, node_id node, GString *operation)
{
    (void)dice;
    g_string_append(operation, node == 1 ? "say" : "");
}

static void ask(void *self, node_id node, const char *operation)
{
    struct storm_ear *ear = self;
    char word[4];
    (void)operation;
    g_snprintf(word, sizeof word, "w%02u", ear->said++ % WORDS);
    g_autoptr(GBytes) message = g_bytes_new(word, 3);
    if (node == 1)
        env_send(ear->env[1], 2, message);
}

/* Breaks in the first run of the process alone. */
static bool has_run_before(void *self, GString *why)
{
    static bool before;
    bool now = before || !is_fickle;
    (void)self;
    before = true;
    g_string_append(why, "the first run");
    return now;
}

static const struct invariant rules[] = {
    {.id = "E1", .text = "Each word is heard once."},
    {.id = "E2", .text = "Luck is the same.", .holds = has_run_before},
    {0},
};

static const struct subject ears = {
    .name = "ears",
    .least = 2,
    .most = 2,
    .spared = 1 << CLASS_TURN | 1 << CLASS_CRASH | 1 << CLASS_ALL_DOWN,
    .boot = boot,
    .stop = stop,
    .open = open_ear,
    .close = g_free,
    .rules = rules,
    .draw = draw,
    .ask = ask,
};

/* ---- What the cell runs. ---- */

static void each_word_is_heard_once(void)
{
    graded_storm(&ears, 20);
}

static void a_word_again_is_its_death(void)
{
    is_mortal = true;
    graded_storm(&ears, 20);
}

static void nobody_listens(void)
{
    is_deaf = true;
    graded_storm(&ears, 20);
}

static void it_breaks_the_first_time(void)
{
    is_fickle = is_deaf = true;
    graded_storm(&ears, 20);
}

static const struct graded exams[] = {
    GRADED(each_word_is_heard_once),
    GRADED(a_word_again_is_its_death),
    GRADED(nobody_listens),
    GRADED(it_breaks_the_first_time),
};

/* ---- What is expected of it. ---- */

static char *program;
static struct task nobody = {.chapter = "99-none", .module = "none"};

static struct verdict *judge(struct rule *rule, int seconds)
{
    struct attempt attempt = {.program = program, .seconds = seconds};
    return attempt_run(&attempt, &nobody, rule);
}

static void a_failure_is_a_picture_with_its_seed(void **state)
{
    struct rule rule = {.test = "each_word_is_heard_once", .points = 1};
    struct verdict *verdict = judge(&rule, 0);
    g_auto(GStrv) rows = g_strsplit(verdict->trace, "\n", -1);
    (void)state;
    assert_int_equal(verdict->word, WRONG);
    assert_true(verdict->drawn && verdict->seeded);
    assert_string_equal(verdict->expected, "E1  Each word is heard once.");
    assert_string_equal(verdict->got, "word 0 is heard again");
    assert_non_null(strstr(verdict->trace, "E1: word 0 is heard again"));
    assert_in_range(g_strv_length(rows), 6, FEW + 2);
    for (int i = 0; rows[i]; i++)
        assert_in_range(g_utf8_strlen(rows[i], -1), 0, 80);
    verdict_free(verdict);
}

static void it_is_the_same_each_time(void **state)
{
    struct rule rule = {.test = "each_word_is_heard_once", .points = 1};
    struct verdict *one = judge(&rule, 0), *other = judge(&rule, 0);
    (void)state;
    assert_true(one->digest != 0 && one->digest == other->digest);
    assert_int_equal(one->seed, other->seed);
    assert_string_equal(one->trace, other->trace);
    verdict_free(one);
    verdict_free(other);
}

/* By hand the small storm is shown as well, as a text. */
static void its_seed_shows_it_again(void **state)
{
    struct rule rule = {.test = "each_word_is_heard_once", .points = 1};
    struct verdict *verdict = judge(&rule, 0);
    int status;
    g_autofree char *line = g_strdup_printf("SEED=0x%" G_GINT64_MODIFIER
                                            "x REPLAY=1 GRADE_TEST=%s %s",
                                            verdict->seed, rule.test, program);
    g_autofree char *output = test_shell(&status, line);
    (void)state;
    assert_int_equal(status, 1);
    assert_non_null(strstr(output, verdict->trace));
    assert_non_null(strstr(output, "storm ears\n"));
    assert_non_null(strstr(output, "message 1 2 0 after 1ms again "));
    verdict_free(verdict);
}

static void with_little_time_nothing_is_shrunk(void **state)
{
    struct rule rule = {.test = "each_word_is_heard_once", .points = 1};
    struct verdict *verdict = judge(&rule, 1), *shrunk = judge(&rule, 0);
    (void)state;
    assert_int_equal(verdict->word, WRONG);
    assert_int_equal(verdict->seed, shrunk->seed);
    assert_true(strlen(verdict->trace) > strlen(shrunk->trace));
    verdict_free(verdict);
    verdict_free(shrunk);
}

static void a_crash_has_its_seed(void **state)
{
    struct rule rule = {.test = "a_word_again_is_its_death", .points = 1};
    struct rule other = {.test = "each_word_is_heard_once", .points = 1};
    struct verdict *verdict = judge(&rule, 0), *wrong = judge(&other, 0);
    (void)state;
    assert_int_equal(verdict->word, CRASH);
    assert_true(verdict->seeded);
    assert_int_equal(verdict->seed, wrong->seed);
    verdict_free(verdict);
    verdict_free(wrong);
}

static void what_does_not_break_again_is_wrong_too(void **state)
{
    struct rule rule = {.test = "it_breaks_the_first_time", .points = 1};
    struct verdict *verdict = judge(&rule, 0);
    (void)state;
    assert_int_equal(verdict->word, WRONG);
    assert_string_equal(verdict->got,
                        "once E2 broke (the first run), and then it did not");
    assert_false(verdict->drawn);
    verdict_free(verdict);
}

static void a_picture_is_cut_behind_a_whole_row(void **state)
{
    struct sheet *sheet = sheet_open();
    g_autofree char *wide = g_strnfill(SHEET_PICTURE - 3, 'w');
    g_autofree char *rows = g_strconcat(wide, "\n", "row\n", NULL);
    GString *many = g_string_new(NULL);
    (void)state;
    for (int i = 0; i < SHEET_ROWS + 5; i++)
        g_string_append(many, "row\n");
    sheet_draw(rows);
    assert_int_equal(strlen(sheet->picture), SHEET_PICTURE - 2);
    sheet_draw(many->str);
    assert_int_equal(strlen(sheet->picture), SHEET_ROWS * strlen("row\n"));
    sheet_begin();
    assert_string_equal(sheet->picture, "");
    g_string_free(many, TRUE);
}

static void what_survives_all_storms_passes(void **state)
{
    struct rule rule = {.test = "nobody_listens", .points = 1};
    struct verdict *verdict = judge(&rule, 0);
    (void)state;
    assert_int_equal(verdict->word, PASS);
    assert_int_equal(verdict->earned, 1);
    assert_false(verdict->seeded);
    verdict_free(verdict);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_a_picture_with_its_seed),
        cmocka_unit_test(it_is_the_same_each_time),
        cmocka_unit_test(its_seed_shows_it_again),
        cmocka_unit_test(with_little_time_nothing_is_shrunk),
        cmocka_unit_test(a_crash_has_its_seed),
        cmocka_unit_test(what_does_not_break_again_is_wrong_too),
        cmocka_unit_test(a_picture_is_cut_behind_a_whole_row),
        cmocka_unit_test(what_survives_all_storms_passes),
    };
    if (g_getenv("GRADE_TEST"))
        return graded_run(argc, argv, exams, G_N_ELEMENTS(exams));
    program = g_file_read_link("/proc/self/exe", NULL);
    int failed = test_run(argc, argv, tests);
    g_free(program);
    return failed;
}

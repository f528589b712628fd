/*
 * The judge against brute force, which tries all orders of small histories; and
 * its window: what it takes away must not matter.
 */
#include "common/history/invented.h"
#include "common/history/linear.h"
#include "common/history/model.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <string.h>

enum { SEEDS = 2000, SMALL = 7, CLIENTS = 3, LARGE = 300 };

static const char *const models[] = {"register", "cas", "kv", "queue", "lock"};

#define for_each_model(model)                                                 \
    for (size_t model##_i = 0; model##_i < G_N_ELEMENTS(models); model##_i++) \
        for (const char *model = models[model##_i]; model; model = NULL)

/* ---- Brute force. ---- */

struct brute {
    const struct model *model;
    const struct operation *ops;
    size_t count;
};

static bool is_due(const struct brute *brute, const bool *placed, size_t index)
{
    for (size_t i = 0; i < brute->count; i++)
        if (!placed[i] && !operation_is_open(&brute->ops[i]) &&
            brute->ops[i].end < brute->ops[index].call)
            return false;
    return !placed[index] && brute->ops[index].how != HISTORY_FAILED;
}

static bool all_placed(const struct brute *brute, const bool *placed)
{
    for (size_t i = 0; i < brute->count; i++)
        if (!placed[i] && !operation_is_open(&brute->ops[i]))
            return false;
    return true;
}

/* Is there an order that goes on from here? */
static bool try_all(const struct brute *brute, bool *placed,
                    const GString *state)
{
    bool found = all_placed(brute, placed);
    for (size_t i = 0; i < brute->count && !found; i++) {
        GString *next = g_string_new(NULL);
        enum model_step step = MODEL_REFUSES;
        if (is_due(brute, placed, i))
            step = brute->model->step(&brute->ops[i], state, next);
        placed[i] = placed[i] || step != MODEL_REFUSES;
        if (step == MODEL_STAYS)
            found = try_all(brute, placed, state);
        else if (step == MODEL_MOVES)
            found = try_all(brute, placed, next);
        placed[i] = placed[i] && step == MODEL_REFUSES;
        g_string_free(next, TRUE);
    }
    return found;
}

static bool has_order(const struct model *model, const struct operation *ops,
                      size_t count)
{
    bool placed[2 * SMALL] = {false};
    struct brute brute = {model, ops, count};
    GString *empty = g_string_new(NULL);
    g_assert(count <= G_N_ELEMENTS(placed));
    bool found = try_all(&brute, placed, empty);
    g_string_free(empty, TRUE);
    return found;
}

/* ---- Histories. ---- */

/* A small one, of a few values, so that they come again; or a large one. */
static struct history *invent(const char *model, uint64_t seed, bool small)
{
    struct dice dice = dice_at(seed, 1, 0);
    return invented_new((struct invented){
        .model = model,
        .seed = seed,
        .operations = small ? dice_between(&dice, 2, SMALL) : LARGE,
        .clients = small ? CLIENTS : 6,
        .keys = small ? 1 : 3,
        .values = small ? dice_between(&dice, 2, SMALL) : 0,
        .lost =
            small ? dice_between(&dice, 0, 400) : dice_between(&dice, 100, 200),
    });
}

/* The answer of another operation of that kind; or another word. */
static void falsify_one(struct history *history, struct dice *dice)
{
    size_t count;
    struct operation *ops =
        (struct operation *)history_operations(history, &count);
    struct operation *one = &ops[dice_roll(dice) % count];
    const struct operation *other = &ops[dice_roll(dice) % count];
    const struct model_op *op = &history_model(history)->ops[one->op];
    if (operation_is_open(one))
        return;
    if (op->answers[0])
        one->value = op->answers[op->answers[1] ? dice_roll(dice) % 2 : 0];
    else if (other->arguments[0])
        one->value = other->arguments[0];
    else if (!operation_is_open(other) && other->op == one->op)
        one->value = other->value;
}

static enum linear_answer answer_of(const struct history *history)
{
    struct linear *linear = linear_judge(history, (struct linear_limits){0});
    enum linear_answer answer = linear_answer(linear);
    linear_free(linear);
    return answer;
}

/* ---- The answer. ---- */

static void it_answers_as_brute_force_does(void **state)
{
    (void)state;
    for_each_model(model)
    {
        unsigned answers[3] = {0};
        for_each_seed (seed, SEEDS) {
            struct dice dice = dice_at(seed, 2, 0);
            struct history *history = invent(model, seed, true);
            for (uint64_t i = dice_roll(&dice) % 10; i > 0; i--)
                falsify_one(history, &dice);
            size_t count;
            const struct operation *ops = history_operations(history, &count);
            bool yes = has_order(history_model(history), ops, count);
            enum linear_answer answer = answer_of(history);
            if (answer != (yes ? LINEAR_YES : LINEAR_NO)) {
                history_write(history, stderr);
                fail_msg("seed 0x%" G_GINT64_MODIFIER "x: brute force says %s",
                         seed, yes ? "yes" : "no");
            }
            answers[answer]++;
            history_free(history);
        }
        if (!g_getenv("SEED"))
            assert_true(answers[LINEAR_YES] > SEEDS / 4 &&
                        answers[LINEAR_NO] > SEEDS / 20);
    }
}

static void a_correct_object_is_always_right(void **state)
{
    (void)state;
    for_each_model(model) for_each_seed (seed, 100)
    {
        struct history *history = invent(model, seed, false);
        assert_int_equal(answer_of(history), LINEAR_YES);
        history_free(history);
    }
}

/* The answer of one read is a word that nobody ever wrote. */
static void an_answer_out_of_nothing_is_never_right(void **state)
{
    (void)state;
    for_each_model(model) for_each_seed (seed, 100)
    {
        struct history *history = invent(model, seed, false);
        size_t count, at;
        struct operation *ops =
            (struct operation *)history_operations(history, &count);
        for (at = count / 2; at < count; at++)
            if (ops[at].op == 1 && !operation_is_open(&ops[at]))
                break;
        assert_true(at < count);
        ops[at].value = "released";
        /* Of a lock: by a client that never acquired it. */
        for (size_t i = 0; i < at; i++)
            if (strcmp(model, "lock") == 0)
                ops[i].client += ops[i].client == ops[at].client ? 100 : 0;
        assert_int_equal(answer_of(history), LINEAR_NO);
        history_free(history);
    }
}

/* ---- The window. ---- */

/* Take a random operation out, and what goes with it. */
static GArray *thin(const struct history *history, struct dice *dice)
{
    size_t count;
    const struct operation *ops = history_operations(history, &count);
    const struct model *model = history_model(history);
    GArray *rest = g_array_new(FALSE, FALSE, sizeof(struct operation));
    bool gone[SMALL] = {false}, more = true;
    g_array_append_vals(rest, ops, (guint)count);
    model_pair(model, rest);
    struct operation *all = (struct operation *)(void *)rest->data;
    gone[dice_roll(dice) % count] = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < count; j++)
                if (gone[i] && !gone[j] && model->goes_with(&all[j], &all[i]))
                    gone[j] = more = true;
    }
    for (size_t i = count; i > 0; i--)
        if (gone[i - 1])
            g_array_remove_index(rest, (guint)i - 1);
    model_pair(model, rest);
    return rest;
}

static void what_remains_of_a_right_history_is_right(void **state)
{
    (void)state;
    for_each_model(model)
    {
        unsigned kept = 0;
        for_each_seed (seed, SEEDS) {
            struct dice dice = dice_at(seed, 3, 0);
            struct history *history = invent(model, seed, true);
            GArray *rest = thin(history, &dice);
            for (guint i = 0; i < rest->len; i++)
                g_array_index(rest, struct operation, i).partner = NULL;
            if (!has_order(history_model(history), (void *)rest->data,
                           rest->len)) {
                history_write(history, stderr);
                fail_msg("seed 0x%" G_GINT64_MODIFIER "x", seed);
            }
            kept += rest->len;
            g_array_unref(rest);
            history_free(history);
        }
        if (!g_getenv("SEED"))
            assert_true(kept > SEEDS);
    }
}

static void a_window_has_no_order_either(void **state)
{
    (void)state;
    for_each_model(model) for_each_seed (seed, SEEDS)
    {
        struct dice dice = dice_at(seed, 4, 0);
        struct history *history = invent(model, seed, true);
        for (int i = 0; i < 3; i++)
            falsify_one(history, &dice);
        struct linear *linear =
            linear_judge(history, (struct linear_limits){0});
        if (linear_answer(linear) == LINEAR_NO) {
            size_t count;
            const struct operation *ops = linear_window(linear, &count);
            assert_true(count > 0);
            assert_false(has_order(history_model(history), ops, count));
        }
        linear_free(linear);
        history_free(history);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_answers_as_brute_force_does),
        cmocka_unit_test(a_correct_object_is_always_right),
        cmocka_unit_test(an_answer_out_of_nothing_is_never_right),
        cmocka_unit_test(what_remains_of_a_right_history_is_right),
        cmocka_unit_test(a_window_has_no_order_either),
    };
    return test_run(argc, argv, tests);
}

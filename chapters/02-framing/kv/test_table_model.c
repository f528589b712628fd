/* The table beside a plain model of it: many steps at random, and after each
 * the same keys, values, times and bytes in both. */
#include "02-framing/kv/table.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include "common/world/tape.h"

static struct tape *tape;
static struct table *table;

static void expect_word(struct word is, struct word shall)
{
    assert_int_equal(is.size, shall.size);
    assert_memory_equal(is.data, shall.data, shall.size);
}

/* ---- Both. ---- */

enum { FEW = 12, LITTLE = 4000 };

/* A key of the model. */
struct kept_value {
    GString *value; /* NULL: it is not there. */
    nsec end;       /* UINT64_MAX: never. */
};

struct table_model {
    struct kept_value entries[FEW];
    nsec now;
};

static size_t size_of(const struct table_model *model)
{
    size_t size = 0;
    for (size_t i = 0; i < FEW; i++)
        if (model->entries[i].value)
            size += TABLE_RECORD + 1 + model->entries[i].value->len;
    return size;
}

static void forget(struct kept_value *entry)
{
    if (entry->value)
        g_string_free(entry->value, TRUE);
    *entry = (struct kept_value){NULL, UINT64_MAX};
}

/* Does the model let so much be added? */
static bool fits(const struct table_model *model, size_t more, size_t less)
{
    return more <= less || size_of(model) + more - less <= LITTLE;
}

static void both_put(struct table_model *model, size_t i, struct word value)
{
    struct kept_value *entry = &model->entries[i];
    char key = (char)('a' + i);
    size_t old = entry->value ? entry->value->len : 0;
    bool room =
        fits(model, value.size + (entry->value ? 0 : TABLE_RECORD + 1), old);
    assert_true((table_put(table, (struct word){&key, 1}, value) != NULL) ==
                room);
    if (!room)
        return;
    forget(entry);
    entry->value = g_string_new_len(value.data, (gssize)value.size);
}

static void both_change(struct kept_value *entry, struct record *record,
                        struct dice *dice)
{
    nsec span = dice_between(dice, 1, 5 * SEC);
    switch (dice_roll(dice) % 3) {
    case 0:
        table_remove(table, record);
        forget(entry);
        break;
    case 1:
        table_expire(table, record, span);
        entry->end = env_now(tape_env(tape)) + span;
        break;
    default:
        assert_true(table_keep(table, record) == (entry->end != UINT64_MAX));
        entry->end = UINT64_MAX;
    }
}

static void both_write(struct table_model *model, struct kept_value *entry,
                       struct record *record, struct word value, bool append)
{
    size_t old = append ? 0 : entry->value->len;
    bool room = fits(model, value.size, old);
    bool done = append ? table_append(table, record, value)
                       : table_set(table, record, value);
    assert_true(done == room);
    if (!room)
        return;
    if (!append)
        g_string_truncate(entry->value, 0);
    g_string_append_len(entry->value, value.data, (gssize)value.size);
}

static void compare(const struct table_model *model)
{
    unsigned count = 0;
    for (size_t i = 0; i < FEW; i++) {
        const struct kept_value *entry = &model->entries[i];
        char key = (char)('a' + i);
        struct record *record = table_find(table, (struct word){&key, 1});
        assert_true((record != NULL) == (entry->value != NULL));
        if (!record)
            continue;
        count++;
        expect_word(record->value,
                    (struct word){entry->value->str, entry->value->len});
        assert_int_equal(table_left(table, record),
                         entry->end == UINT64_MAX ? UINT64_MAX
                                                  : entry->end - model->now);
    }
    assert_int_equal(table_count(table), count);
    assert_int_equal(table_size(table), size_of(model));
}

static void pass(struct table_model *model, nsec span)
{
    tape_pass(tape, span);
    model->now = env_now(tape_env(tape));
    for (size_t i = 0; i < FEW; i++)
        if (model->entries[i].end <= model->now)
            forget(&model->entries[i]);
}

static void one_step(struct table_model *model, struct dice *dice)
{
    static const char zeros[LITTLE];
    size_t i = dice_roll(dice) % FEW, what = dice_roll(dice) % 10;
    char key = (char)('a' + i);
    size_t most = dice_roll(dice) % 4 == 0 ? LITTLE : 300;
    struct word value = {zeros, dice_between(dice, 0, most)};
    struct kept_value *entry = &model->entries[i];
    struct record *record = table_find(table, (struct word){&key, 1});
    if (what == 0)
        pass(model, dice_between(dice, 0, SEC));
    else if (what < 4 || !record)
        both_put(model, i, value);
    else if (what < 7)
        both_write(model, entry, record, value, what == 6);
    else
        both_change(entry, record, dice);
}

static void it_does_what_a_plain_model_does(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        struct dice dice = dice_at(seed, 1, 0);
        struct table_model model = {.now = 0};
        for (size_t i = 0; i < FEW; i++)
            model.entries[i].end = UINT64_MAX;
        tape = tape_new(1);
        table = table_new(tape_env(tape), LITTLE);
        model.now = env_now(tape_env(tape));
        for (int step = 0; step < 300; step++) {
            one_step(&model, &dice);
            compare(&model);
        }
        for (size_t i = 0; i < FEW; i++)
            forget(&model.entries[i]);
        table_free(table);
        tape_free(tape);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_does_what_a_plain_model_does),
    };
    return test_run(argc, argv, tests);
}

/* A log on a tape: what it writes, and what it says to damage. Its crashes are in
 * test_wal_crash.c. */
#include "04-queues/test_wal.h"

enum { RECORDS = 30 };

static bool is_there(const struct bench *bench, const char *key)
{
    g_autoptr(GBytes) value = env_recall(bench->env, key);
    return value != NULL;
}

static void expect_text(struct bench *bench, uint64_t first, uint64_t last)
{
    g_autofree char *expected = bench_text(first, last);
    bench_open(bench);
    assert_non_null(bench->wal);
    assert_string_equal(bench->text->str, expected);
    assert_int_equal(wal_first(bench->wal), first);
    assert_int_equal(wal_next(bench->wal), last + 1);
}

/* ---- Appending. ---- */

static void records_come_back_in_order(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    for (uint64_t last = 0; last < RECORDS; last++) {
        expect_text(bench, 1, last);
        bench_append(bench, last + 1);
    }
    expect_text(bench, 1, RECORDS);
    assert_true(is_there(bench, "q.1"));
    assert_true(!is_there(bench, "q.2")); /* No letter ever came back. */
    bench_free(bench);
}

static void a_record_is_written_as_drawn(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    struct word parts[] = {{"wor", 3}, {NULL, 0}, {"d", 1}};
    tape_expect(bench->tape,
                "persist q.1 wal1\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
                "\\x00\\x00\\x01\\x1c\\x87\\xcb\\x1c; send 1 wal q tidy 1; ");
    wal_append(bench->wal, parts, 3);
    tape_expect(bench->tape,
                "append q.1 \\x9f\\xbb[\\xe8\\x00\\x00\\x00\\x00\\x00\\x00"
                "\\x00\\x04\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01word; ");
    assert_int_equal(wal_size(bench->wal), 20 + 20 + 4);
    bench_free(bench);
}

static void a_record_may_be_empty(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    wal_append(bench->wal, NULL, 0);
    wal_append(bench->wal, NULL, 0);
    bench_open(bench);
    assert_string_equal(bench->text->str, "1: 2: ");
    bench_free(bench);
}

/* ---- Rotation. ---- */

static void a_full_log_rotates_when_its_letter_is_back(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    while (wal_size(bench->wal) < 200)
        bench_append(bench, wal_next(bench->wal));
    uint64_t first = wal_next(bench->wal);
    bench_append(bench, first);
    bench_append(bench, first + 1);
    assert_true(!is_there(bench, "q.2"));
    tape_pass(bench->tape, 1);
    assert_true(is_there(bench, "q.2"));
    assert_int_equal(wal_second(bench->wal), first);
    env_persist(bench->env, "q.1", NULL);
    env_persist(bench->env, "q.first", NULL);
    bench_open(bench);
    assert_string_equal(bench->why, "q.1: missing");
    bench_free(bench);
}

/* In the old one stand records of the new one, too; without its own end it is
 * worth as much. */
static void the_new_segment_needs_no_end_of_the_old(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    while (wal_size(bench->wal) < 200)
        bench_append(bench, wal_next(bench->wal));
    size_t size = wal_size(bench->wal);
    for (int i = 0; i < 5; i++)
        bench_append(bench, wal_next(bench->wal));
    uint64_t last = wal_next(bench->wal) - 1;
    tape_pass(bench->tape, 1);
    g_autoptr(GBytes) old = env_recall(bench->env, "q.1");
    for (size_t cut = g_bytes_get_size(old); cut >= size; cut--) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(old, 0, cut);
        env_persist(bench->env, "q.1", part);
        expect_text(bench, 1, last);
    }
    g_autoptr(GBytes) part = g_bytes_new_from_bytes(old, 0, size - 1);
    env_persist(bench->env, "q.1", part);
    bench_open(bench);
    assert_non_null(strstr(bench->why, "q.1: ends at byte "));
    bench_free(bench);
}

static void under_load_segments_are_of_their_size(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_fill(bench, 500);
    unsigned segments = 0;
    for (unsigned i = 1; i < 200; i++) {
        g_autofree char *key = g_strdup_printf("q.%d", i);
        g_autoptr(GBytes) value = env_recall(bench->env, key);
        assert_true(!value || g_bytes_get_size(value) < 400);
        segments += value != NULL;
    }
    assert_in_range(segments, 60, 100);
    expect_text(bench, 1, 500);
    bench_free(bench);
}

/* ---- Truncation. ---- */

static void trimmed_segments_go(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_fill(bench, 100);
    size_t size = wal_size(bench->wal);
    wal_trim(bench->wal, 1);
    assert_int_equal(wal_first(bench->wal), 1);
    for (uint64_t seq = 2; seq <= 80; seq++) {
        uint64_t first = wal_first(bench->wal), second = wal_second(bench->wal);
        wal_trim(bench->wal, seq);
        assert_int_equal(wal_first(bench->wal), seq < second ? first : second);
        if (seq % 7 == 0)
            tape_pass(bench->tape, 1);
    }
    for (int i = 0; i < 9; i++)
        tape_pass(bench->tape, 1);
    assert_true(wal_size(bench->wal) < size / 2);
    assert_true(!is_there(bench, "q.1") && !is_there(bench, "q.2"));
    expect_text(bench, wal_first(bench->wal), 100);
    bench_fill(bench, 150);
    expect_text(bench, wal_first(bench->wal), 150);
    bench_free(bench);
}

static void the_last_segment_stays(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_fill(bench, 100);
    wal_trim(bench->wal, UINT64_MAX);
    uint64_t first = wal_first(bench->wal);
    assert_in_range(first, 85, 100);
    assert_int_equal(wal_second(bench->wal), 101);
    bench_fill(bench, 101);
    expect_text(bench, first, 101);
    assert_true(wal_size(bench->wal) < 300);
    bench_free(bench);
}

/* The manifest goes first, and waits for what takes their place; and they wait
 * for the manifest. */
static void nothing_goes_before_its_time(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_fill(bench, 30);
    g_free(tape_take(bench->tape));
    wal_trim(bench->wal, wal_second(bench->wal));
    tape_expect(bench->tape, "send 1 wal q tidy 31; ");
    tape_pass(bench->tape, 1);
    g_autofree char *asked = tape_take(bench->tape);
    assert_true(g_str_has_prefix(asked, "persist q.first "));
    assert_true(g_str_has_suffix(asked, "; send 1 wal q tidy 31; "));
    tape_pass(bench->tape, 1);
    tape_expect(bench->tape, "remove q.1; ");
    bench_free(bench);
}

static void what_a_crash_left_over_is_removed(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_fill(bench, 60);
    g_autoptr(GBytes) one = env_recall(bench->env, "q.1");
    g_autoptr(GBytes) two = env_recall(bench->env, "q.2");
    wal_trim(bench->wal, 30);
    uint64_t first = wal_first(bench->wal);
    bench_fill(bench, 61);
    env_persist(bench->env, "q.1", one);
    env_persist(bench->env, "q.2", two);
    expect_text(bench, first, 61);
    assert_true(!is_there(bench, "q.1") && !is_there(bench, "q.2"));
    bench_free(bench);
}

/* ---- Letters. ---- */

static void only_its_own_letters_are_its(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    g_autoptr(GBytes) letter = g_bytes_new_static("wal q tidy 1", 12);
    g_autoptr(GBytes) other = g_bytes_new_static("wal p tidy 1", 12);
    assert_true(!wal_on_message(bench->wal, 2, letter));
    assert_true(!wal_on_message(bench->wal, 1, other));
    assert_true(wal_on_message(bench->wal, 1, letter));
    assert_true(!wal_on_message(bench->wal, 1, letter));
    bench_free(bench);
}

struct pair {
    struct wal *one, *two;
};

static void on_either(void *self, node_id from, GBytes *message)
{
    const struct pair *pair = self;
    assert_true(wal_on_message(pair->one, from, message) !=
                wal_on_message(pair->two, from, message));
}

static struct wal *open_named(struct env *env, const char *name, GString *text)
{
    return wal_open(env, (struct wal_settings){.name = name, .segment = 100},
                    read_down, text, NULL);
}

static void two_logs_live_on_one_env(void **state)
{
    (void)state;
    struct tape *tape = tape_new(1);
    g_autoptr(GString) text = g_string_new(NULL);
    struct pair pair = {open_named(tape_env(tape), "a", text),
                        open_named(tape_env(tape), "a-2", text)};
    struct word word = {"word", 4};
    env_bind(tape_env(tape), on_either, &pair);
    for (int i = 0; i < 20; i++) {
        wal_append(pair.one, &word, 1);
        wal_append(pair.two, &word, 1);
        tape_pass(tape, i % 3 == 0);
    }
    wal_free(pair.one);
    wal_free(pair.two);
    for (int i = 1; i <= 2; i++) {
        g_string_set_size(text, 0);
        wal_free(open_named(tape_env(tape), i == 1 ? "a" : "a-2", text));
        assert_true(g_str_has_prefix(text->str, "1:word 2:word "));
        assert_true(g_str_has_suffix(text->str, " 20:word "));
    }
    tape_free(tape);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_in_order),
        cmocka_unit_test(a_record_is_written_as_drawn),
        cmocka_unit_test(a_record_may_be_empty),
        cmocka_unit_test(a_full_log_rotates_when_its_letter_is_back),
        cmocka_unit_test(the_new_segment_needs_no_end_of_the_old),
        cmocka_unit_test(under_load_segments_are_of_their_size),
        cmocka_unit_test(trimmed_segments_go),
        cmocka_unit_test(the_last_segment_stays),
        cmocka_unit_test(nothing_goes_before_its_time),
        cmocka_unit_test(what_a_crash_left_over_is_removed),
        cmocka_unit_test(only_its_own_letters_are_its),
        cmocka_unit_test(two_logs_live_on_one_env),
    };
    return test_run(argc, argv, tests);
}

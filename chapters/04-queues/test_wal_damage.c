/* A log whose disk is damaged: what was promised is never missing in silence. */
#include "04-queues/test_wal.h"
#include <stdlib.h>

enum { RECORDS = 110 };

static const char *const keys[] = {"q.first", "q.1",  "q.2",  "q.3",  "q.4",
                                   "q.5",     "q.6",  "q.7",  "q.8",  "q.9",
                                   "q.10",    "q.11", "q.12", "q.13", "q.14",
                                   "q.15",    "q.16", "q.17", "q.18", "q.19"};
enum { KEYS = G_N_ELEMENTS(keys) };

/* A disk, to be put back. */
struct copy {
    GBytes *values[KEYS];
};

static struct copy copy_of(const struct bench *bench)
{
    struct copy copy;
    for (unsigned i = 0; i < KEYS; i++)
        copy.values[i] = env_recall(bench->env, keys[i]);
    return copy;
}

static unsigned last_key(const struct copy *copy)
{
    unsigned last = KEYS - 1;
    while (!copy->values[last])
        last--;
    return last;
}

/* One value that was damaged; and the last, which was appended to. */
static void mend(const struct bench *bench, const struct copy *copy, unsigned i)
{
    unsigned last = last_key(copy);
    env_persist(bench->env, keys[i], copy->values[i]);
    if (i != last)
        env_persist(bench->env, keys[last], copy->values[last]);
}

static void put_back(const struct bench *bench, const struct copy *copy)
{
    for (unsigned i = 0; i < KEYS; i++)
        env_persist(bench->env, keys[i], copy->values[i]);
}

static void copy_clear(struct copy *copy)
{
    for (unsigned i = 0; i < KEYS; i++)
        g_clear_pointer(&copy->values[i], g_bytes_unref);
}

/* Open it: it must be refused, say why, and change nothing. */
static void expect_refused(struct bench *bench, const char *why)
{
    bench_open(bench);
    assert_null(bench->wal);
    tape_expect(bench->tape, "");
    if (!strstr(bench->why, why))
        assert_string_equal(bench->why, why);
}

/* A log of about 4 kB, the first two segments of which are trimmed. */
static struct bench *filled(void)
{
    struct bench *bench = bench_new();
    bench_fill(bench, RECORDS);
    wal_trim(bench->wal, 15);
    bench_fill(bench, RECORDS);
    return bench;
}

/* ---- Any damage. ---- */

/* The log as it was opened is the same, or, when only its last segment is
 * damaged, it may lack its end; or it was refused. */
static unsigned judge(struct bench *bench, bool may_lack)
{
    bench_open(bench);
    if (!bench->wal)
        return 0;
    uint64_t first = wal_first(bench->wal), last = wal_next(bench->wal) - 1;
    g_autofree char *expected = bench_text(first, last);
    assert_string_equal(bench->text->str, expected);
    assert_true(first <= 15 && last <= RECORDS);
    assert_true(last == RECORDS || may_lack);
    bench_append(bench, last + 1);
    bench_open(bench);
    assert_int_equal(wal_next(bench->wal), last + 2);
    return 1;
}

static void any_flipped_bit_is_noticed_or_does_not_matter(void **state)
{
    (void)state;
    struct bench *bench = filled();
    struct copy copy = copy_of(bench);
    unsigned last = last_key(&copy), opened = 0, bits = 0;
    assert_true(last >= 14);
    for (unsigned i = 0; i <= last; i++) {
        size_t size = copy.values[i] ? g_bytes_get_size(copy.values[i]) : 0;
        for (size_t bit = 0; bit < 8 * size; bit++, bits++) {
            uint8_t *data =
                g_memdup2(g_bytes_get_data(copy.values[i], NULL), size);
            data[bit / 8] = (uint8_t)(data[bit / 8] ^ 1 << bit % 8);
            g_autoptr(GBytes) value = g_bytes_new_take(data, size);
            env_persist(bench->env, keys[i], value);
            opened += judge(bench, i == last);
            mend(bench, &copy, i);
        }
    }
    assert_in_range(bits, 25000, 40000);
    assert_in_range(opened, bits / 100, bits / 2);
    copy_clear(&copy);
    bench_free(bench);
}

static void a_cut_anywhere_is_noticed_or_does_not_matter(void **state)
{
    (void)state;
    struct bench *bench = filled();
    struct copy copy = copy_of(bench);
    unsigned last = last_key(&copy);
    for (unsigned i = 0; i <= last; i++) {
        size_t size = copy.values[i] ? g_bytes_get_size(copy.values[i]) : 0;
        for (size_t cut = 0; cut < size; cut++) {
            g_autoptr(GBytes) value =
                g_bytes_new_from_bytes(copy.values[i], 0, cut);
            env_persist(bench->env, keys[i], value);
            unsigned opened = judge(bench, i == last);
            assert_true(opened == (cut >= 20) || i != last);
            mend(bench, &copy, i);
        }
    }
    copy_clear(&copy);
    bench_free(bench);
}

static void a_torn_end_is_cut_before_it_is_appended_to(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_append(bench, 1);
    bench_append(bench, 2);
    g_autoptr(GBytes) whole = env_recall(bench->env, "q.1");
    size_t size = g_bytes_get_size(whole);
    g_autoptr(GBytes) torn = g_bytes_new_from_bytes(whole, 0, size - 1);
    env_persist(bench->env, "q.1", torn);
    bench_open(bench);
    g_autoptr(GBytes) cut = env_recall(bench->env, "q.1");
    assert_int_equal(g_bytes_get_size(cut), wal_size(bench->wal));
    bench_append(bench, 2);
    bench_append(bench, 3);
    bench_open(bench);
    g_autofree char *expected = bench_text(1, 3);
    assert_string_equal(bench->text->str, expected);
    bench_free(bench);
}

/* ---- Missing, or in a wrong place. ---- */

static void a_missing_segment_is_refused(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_fill(bench, RECORDS);
    struct copy copy = copy_of(bench);
    for (unsigned i = 1; i <= last_key(&copy); i++) {
        if (!copy.values[i])
            continue;
        g_autofree char *why = g_strdup_printf("%s: missing", keys[i]);
        env_persist(bench->env, keys[i], NULL);
        expect_refused(bench, why);
        put_back(bench, &copy);
    }
    copy_clear(&copy);
    bench_free(bench);
}

static void exchanged_segments_are_refused(void **state)
{
    (void)state;
    struct bench *bench = filled();
    struct copy copy = copy_of(bench);
    unsigned last = last_key(&copy);
    for (unsigned i = 0; i <= last; i++)
        for (unsigned j = i + 1; j <= last; j++) {
            if (!copy.values[i] || !copy.values[j])
                continue;
            env_persist(bench->env, keys[i], copy.values[j]);
            env_persist(bench->env, keys[j], copy.values[i]);
            expect_refused(bench, i == 0 ? "q.first: damaged at byte 0"
                                         : "the salt of another segment");
            put_back(bench, &copy);
        }
    copy_clear(&copy);
    bench_free(bench);
}

/* The same records, but not the same log. */
static void a_segment_of_another_log_is_refused(void **state)
{
    (void)state;
    struct bench *bench = filled(), *other = bench_new();
    struct copy copy = copy_of(bench);
    env_persist(other->env, "q.1", NULL);
    env_persist(other->env, "q.first", NULL);
    env_random(other->env);
    bench_open(other);
    bench_fill(other, RECORDS);
    for (unsigned i = 1; i <= last_key(&copy); i++) {
        g_autoptr(GBytes) strange = env_recall(other->env, keys[i]);
        if (!copy.values[i])
            continue;
        assert_int_equal(g_bytes_get_size(strange),
                         g_bytes_get_size(copy.values[i]));
        env_persist(bench->env, keys[i], strange);
        expect_refused(bench, "at byte 4 is the salt of another segment");
        put_back(bench, &copy);
    }
    copy_clear(&copy);
    bench_free(other);
    bench_free(bench);
}

static void an_older_manifest_is_refused(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_fill(bench, RECORDS);
    g_autoptr(GBytes) older = env_recall(bench->env, "q.first");
    wal_trim(bench->wal, 60);
    bench_fill(bench, RECORDS);
    env_persist(bench->env, "q.first", older);
    expect_refused(bench, "q.1: missing");
    bench_free(bench);
}

static void an_older_copy_of_a_segment_is_refused(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_append(bench, 1);
    g_autoptr(GBytes) older = env_recall(bench->env, "q.1");
    bench_fill(bench, RECORDS);
    env_persist(bench->env, "q.1", older);
    expect_refused(bench, "q.1: ends at byte ");
    bench_free(bench);
}

static void rot_is_refused_with_key_and_byte(void **state)
{
    (void)state;
    struct bench *bench = bench_new();
    bench_append(bench, 1);
    g_autofree char *why =
        g_strdup_printf("q.1: damaged at byte %d, and records follow",
                        (int)wal_size(bench->wal));
    bench_append(bench, 2);
    size_t rot = wal_size(bench->wal) - 1, size;
    bench_append(bench, 3);
    g_autoptr(GBytes) whole = env_recall(bench->env, "q.1");
    uint8_t *data =
        g_memdup2(g_bytes_get_data(whole, &size), g_bytes_get_size(whole));
    data[rot] ^= 1;
    g_autoptr(GBytes) rotten = g_bytes_new_take(data, size);
    env_persist(bench->env, "q.1", rotten);
    expect_refused(bench, why);
    bench_free(bench);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_flipped_bit_is_noticed_or_does_not_matter),
        cmocka_unit_test(a_cut_anywhere_is_noticed_or_does_not_matter),
        cmocka_unit_test(a_torn_end_is_cut_before_it_is_appended_to),
        cmocka_unit_test(a_missing_segment_is_refused),
        cmocka_unit_test(exchanged_segments_are_refused),
        cmocka_unit_test(a_segment_of_another_log_is_refused),
        cmocka_unit_test(an_older_manifest_is_refused),
        cmocka_unit_test(an_older_copy_of_a_segment_is_refused),
        cmocka_unit_test(rot_is_refused_with_key_and_byte),
    };
    return test_run(argc, argv, tests);
}

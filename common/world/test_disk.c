/* What a disk has after a crash, and what it holds for certain. */
#include "common/judge/test.h"
#include "common/world/witness.h"
#include <string.h>

/* ---- Disks. ---- */

/* Durable "ab"; not durable "cd", "ef". Then it crashes. */
static struct witness *crash_a_writer(enum disk_loss loss, uint64_t seed)
{
    struct witness *witness = witness_new((struct sim_weather){0});
    sim_free(witness->sim);
    witness->sim = sim_new(3, seed, (struct sim_weather){0});
    struct env *env = sim_env(witness->sim, 1);
    witness_write(env, "log", "ab", true);
    witness_write(env, "old", "x", false);
    witness_run_out(witness);
    sim_set_weather(witness->sim,
                    (struct sim_weather){.sync_min = SEC, .sync_max = SEC});
    witness_write(env, "log", "cd", true);
    sim_run(witness->sim, MSEC); /* The sync is under way. */
    witness_write(env, "log", "ef", true);
    witness_write(env, "new", "y", false);
    env_persist(env, "old", NULL);
    witness_stores(witness, "log", "ab");
    witness_stores(witness, "old", "x");
    witness_stores(witness, "new", "(none)");
    witness_recalls(witness, "log", "abcdef");
    witness_recalls(witness, "old", "(none)");
    sim_crash_now(witness->sim, 1, loss);
    return witness;
}

static void a_disk_that_keeps_has_all_that_was_written(void **state)
{
    (void)state;
    struct witness *witness = crash_a_writer(DISK_KEEPS, 1);
    witness_stores(witness, "log", "abcdef");
    witness_stores(witness, "old", "(none)");
    witness_stores(witness, "new", "y");
    sim_boot(witness->sim, 1);
    witness_recalls(witness, "log", "abcdef");
    witness_free(witness);
}

static void a_disk_that_loses_has_what_was_durable(void **state)
{
    (void)state;
    struct witness *witness = crash_a_writer(DISK_LOSES, 1);
    witness_stores(witness, "log", "ab");
    witness_stores(witness, "old", "x");
    witness_stores(witness, "new", "(none)");
    sim_boot(witness->sim, 1);
    witness_recalls(witness, "log", "ab");
    witness_run_out(witness);
    witness_stores(witness, "log", "ab");
    witness_free(witness);
}

static void a_disk_that_tears_has_any_beginning(void **state)
{
    unsigned sizes[7] = {0}, old = 0, new = 0;
    (void)state;
    for_each_seed (seed, 300) {
        struct witness *witness = crash_a_writer(DISK_TEARS, seed);
        g_autoptr(GBytes) value = sim_stored(witness->sim, 1, "log");
        g_autoptr(GBytes) x = sim_stored(witness->sim, 1, "old");
        g_autoptr(GBytes) y = sim_stored(witness->sim, 1, "new");
        g_autofree char *log = witness_text(value);
        assert_true(g_str_has_prefix("abcdef", log));
        assert_in_range(strlen(log), 2, 6);
        sizes[strlen(log)]++;
        old += x != NULL;
        new += y != NULL;
        witness_free(witness);
    }
    if (g_getenv("SEED"))
        return;
    /* None of two appends is kept whole, one, or both; of the next, some. */
    assert_in_range(sizes[2], 10, 80);
    assert_in_range(sizes[3], 10, 80);
    assert_in_range(sizes[5], 10, 80);
    assert_in_range(sizes[6], 80, 200);
    assert_in_range(old, 100, 200);
    assert_in_range(new, 100, 200);
}

static void what_is_stored_is_stored_when_the_sync_is_done(void **state)
{
    (void)state;
    struct witness *witness = witness_new(
        (struct sim_weather){.sync_min = 5 * MSEC, .sync_max = 5 * MSEC});
    witness_write(sim_env(witness->sim, 1), "log", "a", true);
    witness_write(sim_env(witness->sim, 1), "log", "b", true);
    witness_stores(witness, "log", "(none)");
    sim_run(witness->sim, 5 * MSEC - 1);
    witness_write(sim_env(witness->sim, 1), "log", "cd", true);
    witness_stores(witness, "log", "(none)");
    sim_run(witness->sim, 5 * MSEC);
    witness_stores(witness, "log", "ab");
    sim_run(witness->sim, 10 * MSEC);
    witness_stores(witness, "log", "abcd");
    witness_stores(witness, "other", "(none)");
    witness_free(witness);
}

static unsigned lost_of(const char *first, enum disk_loss loss, uint64_t seed,
                        size_t *kept)
{
    struct disk *disk = disk_new();
    g_autoptr(GBytes) bytes = g_bytes_new(first, strlen(first));
    disk_append(disk, "log", bytes);
    unsigned lost = disk_crash(disk, dice_at(seed, 0, 0), loss);
    g_autoptr(GBytes) stored = disk_stored(disk, "log");
    *kept = stored ? g_bytes_get_size(stored) : 0;
    assert_int_equal(disk_crash(disk, dice_at(seed, 0, 0), loss), 0);
    disk_free(disk);
    return lost;
}

static void a_crash_counts_what_was_not_kept_whole(void **state)
{
    unsigned whole = 0;
    (void)state;
    for_each_seed (seed, 200) {
        size_t kept;
        assert_int_equal(lost_of("abc", DISK_KEEPS, seed, &kept), 0);
        assert_int_equal(kept, 3);
        assert_int_equal(lost_of("abc", DISK_LOSES, seed, &kept), 1);
        assert_int_equal(kept, 0);
        unsigned lost = lost_of("abc", DISK_TEARS, seed, &kept);
        assert_int_equal(lost, kept < 3);
        whole += kept == 3;
    }
    assert_true(whole > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_keeps_has_all_that_was_written),
        cmocka_unit_test(a_disk_that_loses_has_what_was_durable),
        cmocka_unit_test(a_disk_that_tears_has_any_beginning),
        cmocka_unit_test(what_is_stored_is_stored_when_the_sync_is_done),
        cmocka_unit_test(a_crash_counts_what_was_not_kept_whole),
    };
    return test_run(argc, argv, tests);
}

/* What a disk has after a crash, and what it holds for certain. */
#include "common/judge/onlooker.h"
#include "common/judge/test.h"
#include <string.h>

/* ---- Disks. ---- */

/* Durable "ab"; not durable "cd", "ef". Then it crashes. */
static struct onlooker *crash_a_writer(enum disk_loss loss, uint64_t seed)
{
    struct onlooker *onlooker = onlooker_new((struct sim_weather){0});
    sim_free(onlooker->sim);
    onlooker->sim = sim_new(3, seed, (struct sim_weather){0});
    struct env *env = sim_env(onlooker->sim, 1);
    onlooker_write(env, "log", "ab", true);
    onlooker_write(env, "old", "x", false);
    onlooker_run_out(onlooker);
    sim_set_weather(onlooker->sim,
                    (struct sim_weather){.sync_min = SEC, .sync_max = SEC});
    onlooker_write(env, "log", "cd", true);
    sim_run(onlooker->sim, MSEC); /* The sync is under way. */
    onlooker_write(env, "log", "ef", true);
    onlooker_write(env, "new", "y", false);
    env_persist(env, "old", NULL);
    onlooker_stores(onlooker, "log", "ab");
    onlooker_stores(onlooker, "old", "x");
    onlooker_stores(onlooker, "new", "(none)");
    onlooker_recalls(onlooker, "log", "abcdef");
    onlooker_recalls(onlooker, "old", "(none)");
    sim_crash_now(onlooker->sim, 1, loss);
    return onlooker;
}

static void a_disk_that_keeps_has_all_that_was_written(void **state)
{
    (void)state;
    struct onlooker *onlooker = crash_a_writer(DISK_KEEPS, 1);
    onlooker_stores(onlooker, "log", "abcdef");
    onlooker_stores(onlooker, "old", "(none)");
    onlooker_stores(onlooker, "new", "y");
    sim_boot(onlooker->sim, 1);
    onlooker_recalls(onlooker, "log", "abcdef");
    onlooker_free(onlooker);
}

static void a_disk_that_loses_has_what_was_durable(void **state)
{
    (void)state;
    struct onlooker *onlooker = crash_a_writer(DISK_LOSES, 1);
    onlooker_stores(onlooker, "log", "ab");
    onlooker_stores(onlooker, "old", "x");
    onlooker_stores(onlooker, "new", "(none)");
    sim_boot(onlooker->sim, 1);
    onlooker_recalls(onlooker, "log", "ab");
    onlooker_run_out(onlooker);
    onlooker_stores(onlooker, "log", "ab");
    onlooker_free(onlooker);
}

static void a_disk_that_tears_has_any_beginning(void **state)
{
    unsigned sizes[7] = {0}, old = 0, new = 0;
    (void)state;
    for_each_seed (seed, 300) {
        struct onlooker *onlooker = crash_a_writer(DISK_TEARS, seed);
        g_autoptr(GBytes) value = sim_stored(onlooker->sim, 1, "log");
        g_autoptr(GBytes) x = sim_stored(onlooker->sim, 1, "old");
        g_autoptr(GBytes) y = sim_stored(onlooker->sim, 1, "new");
        g_autofree char *log = onlooker_text(value);
        assert_true(g_str_has_prefix("abcdef", log));
        assert_in_range(strlen(log), 2, 6);
        sizes[strlen(log)]++;
        old += x != NULL;
        new += y != NULL;
        onlooker_free(onlooker);
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
    struct onlooker *onlooker = onlooker_new(
        (struct sim_weather){.sync_min = 5 * MSEC, .sync_max = 5 * MSEC});
    onlooker_write(sim_env(onlooker->sim, 1), "log", "a", true);
    onlooker_write(sim_env(onlooker->sim, 1), "log", "b", true);
    onlooker_stores(onlooker, "log", "(none)");
    sim_run(onlooker->sim, 5 * MSEC - 1);
    onlooker_write(sim_env(onlooker->sim, 1), "log", "cd", true);
    onlooker_stores(onlooker, "log", "(none)");
    sim_run(onlooker->sim, 5 * MSEC);
    onlooker_stores(onlooker, "log", "ab");
    sim_run(onlooker->sim, 10 * MSEC);
    onlooker_stores(onlooker, "log", "abcd");
    onlooker_stores(onlooker, "other", "(none)");
    onlooker_free(onlooker);
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

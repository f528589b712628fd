/* A large file that is removed is kept, and the next of its row overwrites it. */
#include "01-sockets/host/store.h"
#include "common/judge/test.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static char *dir;
static struct store *store;

static void open_again(void)
{
    if (store)
        store_free(store);
    store = store_new((struct store_settings){.dir = dir});
}

static int begin(void **state)
{
    (void)state;
    dir = test_dir_make();
    open_again();
    return 0;
}

static int end(void **state)
{
    (void)state;
    store_free(g_steal_pointer(&store));
    test_dir_remove(g_steal_pointer(&dir));
    return 0;
}

/* ---- Keys. ---- */

static void append(const char *key, const char *word)
{
    g_autoptr(GBytes) bytes = g_bytes_new(word, strlen(word));
    store_append(store, key, bytes);
}

static void append_durably(const char *key, const char *word)
{
    append(key, word);
    assert_true(store_sync(store));
}

static void remove_durably(const char *key)
{
    store_persist(store, key, NULL);
    assert_true(store_sync(store));
}

/* What is appended to grows by a megabyte of zeros. */
static void put_large(const char *key)
{
    append_durably(key, "aaaa");
    append_durably(key, "aaaa");
}

static void expect_it_holds(const char *key, const char *wanted)
{
    g_autoptr(GBytes) value = store_recall(store, key);
    assert_non_null(value);
    assert_int_equal(g_bytes_get_size(value), strlen(wanted));
    assert_memory_equal(g_bytes_get_data(value, NULL), wanted, strlen(wanted));
}

/* ---- Files. ---- */

/* Which file it is on the disk; 0: there is none. */
static ino_t file_of(const char *name, off_t *size)
{
    struct stat found;
    g_autofree char *path = g_build_filename(dir, name, NULL);
    if (stat(path, &found) < 0)
        return 0;
    if (size)
        *size = found.st_size;
    return found.st_ino;
}

static void write_behind(const char *name, off_t at)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputs("torn", file) < 0, false);
    assert_int_equal(fclose(file), 0);
}

/* ---- Tests. ---- */

static void the_next_of_a_row_overwrites_what_is_gone(void **state)
{
    off_t size;
    (void)state;
    put_large("log.1");
    ino_t old = file_of("log.1.value", NULL);
    remove_durably("log.1");
    assert_int_equal(file_of("log.1.value", NULL), 0);
    assert_null(store_recall(store, "log.1"));
    append_durably("log.2", "bbbb");
    assert_int_equal(file_of("log.2.value", &size), old);
    assert_true(size >= MIB);
    expect_it_holds("log.2", "bbbb");
    append_durably("log.2", "cccc");
    open_again();
    expect_it_holds("log.2", "bbbbcccc");
    assert_null(store_recall(store, "log.1"));
}

static void a_spare_outlives_the_store(void **state)
{
    (void)state;
    put_large("log.1");
    ino_t old = file_of("log.1.value", NULL);
    remove_durably("log.1");
    open_again();
    append_durably("log.2", "bbbb");
    assert_int_equal(file_of("log.2.value", NULL), old);
}

/* Its old name may come back with a crash: until it is durable that it does not,
 * it holds what it held. */
static void it_is_not_overwritten_in_the_sync_that_removes_it(void **state)
{
    (void)state;
    put_large("log.1");
    ino_t old = file_of("log.1.value", NULL);
    store_persist(store, "log.1", NULL);
    append_durably("log.2", "bbbb");
    assert_int_not_equal(file_of("log.2.value", NULL), old);
    append_durably("log.3", "cccc");
    assert_int_equal(file_of("log.3.value", NULL), old);
}

static void other_keys_begin_with_nothing(void **state)
{
    (void)state;
    put_large("log.1");
    ino_t old = file_of("log.1.value", NULL);
    remove_durably("log.1");
    append_durably("log.first", "bbbb");
    append_durably("log2", "bbbb");
    assert_int_not_equal(file_of("log.first.value", NULL), old);
    assert_int_not_equal(file_of("log2.value", NULL), old);
}

static void one_is_kept_and_small_ones_are_not(void **state)
{
    (void)state;
    append_durably("log.1", "aaaa");
    remove_durably("log.1");
    assert_int_equal(file_of("spare", NULL), 0);
    put_large("log.2");
    put_large("log.3");
    store_persist(store, "log.2", NULL);
    remove_durably("log.3");
    assert_int_not_equal(file_of("spare", NULL), 0);
    GDir *files = g_dir_open(dir, 0, NULL);
    assert_string_equal(g_dir_read_name(files), "spare");
    assert_null(g_dir_read_name(files));
    g_dir_close(files);
}

static void a_torn_end_goes_before_more_is_written(void **state)
{
    (void)state;
    append_durably("log.1", "aaaa");
    append_durably("log.1", "bbbb");
    write_behind("log.1.value", MIB / 2);
    open_again();
    expect_it_holds("log.1", "aaaabbbb");
    append_durably("log.1", "cccc");
    open_again();
    expect_it_holds("log.1", "aaaabbbbcccc");
    g_autofree char *path = g_build_filename(dir, "log.1.value", NULL);
    g_autofree char *bytes = NULL;
    gsize count;
    assert_true(g_file_get_contents(path, &bytes, &count, NULL));
    assert_memory_not_equal(bytes + MIB / 2, "torn", 4);
}

#define CASE(sentence) cmocka_unit_test_setup_teardown(sentence, begin, end)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(the_next_of_a_row_overwrites_what_is_gone),
        CASE(a_spare_outlives_the_store),
        CASE(it_is_not_overwritten_in_the_sync_that_removes_it),
        CASE(other_keys_begin_with_nothing),
        CASE(one_is_kept_and_small_ones_are_not),
        CASE(a_torn_end_goes_before_more_is_written),
    };
    return test_run(argc, argv, tests);
}

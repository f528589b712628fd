/* Keys that are only written: what is synced for them, when, and what stays. */
#include "01-sockets/host/store.h"
#include "common/judge/test.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir;

static int make_dir(void **state)
{
    (void)state;
    dir = test_dir_make();
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    test_dir_remove(g_steal_pointer(&dir));
    return 0;
}

/* ---- What is synced: the linker lets us look (local.mk). ---- */

static char calls[200];

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

static void call(const char *name, const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    g_strlcat(calls, name, sizeof calls);
    g_strlcat(calls, base, sizeof calls);
    g_strlcat(calls, "; ", sizeof calls);
}

int __wrap_fdatasync(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *path = g_file_read_link(link, NULL);
    call("sync ", path);
    return __real_fdatasync(fd);
}

int __wrap_fsync(int fd)
{
    call("sync ", "directory");
    return __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    call("rename ", to);
    return __real_rename(from, to);
}

/* ---- A store. ---- */

static struct store *open_store(bool thread)
{
    return store_new((struct store_settings){
        .dir = dir, .thread = thread, .written = "log."});
}

static void append(struct store *store, const char *key, const char *word)
{
    g_autoptr(GBytes) bytes = g_bytes_new(word, strlen(word));
    store_append(store, key, bytes);
}

static void expect_calls(struct store *store, const char *expected)
{
    calls[0] = '\0';
    assert_true(store_sync(store));
    assert_string_equal(calls, expected);
}

static void expect_text(const char *key, const char *expected)
{
    struct store *store = open_store(false);
    g_autoptr(GBytes) value = store_recall(store, key);
    assert_non_null(value);
    assert_int_equal(g_bytes_get_size(value), strlen(expected));
    assert_memory_equal(g_bytes_get_data(value, NULL), expected,
                        strlen(expected));
    store_free(store);
}

/* ---- The rules. ---- */

static void what_is_appended_is_not_synced(void **state)
{
    (void)state;
    struct store *store = open_store(false);
    append(store, "log.1", "aa");
    expect_calls(store,
                 "sync log.1.value.new; rename log.1.value; sync directory; ");
    append(store, "log.1", "bb");
    append(store, "log.1", "cc");
    expect_calls(store, "");
    append(store, "log.1", "dd");
    expect_calls(store, "");
    store_free(store);
    expect_text("log.1", "aabbccdd");
}

static void other_keys_are_synced_and_what_was_written_with_them(void **state)
{
    (void)state;
    struct store *store = open_store(false);
    append(store, "log.1", "aa");
    append(store, "term", "1");
    assert_true(store_sync(store));
    append(store, "term", "2");
    expect_calls(store, "sync term.value; ");
    append(store, "log.1", "bb");
    expect_calls(store, "");
    append(store, "term", "3");
    expect_calls(store, "sync log.1.value; sync term.value; ");
    append(store, "term", "4");
    expect_calls(store, "sync term.value; ");
    append(store, "log.1", "cc");
    append(store, "term", "5");
    expect_calls(store, "sync log.1.value; sync term.value; ");
    store_free(store);
}

static void a_new_file_waits_for_what_was_written(void **state)
{
    (void)state;
    struct store *store = open_store(false);
    append(store, "log.1", "aa");
    assert_true(store_sync(store));
    append(store, "log.1", "bb");
    expect_calls(store, "");
    append(store, "log.2", "cc");
    append(store, "log.1", "dd");
    expect_calls(store, "sync log.1.value; sync log.1.value; "
                        "sync log.2.value.new; rename log.2.value; "
                        "sync directory; ");
    append(store, "log.2", "ee");
    expect_calls(store, "");
    store_persist(store, "log.1", NULL);
    expect_calls(store, "sync log.2.value; sync directory; ");
    store_free(store);
    expect_text("log.2", "ccee");
}

static void it_is_written_at_once_beside_a_thread(void **state)
{
    (void)state;
    struct store *store = open_store(true);
    append(store, "log.1", "aa");
    assert_true(!store_sync(store));
    g_bytes_unref(store_recall(store, "log.1")); /* It waits for the thread. */
    store_synced(store);
    append(store, "log.1", "bb");
    expect_calls(store, "");
    append(store, "log.2", "cc");
    assert_true(!store_sync(store));
    g_bytes_unref(store_recall(store, "log.2"));
    store_synced(store);
    append(store, "log.1", "dd");
    append(store, "log.2", "ee");
    expect_calls(store, "");
    store_free(store);
    expect_text("log.1", "aabbdd");
    expect_text("log.2", "ccee");
}

static void write_and_die(void)
{
    struct store *store = open_store(false);
    append(store, "log.1", "aa");
    g_assert(store_sync(store));
    append(store, "log.1", "bb");
    g_assert(store_sync(store));
    append(store, "log.1", "cc");
    raise(SIGKILL);
}

static void it_survives_its_process(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0)
        write_and_die();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    expect_text("log.1", "aabb");
}

static void a_value_of_many_turns_is_whole(void **state)
{
    (void)state;
    g_autoptr(GString) all = g_string_new(NULL);
    struct store *store = open_store(false);
    for (int i = 0; i < 3000; i++) {
        g_autofree char *word =
            g_strnfill((gsize)(i % 900), (char)(i % 26 + 97));
        append(store, "log.1", word);
        g_string_append(all, word);
        if (i % 3 == 0)
            assert_true(store_sync(store));
        if (i % 500 == 0) {
            g_autoptr(GBytes) value = store_recall(store, "log.1");
            assert_int_equal(g_bytes_get_size(value), all->len);
            assert_memory_equal(g_bytes_get_data(value, NULL), all->str,
                                all->len);
        }
    }
    assert_true(store_sync(store));
    store_free(store);
    expect_text("log.1", all->str);
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, make_dir, remove_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_appended_is_not_synced),
        CASE(other_keys_are_synced_and_what_was_written_with_them),
        CASE(a_new_file_waits_for_what_was_written),
        CASE(it_is_written_at_once_beside_a_thread),
        CASE(it_survives_its_process),
        CASE(a_value_of_many_turns_is_whole),
    };
    return test_run(argc, argv, tests);
}

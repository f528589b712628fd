/* What a real disk may do to a file, done by hand. */
#include "01-sockets/host/store.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEAD = 32, FRAME = 8 + 4, WORDS = 3 };

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

static struct store *open_store(void)
{
    return store_new((struct store_settings){.dir = dir});
}

static void append(struct store *store, const char *word)
{
    g_autoptr(GBytes) bytes = g_bytes_new(word, strlen(word));
    store_append(store, "log", bytes);
}

static void append_durably(const char *word)
{
    struct store *store = open_store();
    append(store, word);
    assert_true(store_sync(store));
    store_free(store);
}

/* The value of the log, as a new store reads it. */
static char *value(void)
{
    struct store *store = open_store();
    g_autoptr(GBytes) bytes = store_recall(store, "log");
    GString *word = g_string_new(NULL);
    g_string_append_len(word, g_bytes_get_data(bytes, NULL),
                        (gssize)g_bytes_get_size(bytes));
    store_free(store);
    return g_string_free(word, FALSE);
}

/* Run @p act in a process of its own; what it said, and its exit status. */
static char *said_by(void (*act)(void), int *status)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    close(pipes[1]);
    char text[1000];
    size_t size = 0;
    for (ssize_t n; (n = read(pipes[0], text + size, 999 - size)) > 0;)
        size += (size_t)n;
    close(pipes[0]);
    waitpid(child, status, 0);
    *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
    return g_strndup(text, size);
}

/* ---- What makes it durable: the linker lets us look (local.mk). ---- */

static char calls[100];

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_fdatasync(int fd)
{
    g_strlcat(calls, "sync file; ", sizeof calls);
    return __real_fdatasync(fd);
}

int __wrap_fsync(int fd)
{
    g_strlcat(calls, "sync directory; ", sizeof calls);
    return __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    g_strlcat(calls, "rename; ", sizeof calls);
    return __real_rename(from, to);
}

static void expect_calls(struct store *store, const char *expected)
{
    calls[0] = '\0';
    assert_true(store_sync(store));
    assert_string_equal(calls, expected);
}

static void
a_file_is_synced_before_it_gets_its_name_and_the_directory_after(void **state)
{
    (void)state;
    struct store *store = open_store();
    append(store, "aaaa");
    expect_calls(store, "sync file; rename; sync directory; ");
    append(store, "bbbb");
    append(store, "cccc");
    expect_calls(store, "sync file; ");
    store_persist(store, "log", NULL);
    expect_calls(store, "sync directory; ");
    expect_calls(store, "");
    store_free(store);
}

/* ---- Files, byte by byte. ---- */

static char *path(void)
{
    return g_build_filename(dir, "log.value", NULL);
}

static GBytes *image(void)
{
    g_autofree char *file = path();
    char *data;
    size_t size;
    assert_true(g_file_get_contents(file, &data, &size, NULL));
    return g_bytes_new_take(data, size);
}

static void put_image(const uint8_t *data, size_t size)
{
    g_autofree char *file = path();
    FILE *out = fopen(file, "wb");
    assert_int_equal(fwrite(data, 1, size, out), size);
    fclose(out);
}

/* aaaa is durable; bbbb and cccc were written behind it. */
static GBytes *three_words(void)
{
    append_durably("aaaa");
    append_durably("bbbb");
    append_durably("cccc");
    return image();
}

/* A file that was damaged from byte @p at on, somewhere behind aaaa: the words
 * before must be there, and no word after the damage may ever come back. */
static void expect_prefix(size_t at, bool may_hold)
{
    static const char *const kept[] = {"", "aaaa", "aaaabbbb", "aaaabbbbcccc"};
    size_t whole = (at - HEAD) / FRAME;
    g_autofree char *now = value();
    bool held = may_hold && strcmp(now, kept[WORDS]) == 0;
    if (held)
        return;
    assert_string_equal(now, kept[whole]);
    append_durably("bbbb"); /* The same bytes as were there before. */
    g_autofree char *then = value();
    g_autofree char *expected = g_strconcat(kept[whole], "bbbb", NULL);
    assert_string_equal(then, expected);
}

static void for_each_byte(void (*damage)(uint8_t *data, size_t at, size_t end),
                          bool may_hold)
{
    g_autoptr(GBytes) whole = three_words();
    size_t size = g_bytes_get_size(whole), end = HEAD + WORDS * FRAME;
    for (size_t at = HEAD + FRAME; at < end; at++) {
        g_autofree uint8_t *data =
            g_memdup2(g_bytes_get_data(whole, NULL), size);
        damage(data, at, end);
        put_image(data, size);
        expect_prefix(at, may_hold);
    }
}

static void zero_the_rest(uint8_t *data, size_t at, size_t end)
{
    memset(data + at, 0, end - at);
}

static void zero_one(uint8_t *data, size_t at, size_t end)
{
    (void)end;
    data[at] = 0;
}

static void flip_one(uint8_t *data, size_t at, size_t end)
{
    (void)end;
    data[at] ^= 0x10;
}

static void garble_the_rest(uint8_t *data, size_t at, size_t end)
{
    struct dice dice = dice_at(1, at, end);
    for (; at < end; at++)
        data[at] = (uint8_t)~dice_roll(&dice) | 1;
}

static void a_file_cut_anywhere_keeps_its_whole_frames(void **state)
{
    (void)state;
    g_autoptr(GBytes) whole = three_words();
    for (size_t at = HEAD + FRAME; at < HEAD + WORDS * FRAME; at++) {
        put_image(g_bytes_get_data(whole, NULL), at);
        expect_prefix(at, false);
    }
}

/* A byte that was zero already is no damage. */
static void a_file_zeroed_from_anywhere_keeps_its_whole_frames(void **state)
{
    (void)state;
    for_each_byte(zero_the_rest, true);
}

static void a_zeroed_byte_ends_the_row_though_frames_follow(void **state)
{
    (void)state;
    for_each_byte(zero_one, true);
}

static void a_flipped_bit_ends_the_row_though_frames_follow(void **state)
{
    (void)state;
    for_each_byte(flip_one, false);
}

static void a_file_garbled_from_anywhere_keeps_its_whole_frames(void **state)
{
    (void)state;
    for_each_byte(garble_the_rest, false);
}

static void a_frame_of_an_older_file_never_fits(void **state)
{
    (void)state;
    g_autoptr(GBytes) older = three_words();
    struct store *store = open_store();
    store_persist(store, "log", NULL);
    assert_true(store_sync(store));
    store_free(store);
    append_durably("aaaa");
    append_durably("bbbb");
    g_autoptr(GBytes) newer = image();
    g_autofree uint8_t *data =
        g_memdup2(g_bytes_get_data(newer, NULL), g_bytes_get_size(newer));
    memcpy(data + HEAD + 2 * FRAME,
           (const uint8_t *)g_bytes_get_data(older, NULL) + HEAD + 2 * FRAME,
           FRAME);
    put_image(data, g_bytes_get_size(newer));
    g_autofree char *now = value();
    assert_string_equal(now, "aaaabbbb");
}

static void a_value_larger_than_the_zeros_ahead_is_whole(void **state)
{
    (void)state;
    g_autofree char *large = g_strnfill(5 << 19, 'x');
    append_durably("aaaa");
    append_durably(large);
    append_durably("bbbb");
    g_autofree char *now = value();
    assert_int_equal(strlen(now), (5 << 19) + 8);
    assert_true(g_str_has_suffix(now, "xbbbb"));
}

static void write_and_read_many_keys(void)
{
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){16, 16});
    struct store *store = open_store();
    g_autoptr(GBytes) word = g_bytes_new_static("word", 4);
    for (int i = 0; i < 40; i++) {
        g_autofree char *key = g_strdup_printf("key.%d", i);
        store_append(store, key, word);
        g_assert(store_sync(store));
        g_autoptr(GBytes) value = store_recall(store, key);
        g_assert(g_bytes_equal(value, word));
    }
}

static void keys_are_not_limited_by_descriptors(void **state)
{
    int status;
    (void)state;
    g_autofree char *said = said_by(write_and_read_many_keys, &status);
    assert_string_equal(said, "");
    assert_int_equal(status, 0);
}

static void a_directory_is_made_and_durable_with_all_above_it(void **state)
{
    (void)state;
    g_autofree char *deep = g_build_filename(dir, "a", "b", "c", NULL);
    calls[0] = '\0';
    store_free(store_new((struct store_settings){.dir = deep}));
    assert_string_equal(calls, "sync directory; sync directory; "
                               "sync directory; ");
}

static void what_no_sync_covers_is_lost(void **state)
{
    (void)state;
    append_durably("aaaa");
    struct store *store = open_store();
    append(store, "bbbb");
    store_free(store);
    g_autofree char *now = value();
    assert_string_equal(now, "aaaa");
}

/* ---- The store stops. ---- */

static void read_value(void)
{
    g_free(value());
}

static void damage_in_the_base_stops_it(void **state)
{
    (void)state;
    append_durably("aaaa");
    g_autoptr(GBytes) whole = image();
    size_t size = g_bytes_get_size(whole);
    for (size_t at = 0; at < HEAD + FRAME; at++) {
        g_autofree uint8_t *data =
            g_memdup2(g_bytes_get_data(whole, NULL), size);
        int status;
        data[at] ^= 1;
        put_image(data, size);
        g_autofree char *said = said_by(read_value, &status);
        assert_int_equal(status, 1);
        assert_non_null(strstr(said, "log.value: damaged, and not by a crash"));
    }
}

static void a_second_store_in_the_same_directory_is_refused(void **state)
{
    int status;
    (void)state;
    struct store *store = open_store();
    g_autofree char *said = said_by(read_value, &status);
    assert_int_equal(status, 1);
    assert_non_null(strstr(said, "in use by another process"));
    store_free(store);
}

/* Release one word after the other, until the disk refuses. */
static void fill(void)
{
    g_autofree char *word = g_strnfill(100000, 'x');
    struct store *store = open_store();
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 100; i++) {
        append(store, word);
        g_assert(store_sync(store));
    }
}

static void fill_small_files(void)
{
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){5 << 20, 5 << 20});
    fill();
}

static void a_disk_that_refuses_stops_it_and_what_was_synced_stays(void **state)
{
    int status;
    (void)state;
    append_durably("aaaa");
    g_autofree char *said = said_by(fill_small_files, &status);
    assert_int_equal(status, 1);
    assert_non_null(strstr(said, "log.value: File too large: this node stops"));
    g_autofree char *now = value();
    assert_true(g_str_has_prefix(now, "aaaaxxxx"));
    assert_true(strlen(now) > 3000000);
    assert_int_equal(strlen(now) % 100000, 4);
}

static void tell_kernel(const char *file, unsigned id)
{
    FILE *out = fopen(file, "w");
    if (!out || fprintf(out, "0 %u 1", id) < 0 || fclose(out) != 0)
        _exit(77);
}

/* Mount a small disk on the directory, seen by this process alone. */
static void mount_small_disk(unsigned long flags)
{
    unsigned user = getuid(), group = getgid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        _exit(77);
    FILE *groups = fopen("/proc/self/setgroups", "w");
    if (!groups || fputs("deny", groups) < 0 || fclose(groups) != 0)
        _exit(77);
    tell_kernel("/proc/self/uid_map", user);
    tell_kernel("/proc/self/gid_map", group);
    if (mount("small", dir, "tmpfs", flags, "size=2m") < 0)
        _exit(77);
}

static void fill_small_disk(void)
{
    mount_small_disk(0);
    fill();
}

static void write_to_a_read_only_disk(void)
{
    mount_small_disk(MS_RDONLY);
    append_durably("aaaa");
}

/* skip() jumps away: what the caller holds must be freed before. */
static void skip_without_namespaces(int status, char **said)
{
    if (status != 77)
        return;
    g_clear_pointer(said, g_free);
    skip();
}

static void a_full_disk_stops_it(void **state)
{
    int status;
    (void)state;
    g_autofree char *said = said_by(fill_small_disk, &status);
    skip_without_namespaces(status, &said);
    assert_int_equal(status, 1);
    assert_non_null(strstr(said, "No space left on device: this node stops"));
}

static void a_read_only_disk_stops_it(void **state)
{
    int status;
    (void)state;
    g_autofree char *said = said_by(write_to_a_read_only_disk, &status);
    skip_without_namespaces(status, &said);
    assert_int_equal(status, 1);
    assert_non_null(strstr(said, "Read-only file system: this node stops"));
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, make_dir, remove_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(a_file_is_synced_before_it_gets_its_name_and_the_directory_after),
        CASE(a_file_cut_anywhere_keeps_its_whole_frames),
        CASE(a_file_zeroed_from_anywhere_keeps_its_whole_frames),
        CASE(a_zeroed_byte_ends_the_row_though_frames_follow),
        CASE(a_flipped_bit_ends_the_row_though_frames_follow),
        CASE(a_file_garbled_from_anywhere_keeps_its_whole_frames),
        CASE(a_frame_of_an_older_file_never_fits),
        CASE(a_value_larger_than_the_zeros_ahead_is_whole),
        CASE(what_no_sync_covers_is_lost),
        CASE(keys_are_not_limited_by_descriptors),
        CASE(a_directory_is_made_and_durable_with_all_above_it),
        CASE(damage_in_the_base_stops_it),
        CASE(a_second_store_in_the_same_directory_is_refused),
        CASE(a_disk_that_refuses_stops_it_and_what_was_synced_stays),
        CASE(a_full_disk_stops_it),
        CASE(a_read_only_disk_stops_it),
    };
    return test_run(argc, argv, tests);
}

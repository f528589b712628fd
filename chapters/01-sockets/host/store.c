/*
 * Each file has two buffers: `filling`, where the loop puts frames, and
 * `writing`, which belongs to the sync while one is under way. store_sync swaps
 * them, so that the sync may as well be a thread's.
 *
 *     loop:  persist, append -> filling --.   .-- store_synced
 *     sync:                      writing <'-> pwrite, fdatasync, rename
 *
 * What a sync does to a file is its fate: it is extended, replaced or removed.
 *
 * Files that are only written are written in the loop, and kept in mind: the next
 * sync of others syncs them first. So what is in a newer file never survives a
 * power failure that takes what was written before to an older one.
 */
#include "01-sockets/host/frames.h"
#include "01-sockets/host/store_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The thread. ---- */

static void *run_thread(void *self)
{
    struct store *store = self;
    pthread_mutex_lock(&store->mutex);
    for (;;) {
        while (!store->syncing && !store->stopping)
            pthread_cond_wait(&store->changed, &store->mutex);
        if (store->stopping)
            break;
        pthread_mutex_unlock(&store->mutex);
        store_do_job(store);
        pthread_mutex_lock(&store->mutex);
        store->syncing = false;
        pthread_cond_broadcast(&store->changed);
        eventfd_write(store->done, 1);
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

static void set_and_tell(struct store *store, bool *flag)
{
    pthread_mutex_lock(&store->mutex);
    *flag = true;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->mutex);
}

static void wait_for_thread(struct store *store)
{
    if (!store->threaded)
        return;
    pthread_mutex_lock(&store->mutex);
    while (store->syncing)
        pthread_cond_wait(&store->changed, &store->mutex);
    pthread_mutex_unlock(&store->mutex);
}

/* ---- The loop's side of a sync. ---- */

static void hand_over(struct store_file *file)
{
    GByteArray *empty = file->writing;
    file->writing = file->filling;
    file->filling = empty;
    file->writing_fate = file->fate;
    file->fate = FATE_EXTENDED;
    file->dirty = false;
}

static bool is_lazy(const struct store *store)
{
    for (unsigned i = 0; i < store->dirty->len; i++) {
        const struct store_file *file = store->dirty->pdata[i];
        if (!file->lazy || file->fate != FATE_EXTENDED)
            return false;
    }
    return store->dirty->len > 0;
}

static void write_lazily(struct store *store)
{
    for (unsigned i = 0; i < store->dirty->len; i++) {
        struct store_file *file = store->dirty->pdata[i];
        hand_over(file);
        close(store_extend(file));
        if (!file->unsynced)
            g_ptr_array_add(store->unsynced, file);
        file->unsynced = true;
    }
    g_ptr_array_set_size(store->dirty, 0);
}

bool store_sync(struct store *store)
{
    if (is_lazy(store)) {
        write_lazily(store);
        return true;
    }
    GPtrArray *job = store->job;
    store->job = store->dirty;
    store->dirty = job;
    g_ptr_array_set_size(store->dirty, 0);
    for (unsigned i = 0; i < store->job->len; i++)
        hand_over(store->job->pdata[i]);
    if (store->threaded)
        set_and_tell(store, &store->syncing);
    else
        store_do_job(store);
    return !store->threaded;
}

int store_fd(const struct store *store)
{
    return store->done;
}

void store_synced(struct store *store)
{
    eventfd_t count;
    eventfd_read(store->done, &count);
}

/* ---- Files: found, read and closed. ---- */

/* The bytes of a file, its value at the front. NULL: there is no such file. */
static uint8_t *read_file(const struct store_file *file, size_t *size,
                          struct frames_end *end)
{
    g_autoptr(GError) error = NULL;
    char *data;
    if (!g_file_get_contents(file->path, &data, size, &error)) {
        if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            store_stop(file->path, error->message);
        return NULL;
    }
    if (!frames_read((uint8_t *)data, *size, end))
        store_stop(file->path, "damaged, and not by a crash");
    return (uint8_t *)data;
}

static bool is_zero(const uint8_t *data, size_t size)
{
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

/* Whatever is there. What is behind the last whole frame was never promised to
 * anyone, and goes when the file is extended. Returns its value, new, or NULL. */
static GBytes *read_old(struct store_file *file)
{
    struct frames_end end;
    size_t size;
    uint8_t *data = read_file(file, &size, &end);
    if (!data)
        return NULL;
    file->end = (off_t)end.at;
    file->written = (off_t)size;
    file->sum = end.sum;
    file->torn = !is_zero(data + end.at, size - end.at);
    file->exists = true;
    return g_bytes_new_take(data, end.value);
}

/* What the file holds by now. Returns new. */
static GBytes *read_again(const struct store_file *file)
{
    struct frames_end end;
    size_t size;
    uint8_t *data = read_file(file, &size, &end);
    if (!data)
        store_stop(file->path, "damaged, and not by a crash");
    return g_bytes_new_take(data, end.value);
}

static void file_free(void *data)
{
    struct store_file *file = data;
    g_byte_array_unref(file->filling);
    g_byte_array_unref(file->writing);
    g_free(file->fresh);
    g_free(file->path);
    g_free(file->key);
    g_free(file);
}

static struct store_file *find_file(const struct store *store, const char *key)
{
    return g_hash_table_lookup(store->files, key);
}

/* One that is not known yet; it had this value, or NULL. */
static struct store_file *add_file(struct store *store, const char *key,
                                   GBytes **value)
{
    struct store_file *file = g_new0(struct store_file, 1);
    file->key = g_strdup(key);
    file->path = g_strdup_printf("%s/%s.value", store->path, key);
    file->fresh = g_strconcat(file->path, ".new", NULL);
    file->filling = g_byte_array_new();
    file->writing = g_byte_array_new();
    file->lazy = store->written && g_str_has_prefix(key, store->written);
    *value = read_old(file);
    g_hash_table_insert(store->files, file->key, file);
    return file;
}

/* ---- Writing and reading. ---- */

static struct store_file *soil(struct store *store, const char *key)
{
    g_autoptr(GBytes) old = NULL;
    struct store_file *file = find_file(store, key);
    if (!file)
        file = add_file(store, key, &old);
    if (!file->dirty)
        g_ptr_array_add(store->dirty, file);
    file->dirty = true;
    return file;
}

static void begin_file(struct store_file *file)
{
    uint64_t salt;
    if (getrandom(&salt, sizeof salt, 0) != sizeof salt)
        store_stop("getrandom", g_strerror(errno));
    frames_begin(file->filling, salt);
    file->fate = FATE_REPLACED;
    file->exists = true;
}

void store_persist(struct store *store, const char *key, GBytes *value)
{
    struct store_file *file = soil(store, key);
    g_byte_array_set_size(file->filling, 0);
    file->fate = FATE_REMOVED;
    file->exists = false;
    if (value)
        store_append(store, key, value);
}

void store_append(struct store *store, const char *key, GBytes *bytes)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    struct store_file *file = soil(store, key);
    if (!file->exists)
        begin_file(file);
    else if (file->filling->len == 0)
        frames_open(file->filling);
    g_assert(size < UINT32_MAX - file->filling->len - FRAMES_HEAD);
    if (size > 0)
        g_byte_array_append(file->filling, data, (guint)size);
}

/* What is written, and not yet on its way to the file, behind @p old or NULL. */
static GBytes *with_filling(const struct store_file *file, GBytes *old)
{
    guint head = FRAME_HEAD + (file->fate == FATE_REPLACED ? FRAMES_HEAD : 0);
    size_t size = 0;
    const uint8_t *data = old ? g_bytes_get_data(old, &size) : NULL;
    GByteArray *value = g_byte_array_new();
    if (size > 0)
        g_byte_array_append(value, data, (guint)size);
    if (file->filling->len > head)
        g_byte_array_append(value, file->filling->data + head,
                            file->filling->len - head);
    return g_byte_array_free_to_bytes(value);
}

GBytes *store_recall(struct store *store, const char *key)
{
    g_autoptr(GBytes) old = NULL;
    wait_for_thread(store);
    struct store_file *file = find_file(store, key);
    if (!file)
        add_file(store, key, &old);
    else if (file->exists && file->fate == FATE_EXTENDED)
        old = read_again(file);
    if (file && file->exists && file->filling->len > 0)
        return with_filling(file, old);
    return g_steal_pointer(&old);
}

/* ---- Life. ---- */

static void sync_directory(const char *path)
{
    int fd = store_open_file(path, O_RDONLY | O_DIRECTORY);
    store_stop_if(fsync(fd) < 0, path);
    close(fd);
}

/* A new directory is durable with its parent, and that with its own. */
static void make_directory(const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);
    if (!g_file_test(parent, G_FILE_TEST_IS_DIR))
        make_directory(parent);
    store_stop_if(mkdir(path, 0700) < 0 && errno != EEXIST, path);
    sync_directory(parent);
}

static void open_directory(struct store *store)
{
    make_directory(store->path);
    store->dir = store_open_file(store->path, O_RDONLY | O_DIRECTORY);
    if (flock(store->dir, LOCK_EX | LOCK_NB) < 0)
        store_stop(store->path, "in use by another process");
}

/* Signals are for the thread that made the store: it knows what to do. */
static void start_thread(struct store *store)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->changed, NULL);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = pthread_create(&store->thread, NULL, run_thread, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    store_stop_if(errno != 0, "disk thread");
    store->threaded = true;
}

static void stop_thread(struct store *store)
{
    wait_for_thread(store);
    set_and_tell(store, &store->stopping);
    pthread_join(store->thread, NULL);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->mutex);
}

struct store *store_new(struct store_settings settings)
{
    struct store *store = g_new0(struct store, 1);
    store->path = g_strdup(settings.dir);
    store->pause = settings.pause;
    store->self = settings.self;
    open_directory(store);
    store->files =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, file_free);
    store->dirty = g_ptr_array_new();
    store->job = g_ptr_array_new();
    store->unsynced = g_ptr_array_new();
    store->written = g_strdup(settings.written);
    store->spare = g_build_filename(store->path, "spare", NULL);
    store->has_spare = access(store->spare, F_OK) == 0;
    store->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    store_stop_if(store->done < 0, "eventfd");
    if (settings.thread)
        start_thread(store);
    return store;
}

void store_free(struct store *store)
{
    if (store->threaded)
        stop_thread(store);
    close(store->done);
    close(store->dir);
    g_ptr_array_unref(store->dirty);
    g_ptr_array_unref(store->job);
    g_ptr_array_unref(store->unsynced);
    g_free(store->written);
    g_free(store->spare);
    g_hash_table_unref(store->files);
    g_free(store->path);
    g_free(store);
}

/*
 * What a sync does to the disk, for store.c: in the loop, or in a thread of its
 * own.
 *
 *     log.7  [ ======= frames ======= | zeros ]
 *     removed: the spare              .
 *     log.9  [ = frames = | frames of log.7   ]     all blocks are there already
 *
 * What a spare holds is no part of the new row: each has a salt (frames.h).
 */
#include "01-sockets/host/frames.h"
#include "01-sockets/host/store_parts.h"
#include "common/world/complain.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AHEAD = 1 << 20 };

void store_stop(const char *path, const char *why)
{
    _exit(complain(FAILED,
                   "%s: %s: this node stops, for it can promise "
                   "nothing",
                   path, why));
}

void store_stop_if(bool failed, const char *path)
{
    if (failed)
        store_stop(path, g_strerror(errno));
}

/* ---- A sync, perhaps in its own thread. ---- */

int store_open_file(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    store_stop_if(fd < 0, path);
    return fd;
}

static void write_at(int fd, GByteArray *bytes, off_t at, const char *path)
{
    for (size_t done = 0; done < bytes->len;) {
        ssize_t n =
            pwrite(fd, bytes->data + done, bytes->len - done, at + (off_t)done);
        store_stop_if(n < 0 && errno != EINTR, path);
        done += (size_t)MAX(n, 0);
    }
}

void store_sync_and_close(int fd, const char *path)
{
    store_stop_if(fdatasync(fd) < 0, path);
    close(fd);
}

static void write_zeros_to(int fd, struct store_file *file, off_t end)
{
    static uint8_t zeros[AHEAD];
    GByteArray ahead = {.data = zeros, .len = AHEAD};
    for (; file->written < end; file->written += AHEAD)
        write_at(fd, &ahead, file->written, file->path);
}

/* What is torn must go before more is written: a frame of it would follow a new
 * one that has the bytes of the lost one. */
static void cut(int fd, struct store_file *file)
{
    store_stop_if(ftruncate(fd, file->end) < 0 || fdatasync(fd) < 0,
                  file->path);
    file->written = file->end;
    file->torn = false;
}

int store_extend(struct store_file *file)
{
    int fd = store_open_file(file->path, O_RDWR);
    if (file->torn)
        cut(fd, file);
    file->sum = frames_close(file->writing, file->sum);
    off_t end = file->end + file->writing->len;
    if (end > file->written && !file->lazy)
        write_zeros_to(fd, file, end + AHEAD);
    write_at(fd, file->writing, file->end, file->path);
    file->end = end;
    file->written = MAX(file->written, end);
    g_byte_array_set_size(file->writing, 0);
    return fd;
}

/* ---- Rows of files. ---- */

static bool is_of_a_row(const struct store_file *file)
{
    const char *dot = strrchr(file->key, '.');
    return dot && g_ascii_isdigit(dot[1]) && !file->lazy;
}

/* Returns the fresh file, open: the spare, or an empty one. */
static int open_fresh(struct store *store, struct store_file *file)
{
    struct stat spare;
    file->written = 0;
    if (!store->has_spare || !is_of_a_row(file))
        return store_open_file(file->fresh, O_RDWR | O_CREAT | O_TRUNC);
    store_stop_if(rename(store->spare, file->fresh) < 0, store->spare);
    store->has_spare = false;
    int fd = store_open_file(file->fresh, O_RDWR);
    store_stop_if(fstat(fd, &spare) < 0, file->fresh);
    file->written = spare.st_size;
    return fd;
}

/* Returns whether it is a spare now, from the end of this sync on: until its new
 * name is durable it may come back with the old one, and must hold the same. */
static bool keep_as_spare(const struct store *store,
                          const struct store_file *file)
{
    return !store->has_spare && file->written >= AHEAD && is_of_a_row(file) &&
           rename(file->path, store->spare) == 0;
}

/* ---- New files, and removed ones. ---- */

static void replace(struct store *store, struct store_file *file)
{
    int fd = open_fresh(store, file);
    file->sum = frames_seal(file->writing);
    write_at(fd, file->writing, 0, file->fresh);
    file->end = file->writing->len;
    file->written = MAX(file->written, file->end);
    file->torn = false;
    store_sync_and_close(fd, file->fresh);
    store_stop_if(rename(file->fresh, file->path) < 0, file->path);
}

static void remove_file(const struct store_file *file)
{
    store_stop_if(unlink(file->path) < 0 && errno != ENOENT, file->path);
}

static void sync_extended(struct store_file *file)
{
    if (file->writing_fate == FATE_EXTENDED)
        store_sync_and_close(store_extend(file), file->path);
}

/* Returns whether a name has come, or gone. */
static bool sync_other(struct store *store, struct store_file *file,
                       bool *spared)
{
    switch (file->writing_fate) {
    case FATE_EXTENDED:
        return false;
    case FATE_REPLACED:
        replace(store, file);
        break;
    case FATE_REMOVED:
        if (!*spared && keep_as_spare(store, file))
            *spared = true;
        else
            remove_file(file);
        break;
    }
    g_byte_array_set_size(file->writing, 0);
    return true;
}

static void sync_written(struct store *store)
{
    for (unsigned i = 0; i < store->unsynced->len; i++) {
        struct store_file *file = store->unsynced->pdata[i];
        store_sync_and_close(store_open_file(file->path, O_RDWR), file->path);
        file->unsynced = false;
    }
    g_ptr_array_set_size(store->unsynced, 0);
}

/* First what is extended: nothing in a new file outlives what it follows. A new
 * name, or the lack of an old one, is durable with its directory. */
void store_do_job(struct store *store)
{
    bool renamed = false, spared = false;
    sync_written(store);
    for (unsigned i = 0; i < store->job->len; i++)
        sync_extended(store->job->pdata[i]);
    for (unsigned i = 0; i < store->job->len; i++)
        renamed |= sync_other(store, store->job->pdata[i], &spared);
    if (renamed)
        store_stop_if(fsync(store->dir) < 0, store->path);
    store->has_spare |= spared;
    if (store->pause)
        store->pause(store->self);
}

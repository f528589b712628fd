/**
 * @file store.h
 * Durable values under keys, one file each, in one directory.
 *
 *     store_append(store, "log", entry);   // in memory
 *     if (store_sync(store))               // written, synced: durable
 *         ...
 *     else                                 // a thread is at it: store_fd()
 *         ...                              // gets readable when it is done
 *
 * A file is a row of frames (frames.h), one for each turn that wrote to it, in
 * zeros written ahead, for to sync an overwrite costs less than to sync a file
 * that grows: a key that is appended to takes a megabyte more than its bytes. A
 * value is replaced by writing another file and renaming it. Opening keeps the
 * longest row of frames that hold: a crash keeps a prefix.
 *
 * Keys that end with a dot and a number, log.7 and log.9, are the files of one
 * row: a large one that is removed is kept, and the next new one overwrites it.
 *
 * When the disk refuses, the store says so on stderr and ends the process with
 * status 1: after a failed sync nothing is known of what the disk holds.
 */
#ifndef SOCKETS_STORE_H
#define SOCKETS_STORE_H
#include "common/world/env.h"

struct store;

/** How to keep it. */
struct store_settings {
    const char *dir; /**< Made if it is not there; used by one store at once. */
    bool thread;     /**< Sync in a thread: turns go on meanwhile. */
    /** Keys that begin so, unless it is NULL: what is appended to them is only
     * written, which survives the end of the process, and not that of the
     * machine. It is synced before any file is made, replaced or removed. */
    const char *written;
    /** Unless NULL, called once in each sync, in its thread, when the bytes are
     * durable and nobody knows yet: a slow disk, for a demonstration. */
    void (*pause)(void *self);
    void *self; /**< For pause. */
};

/** Open the store in settings.dir. Returns new. */
struct store *store_new(struct store_settings settings);
/** Replace the value under @p key; NULL removes it. Borrows both. */
void store_persist(struct store *store, const char *key, GBytes *value);
/** Add @p bytes to the value under @p key. Borrows both. */
void store_append(struct store *store, const char *key, GBytes *bytes);
/** The value as written so far; NULL when there is none. Waits for a sync
 * under way. Returns new. */
GBytes *store_recall(struct store *store, const char *key);
/** Make all that was written durable. True when it is, at once when that is only
 * written (see settings); false when the thread has only begun: do not call it
 * again before store_synced(). */
bool store_sync(struct store *store);
/** Readable when the thread is done. */
int store_fd(const struct store *store);
/** Takes note that it is done. */
void store_synced(struct store *store);
/** Free it. As a crash: what no sync covers is lost. */
void store_free(struct store *store);

#endif

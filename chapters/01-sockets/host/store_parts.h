/**
 * @file store_parts.h
 * What the parts of a store share: store.c, which has the values, and
 * store_disk.c, which writes them. Nobody else includes this.
 */
#ifndef SOCKETS_STORE_PARTS_H
#define SOCKETS_STORE_PARTS_H
#include "01-sockets/host/store.h"
#include <pthread.h>
#include <sys/types.h>

/** What a sync does to a file. */
enum store_fate {
    FATE_EXTENDED, /**< A frame is written behind the others. */
    FATE_REPLACED, /**< It is made anew. */
    FATE_REMOVED   /**< It goes. */
};

/** A value's file. */
struct store_file {
    char *key;            /**< Of the value. */
    char *path;           /**< Where it is. */
    char *fresh;          /**< A new one, until it is renamed to path. */
    off_t end;            /**< Where the last frame ends. */
    off_t written;        /**< Where what was written ahead ends. */
    uint32_t sum;         /**< Of the last frame there. */
    bool torn;            /**< Behind the last frame are bytes to be cut. */
    bool exists;          /**< With what is in filling. */
    bool dirty;           /**< There is something to sync. */
    bool lazy;            /**< It is only written, when it is extended. */
    bool unsynced;        /**< And was. */
    GByteArray *filling;  /**< Where the loop puts bytes. */
    GByteArray *writing;  /**< The sync's, while one is under way. */
    enum store_fate fate; /**< Of what is in filling. */
    enum store_fate writing_fate; /**< Of what is in writing. */
};

/** A store. */
struct store {
    char *path;                /**< The directory. */
    int dir;                   /**< The same, open. */
    void (*pause)(void *self); /**< See store.h. */
    void *self;                /**< Likewise. */
    char *written;             /**< The prefix of keys that are only written. */
    GHashTable *files;         /**< By key. */
    GPtrArray *dirty;          /**< Borrowed files: to be synced ... */
    GPtrArray *job;            /**< ... being synced ... */
    GPtrArray *unsynced;       /**< ... and written, but not synced. */
    char *spare;               /**< A removed file, for the next of its row. */
    bool has_spare;            /**< There is one. */
    int done;                  /**< Eventfd: the thread's word. */
    bool threaded;             /**< There is a thread. */
    pthread_t thread;          /**< It. */
    pthread_mutex_t mutex;     /**< For these two: */
    bool syncing;              /**< It has a job. */
    bool stopping;             /**< It is to end. */
    pthread_cond_t changed;    /**< One of them has. */
};

/** Say why, and end the process. */
G_NORETURN void store_stop(const char *path, const char *why);
/** The same, with errno, if something failed. */
void store_stop_if(bool failed, const char *path);
/** Open a file, or stop. */
int store_open_file(const char *path, int flags);
/** Make it durable, or stop. */
void store_sync_and_close(int fd, const char *path);
/** Write the frame of this turn behind the others. Returns the file, open. */
int store_extend(struct store_file *file);
/** Do store->job: all of it is durable then. */
void store_do_job(struct store *store);

#endif

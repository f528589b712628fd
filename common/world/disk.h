/**
 * @file disk.h
 * A simulated disk: values under keys, and of each key the writes that are not
 * durable yet.
 *
 *     disk_append(disk, "log", entry);
 *     disk_sync_start(disk);    // covers the entry
 *     disk_sync_finish(disk);   // it is durable
 *
 * A crash keeps, of each key on its own, a prefix of what was not durable: some
 * writes whole, then, if the next is an append, perhaps some of its bytes. A
 * persist is kept whole or not at all.
 */
#ifndef WORLD_DISK_H
#define WORLD_DISK_H
#include "common/world/dice.h"
#include "common/world/env.h"

struct disk;

/** What a crash leaves of the writes that are not durable yet. */
enum disk_loss {
    DISK_TEARS, /**< Of each key a prefix: power fails. */
    DISK_LOSES, /**< Nothing: power fails, and worse it cannot be. */
    DISK_KEEPS, /**< All: the process dies, and the machine lives on. */
};

/** An empty disk. Returns new. */
struct disk *disk_new(void);
/** Replace the value under @p key; NULL removes it. Borrows both. */
void disk_persist(struct disk *disk, const char *key, GBytes *value);
/** Add @p bytes to the value under @p key. Borrows both. */
void disk_append(struct disk *disk, const char *key, GBytes *bytes);
/** What a reader sees, durable or not; NULL when there is none. Returns new. */
GBytes *disk_recall(struct disk *disk, const char *key);
/** A sync starts: it covers all writes so far. */
void disk_sync_start(struct disk *disk);
/** The sync that was started is done: what it covered is durable. */
void disk_sync_finish(struct disk *disk);
/** What is durable: a crash cannot take it. NULL when there is none. Returns
 * new. */
GBytes *disk_stored(struct disk *disk, const char *key);
/** A crash: from now on only what it leaves is there, and that is durable.
 * Where it tears, what is kept of a key depends on @p dice, rolled for that
 * key's name alone. Returns how many writes were not kept whole. */
unsigned disk_crash(struct disk *disk, struct dice dice, enum disk_loss loss);
/** Free it. */
void disk_free(struct disk *disk);

#endif

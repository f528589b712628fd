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
/** Power fails. What is kept of a key depends on @p seed, @p place and the
 * key's name alone. */
void disk_crash(struct disk *disk, uint64_t seed, uint64_t place);
/** Free it. */
void disk_free(struct disk *disk);

#endif

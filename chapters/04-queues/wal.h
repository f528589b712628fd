/**
 * @file wal.h
 * A write-ahead log: records that survive crashes, in order, without a hole.
 *
 *     struct wal *wal = wal_open(env, settings, on_record, self, &error);
 *     uint64_t seq = wal_append(wal, &payload, 1);
 *     env_send(env, client, done);    // The output rule: when that is durable.
 *
 * It is kept in *segments* of about a megabyte, one key each: queue.1, queue.2
 * and so on (recover.h shows the bytes), and a *manifest*, queue.first, which
 * names the oldest that counts. The log grows at the end of the last segment,
 * and shrinks by whole segments at the front.
 *
 * There is no order between keys. So nothing in one key relies on another before
 * that is known to be durable, by a message to oneself:
 *
 *  - *Rotation.* The new segment begins with a copy of all records that are not
 *    known to be durable, and is persisted with them: whole or not at all. It
 *    repeats the end of the old one, and needs nothing of that end.
 *  - *Truncation.* First what takes the place of the old records is durable, then
 *    the manifest, and only then are the old segments removed.
 *
 * A crash leaves a prefix of the records (Q9). Opening cuts a torn end of the
 * last segment before it appends again. Damage elsewhere, a hole in the
 * numbers, a segment that is missing, or is another one's: it refuses, names
 * segment and byte, and changes nothing. (Not noticed: that the manifest and the
 * first segments are missing, or only the newest.)
 */
#ifndef QUEUES_WAL_H
#define QUEUES_WAL_H
#include "04-queues/recover.h"

struct wal;

/** What kind of log. */
struct wal_settings {
    const char *name; /**< Its keys begin so: 1 to 40 of [a-z0-9-]. */
    size_t segment;   /**< Bytes after which a segment is full; 0: 1 MiB. */
};

/** Its keys, by the numbers of segments; and then there is the manifest. */
struct wal_range {
    uint64_t first; /**< The first segment that may be there. */
    uint64_t last;  /**< The last. */
};

/** Open the log, or begin it; each record is given to @p visit, in order. NULL:
 * it is damaged, and @p error says where; records before may have been given.
 * Borrows @p env. Returns new. */
struct wal *wal_open(struct env *env, struct wal_settings settings,
                     recover_visitor *visit, void *self, GError **error);
/** A message to this node has come: perhaps one that the log has sent to itself.
 * Returns whether it was. For whoever is bound to the env. */
bool wal_on_message(struct wal *wal, node_id from, GBytes *message);
/** Append one record, of the @p count parts one behind the other, RECORD_MOST
 * bytes at most, else it aborts. Returns its seq; the first of all is 1. */
uint64_t wal_append(struct wal *wal, const struct word *parts, unsigned count);
/** Records before @p seq are not needed any more: what takes their place was
 * appended. As many segments as hold nothing else go, in a while. */
void wal_trim(struct wal *wal, uint64_t seq);
/** The oldest record that is not in a segment on its way out. */
uint64_t wal_first(const struct wal *wal);
/** The seq of the first record behind the oldest segment: to free that one, trim
 * to here. wal_next() when there is only one. */
uint64_t wal_second(const struct wal *wal);
/** The seq of the next record. */
uint64_t wal_next(const struct wal *wal);
/** Bytes of all segments that are not on their way out. */
size_t wal_size(const struct wal *wal);
/** Its segments, those on their way out as well. */
struct wal_range wal_range(const struct wal *wal);
/** Free it. */
void wal_free(struct wal *wal);

#endif

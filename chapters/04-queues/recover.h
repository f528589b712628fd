/**
 * @file recover.h
 * What a crash has left of one segment of a log (wal.h): where the good part
 * ends, and whether that is a torn end or damage.
 *
 *     head      magic "wal1" | salt, 4 bytes | first, 8 | check, 4
 *     record    check, 4 bytes | salt, 4 | size, 4 | seq, 8 | payload
 *     record    ...
 *
 * Numbers have their high byte first. A head's check is the CRC-32C of the 16
 * bytes before it, and first is at least 1. A record's check is that of all its
 * bytes behind the check; its salt is that of the head, its size is that of the
 * payload. Records are numbered on from the head's first, each one more than the
 * one before it. So zeros are no record, nor is a record of another segment, not
 * even one that a payload holds: nobody who writes payloads knows the salt.
 *
 * A crash *tears* the end off: of what was not durable, a prefix is left, in
 * the middle of a record perhaps; and behind it a file system may leave zeros
 * or anything that was there. Nobody was promised what is torn: it is cut.
 *
 * *Rot* is damage to what was durable. It must not be cut, or a log would lose
 * in silence what it has promised, and all behind it. The two differ by what
 * follows: behind a torn end there is nothing that was written later. So where
 * the next record should begin, and does not, that is rot when there or at any
 * place behind it a whole record of this segment begins, right check and all,
 * with a greater seq than the last good one. (Rot in the very last record cannot
 * be told from a torn end. Who has to know writes one more.)
 *
 * No size is believed before the check is right, and nothing is reserved.
 */
#ifndef QUEUES_RECOVER_H
#define QUEUES_RECOVER_H
#include "02-framing/word.h"
#include "common/world/env.h"

/** Bytes before a payload, and at the beginning of a segment. */
enum { RECORD_HEAD = 20, SEGMENT_HEAD = 20 };
/** The longest payload: what claims a longer one is no record. */
#define RECORD_MOST ((size_t)64 << 20)

/** How a segment ends. */
enum recover_verdict {
    RECOVER_WHOLE, /**< With its last record. */
    RECOVER_TORN,  /**< In bytes that are no record, with no later one behind
                        them. */
    RECOVER_ROTTEN /**< Not yet: records follow behind the damage. Or the head
                        is not whole and right: a segment is begun at once, head
                        and all, so no crash can do that. */
};

/** What was found. */
struct recovery {
    enum recover_verdict verdict; /**< How it ends. */
    size_t good; /**< Bytes up to the end of the last good record, the head
                         included; 0: not even that is good. */
    uint64_t
        first;     /**< The seq of the first record; 0: the head is not good. */
    uint64_t next; /**< The seq that the record behind the good ones has; 0: the
                        head is not good. */
};

/** Is given each good record, in order: its payload stands in the segment. */
typedef void recover_visitor(void *self, uint64_t seq, struct word payload);

/** Read the bytes of a segment, borrowed. Whatever they are, it reads nothing
 * else, and ends: in time that grows with their number, for a check is computed
 * only where the salt is right. */
struct recovery recover(GBytes *segment, recover_visitor *visit, void *self);

#endif

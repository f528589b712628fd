/**
 * @file wal_parts.h
 * The parts of a log, for its own files: wal.c, which keeps it, wal_open.c, which
 * reads it, and wal_bytes.c, which knows how it is written down.
 */
#ifndef QUEUES_WAL_PARTS_H
#define QUEUES_WAL_PARTS_H
#include "04-queues/wal.h"

/** Room for a key, and bytes of a manifest. */
enum { WAL_KEY = 64, WAL_MANIFEST = 36 };

/** A segment. */
struct wal_segment {
    uint64_t number; /**< Its key is the log's name, a dot and this. */
    uint64_t first;  /**< Its first record. */
    uint32_t salt;   /**< It follows from that of the one before. */
    size_t size;     /**< Bytes. */
};

/** What the manifest says; all zero: there is none. */
struct wal_manifest {
    uint64_t oldest; /**< From here on up to the first some may be left. */
    uint64_t first;  /**< The first segment that counts. */
    uint64_t last;   /**< This one is there; more may be behind it. */
    uint32_t salt;   /**< Of the first. */
};

/** What the letter of truncation is waited for. */
enum wal_tidying {
    WAL_CALM,     /**< There is none. */
    WAL_SETTLING, /**< What the manifest is to name must be durable. */
    WAL_REPLACED  /**< The manifest must be durable. */
};

/** A log. */
struct wal {
    struct env *env;            /**< Whose keys; borrowed. */
    char *name;                 /**< They begin so. */
    size_t full;                /**< Bytes of a full segment. */
    GArray *segments;           /**< struct wal_segment: all that are there. */
    char key[WAL_KEY];          /**< Of the last. */
    uint64_t next;              /**< The seq of the next record. */
    size_t size;                /**< Bytes of all segments. */
    GBytes *rotate;             /**< The letter under way, or NULL. */
    struct wal_segment later;   /**< Then: the next segment ... */
    GByteArray *fresh;          /**< ... and what it holds so far. */
    GBytes *tidy;               /**< The letter under way, or NULL. */
    enum wal_tidying tidying;   /**< For what. */
    uint64_t goal;              /**< The segment that is to be the first. */
    struct wal_manifest listed; /**< What was written last. */
    struct wal_manifest draft;  /**< What is to be. */
};

/** The i-th that is there. */
static inline struct wal_segment *wal_nth(const struct wal *wal, uint64_t i)
{
    return &g_array_index(wal->segments, struct wal_segment, i);
}

/** The last, which grows. */
static inline struct wal_segment *wal_last(const struct wal *wal)
{
    return wal_nth(wal, wal->segments->len - 1);
}

/** Write the key of segment @p number. */
void wal_put_key(const struct wal *wal, uint64_t number, char key[WAL_KEY]);
/** Write that of the manifest. */
void wal_put_first(const struct wal *wal, char key[WAL_KEY]);
/** It is the last one from now on. */
void wal_add_segment(struct wal *wal, struct wal_segment segment);
/** Let the manifest say what it should, in a while. */
void wal_settle(struct wal *wal);

/** The salt of segment @p number, when the one before it has @p salt. */
uint32_t wal_salt_after(uint32_t salt, uint64_t number);
/** Write the head of @p segment. */
void wal_put_head(const struct wal_segment *segment,
                  uint8_t head[SEGMENT_HEAD]);
/** The head of a segment, all but its number. False: it is none. */
bool wal_read_head(GBytes *bytes, struct wal_segment *segment);
/** A record, as it stands in a segment with @p salt. Returns new. */
GBytes *wal_record(uint64_t seq, uint32_t salt, const struct word *parts,
                   unsigned count);
/** Put @p salt, and the check, into a record that stands there. */
void wal_seal(uint8_t *record, size_t size, uint32_t salt);
/** A manifest. Returns new. */
GBytes *wal_manifest_bytes(const struct wal_manifest *manifest);
/** Read it. False: it is none. */
bool wal_manifest_of(GBytes *bytes, struct wal_manifest *manifest);

#endif

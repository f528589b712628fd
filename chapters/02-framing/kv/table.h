/**
 * @file table.h
 * Values under keys, in memory: with a limit, and each for as long as its owner
 * wants.
 *
 *     struct record *record = table_put(table, key, value);
 *     table_expire(table, record, 10 * SEC);
 *
 * A key's time is up by the env's clock. Its timer removes it then; a lookup
 * that comes first does not find it any more either.
 *
 * What it takes is counted before it is taken: keys, values and a flat sum for
 * each record. When that would be more than the limit, nothing is changed.
 */
#ifndef FRAMING_TABLE_H
#define FRAMING_TABLE_H
#include "02-framing/door/command.h"

/** What a record is counted for, beyond the bytes of its key and value. */
#define TABLE_RECORD 128

struct table;

/** A key and its value. */
struct record {
    struct word key;   /**< The table's. */
    struct word value; /**< The table's: changed by table_put() and such. */
    size_t beside;     /**< Bytes of memory behind the key, for small values. */
    size_t capacity;   /**< Bytes of memory elsewhere, for larger ones. */
    uint32_t hash;     /**< Of the key. */
    struct alarm_clock *alarm; /**< When its time is up; NULL: never. */
};

/** A table of at most @p most bytes. Borrows @p env. Returns new. */
struct table *table_new(struct env *env, size_t most);
/** The record under @p key, or NULL. Borrowed until the table is changed. */
struct record *table_find(struct table *table, struct word key);
/** The value under @p key becomes @p value, for ever. Returns the record; NULL
 * when there is no room, and all is as before. Copies. */
struct record *table_put(struct table *table, struct word key,
                         struct word value);
/** The same, for a record that is there; its time stays. Returns whether there
 * was room. @p value is not its own. */
bool table_set(struct table *table, struct record *record, struct word value);
/** Add @p more at the end of a value. Returns whether there was room. */
bool table_append(struct table *table, struct record *record, struct word more);
/** Remove it. */
void table_remove(struct table *table, struct record *record);
/** Remove it when @p span, 73 years at most, is over; one that had a time gets
 * this one. */
void table_expire(struct table *table, struct record *record, nsec span);
/** Keep it for ever. Returns whether its time was bounded. */
bool table_keep(struct table *table, struct record *record);
/** How long until its time is up; UINT64_MAX: for ever. */
nsec table_left(const struct table *table, const struct record *record);
/** How many there are. */
unsigned table_count(const struct table *table);
/** How many bytes are counted. */
size_t table_size(const struct table *table);
/** Remove all. */
void table_clear(struct table *table);
/** Free it. */
void table_free(struct table *table);

#endif

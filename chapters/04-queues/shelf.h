/**
 * @file shelf.h
 * The retained logs of a broker (backlog.h), by name.
 *
 *     struct shelf *shelf = shelf_open(env, 0, &error);
 *     shelf_create(shelf, name, (struct shelf_limits){.messages = 1000});
 *     const struct shelf_log *log = shelf_find(shelf, name);
 *     backlog_add(log->backlog, message);
 *
 * Which logs there are, and how much they retain, stands under one key,
 * queue.logs. Each has its own write-ahead log, log-1, log-2 and so on, by a
 * number that no other log ever gets.
 *
 * There is no order between keys. So a log that is dropped is first written
 * down as dropped; when that is durable, its keys are removed; and when that is
 * durable too, it is forgotten. Crash anywhere: it is there whole, or not at
 * all, and no key is left for ever.
 */
#ifndef QUEUES_SHELF_H
#define QUEUES_SHELF_H
#include "04-queues/backlog.h"
#include "04-queues/terms.h"

/** So many logs there may be; and the most that one may retain. */
enum { SHELF_MOST = 256 };
#define SHELF_BYTES ((size_t)1 << 40) /**< Likewise. */

/** How much a log retains. */
struct shelf_limits {
    unsigned messages; /**< So many messages at most; 0: any. */
    size_t bytes;      /**< So many bytes (backlog.h) at most; 0: 64 MiB. */
};

/** A log. */
struct shelf_log {
    char *name;                 /**< As it is called. */
    uint64_t number;            /**< Its keys are called so. */
    struct shelf_limits limits; /**< Without a 0. */
    struct backlog *backlog;    /**< Its messages. */
};

struct shelf;

/** Open all logs; @p segment: see struct wal_settings. NULL: one is damaged, and
 * @p error says where. Borrows @p env. Returns new. */
struct shelf *shelf_open(struct env *env, size_t segment, GError **error);
/** A message to this node has come: is it from itself, about a log that is here
 * or was? For whoever is bound to the env, after all others that send some. */
bool shelf_on_message(struct shelf *shelf, node_id from, GBytes *message);
/** Make a log; DONE as well if it is there with the same limits. INVALID: the
 * name, which is as that of a queue; CONFLICT; FULL: there are too many. */
enum broker_outcome shelf_create(struct shelf *shelf, struct word name,
                                 struct shelf_limits limits);
/** Remove a log, with all it holds. UNKNOWN: there is none. */
enum broker_outcome shelf_drop(struct shelf *shelf, struct word name);
/** The log of that name; NULL: there is none. Borrowed. */
const struct shelf_log *shelf_find(const struct shelf *shelf, struct word name);
/** The logs in the order they were made, @p i from 0 on; NULL: no more. */
const struct shelf_log *shelf_log(const struct shelf *shelf, unsigned i);
/** Bytes of all that is retained. */
size_t shelf_bytes(const struct shelf *shelf);
/** Free it, as a crash. */
void shelf_free(struct shelf *shelf);

#endif

/**
 * @file supplier.h
 * Numbered messages, "NAME-1", "NAME-2" and so on, published under load: for
 * demos, tests, and tool_publish.c.
 *
 *     supplier = supplier_new(loop, &address, &(struct supplier_settings){
 *         .queue = "jobs", .name = "a", .count = 10000});
 *     ... until supplier_is_done(supplier) ...
 *
 * What the broker refuses, since it is FULL, is published again later. So in the
 * end each is confirmed, once.
 */
#ifndef QUEUES_SUPPLIER_H
#define QUEUES_SUPPLIER_H
#include "04-queues/server/queue_client.h"

struct supplier;

/** What to publish. */
struct supplier_settings {
    const char *queue;          /**< Where to; borrowed. */
    const char *name;           /**< Of the messages; borrowed. */
    enum durability durability; /**< The queue is declared so. */
    uint64_t limit;             /**< And for so many messages; 0: any. */
    uint64_t count;             /**< So many; 0: until it is stopped. */
    uint64_t rate;              /**< A second; 0: as they are confirmed. */
    unsigned window;            /**< See queue_client.h. */
    size_t size;                /**< Bytes of a message, at least. */
    /** Message @p number is confirmed, after so long. May be NULL. */
    void (*on_confirm)(void *self, uint64_t number, nsec delay);
    void *self; /**< Its first argument. */
};

/** Begin. Borrows @p loop. Returns new. */
struct supplier *supplier_new(struct loop *loop, const struct address *address,
                              const struct supplier_settings *settings);
/** Publish nothing new. */
void supplier_stop(struct supplier *supplier);
/** All that was begun is confirmed. */
bool supplier_is_done(const struct supplier *supplier);
/** Why a message was refused, in the broker's words, if not for want of room;
 * NULL: none was. It is tried again all the same. Borrowed. */
const char *supplier_error(const struct supplier *supplier);
/** How many messages were begun; these numbers there are, from 1 on. */
uint64_t supplier_begun(const struct supplier *supplier);
/** What its client has seen; refused are those that were tried again. */
struct queue_client_counts supplier_counts(const struct supplier *supplier);
/** Free it. */
void supplier_free(struct supplier *supplier);

#endif

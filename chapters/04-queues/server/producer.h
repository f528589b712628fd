/**
 * @file producer.h
 * Numbered messages, "NAME-1", "NAME-2" and so on, published under load: for
 * demos, tests, and tool_publish.c.
 *
 *     producer = producer_new(loop, &address, &(struct producer_settings){
 *         .queue = "jobs", .name = "a", .count = 10000});
 *     ... until producer_is_done(producer) ...
 *
 * What the broker refuses, since it is FULL, is published again later. So in the
 * end each is confirmed, once.
 */
#ifndef QUEUES_PRODUCER_H
#define QUEUES_PRODUCER_H
#include "04-queues/server/queue_client.h"

struct producer;

/** What to publish. */
struct producer_settings {
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
struct producer *producer_new(struct loop *loop, const struct address *address,
                              const struct producer_settings *settings);
/** Publish nothing new. */
void producer_stop(struct producer *producer);
/** All that was begun is confirmed. */
bool producer_is_done(const struct producer *producer);
/** How many messages were begun; these numbers there are, from 1 on. */
uint64_t producer_begun(const struct producer *producer);
/** What its client has seen; refused are those that were tried again. */
struct queue_client_counts producer_counts(const struct producer *producer);
/** Free it. */
void producer_free(struct producer *producer);

#endif

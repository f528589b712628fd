/**
 * @file queue.h
 * One queue of a broker: what producers and consumers do with it. See broker.h.
 *
 *     QUEUE:  fresh --> ready --> taken --> done
 *                         ^         |  failed
 *                         +---------+-----------> dead: in another queue
 *
 * Consumers are *pushed* messages, as far as their credit goes, and what they
 * hold comes back when they leave; or they *take*, at once or after a wait, and
 * then a lease ends by its receipt or by time alone.
 */
#ifndef QUEUES_QUEUE_H
#define QUEUES_QUEUE_H
#include "04-queues/terms.h"

struct queue;

/** Who publishes, and its how-many-th request to this queue: see dedupe.h. */
struct origin {
    uint64_t producer; /**< Its number; 0: it does not say. */
    uint64_t request;  /**< From 1 on. */
};

/** Add a message. It gets the next @p id of the queue, or the one that the same
 * request got before. Copies @p payload. */
enum broker_outcome queue_publish(struct queue *queue, struct origin origin,
                                  struct word payload, uint64_t *id);
/** The newest request of @p producer that was done; 0: none. */
uint64_t queue_newest(const struct queue *queue, uint64_t producer);

/** Take up to @p most ready messages, now, but not more than one message of the
 * env has room for; put them into @p deliveries. Returns how many: their leases
 * are bound to no consumer. */
unsigned queue_take(struct queue *queue, struct delivery *deliveries,
                    unsigned most);
/** Take 1 to @p most as soon as there are any: settings.taken() gets them,
 * within @p wait, unless settings.dropped() ends it. CONFLICT: @p client waits or consumes here already. */
enum broker_outcome queue_wait(struct queue *queue, node_id client,
                               unsigned most, nsec wait);
/** @p consumer may be sent @p total deliveries in all (credit.h): by @p sent it
 * is told how many it was. CONFLICT: it waits here. */
enum broker_outcome queue_consume(struct queue *queue, node_id consumer,
                                  uint64_t total, uint64_t *sent);
/** It wants no more, and what it holds has failed. False: it wanted nothing. */
bool queue_leave(struct queue *queue, node_id consumer);

/** Those deliveries are done. Returns how many of them had a lease. */
unsigned queue_ack(struct queue *queue, const uint64_t *receipts,
                   unsigned count);
/** That one has failed; the message is ready again after @p delay. False: it
 * has no lease. */
bool queue_nack(struct queue *queue, uint64_t receipt, nsec delay);
/** That one needs longer: its lease begins anew. False: it has none. */
bool queue_touch(struct queue *queue, uint64_t receipt);
/** Remove all messages, those at work too. Returns how many. */
unsigned queue_purge(struct queue *queue);
/** What it holds. */
struct queue_facts queue_facts(const struct queue *queue);

#endif

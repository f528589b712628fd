/**
 * @file staff.h
 * The clients of an office in a storm: producers that try until each message is
 * confirmed, and consumers that work, fail, dawdle and forget.
 *
 *     producer -- QONCE, again and again --> jobs --> consumer
 *                                             | dead
 *                                           grave --> the same consumers
 *
 * The network may lose, repeat and reorder what they say. So a producer uses
 * QONCE, and numbers that it keeps over its crashes; a consumer tells totals of
 * credit; and who takes acknowledges by receipt.
 */
#ifndef QUEUES_STAFF_H
#define QUEUES_STAFF_H
#include "common/world/env.h"

/** Where the office is; after so many failures a message is dead; so many are in
 * the queue at most; how long a lease lasts. */
enum { OFFICE = 1, JOB_ATTEMPTS = 3, JOBS_MOST = 24, LEASE_MS = 1000 };

/** The payload of that request: who it is, and some bytes. Returns new. */
char *cargo_of(uint64_t producer, uint64_t request);
/** Is this payload one that nobody can work on? */
bool cargo_is_poison(const char *payload);

struct publisher;

/** A producer, by the number of its node; its queues are @p durability. Returns
 * new. */
struct publisher *publisher_new(struct env *env, const char *durability);
/** It shall publish so many more. */
void publisher_publish(struct publisher *producer, unsigned count);
/** Requests it shall have published. */
uint64_t publisher_asked(const struct publisher *producer);
/** Is each of them confirmed? */
bool publisher_is_done(const struct publisher *producer);
/** Free it. */
void publisher_free(struct publisher *producer);

struct consumer;

/** A consumer: it is pushed messages, or takes them. Returns new. */
struct consumer *consumer_new(struct env *env, bool pushed);
/** It does nothing for so long. */
void consumer_rest(struct consumer *consumer, nsec span);
/** Free it. */
void consumer_free(struct consumer *consumer);

#endif

/**
 * @file journal.h
 * What a broker writes down; replay.h reads it when the broker boots.
 *
 * Two logs, for queues whose messages are WRITTEN and for those that are SYNCED
 * (terms.h). What happens is one record:
 *
 *     DECLARE  queue, settings, next id, its patterns, its table of requests
 *     PUSH     queue, id, attempts, producer, request, payload
 *     DONE     queue, ids             acknowledged
 *     FAILED   queue, id, attempts    a delivery has failed
 *     DEAD     queue, id, its new queue, its new id
 *     BIND     queue, pattern         UNBIND   queue, pattern
 *     PURGE    queue                  DROP     queue
 *
 * So a message and the number of the request that brought it are durable as
 * one: what dedupe.h asks for. A delivery is not written down, for a crash ends
 * its lease anyway.
 *
 * *Compaction.* Acknowledged messages stay in the log until their segment goes.
 * When the log is more than twice as long as what lives in it, the oldest
 * segment is emptied: what still lives there is written once more at the end,
 * and the segment is trimmed. So each byte is written twice on average, at most.
 * The last segment, which still grows, is left alone.
 */
#ifndef QUEUES_JOURNAL_H
#define QUEUES_JOURNAL_H
#include "04-queues/broker_parts.h"

/** The queue was made, or its record is to be written once more. */
void journal_declare(struct queue *queue);
/** The newest DECLARE of the queue is that record, of so many bytes; 0: it has
 * none. */
void journal_declared(struct queue *queue, uint64_t seq, size_t size);
/** The message was published by that request. */
void journal_push(struct message *message, struct origin origin);
/** So many messages were acknowledged: their ids. */
void journal_done(struct queue *queue, const uint64_t *ids, unsigned count);
/** A delivery of it has failed; its attempts are counted already. */
void journal_failed(const struct message *message);
/** It is dead: number @p id of @p from is now what it says itself. */
void journal_dead(const struct message *message, const struct queue *from,
                  uint64_t id);
/** Topics that fit @p pattern go to the queue, or do so no more. */
void journal_bind(struct queue *queue, const char *pattern, bool bound);
/** The queue has lost all its messages. */
void journal_purge(struct queue *queue);
/** The queue is no more. */
void journal_drop(struct queue *queue);
/** The message, with its record, is the newest: for replay.h. */
void journal_link(struct message *message);
/** The message is about to be freed, or linked anew. */
void journal_forget(struct message *message);
/** Compact, if it is time. */
void journal_compact(struct broker *broker);

#endif

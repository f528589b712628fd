/**
 * @file topics.h
 * Publishing by topic: a message goes to every queue that is bound by a pattern
 * that fits (route.h).
 *
 *     topics_bind(queue, pattern);                // "order.*.paid"
 *     topics_publish(broker, topic, payload, &count);
 *
 * A binding is as durable as its queue. Each queue has a message of its own: it
 * is acknowledged there, or comes back, whatever happens in the others. All of
 * them have room for it, or none gets it. A crash before the answer may leave it
 * in some of them.
 */
#ifndef QUEUES_TOPICS_H
#define QUEUES_TOPICS_H
#include "04-queues/broker.h"

/** Bind @p queue, also if it is bound so already. INVALID: the pattern is too
 * long, or has a NUL; FULL: there are too many bindings. */
enum broker_outcome topics_bind(struct queue *queue, struct word pattern);
/** Bind it no more. Returns whether it was bound so. */
bool topics_unbind(struct queue *queue, struct word pattern);
/** Publish @p payload to all queues that @p topic fits: @p count of them, perhaps
 * none. Copies it. FULL, LONG: for one of them, and none has it. */
enum broker_outcome topics_publish(struct broker *broker, struct word topic,
                                   struct word payload, unsigned *count);

#endif

/**
 * @file broker.h
 * A message broker: queues that keep what nobody has acknowledged.
 *
 *     producer -- publish --> queue -- delivery, with a receipt --> consumer
 *              <- confirm --        <------ ack of the receipt -----
 *
 *     struct broker *broker = broker_open(env, settings, &error);
 *     broker_declare(broker, name, &queue_settings);
 *     struct queue *jobs = broker_find(broker, name);
 *     queue_publish(jobs, nobody, payload, &id);      // Its reply confirms it.
 *     queue_consume(jobs, worker, 100, &sent);        // settings.deliver() ...
 *     queue_ack(jobs, &receipt, 1);                   // It is gone, for good.
 *
 * *At least once*: what was published to a durable queue is delivered again and
 * again until an ack of it is durable, through crashes of consumers and broker.
 * When, and in which order, says inflight.h; whose turn it is, credit.h; what is
 * on the disk, journal.h. Nothing is sent from here. The owner replies, behind
 * what was written (the output rule): so its reply is a confirm.
 *
 * All messages are in memory, within a limit that is checked before one is
 * taken. What does not fit is refused; nothing is dropped.
 *
 * Time comes from the env alone, and no order from a hash table: the same calls
 * at the same times have the same results. So it could stand on a replicated
 * log as it stands on a disk.
 */
#ifndef QUEUES_BROKER_H
#define QUEUES_BROKER_H
#include "04-queues/queue.h"

struct broker;

/** How much, and whom to tell: from within a call, or when time has passed.
 * Those who are told publish, ack and consume later, not from there. */
struct broker_settings {
    size_t
        most; /**< Bytes of messages, with MESSAGE_COST for each; 0: 1 GiB. */
    size_t segment; /**< Of its logs (wal.h); 0: 16 MiB. */
    bool transient; /**< There is no disk: all queues are DURABILITY_NONE. */
    /** @p consumer gets a delivery. */
    void (*deliver)(void *self, node_id consumer,
                    const struct delivery *delivery);
    /** The wait of @p client is over: it takes @p count; 0: in vain. */
    void (*taken)(void *self, node_id client, const struct delivery *deliveries,
                  unsigned count);
    /** @p queue is dropped, where @p client consumes; or it @p waits: then this
     * ends its wait. */
    void (*dropped)(void *self, node_id client, const char *queue, bool waits);
    void *self; /**< Their first argument. */
};

/** Open it, with all that survived. NULL: a log is damaged, or holds a message
 * too long for @p env, and @p error says where. Borrows @p env. Returns new. */
struct broker *broker_open(struct env *env, struct broker_settings settings,
                           GError **error);
/** A message has come, perhaps one of ours to ourselves: returns whether. */
bool broker_on_message(struct broker *broker, node_id from, GBytes *message);
/** Make a queue; DONE as well if it is there with the same settings. */
enum broker_outcome broker_declare(struct broker *broker, struct word name,
                                   const struct queue_settings *settings);
/** Remove a queue, with all it holds; who consumes or waits there is told. */
enum broker_outcome broker_drop(struct broker *broker, struct word name);
/** The queue of that name; NULL: there is none. Borrowed. */
struct queue *broker_find(struct broker *broker, struct word name);
/** The queues in the order they were made, @p i from 0 on; NULL: no more. */
struct queue *broker_queue(struct broker *broker, unsigned i);
/** A consumer is gone: what it held comes back, in all queues. */
void broker_leave(struct broker *broker, node_id consumer);
/** Bytes of all messages, as settings.most counts them. */
size_t broker_size(const struct broker *broker);
/** Would so many more fit into settings.most? */
bool broker_has_room(const struct broker *broker, size_t bytes);
/** The owner itself holds @p bytes, of other messages: they count as well. */
void broker_charge(struct broker *broker, size_t bytes);
/** Free it, as a crash. */
void broker_free(struct broker *broker);

#endif

/**
 * @file broker_parts.h
 * What the parts of a broker share: broker.c, the set of queues; queue.c, one of
 * them; journal.c, what is on the disk. Nobody else includes this.
 */
#ifndef QUEUES_BROKER_PARTS_H
#define QUEUES_BROKER_PARTS_H
#include "02-framing/wire.h"
#include "04-queues/broker.h"
#include "04-queues/credit.h"
#include "04-queues/dedupe.h"
#include "04-queues/inflight.h"
#include "04-queues/route.h"
#include "04-queues/wal.h"

/** A message. */
struct message {
    struct item item;      /**< Its place in the queue. */
    struct queue *queue;   /**< That holds it. */
    struct message *older; /**< Its neighbours in the journal. */
    struct message *newer; /**< Likewise. */
    uint64_t seq;          /**< Of its newest record; 0: it has none. */
    uint32_t size;         /**< Bytes of it. */
    bool survivor;         /**< It is from before this boot. */
    char data[];           /**< They. */
};

/** A client that consumes, or waits to take. */
struct subscriber {
    struct queue *queue; /**< Here. */
    node_id client;      /**< Who. */
    unsigned most;       /**< Messages it waits for; 0: it consumes. */
    struct timer timer;  /**< So long. */
};

/** A queue. */
struct queue {
    struct broker *broker;          /**< Whose it is. */
    char *name;                     /**< What it is called; NULL: it is not
                                         declared yet. */
    uint32_t number;                /**< And in the journal. */
    struct queue_settings settings; /**< As declared. */
    struct queue *grave;            /**< Of the name settings.dead, or NULL. */
    unsigned mourned;               /**< So many queues have it as theirs. */
    uint64_t seq;                   /**< Its newest DECLARE; 0: none. */
    size_t declared;                /**< Bytes of that. */
    uint64_t next;                  /**< The id of the next message. */
    struct inflight *inflight;      /**< Its messages. */
    struct credit *credit;          /**< Who has credit, ... */
    GTree *subscribers;             /**< ... and who is there, by client. */
    unsigned producers;             /**< So many of it are counted. */
    struct dedupe *dedupe;          /**< NULL while no producer has a number. */
    GHashTable *past;               /**< Messages by id, while it is read. */
    GPtrArray *patterns;            /**< That lead to it, likewise. */
    struct queue_facts facts;       /**< Of which the counts are kept here. */
};

/** The messages of all queues of one durability, the oldest record first. */
struct journal {
    struct wal *wal;        /**< NULL for those that survive nothing. */
    struct message *oldest; /**< Its list. */
    struct message *newest; /**< Its end. */
    size_t live;            /**< Bytes of the records of all of them, and of
                                 the newest DECLARE of each queue. */
};

/** A broker. */
struct broker {
    struct env *env;
    struct broker_settings settings;
    uint32_t life;       /**< How often it was opened. */
    size_t longest;      /**< Bytes of a message. */
    size_t size;         /**< Bytes of all messages, with their cost, ... */
    size_t others;       /**< ... and these of them are not of queues. */
    GPtrArray *queues;   /**< In the order they were made. */
    GHashTable *names;   /**< The same by name. */
    struct route *route; /**< Which topics go to which. */
    uint32_t numbers;    /**< The last that a queue got. */
    struct journal journals[DURABILITY_SYNCED + 1]; /**< By durability. */
    struct wire_writer entry;                       /**< A record's head. */
};

/** The kinds of records. */
enum record_kind {
    RECORD_DECLARE = 1, /**< See journal.h. */
    RECORD_PUSH,        /**< . */
    RECORD_DONE,        /**< . */
    RECORD_FAILED,      /**< . */
    RECORD_DEAD,        /**< . */
    RECORD_PURGE,       /**< . */
    RECORD_BIND,        /**< . */
    RECORD_UNBIND,      /**< . */
    RECORD_DROP         /**< . */
};

/** A message of @p payload, in no list yet. Returns new. */
struct message *message_new(struct queue *queue, struct word payload);
/** It is done with, and OUT: free it. */
void message_free(struct message *message);
/** It is another queue's now, of the same durability, by its next id. */
void message_move(struct message *message, struct queue *to);

/** A queue that is not declared yet. Returns new. */
struct queue *queue_new(struct broker *broker, uint32_t number,
                        enum durability durability);
/** From now on it can be used. Copies both. */
void queue_declare(struct queue *queue, struct word name,
                   const struct queue_settings *settings);
/** Would a message of @p size bytes be taken? DONE, or why not. */
enum broker_outcome queue_admits(const struct queue *queue, size_t size);
/** Messages that became ready go to those who have credit. */
void queue_dispatch(struct queue *queue);
/** The producers of its table of requests cost memory as messages do. */
void queue_count_producers(struct queue *queue);
/** Its table of requests, made when it is needed. */
struct dedupe *queue_dedupe(struct queue *queue);
/** It is dropped: its messages go, and all its subscribers are told. */
void queue_clear(struct queue *queue);
/** Free it, and all that it holds. */
void queue_free(struct queue *queue);

#endif

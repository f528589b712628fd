/**
 * @file queue_client.h
 * A client of the broker, in a loop: it publishes and consumes, and no loss of
 * a connection loses a message or invents one.
 *
 *     client = queue_client_new(loop, &address, settings);
 *     queue_client_declare(client, "jobs", &queue_settings);
 *     request = queue_client_publish(client, "jobs", payload); // on_confirm ...
 *     queue_client_consume(client, "jobs", 100);               // on_delivery ...
 *     queue_client_ack(client, delivery->receipt);             // It is gone.
 *
 * *Publishing* is asynchronous: each message has a number, its request, by which
 * on_confirm() tells what became of it, in their order. So many may be under
 * way; then publish() refuses until on_room(): that is backpressure.
 *
 * *Consuming* is bounded by credit (credit.h): no more than a window of
 * deliveries at work, and each ack lets another one come.
 *
 * *When the connection is lost*, it is dialled again (redial.h). Then the queues
 * are declared again, consumers come again, and what is not confirmed is
 * published again, in order, under its old number: QONCE does it once. What was
 * delivered before is the broker's again: its ack is refused here.
 *
 * Once means: within an hour, for so long a broker knows the numbers (queue.c).
 */
#ifndef QUEUES_QUEUE_CLIENT_H
#define QUEUES_QUEUE_CLIENT_H
#include "01-sockets/address.h"
#include "01-sockets/loop.h"
#include "04-queues/terms.h"

struct queue_client;

/** How, and who is told: by the loop alone. All may be NULL. From there each
 * function may be called but queue_client_free(). */
struct queue_client_settings {
    uint64_t producer; /**< Its number among all producers, below 2^63, which
                            it keeps when it starts again; 0: one is drawn. */
    uint64_t request;  /**< The number of the first message: one more than
                            QLAST for who starts again; 0: 1. */
    unsigned window;   /**< Messages under way, 1000 at most; 0: 500. */
    nsec patience;     /**< For a server that says nothing; 0: 30 s. */
    /** Message @p request is kept, as the @p id-th of its queue. Or it is not:
     * then @p error, the broker's words, says why, "FULL ..." for one. */
    void (*on_confirm)(void *self, uint64_t request, uint64_t id,
                       const char *error);
    /** A message came; @p delivery is borrowed until this returns. */
    void (*on_delivery)(void *self, const struct delivery *delivery);
    /** publish() has refused, and half of the window is free now. */
    void (*on_room)(void *self);
    /** There is a connection, or none any more: what was delivered is void. */
    void (*on_connection)(void *self, bool there);
    /** Something else was refused, for @p queue: to declare, to consume. Or it
     * is dropped ("NOQUEUE ..."): what it delivered is void, and all. */
    void (*on_refusal)(void *self, const char *queue, const char *error);
    void *self; /**< Their first argument. */
};

/** What has come to pass. */
struct queue_client_counts {
    uint64_t connections; /**< That were made. */
    uint64_t confirmed;   /**< Messages that were kept. */
    uint64_t refused;     /**< Messages that were not. */
    uint64_t repeated;    /**< Sent again, for want of an answer. */
    uint64_t delivered;   /**< Deliveries. */
    uint64_t late;        /**< Acks and nacks that the broker refused. */
};

/** A client of the broker at @p address. Borrows @p loop. Returns new. */
struct queue_client *queue_client_new(struct loop *loop,
                                      const struct address *address,
                                      struct queue_client_settings settings);
/** Make a queue: now, and again on each connection; once for each, the dead
 * queue of others before them, and before it is used. Copies both. */
void queue_client_declare(struct queue_client *client, const char *queue,
                          const struct queue_settings *settings);
/** Publish. Returns the request's number; 0: too many are under way. Copies the
 * payload, of MESSAGE_MOST bytes at most. */
uint64_t queue_client_publish(struct queue_client *client, const char *queue,
                              struct word payload);
/** Want messages, @p window at a time; once a queue, until that is dropped. */
void queue_client_consume(struct queue_client *client, const char *queue,
                          unsigned window);
/** That delivery is done. False: it is void. */
bool queue_client_ack(struct queue_client *client, uint64_t receipt);
/** It has failed, and is ready again after @p delay. False: it is void. */
bool queue_client_nack(struct queue_client *client, uint64_t receipt,
                       nsec delay);
/** Commands that have no answer yet: who ends well waits for 0. */
unsigned queue_client_pending(const struct queue_client *client);
/** What has come to pass so far. */
struct queue_client_counts
queue_client_counts(const struct queue_client *client);
/** The broker is at @p address now: for the next attempt to connect. */
void queue_client_move(struct queue_client *client,
                       const struct address *address);
/** Free it: what is not confirmed may be kept, or not. */
void queue_client_free(struct queue_client *client);

#endif

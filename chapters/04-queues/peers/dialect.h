/**
 * @file dialect.h
 * The protocols of several message queues, as far as a producer and a consumer
 * need them: for a bench in which all are spoken with in the same way.
 *
 *     speaker.lacks = dialect->greet(&speaker);
 *     ... send what is in speaker.out, read, and then, as often as it is > 0:
 *     ssize_t used = dialect->hear(&speaker, data, size);
 *     ... speaker.confirmed, .delivered, .settled tell what has come
 *
 * None of them waits: a greeting is one piece, whatever the number of its
 * answers. A message published is the same bytes each time, so that producing
 * costs next to nothing; only what every message needs is read from an answer.
 * Each acknowledges in the cheapest way its protocol has: one by one, or all
 * that came in one piece together.
 */
#ifndef QUEUES_DIALECT_H
#define QUEUES_DIALECT_H
#include "04-queues/peers/speaker.h"
#include <sys/types.h>

/** How one system is spoken with. */
struct dialect {
    /** Write what a speaker says first. Returns how many answers there are to
     * it; the speaker lacks them. */
    unsigned (*greet)(struct speaker *speaker);
    /** Write one message. */
    void (*publish)(struct speaker *speaker);
    /** Take in the first thing that was said to us, and write what it is
     * answered with. Returns its bytes; 0 when it is not all there; -1, and
     * speaker->trouble says why, when it is an error, or nothing we know. */
    ssize_t (*hear)(struct speaker *speaker, const uint8_t *data, size_t size);
    /** All is heard for now: write what was put off. May be NULL. */
    void (*pause)(struct speaker *speaker);
    /** Write what makes an end of the queue. Returns how many answers there
     * are. NULL: it ends with the server. */
    unsigned (*leave)(struct speaker *speaker);
};

/** Our own: RESP, with pushes for a consumer that gives credit. The mode is the
 * durability: none, written, synced. */
extern const struct dialect dialect_ours;
/** Redis lists: RPUSH; BLMOVE to a list of the consumer's own, LREM there. */
extern const struct dialect dialect_lists;
/** Redis streams: XADD, XREADGROUP, and one XACK for all that it gave. */
extern const struct dialect dialect_streams;
/** AMQP 0-9-1. The mode is transient, durable, quorum. */
extern const struct dialect dialect_amqp;
/** Beanstalkd: put, reserve, delete. */
extern const struct dialect dialect_beanstalk;
/** NATS JetStream: PUB with a reply, and an ack for each message. The mode is
 * the storage: file, memory. */
extern const struct dialect dialect_jetstream;

#endif

/**
 * @file terms.h
 * What a broker and those who use it speak of: a queue's settings, a delivery,
 * what became of a call. See broker.h.
 */
#ifndef QUEUES_TERMS_H
#define QUEUES_TERMS_H
#include "02-framing/word.h"
#include "common/world/env.h"

/** Names are 1 to so many of [A-Za-z0-9._-]; so many queues there may be. */
enum { QUEUE_NAME = 64, QUEUES_MOST = 10000 };
/** Could a queue be called @p name? */
static inline bool queue_is_name(struct word name)
{
    static const char signs[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] == '\0' || !strchr(signs, name.data[i]))
            return false;
    return name.size > 0 && name.size <= QUEUE_NAME;
}

/** What a message costs beside its bytes. */
enum { MESSAGE_COST = 128 };
/** What a producer whose requests have numbers costs in each queue, about. */
enum { PRODUCER_COST = 1 << 14 };
/** The longest message; and what the env's longest must have beyond it, for what
 * is said of it when it is delivered. */
#define MESSAGE_MOST  ((size_t)32 << 20)
#define MESSAGE_SPACE ((size_t)512) /**< Likewise. */

/** What a crash leaves of a queue and its messages. */
enum durability {
    DURABILITY_NONE,    /**< Nothing. */
    DURABILITY_WRITTEN, /**< All, of the process; a prefix, of the machine. */
    DURABILITY_SYNCED   /**< All. */
};

/** What kind of queue. */
struct queue_settings {
    enum durability durability; /**< Of itself and its messages. */
    uint64_t messages; /**< So many at most, when one is published; 0: any. */
    uint64_t bytes;    /**< So many bytes of them; 0: any. */
    nsec visibility;   /**< How long a lease lasts; 0: 30 s. */
    uint32_t attempts; /**< So many deliveries, and it is dead; 0: never. */
    struct word dead;  /**< Where dead ones go, whatever its limits: a queue of
                            the same durability; empty only if attempts is 0. */
};

/** What became of a call. Unless it says DONE, nothing was done. */
enum broker_outcome {
    BROKER_DONE,
    BROKER_UNKNOWN,  /**< There is no queue of that name. */
    BROKER_INVALID,  /**< That name, or these settings, cannot be. */
    BROKER_CONFLICT, /**< It is there with other settings; or in use: as dead
                          queue of another, or, for a wait, by this consumer. */
    BROKER_FULL,     /**< It does not fit, now. */
    BROKER_LONG,     /**< It never will: it is too long. */
    BROKER_FORGOTTEN /**< The request is too old to say: see dedupe.h. */
};

/** One delivery of a message. */
struct delivery {
    const char *queue; /**< From here. */
    uint64_t receipt;  /**< For the ack. */
    uint32_t attempt;  /**< 1, and one more for each that failed. */
    bool again;        /**< It may have been delivered before: an attempt has
                              failed, or the broker was started anew since. */
    uint64_t number;   /**< Of all to this consumer (credit.h); 0: by a take. */
    struct word payload; /**< Borrowed until the next call. */
};

/** What a queue holds, and what came to pass since the broker was opened. */
struct queue_facts {
    const char *name;               /**< Borrowed while the queue is there. */
    struct queue_settings settings; /**< Likewise. */
    unsigned ready;                 /**< Messages that could be taken. */
    unsigned taken;                 /**< Messages at work. */
    unsigned delayed;               /**< Messages that wait for their time. */
    uint64_t bytes;                 /**< Of all of them. */
    unsigned consumers;             /**< Who has asked for messages. */
    uint64_t published;             /**< Messages accepted. */
    uint64_t repeated;              /**< Requests that were done before. */
    uint64_t delivered;             /**< Deliveries; of these, so many ... */
    uint64_t redelivered;           /**< ... once more, since one has failed. */
    uint64_t acked;                 /**< Messages done with. */
    uint64_t dead;                  /**< Messages that used up all attempts. */
};

#endif

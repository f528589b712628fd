/**
 * @file drive.h
 * A message queue under load: producers, consumers, and how many messages a
 * second go all the way, published, confirmed, delivered, acknowledged.
 *
 *     struct drive_plan plan = {.address = &address, .dialect = &dialect_lists,
 *                               .pairs = 8, .size = 100, .duration = SEC};
 *     struct drive_result result;
 *     if (!drive_run(&plan, &result, &error)) ...
 *
 * One thread and one loop (01-sockets/loop.h) for all of them. A producer keeps
 * a window of messages unconfirmed, a consumer may hold a window of messages
 * unacknowledged, and all producers stop while the queue is as long as it may
 * be: so the rate is one that could be kept up for ever.
 */
#ifndef QUEUES_DRIVE_H
#define QUEUES_DRIVE_H
#include "01-sockets/address.h"
#include "04-queues/peers/dialect.h"

/** Messages that may be unconfirmed, for each producer; and unacknowledged, for
 * each consumer. */
#define DRIVE_WINDOW 100
/** Messages that may be in the queue, for each producer. */
#define DRIVE_LONGEST 1000

/** What to do. */
struct drive_plan {
    const struct address *address; /**< Of the server. */
    const struct dialect *dialect; /**< How to speak with it. */
    const char *mode;              /**< For the dialect. */
    unsigned pairs;                /**< So many producers, and consumers. */
    size_t size;                   /**< Bytes of a message. */
    nsec warmup;                   /**< Before anything is counted. */
    nsec duration;                 /**< How long it is counted. */
    nsec patience;                 /**< To wait for anything; 0: 20 s. */
    /** Called when counting begins, and when it ends; NULL: it is not. */
    void (*mark)(void *self);
    void *self; /**< Its first argument. */
};

/** What came of it. */
struct drive_result {
    uint64_t settled; /**< Messages acknowledged while it was counted. */
    nsec counted;     /**< How long that was. */
    nsec busy;        /**< Processor time of this side. */
    nsec p50;         /**< From publish to confirm. */
    nsec p99;         /**< One in a hundred takes longer than that. */
};

/** Run @p plan in this thread. False and @p error when there is no connection,
 * or a wrong answer, or nothing moves. */
bool drive_run(const struct drive_plan *plan, struct drive_result *result,
               GError **error);

#endif

/**
 * @file office.h
 * Where clients of a broker are served: its queues, for every client that
 * speaks the protocol of Redis.
 *
 *     QDECLARE queue [DURABILITY none|written|synced] [MESSAGES n] [BYTES n]
 *              [VISIBILITY ms] [ATTEMPTS n DEAD queue]      OK
 *     QPUSH    queue message                                its id, kept by now
 *     QONCE    queue producer request message               the same, once
 *     QLAST    queue producer            the newest request of it that was done
 *     QTAKE    queue [COUNT n] [WAIT ms]  messages: receipt, attempt, again, it;
 *                                NOQUEUE, if it is dropped meanwhile
 *     QACK     queue receipt ...                            how many
 *     QNACK    queue receipt [DELAY ms]                     1, or 0: too late
 *     QTOUCH   queue receipt                                1, or 0: too late
 *     QCONSUME queue total               OK; then pushes (RESP3) of "message",
 *                                queue, receipt, attempt, again, number, it;
 *                                and one of "dropped", queue, when it is
 *     QCREDIT  queue total                                  how many were sent
 *     QCANCEL  queue                                        1, or 0
 *     QBIND    queue pattern                   QUNBIND queue pattern
 *     PUBLISH  topic message                   how many queues have it
 *     QLEN     queue                                        what is ready
 *     QINFO    queue                     QLIST              QPURGE queue
 *     QDROP    queue                         OK; who consumes or waits is told
 *
 * And its retained logs (backlog.h), if there is a disk: messages that stay
 * when they are read, by offsets, 1, 2, 3. BYTES counts 64 for each message
 * besides; the oldest make room for the newest. A group that has committed
 * nothing reads from 1; GONE says which offset is the first that is there.
 *
 *     LOGCREATE log [MESSAGES n] [BYTES n]      OK; any number, 64 MiB
 *     LOGADD    log message                     its offset, kept by now
 *     LOGREAD   log FROM offset|GROUP name [COUNT n] [WAIT ms]
 *                                               pairs: offset, message; or GONE
 *     LOGCOMMIT log group offset                OK: reads on there; 0: no group
 *     LOGINFO   log                 LOGLIST             LOGDROP log
 *
 * It stands on any env in which clients are nodes: on a door, for real ones, in
 * the simulator for others. An answer leaves when what it says is as durable as
 * the queue is: so that of QPUSH is a confirm. What is pushed in one turn leaves
 * as one message, and no faster than the client reads, whatever its credit. A
 * client that is gone gives back what it was pushed; what it took stays its, by
 * the receipt, until the lease is over: so QACK may come from another
 * connection.
 */
#ifndef QUEUES_OFFICE_H
#define QUEUES_OFFICE_H
#include "04-queues/broker.h"

struct office;

/** How much, and what else to tell. */
struct office_settings {
    size_t most;    /**< Bytes of messages (broker.h); 0: 1 GiB. */
    size_t segment; /**< Of the logs (wal.h); 0: 16 MiB. */
    bool transient; /**< There is no disk, and no durability but none. */
    /** Add "name:value\r\n" lines for INFO; NULL: none. */
    void (*info)(void *self, GString *text);
    /** What was written to open it is durable: clients may come. NULL: never
     * mind. */
    void (*ready)(void *self);
    /** Bytes on their way to a client that it has not read: while they are
     * many, nothing is pushed to it (pages.h). NULL: they never are. */
    size_t (*unread)(void *self, node_id client);
    void *self; /**< Their first argument. */
};

/** Open it over @p env, to which it is bound. NULL: as broker_open(), and @p
 * error says why. Returns new. */
struct office *office_open(struct env *env, struct office_settings settings,
                           GError **error);
/** Its broker, to look at. Borrowed. */
struct broker *office_broker(struct office *office);
/** Free it, as a crash. */
void office_free(struct office *office);

#endif

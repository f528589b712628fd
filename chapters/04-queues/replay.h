/**
 * @file replay.h
 * How a broker reads its logs: it does again what was done. See journal.h.
 *
 * A record may be about a queue whose DECLARE comes later in the log, since
 * compaction has written that once more. So queues are taken for what they are
 * only when all is read; and so are messages, which are ready then in the order
 * of their ids, whatever the order of their records.
 */
#ifndef QUEUES_REPLAY_H
#define QUEUES_REPLAY_H
#include "04-queues/broker_parts.h"

/** Open the logs of @p broker, and put the queues that live into it, with their
 * messages. False: one is damaged, and @p error says where. */
bool replay(struct broker *broker, GError **error);

#endif

/**
 * @file office_log.h
 * The retained logs of an office: their commands, which stand in the table of
 * office.c, and the readers who wait at them. For office.c only.
 *
 *     office->logs = logs_open(office, &error);
 *     log_add(&errand);       // LOGADD: the reply is put, who waits is answered.
 *
 * What is retained counts against the office's memory, like the messages of
 * queues, at each moment as much as there is. A message that would be too much
 * is refused before it is kept. Whether it is, is reckoned as if it made room
 * only where the log's BYTES demand it.
 */
#ifndef QUEUES_OFFICE_LOG_H
#define QUEUES_OFFICE_LOG_H
#include "04-queues/server/errand.h"

struct logs;

/** Open all that there are; none, if the office is transient. Its broker is
 * open. NULL: one is damaged, and @p error says where. Returns new. */
struct logs *logs_open(struct office *office, GError **error);
/** A message to the node has come, not for the broker: is it one of a log? */
bool logs_on_message(struct logs *logs, node_id from, GBytes *message);
/** A client is gone, and waits no more. */
void logs_leave(struct logs *logs, node_id client);
/** Free them, as a crash. */
void logs_free(struct logs *logs);

/** LOGCREATE. */
void log_create(struct errand *errand);
/** LOGADD. */
void log_add(struct errand *errand);
/** LOGREAD. */
void log_read(struct errand *errand);
/** LOGCOMMIT. */
void log_commit(struct errand *errand);
/** LOGINFO. */
void log_info(struct errand *errand);
/** LOGLIST. */
void log_list(struct errand *errand);
/** LOGDROP. */
void log_drop(struct errand *errand);

#endif

/**
 * @file office_queues.h
 * The commands that make queues, remove them, and say how they are: see
 * office.h. For office.c only.
 */
#ifndef QUEUES_OFFICE_QUEUES_H
#define QUEUES_OFFICE_QUEUES_H
#include "04-queues/server/errand.h"

/** QDECLARE. */
void office_declare(struct errand *errand);
/** QDROP. */
void office_drop(struct errand *errand);
/** QPURGE. */
void office_purge(struct errand *errand);
/** QLEN. */
void office_length(struct errand *errand);
/** QLIST. */
void office_list(struct errand *errand);
/** QINFO. */
void office_about(struct errand *errand);

#endif

/**
 * @file request.h
 * What clients of a broker say, written: numbers as words, and the longest of
 * the commands (office.h has them all).
 */
#ifndef QUEUES_REQUEST_H
#define QUEUES_REQUEST_H
#include "02-framing/resp_writer.h"
#include "04-queues/terms.h"

/** A word that is a number. */
void put_number(struct wire_writer *out, uint64_t number);
/** Two words, a name and a number. */
void put_setting(struct wire_writer *out, const char *name, uint64_t value);
/** QDECLARE of @p queue, whole. Returns new. */
GBytes *write_declaration(const char *queue,
                          const struct queue_settings *settings);

#endif

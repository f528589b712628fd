/**
 * @file request.h
 * What clients of a broker say, written: numbers as words, and the longest of
 * the commands; and what they are pushed, read (office.h has it all).
 */
#ifndef QUEUES_REQUEST_H
#define QUEUES_REQUEST_H
#include "02-framing/resp.h"
#include "02-framing/resp_writer.h"
#include "04-queues/terms.h"

/** A word that is a number. */
void put_number(struct wire_writer *out, uint64_t number);
/** Two words, a name and a number. */
void put_setting(struct wire_writer *out, const char *name, uint64_t value);
/** QDECLARE of @p queue, whole. Returns new. */
GBytes *write_declaration(const char *queue,
                          const struct queue_settings *settings);

/** What a push says: there may be other kinds in some later life. */
enum pushed_kind { PUSHED_MESSAGE, PUSHED_DROPPED, PUSHED_ELSE };

/** A push. */
struct pushed {
    enum pushed_kind what;    /**< Which kind. */
    struct word queue;        /**< Of a message, or that is dropped. */
    struct delivery delivery; /**< A message; but for its queue. */
};

/** The push that has these @p items (resp.h) in the bytes at @p data. It points
 * to them. */
struct pushed read_pushed(const uint8_t *data, const struct resp_item *items,
                          size_t count);

#endif

/**
 * @file history.h
 * A history: who called what, when, and what came back.
 *
 *     struct history *history = history_new("kv");
 *     size_t put = history_call(history, 1200, 3, "x", "put", "7", NULL);
 *     history_return(history, 1900, put, NULL);
 *
 * Written down it is a text, which you can as well write by hand:
 *
 *     history kv
 *     # time  client  what
 *     1200  3  call put x 7
 *     1900  3  return
 *     2000  1  call get x
 *     2500  1  return 7
 *     2600  3  call append x 8
 *     9000  3  lost            # nobody knows whether it happened
 *
 * Times are nanoseconds and never run backwards; lines of one time are in their
 * order. A client has at most one call under way. After `lost`, and after
 * `failed`, which says that the call surely did not happen, it may go on; a
 * call that nothing answers counts as lost. What an operation takes and
 * returns is said by its model (model.h). Words are parted by blanks, and #
 * begins a comment; in a word, a backslash comes before another one, or before
 * xHH, which is a byte; "" is the empty word.
 */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H
#include "common/world/env.h"
#include <stdio.h>

struct model;
struct history;

/** Limits of what a history holds: operations, bytes of a line and of words. */
enum {
    HISTORY_OPERATIONS = 1000000,
    HISTORY_LINE = 1 << 16,
    HISTORY_KEY = 1 << 8,
    HISTORY_VALUE = 1 << 14,
    HISTORY_TEXT = 1 << 28, /**< Bytes of a file. */
};

/** How a call ended. */
enum history_end {
    HISTORY_OPEN,     /**< Not at all: it is under way, or it was forgotten. */
    HISTORY_RETURNED, /**< With an answer. */
    HISTORY_LOST,     /**< Nobody knows whether it happened. */
    HISTORY_FAILED,   /**< It surely did not happen. */
};

/** One operation. Equal words of a history are one pointer. */
struct operation {
    const char *key;          /**< What it is about. */
    const char *arguments[2]; /**< What else it takes; then NULL. */
    const char *value;        /**< What it returned; NULL when not known. */
    nsec called;              /**< When it began. */
    nsec ended;               /**< When it ended; 0 while it is open. */
    uint32_t call;            /**< The number of its first event, from 1. */
    uint32_t end;             /**< That of its last one. */
    node_id client;           /**< Whose. */
    uint16_t op;              /**< Which of its model. */
    uint16_t how;             /**< How it ended: enum history_end. */
    const struct operation *partner; /**< Set by a model's pair(); or NULL. */
    uint32_t due; /**< Set by pair(): a lost one surely happened, before that
                     event; 0: who knows. */
};

/** A history of the @p model of that name, which exists. Returns new. */
struct history *history_new(const char *model);
/** Note a call of operation @p op on @p key; its arguments follow, and NULL.
 * What the format would refuse is a mistake of ours, and stops. Returns its
 * index. */
size_t history_call(struct history *history, nsec time, node_id client,
                    const char *key, const char *op,
                    ...) G_GNUC_NULL_TERMINATED;
/** The call of that @p index returned @p value; NULL where only "ok" can be. */
void history_return(struct history *history, nsec time, size_t index,
                    const char *value);
/** Nobody knows what became of the call of that @p index. */
void history_lost(struct history *history, nsec time, size_t index);
/** The call of that @p index surely did not happen, and never will. */
void history_failed(struct history *history, nsec time, size_t index);
/** Its operations, by the order of their calls. */
const struct operation *history_operations(const struct history *history,
                                           size_t *count);
/** What it is judged by. */
const struct model *history_model(const struct history *history);
/** Read a text. Returns new; or NULL with @p error, one sentence with the
 * number of the line. */
struct history *history_read(FILE *file, GError **error);
/** Write the text. */
void history_write(const struct history *history, FILE *file);
/** Free it all. */
void history_free(struct history *history);

#endif

/**
 * @file history_parts.h
 * The history inside: what recording (history.c) and the text (history_text.c)
 * share. Nobody else includes this.
 */
#ifndef HISTORY_HISTORY_PARTS_H
#define HISTORY_HISTORY_PARTS_H
#include "common/history/history.h"

/** A history. */
struct history {
    const struct model *model; /**< What it is judged by. */
    GArray *operations;        /**< Of struct operation. */
    GStringChunk *words;       /**< Each word once. */
    GHashTable *under_way; /**< Of a client: the index of its call, plus 1. */
    nsec now;              /**< Of the last event. */
    uint32_t events;       /**< How many there were. */
};

/** The two numbers that begin a line. */
struct history_event {
    nsec time;      /**< When. */
    node_id client; /**< Whose. */
};

/** Say why in a sentence, without its full stop. Returns false. */
bool history_refuse(GError **error, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/** Add a call; @p words are its op, its key, its arguments, and NULL. Returns
 * whether it could be; else why not. */
bool history_add_call(struct history *history, struct history_event event,
                      const char *const *words, GError **error);
/** The call under way of the client ended, @p how, perhaps with a @p value. */
bool history_add_end(struct history *history, struct history_event event,
                     enum history_end how, const char *value, GError **error);

#endif

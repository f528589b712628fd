/**
 * @file model_parts.h
 * The models, and what they share; model.c has them in its table.
 */
#ifndef HISTORY_MODEL_PARTS_H
#define HISTORY_MODEL_PARTS_H
#include "common/history/model.h"
#include <string.h>

extern const struct model model_register; /**< put, get. */
extern const struct model model_cas;      /**< put, get, cas. */
extern const struct model model_kv;       /**< put, get, append. */
extern const struct model model_queue;    /**< enqueue, dequeue. */
extern const struct model model_lock;     /**< acquire, release. */

/** Are they one word? No word is like none. */
static inline bool model_same(const char *word, const char *other)
{
    return word && other && strcmp(word, other) == 0;
}

/** Did @p op return, and that @p value? */
static inline bool model_returns(const struct operation *op, const char *value)
{
    return !operation_is_open(op) && model_same(op->value, value);
}

/** It is legal, and nothing changes; or it is not. */
static inline enum model_step model_stays_if(bool legal)
{
    return legal ? MODEL_STAYS : MODEL_REFUSES;
}

#endif

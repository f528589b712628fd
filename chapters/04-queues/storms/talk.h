/**
 * @file talk.h
 * What clients of an office say in a storm, and what they are told.
 *
 *     struct wire_writer out = {.most = env->most};
 *     talk_say(&out, "QTAKE %s COUNT %u", "jobs", 3);
 *     talk_send(&out, env, office);          // All of it in one message.
 *
 *     talk_hear(message, on_value, self);    // Each value of an answer.
 *
 * The network of a storm loses, repeats and reorders. So an answer must say what
 * it answers: a run of commands begins with an ECHO of what its sender wants to
 * be reminded of, and its answers come in one message, or not at all.
 */
#ifndef QUEUES_TALK_H
#define QUEUES_TALK_H
#include "02-framing/resp_writer.h"
#include "common/world/env.h"

/** A value: its items (resp.h), whose text stands in data. */
struct talk_value {
    const struct resp_item *items; /**< Borrowed. */
    size_t count;                  /**< So many. */
    const char *data;              /**< Borrowed. */
};

/** Add a command: its words stand between blanks. */
void talk_say(struct wire_writer *out, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/** Send what was said, and begin anew. */
void talk_send(struct wire_writer *out, struct env *env, node_id to);
/** Each value of @p message, in its order. */
void talk_hear(GBytes *message,
               void (*on_value)(void *self, struct talk_value value),
               void *self);
/** The text of item @p i. Returns new. */
char *talk_text(struct talk_value value, size_t i);

#endif

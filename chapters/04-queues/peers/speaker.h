/**
 * @file speaker.h
 * One side of a conversation with a message queue: a producer or a consumer,
 * what it has to say, and what it has heard so far.
 *
 *     speaker_published(&speaker, now);   // A message is on its way.
 *     ...
 *     speaker_confirmed(&speaker);        // The oldest one was confirmed,
 *     speaker_confirmed_tag(&speaker, 17, true);   // or all up to the 17th.
 *
 * Invariant: confirmed + unconfirmed(speaker) = published.
 */
#ifndef QUEUES_SPEAKER_H
#define QUEUES_SPEAKER_H
#include "02-framing/resp.h"
#include "02-framing/wire.h"
#include "common/judge/histogram.h"
#include "common/world/env.h"

/** The tags that may be under way: from the oldest not confirmed, so many. */
#define SPEAKER_TAGS 4096

/** What it is. */
struct speaker_role {
    const char *mode; /**< How the queue shall keep messages: see dialect.h. */
    bool consumes;    /**< A consumer; else a producer. */
    unsigned number;  /**< From 0; number 0, a producer, makes the queue. */
    unsigned others;  /**< How many consumers there are in all. */
    size_t size;      /**< Bytes of a message. */
    unsigned window;  /**< Messages a consumer may hold, not acknowledged. */
};

/** It, with what a dialect keeps for it. */
struct speaker {
    struct speaker_role role; /**< The owner's. */
    struct wire_writer out;   /**< What is to be said. */
    unsigned lacks;           /**< Answers to the greeting. */
    const char *trouble;      /**< What went wrong; NULL: nothing. Owned. */

    uint64_t published; /**< Messages said. */
    uint64_t confirmed; /**< Of them: confirmed. */
    uint64_t delivered; /**< Messages that came. */
    uint64_t settled;   /**< Of them: acknowledged, and, where the protocol
                           answers to that, answered. */

    nsec now;                  /**< The owner's: when this was heard. */
    struct histogram *delays;  /**< From publish to confirm; NULL: not kept. */
    uint64_t oldest;           /**< The first tag that is not confirmed. */
    nsec stamps[SPEAKER_TAGS]; /**< When each was published; 0: confirmed. */

    struct resp *resp;       /**< A dialect's: its parser. */
    struct wire_writer each; /**< A dialect's: what each message is answered
                                with. */
    struct wire_writer acks; /**< A dialect's: what is put off. */
    unsigned put_off;        /**< A dialect's: for how many messages. */
    uint64_t tag;            /**< A dialect's: of the last message. */
    uint64_t coming;         /**< A dialect's: of the one that is coming. */
    uint64_t credit;         /**< A dialect's: messages it was allowed. */
    GQueue asked;            /**< A dialect's: what was asked and is not
                                answered, oldest first, as numbers. */
};

/** A speaker without a word so far. Returns new. */
struct speaker *speaker_new(struct speaker_role role);
/** How many messages are published and not confirmed. */
uint64_t speaker_unconfirmed(const struct speaker *speaker);
/** May it publish one more, when @p most may be unconfirmed? */
bool speaker_may_publish(const struct speaker *speaker, unsigned most);
/** It has published one: the next tag, from 1 on, at @p now. */
void speaker_published(struct speaker *speaker, nsec now);
/** The oldest message was confirmed. False: there was none. */
bool speaker_confirmed(struct speaker *speaker);
/** The message of @p tag was; with @p all, those before it too. False: there is
 * no such tag under way. */
bool speaker_confirmed_tag(struct speaker *speaker, uint64_t tag, bool all);
/** It was answered to the greeting? Then count that, and nothing else. */
bool speaker_was_greeted(struct speaker *speaker);
/** This went wrong. Returns -1. */
ssize_t speaker_fail(struct speaker *speaker, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/** Free it. */
void speaker_free(struct speaker *speaker);

#endif

/**
 * @file errand.h
 * A command of a client, with what is needed to serve it; its words, and the
 * answers that many commands share. For office.c and its like only.
 *
 *     nsec wait;
 *     if (get_span(errand, 3, &wait))     // False: an error was put.
 *         ...
 */
#ifndef QUEUES_ERRAND_H
#define QUEUES_ERRAND_H
#include "02-framing/door/desk.h"
#include "04-queues/queue.h"
#include "04-queues/server/office.h"
#include "04-queues/server/pages.h"

/** An office. */
struct office {
    struct env *env;                 /**< Where it stands. */
    struct office_settings settings; /**< As given. */
    struct broker *broker;           /**< Its queues. */
    struct logs *logs;               /**< Its retained logs. */
    struct desk *desk;               /**< Its clients. */
    struct pages *pages;             /**< What they are pushed. */
    GBytes *opening;                 /**< The letter that says: ready. */
};

/** A command. */
struct errand {
    struct office *office;         /**< Where it came to. */
    const struct command *command; /**< Its words, and who says them. */
    struct wire_writer *out;       /**< For one answer. */
    bool parks;                    /**< It may wait. */
    bool parked;                   /**< It does: no answer was put. */
    struct queue *queue;           /**< Of its first word, or NULL. */
};

/** Word @p i. */
struct word word_at(const struct errand *errand, size_t i);
/** Word @p i is a @p number from 0 to @p most. False: it is not, and an error was
 * put. */
bool get_number(const struct errand *errand, size_t i, uint64_t most,
                uint64_t *number);
/** Word @p i is a span of milliseconds, at most a year. False: an error was
 * put. */
bool get_span(const struct errand *errand, size_t i, nsec *span);
/** The answer to a call of the broker. */
void put_outcome(const struct errand *errand, enum broker_outcome outcome);
/** The error for words that make no sense. */
void put_syntax(const struct errand *errand);
/** Does whoever says this speak RESP2 from now on, in which nothing is pushed? */
bool gives_up_pushes(const struct command *command);

#endif

/**
 * @file pages.h
 * What consumers are pushed, gathered on a page for each until the turn ends;
 * and their credit, passed on to the broker as far as they read.
 *
 *     pages_grant(pages, consumer, queue, total);
 *     pages_put(pages, consumer, &delivery);    // As often as there are any.
 *     ...                                       // The turn ends: one message.
 *
 * So a consumer is sent one message for all deliveries of a turn, behind the
 * answers of that turn, and behind what was written in it.
 *
 * Credit says what a consumer wants, and not what its connection holds: one may
 * grant any number, and read nothing. So each queue has the credit for one
 * delivery at a time. When that is spent, and the turn ends, it gets the next:
 * but not while more than PAGES_UNREAD bytes wait for the consumer. What is not
 * delivered stays in the queue, for others, and no lease on it runs.
 */
#ifndef QUEUES_PAGES_H
#define QUEUES_PAGES_H
#include "02-framing/wire.h"
#include "04-queues/queue.h"
#include "04-queues/server/office.h"

/** So much may be unread when a consumer is pushed one message more. */
enum { PAGES_UNREAD = 1 << 17 };

struct pages;

/** No pages yet, of messages over @p env, borrowed. Of @p settings it uses what
 * says what is unread. Returns new. */
struct pages *pages_new(struct env *env, struct office_settings settings);
/** @p consumer, which consumes from @p queue, may be sent @p total by it. */
void pages_grant(struct pages *pages, node_id consumer, struct queue *queue,
                 uint64_t total);
/** Put a delivery on the page of @p consumer, which has granted. */
void pages_put(struct pages *pages, node_id consumer,
               const struct delivery *delivery);
/** @p consumer does not consume from @p queue any more. */
void pages_cancel(struct pages *pages, node_id consumer, const char *queue);
/** Put on its page that @p queue is dropped: nothing more comes from there. */
void pages_put_dropped(struct pages *pages, node_id consumer,
                       const char *queue);
/** @p consumer has no page any more, and no credit: what is on it is lost. */
void pages_close(struct pages *pages, node_id consumer);
/** Free them. */
void pages_free(struct pages *pages);

/** A receipt, as clients see it: "3-17" is the 17th delivery of the third life
 * of the broker. */
void put_receipt(struct wire_writer *out, uint64_t receipt);
/** The receipt that @p word is. False: it is none. */
bool get_receipt(struct word word, uint64_t *receipt);

#endif

/**
 * @file pages.h
 * What consumers are pushed, gathered on a page for each until the turn ends.
 *
 *     pages_open(pages, consumer);
 *     pages_put(pages, consumer, &delivery);    // As often as there are any.
 *     ...                                       // The turn ends: one message.
 *
 * So a consumer is sent one message for all deliveries of a turn, behind the
 * answers of that turn, and behind what was written in it.
 */
#ifndef QUEUES_PAGES_H
#define QUEUES_PAGES_H
#include "02-framing/wire.h"
#include "04-queues/terms.h"

struct pages;

/** No pages yet, of messages over @p env, borrowed. Returns new. */
struct pages *pages_new(struct env *env);
/** @p consumer has a page, if it had none. */
void pages_open(struct pages *pages, node_id consumer);
/** Put a delivery on the page of @p consumer, which is open. */
void pages_put(struct pages *pages, node_id consumer,
               const struct delivery *delivery);
/** Put on it, too, that @p queue is dropped: nothing more comes from there. */
void pages_put_dropped(struct pages *pages, node_id consumer,
                       const char *queue);
/** @p consumer has none any more: what is on it is lost. */
void pages_close(struct pages *pages, node_id consumer);
/** Free them. */
void pages_free(struct pages *pages);

/** A receipt, as clients see it: "3-17" is the 17th delivery of the third life
 * of the broker. */
void put_receipt(struct wire_writer *out, uint64_t receipt);
/** The receipt that @p word is. False: it is none. */
bool get_receipt(struct word word, uint64_t *receipt);

#endif

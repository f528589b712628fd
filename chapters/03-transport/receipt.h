/**
 * @file receipt.h
 * What the receiver of a stream tells its sender: acknowledgements, and when.
 *
 *     if (receipt_data(&receipt, &segment))     // An ack is owed.
 *         readable();
 *     receipt_put(&receipt, &other);            // Into what is sent anyway.
 *     if (receipt_has_room(&receipt, 2 * 1440)) // The reader has made some.
 *         send_ack();
 *
 * An ack is for all that has come. So one for two segments is enough (RFC 9002,
 * 13.2.2), or after RECEIPT_DELAY. But what is odd must be known at once: a
 * hole, what fills one, what has come before, an end (RFC 5681, 4.2). And then
 * each of the next RECEIPT_HURRY segments is acknowledged: where something is
 * lost the sender's window is small, and perhaps there is no second segment to
 * wait for.
 */
#ifndef TRANSPORT_RECEIPT_H
#define TRANSPORT_RECEIPT_H
#include "03-transport/reassembly.h"
#include "common/world/env.h"

#define RECEIPT_DELAY (2 * MSEC) /**< So long an ack waits for company. */
enum { RECEIPT_HURRY = 16 /**< So many do not, after something odd. */ };

/** What has come, and what is owed for it. */
struct receipt {
    struct env *env;       /**< Whose timers; borrowed. */
    struct reassembly *in; /**< Where the data goes. */
    struct timer timer;    /**< It fires when an ack is to be sent. */
    bool heard;            /**< Something has come that wants an ack. */
    uint32_t echo;         /**< Its packet, of the last. */
    unsigned owed;         /**< Segments that no ack has answered. */
    unsigned hurry;        /**< So many more are answered at once. */
    uint32_t told;         /**< The end of the window, as it was said last. */
};

/** Nothing has come into @p in, which is taken. When an ack is to be sent, @p
 * timer fires. */
void receipt_init(struct receipt *receipt, struct env *env,
                  struct reassembly *in, struct timer timer);
/** @p segment has data, or an end. Is there anything new to be taken? */
bool receipt_data(struct receipt *receipt, const struct segment *segment);
/** Does it belong into a segment with data? When an ack is owed, or @p always;
 * but with ranges it takes too much room there. */
bool receipt_fits(const struct receipt *receipt, bool always);
/** Write the ack into @p segment. Nothing is owed any more. */
void receipt_put(struct receipt *receipt, struct segment *segment);
/** Is there room for @p size bytes more than was said? */
bool receipt_has_room(const struct receipt *receipt, size_t size);
/** Disarm its timer, and free where the data went. */
void receipt_clear(struct receipt *receipt);

#endif

/**
 * @file ackset.h
 * The sender's side of a stream: what was sent, has arrived, or is lost.
 *
 *     ackset_sent(ackset, packet, (struct range){seq, seq + size}, now);
 *     if (ackset_on_ack(ackset, &segment, now, &news)) // false: it lies
 *         use(news.acked, news.rtt);
 *     loss = ackset_judge(ackset, now, rtt);           // at each ack, and when
 *     arm(timer, ackset_deadline(ackset, rtt));        // this fires
 *     while (ackset_next_lost(ackset, 1400, &range))
 *         send_again(range);                           // calls ackset_sent()
 *
 * A byte is in one of four states:
 *
 *     never sent --> flying --> arrived
 *                    ^   |         ^
 *        sent again  |   v judged  |   a lost byte may arrive all the same
 *                    lost ---------+
 *
 *  - *Arrived* is what lies before an ack or in one of its ranges, and stays
 *    so; only ackset_forget() takes back what ranges alone have told: a
 *    receiver may throw that away (*reneging*, RFC 2018, 8).
 *  - What flies is *lost* when something sent later has arrived: its packet is
 *    before the newest packet that was echoed, and that by ACKSET_REORDER or
 *    more (RFC 9002, 6.1.1), or it was sent rtt + rtt / 8 ago or earlier (RFC
 *    9002, 6.1.2). What was sent again is judged by its last packet.
 *  - An ack *lies*, and changes nothing, when it is for what cannot have been
 *    sent (RT3, RFC 5961): an ack or a range beyond the last byte sent; an ack
 *    before the first; a range that is empty, reversed, or does not begin
 *    beyond the ack; an echo beyond the newest packet, before the first, or of
 *    none.
 *  - An ack before an earlier one is *old*, no lie: its ranges and echo count.
 *
 * Only ackset_forget() walks over all that flies: an ack costs as much as it
 * changes and has ranges, times a logarithm. What has arrived takes no memory.
 */
#ifndef TRANSPORT_ACKSET_H
#define TRANSPORT_ACKSET_H
#include "03-transport/segment.h"
#include "common/world/env.h"

enum { ACKSET_REORDER = 3 /**< So far may packets be displaced. */ };

struct ackset;

/** What came of an ack. */
struct ackset_news {
    size_t acked;  /**< Bytes that had not arrived before. */
    nsec sent;     /**< When the newest of them was last sent; 0: not known,
                      because there is none, or they were forgotten. */
    nsec rtt;      /**< Now less when the echoed packet was sent, at least 1;
                      0: it had no data, or it or a newer one was echoed. */
    bool advanced; /**< The ack is beyond all earlier ones. */
    bool old;      /**< It is before an earlier one: so its window is, too. */
};

/** What was judged to be lost. */
struct ackset_loss {
    size_t size; /**< Bytes that were flying. */
    nsec sent;   /**< When the newest of them was sent; 0: there is none. */
};

/** Nothing was sent; the first byte will be number @p first. Returns new. */
struct ackset *ackset_new(uint32_t first);
/** @p range was sent, as @p packet, at @p now: bytes from ackset_next() on, or
 * such as fly or are lost, and less than 2^30 from ackset_acked(); or none, in
 * a packet without data, whose echo is no lie. Packet numbers rise, by any
 * steps below 2^30, and go in a circle; times do not fall. */
void ackset_sent(struct ackset *ackset, uint32_t packet, struct range range,
                 nsec now);
/** What @p segment, with an ack, says. False: it lies, nothing has changed, and
 * all of @p news is 0. Judges nothing. */
bool ackset_on_ack(struct ackset *ackset, const struct segment *segment,
                   nsec now, struct ackset_news *news);
/** Now, what flies is lost? @p rtt is the smoothed round trip; 0: not known,
 * and nothing is lost by time. */
struct ackset_loss ackset_judge(struct ackset *ackset, nsec now, nsec rtt);
/** When will there be more to judge, if no ack comes before? 0: never. */
nsec ackset_deadline(const struct ackset *ackset, nsec rtt);
/** The timer fired: all from the greatest ack on is lost, ranges or not. */
void ackset_forget(struct ackset *ackset);
/** The first row of lost bytes, all that follow each other, but at most @p
 * most. False: nothing is lost. */
bool ackset_next_lost(const struct ackset *ackset, size_t most,
                      struct range *range);
/** The same of those that fly: for a probe (RFC 9002, 6.2.4). */
bool ackset_next_flying(const struct ackset *ackset, size_t most,
                        struct range *range);
/** How many bytes fly. */
size_t ackset_flying(const struct ackset *ackset);
/** How many bytes are lost. */
size_t ackset_lost(const struct ackset *ackset);
/** The greatest ack: all before it have arrived, for good. */
uint32_t ackset_acked(const struct ackset *ackset);
/** The number behind the last byte that was sent. */
uint32_t ackset_next(const struct ackset *ackset);
/** Free it. */
void ackset_free(struct ackset *ackset);

#endif

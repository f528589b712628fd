/**
 * @file ackset.h
 * The sender's side of a stream: what was sent, what of it has arrived, and what is
 * lost and has to be sent again.
 *
 *     struct ackset *ackset = ackset_new(first);
 *     ackset_sent(ackset, packet, (struct range){seq, seq + size}, now);
 *     if (ackset_on_ack(ackset, &segment, now, &news))    // false: it lies
 *         use(news.acked, news.rtt, news.lost);
 *     while (ackset_next_lost(ackset, &range))            // to be sent again
 *         send(range);
 *
 * A byte is in one of four states:
 *
 *     never sent  ->  flying  ->  arrived
 *                      ^   |
 *                      |   v
 *                      lost         sent again, it flies again
 *
 * *Arrived* is what lies before the ack, or in one of its ranges; and it stays so:
 * who takes back a range (*reneging*, RFC 2018, 8) is taken at its word only when
 * the timer fires, ackset_forget().
 *
 * *Lost* is what flies, when something that was sent later has arrived: by number,
 * when its packet is ACKSET_REORDER or more before the newest packet that was echoed
 * (RFC 9002, 6.1.1); or by time, when it was sent so long ago as a round trip and an
 * eighth, by then, and the packet that was echoed was sent later (6.1.2, and RFC
 * 8985). What is sent again is judged by its new packet number.
 *
 * An ack lies, and changes nothing, when it is for what was never sent: an ack or a
 * range beyond the last byte sent, a range that is empty, reversed, or not beyond
 * the ack, an echo of a packet that was never sent (RT3, RFC 5961). An ack before an
 * earlier one is old, not a lie: what its ranges say counts, its ack and window do
 * not.
 */
#ifndef TRANSPORT_ACKSET_H
#define TRANSPORT_ACKSET_H
#include "03-transport/segment.h"
#include "common/world/env.h"

enum { ACKSET_REORDER = 3 };

struct ackset;

/** What came of an ack. */
struct ackset_news {
    size_t acked;   /**< Bytes that had not arrived before. */
    size_t lost;    /**< Bytes that were flying, and are lost now. */
    nsec rtt;       /**< Now less when the echoed packet was sent; 0: it was echoed
                       before, or is older than one that was. */
    nsec lost_sent; /**< When the newest packet of what is lost was sent. */
    bool advanced;  /**< The ack is beyond all earlier ones. */
    bool old;       /**< It is before an earlier one. */
};

/** Nothing was sent of a stream whose first byte has the number @p first. Returns
 * new. */
struct ackset *ackset_new(uint32_t first);
/** @p range was sent, as @p packet, at @p now: bytes behind all that were sent, or
 * such as are lost. Packet numbers rise, by any steps. */
void ackset_sent(struct ackset *ackset, uint32_t packet, struct range range,
                 nsec now);
/** What @p segment, with an ack, says; @p rtt is the smoothed round trip, or 0.
 * False: it lies, and nothing has changed. */
bool ackset_on_ack(struct ackset *ackset, const struct segment *segment,
                   nsec now, nsec rtt, struct ackset_news *news);
/** When will what flies be lost by time, if no further ack comes? 0: never. */
nsec ackset_deadline(const struct ackset *ackset, nsec rtt);
/** It is @p now: what flies too long is lost. Returns how many bytes. */
size_t ackset_on_deadline(struct ackset *ackset, nsec now, nsec rtt);
/** The first row of lost bytes, at most @p most of them. False: nothing is lost. */
bool ackset_next_lost(const struct ackset *ackset, size_t most,
                      struct range *range);
/** The timer fired: all that is not acknowledged in a row, ranges too, is lost. */
void ackset_forget(struct ackset *ackset);
/** Bytes that fly: sent, not arrived, not lost. */
size_t ackset_flying(const struct ackset *ackset);
/** Bytes that are lost. */
size_t ackset_lost(const struct ackset *ackset);
/** All before this have arrived. */
uint32_t ackset_acked(const struct ackset *ackset);
/** The number behind the last byte that was sent. */
uint32_t ackset_next(const struct ackset *ackset);
/** Free it. */
void ackset_free(struct ackset *ackset);

#endif

/**
 * @file test_flight.h
 * For tests of ackset.h: a stream that is sent, beside a model that knows of
 * each byte what became of it. Bytes and packets are named by their places,
 * from 0.
 *
 *     struct flight flight = flight_new(7, 1000);    // The first numbers.
 *     fly(&flight, 0, 100);           // The next packet.
 *     hear(&flight, (struct acknowledgement){.ack = 50, .echo = 0});
 *     judge(&flight, 10 * MSEC);      // Each expects what the model says.
 *     flight_free(&flight);
 */
#ifndef TRANSPORT_TEST_FLIGHT_H
#define TRANSPORT_TEST_FLIGHT_H
#include "03-transport/ackset.h"
#include "common/course/graded.h"
#include <stdio.h>
#include <string.h>

/** No stream here is longer, and none has more packets. */
enum { LONGEST = 4000, PACKETS = 4000 };

/** What became of a byte. */
enum byte_state { NEVER, FLYING, ARRIVED, LOST };

/** A byte, as the model knows it. */
struct sent_byte {
    enum byte_state fate; /**< What became of it. */
    int64_t packet;       /**< The last one in which it was sent. */
    nsec sent;            /**< And when. */
};

/** A stream that is sent. */
struct flight {
    struct ackset *ackset;  /**< What is tested. */
    uint32_t first;         /**< Number of the first byte. */
    uint32_t packet;        /**< And of the first packet. */
    struct sent_byte *byte; /**< LONGEST of them. */
    nsec *sent;     /**< When each packet was sent; 0: it had no data. */
    int64_t acked;  /**< The greatest ack. */
    int64_t next;   /**< Behind the last byte. */
    int64_t newest; /**< Packet; -1: none was sent. */
    int64_t echoed; /**< Packet; -1: none was echoed. */
    nsec now;       /**< The time; above 0. */
};

/** An ack, in places. */
struct acknowledgement {
    int64_t ack;         /**< All before it .. */
    int64_t echo;        /**< .. after this packet. */
    unsigned ranges;     /**< And so many ranges. */
    int64_t range[4][2]; /**< From, up to. */
};

/** An ack: HEARD(0, 8, 2, {{80, 90}, {20, 30}}), HEARD(.ack = 10, .echo =
 * 0). */
#define HEARD(...) ((struct acknowledgement){__VA_ARGS__})

/** Note what happens, for who looks at a failure. */
static inline G_GNUC_PRINTF(1, 2) void say(const char *format, ...)
{
    char line[SHEET_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    sheet_note(line);
}

/** Nothing was sent: these will be the first numbers. */
static inline struct flight flight_new(uint32_t first, uint32_t packet)
{
    say("a stream from %u, packets from %u", first, packet);
    return (struct flight){
        .ackset = ackset_new(first),
        .first = first,
        .packet = packet,
        .byte = g_new0(struct sent_byte, LONGEST),
        .sent = g_new0(nsec, PACKETS),
        .newest = -1,
        .echoed = -1,
        .now = SEC,
    };
}

/** Free it. */
static inline void flight_free(struct flight *flight)
{
    ackset_free(flight->ackset);
    g_free(flight->byte);
    g_free(flight->sent);
}

/* ---- What the model says. ---- */

/** How many bytes have this fate? */
static inline size_t count_of(const struct flight *flight, enum byte_state fate)
{
    size_t count = 0;
    for (int64_t at = 0; at < flight->next; at++)
        count += flight->byte[at].fate == fate;
    return count;
}

/** Expect the first row of that @p fate, at most @p most bytes of it. */
static inline void expect_first(const struct flight *flight,
                                enum byte_state fate, size_t most)
{
    int64_t first = 0;
    while (first < flight->next && flight->byte[first].fate != fate)
        first++;
    int64_t end = first;
    while (end < flight->next && flight->byte[end].fate == fate &&
           (size_t)(end - first) < most)
        end++;
    struct range got = {0, 0};
    bool some = fate == LOST ? ackset_next_lost(flight->ackset, most, &got)
                             : ackset_next_flying(flight->ackset, most, &got);
    g_autofree char *text = g_strdup_printf(
        "the first row that %s (at most %zu): %d to %d",
        fate == LOST ? "is lost" : "flies", most, (int)first, (int)end);
    if (first == end)
        expect_that(!some,
                    fate == LOST ? "nothing to be lost" : "nothing to fly",
                    "something");
    else
        expect_that(some && got.first - flight->first == (uint32_t)first &&
                        got.end - flight->first == (uint32_t)end,
                    text, "%s, %d to %d", some ? "true" : "false",
                    (int)(got.first - flight->first),
                    (int)(got.end - flight->first));
}

/** Expect all readers to say what the model does. */
static inline void expect_flight(const struct flight *flight)
{
    static const size_t most[] = {1, 7, 100, SIZE_MAX};
    const struct ackset *ackset = flight->ackset;
    expect_equal("bytes that fly:", ackset_flying(ackset),
                 count_of(flight, FLYING));
    expect_equal("bytes that are lost:", ackset_lost(ackset),
                 count_of(flight, LOST));
    expect_equal("the greatest ack:", ackset_acked(ackset) - flight->first,
                 flight->acked);
    expect_equal("the next byte:", ackset_next(ackset) - flight->first,
                 flight->next);
    for (size_t i = 0; i < G_N_ELEMENTS(most); i++) {
        expect_first(flight, LOST, most[i]);
        expect_first(flight, FLYING, most[i]);
    }
}

/* ---- Sending. ---- */

/** Send bytes from @p first to @p end, in a packet @p step behind the last. */
static inline void fly_by(struct flight *flight, int64_t first, int64_t end,
                          int64_t step)
{
    int64_t packet = flight->newest < 0 ? 0 : flight->newest + step;
    uint32_t number = flight->packet + (uint32_t)packet;
    say("%d ms: packet %d, bytes %d to %d", (int)(flight->now / MSEC),
        (int)packet, (int)first, (int)end);
    ackset_sent(flight->ackset, number,
                (struct range){flight->first + (uint32_t)first,
                               flight->first + (uint32_t)end},
                flight->now);
    for (int64_t at = first; at < end; at++)
        flight->byte[at] = (struct sent_byte){FLYING, packet, flight->now};
    flight->newest = packet;
    if (packet < PACKETS)
        flight->sent[packet] = first < end ? flight->now : 0;
    flight->next = MAX(flight->next, end);
    expect_flight(flight);
}

/** Send bytes from @p first to @p end, in the next packet. */
static inline void fly(struct flight *flight, int64_t first, int64_t end)
{
    fly_by(flight, first, end, 1);
}

/** Send @p count times @p size new bytes, each in a packet. */
static inline void fly_many(struct flight *flight, int count, int64_t size)
{
    for (int i = 0; i < count; i++)
        fly(flight, flight->next, flight->next + size);
}

/* ---- Acks. ---- */

/** For whom looks at a failure. */
static inline void say_heard(const struct flight *flight,
                             const struct acknowledgement *heard)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "%d ms: ack %d, echo %d", (int)(flight->now / MSEC),
                    (int)heard->ack, (int)heard->echo);
    for (unsigned i = 0; i < heard->ranges; i++)
        g_string_append_printf(text, ", range %d to %d",
                               (int)heard->range[i][0],
                               (int)heard->range[i][1]);
    say("%s", text->str);
}

/** As a segment. */
static inline struct segment segment_heard(const struct flight *flight,
                                           const struct acknowledgement *heard)
{
    struct segment segment = {
        .flags = SEGMENT_ACK,
        .ack = flight->first + (uint32_t)heard->ack,
        .echo = flight->packet + (uint32_t)heard->echo,
        .ranges = heard->ranges,
    };
    for (unsigned i = 0; i < heard->ranges; i++)
        segment.range[i] = (struct range){
            flight->first + (uint32_t)heard->range[i][0],
            flight->first + (uint32_t)heard->range[i][1],
        };
    return segment;
}

/** Is it for what cannot have been sent? */
static inline bool is_lying(const struct flight *flight,
                            const struct acknowledgement *heard)
{
    bool lies = heard->ack < 0 || heard->ack > flight->next ||
                heard->echo < 0 || heard->echo > flight->newest;
    for (unsigned i = 0; i < heard->ranges; i++)
        lies = lies || heard->range[i][0] <= heard->ack ||
               heard->range[i][1] <= heard->range[i][0] ||
               heard->range[i][1] > flight->next;
    return lies;
}

/** These bytes have arrived. */
static inline void model_arrive(struct flight *flight, int64_t first,
                                int64_t end, struct ackset_news *news)
{
    for (int64_t at = first; at < end; at++) {
        struct sent_byte *byte = &flight->byte[at];
        if (byte->fate == ARRIVED)
            continue;
        news->acked++;
        news->sent = MAX(news->sent, byte->sent);
        byte->fate = ARRIVED;
    }
}

/** The model hears it. */
static inline struct ackset_news model_hear(struct flight *flight,
                                            const struct acknowledgement *heard)
{
    struct ackset_news news = {
        .advanced = heard->ack > flight->acked,
        .old = heard->ack < flight->acked,
    };
    nsec sent = flight->sent[heard->echo];
    if (heard->echo > flight->echoed && sent > 0)
        news.rtt = MAX(flight->now - sent, 1);
    flight->echoed = MAX(flight->echoed, heard->echo);
    model_arrive(flight, 0, heard->ack, &news);
    for (unsigned i = 0; i < heard->ranges; i++)
        model_arrive(flight, heard->range[i][0], heard->range[i][1], &news);
    flight->acked = MAX(flight->acked, heard->ack);
    return news;
}

/** An ack comes. Nothing is judged. */
static inline void hear(struct flight *flight, struct acknowledgement heard)
{
    struct segment segment = segment_heard(flight, &heard);
    struct ackset_news news = {7, 7, 7, true, true}, wanted = {0};
    bool lies = is_lying(flight, &heard);
    say_heard(flight, &heard);
    bool taken = ackset_on_ack(flight->ackset, &segment, flight->now, &news);
    expect_equal("ackset_on_ack returns", taken, !lies);
    if (!lies)
        wanted = model_hear(flight, &heard);
    expect_equal("bytes that have arrived now:", news.acked, wanted.acked);
    expect_equal("when the newest of them was sent:", news.sent, wanted.sent);
    expect_equal("the round trip:", news.rtt, wanted.rtt);
    expect_equal("has the ack advanced?", news.advanced, wanted.advanced);
    expect_equal("is the ack old?", news.old, wanted.old);
    expect_flight(flight);
}

/* ---- Loss. ---- */

/** Is this byte lost? */
static inline bool is_lost(const struct flight *flight,
                           const struct sent_byte *byte, nsec rtt)
{
    return byte->fate == FLYING && byte->packet < flight->echoed &&
           (byte->packet <= flight->echoed - ACKSET_REORDER ||
            (rtt > 0 && flight->now >= byte->sent + rtt + rtt / 8));
}

/** What is to be judged later? */
static inline void expect_deadline(const struct flight *flight, nsec rtt)
{
    nsec deadline = 0;
    for (int64_t at = 0; at < flight->next && rtt > 0; at++) {
        const struct sent_byte *byte = &flight->byte[at];
        nsec due = byte->sent + rtt + rtt / 8;
        if (byte->fate == FLYING && byte->packet < flight->echoed &&
            (deadline == 0 || due < deadline))
            deadline = due;
    }
    expect_equal("the deadline:", ackset_deadline(flight->ackset, rtt),
                 deadline);
}

/** Judge. Returns how much is lost. */
static inline size_t judge(struct flight *flight, nsec rtt)
{
    struct ackset_loss wanted = {0, 0};
    say("%d ms: judge, rtt %d us", (int)(flight->now / MSEC),
        (int)(rtt / USEC));
    for (int64_t at = 0; at < flight->next; at++) {
        struct sent_byte *byte = &flight->byte[at];
        if (!is_lost(flight, byte, rtt))
            continue;
        byte->fate = LOST;
        wanted.size++;
        wanted.sent = MAX(wanted.sent, byte->sent);
    }
    struct ackset_loss loss = ackset_judge(flight->ackset, flight->now, rtt);
    expect_equal("bytes judged to be lost:", loss.size, wanted.size);
    expect_equal("when the newest of them was sent:", loss.sent, wanted.sent);
    expect_flight(flight);
    expect_deadline(flight, rtt);
    return loss.size;
}

/** The timer fires, and all is forgotten. */
static inline void forget(struct flight *flight)
{
    say("%d ms: forget", (int)(flight->now / MSEC));
    ackset_forget(flight->ackset);
    for (int64_t at = flight->acked; at < flight->next; at++)
        flight->byte[at] = (struct sent_byte){.fate = LOST};
    expect_flight(flight);
}

/** Send the first row that is lost again, at most @p most bytes. */
static inline bool fly_again(struct flight *flight, size_t most)
{
    struct range range;
    if (!ackset_next_lost(flight->ackset, most, &range))
        return false;
    fly(flight, range.first - flight->first, range.end - flight->first);
    return true;
}

#endif

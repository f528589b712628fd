/**
 * @file test_weather.h
 * For tests of ackset.h: flights that are long, and flights that are drawn.
 */
#ifndef TRANSPORT_TEST_WEATHER_H
#define TRANSPORT_TEST_WEATHER_H
#include "03-transport/test_flight.h"
#include "common/course/allocated.h"
#include "common/world/dice.h"

/** So many segments fly at a time. */
enum { MANY = 60000, KIB = 1 << 10 };

/** MANY segments of 10 bytes, without the model. */
static inline struct ackset *many_fly(void)
{
    struct ackset *ackset = ackset_new(0);
    for (uint32_t i = 0; i < MANY; i++)
        ackset_sent(ackset, i, (struct range){10 * i, 10 * i + 10}, SEC + i);
    return ackset;
}

/** An ack comes, with a range that may be empty, and all is judged. Returns
 * how many bytes have arrived. */
static inline size_t many_hear(struct ackset *ackset, uint32_t ack,
                               uint32_t echo, struct range range)
{
    struct ackset_news news;
    struct segment segment = {.flags = SEGMENT_ACK, .ack = ack, .echo = echo};
    if (range.first < range.end) {
        segment.ranges = 1;
        segment.range[0] = range;
    }
    expect_that(ackset_on_ack(ackset, &segment, 2 * SEC, &news),
                "an honest ack", "a lie");
    ackset_judge(ackset, 2 * SEC, 2 * SEC);
    ackset_deadline(ackset, 2 * SEC);
    return news.acked;
}

/** Each arrives in order. */
static inline void many_in_order(void)
{
    struct ackset *ackset = many_fly();
    for (uint32_t i = 0; i < MANY; i++)
        many_hear(ackset, 10 * i, i, (struct range){0, 0});
    expect_equal("bytes that fly:", ackset_flying(ackset), 10);
    ackset_free(ackset);
}

/** The first is lost. */
static inline void many_but_the_first(void)
{
    struct ackset *ackset = many_fly();
    for (uint32_t i = 1; i < MANY; i++)
        many_hear(ackset, 0, i, (struct range){10, 10 * i + 10});
    expect_equal("bytes that are lost:", ackset_lost(ackset), 10);
    ackset_free(ackset);
}

/** The last arrives first. */
static inline void many_backwards(void)
{
    struct ackset *ackset = many_fly();
    for (uint32_t i = MANY - 1; i > 0; i--)
        many_hear(ackset, 0, 0, (struct range){10 * i, 10 * i + 10});
    expect_equal("bytes that fly:", ackset_flying(ackset), 10);
    ackset_free(ackset);
}

/** Each second one is lost, asked for, and sent again. */
static inline void many_with_every_second_lost(void)
{
    struct range range;
    struct ackset *ackset = many_fly();
    for (uint32_t i = 1; i < MANY; i += 2)
        many_hear(ackset, 0, i, (struct range){10 * i, 10 * i + 10});
    for (uint32_t i = MANY; ackset_next_lost(ackset, 10, &range); i++)
        ackset_sent(ackset, i, range, 2 * SEC);
    expect_equal("bytes that fly:", ackset_flying(ackset), 5 * MANY);
    for (uint32_t i = 1; i < MANY; i += 2)
        many_hear(ackset, 10 * i + 10, MANY + i / 2 - 1, (struct range){0, 0});
    expect_equal("bytes that fly:", ackset_flying(ackset), 0);
    ackset_free(ackset);
}

/** Twenty fly at a time: no more is kept, and nothing in the end. */
static inline void many_one_by_one(void)
{
    size_t before = allocated_bytes(), most = 0;
    struct ackset *ackset = ackset_new(0);
    for (uint32_t i = 0; i < MANY; i++) {
        ackset_sent(ackset, i, (struct range){10 * i, 10 * i + 10}, SEC);
        if (i >= 20)
            many_hear(ackset, 10 * (i - 20), i - 20, (struct range){0, 0});
        if (i % 10000 == 999)
            most = MAX(most, allocated_bytes());
    }
    expect_that(most - before < 64 * KIB, "memory for what flies, 20 rows",
                "%zu KiB", (most - before) / KIB);
    ackset_free(ackset);
    ackset_free(many_fly());
    before = allocated_bytes(); /* GLib keeps some for later. */
    ackset_free(many_fly());
    size_t after = allocated_bytes();
    expect_that(after < before + 8 * KIB, "all to be freed", "%zu bytes left",
                after - before);
}

/* ---- Drawn. ---- */

/** A number from @p low to @p high. */
static inline int64_t roll(struct dice *dice, int64_t low, int64_t high)
{
    return low + (int64_t)(dice_roll(dice) % (uint64_t)(high - low + 1));
}

/** An honest ack or a mean one: places near those that matter. */
static inline struct acknowledgement some_ack(const struct flight *flight,
                                              struct dice *dice)
{
    struct acknowledgement heard = {
        .ack = flight->acked + roll(dice, -9, 30) * (roll(dice, 0, 2) == 0),
        .echo = roll(dice, flight->echoed - 2, flight->newest),
        .ranges = (unsigned)roll(dice, 0, 3),
    };
    if (roll(dice, 0, 30) > 0) {
        heard.ack = CLAMP(heard.ack, 0, flight->next);
        heard.echo = CLAMP(heard.echo, 0, flight->newest);
    }
    for (unsigned i = 0; i < heard.ranges; i++) {
        int64_t first = heard.ack + roll(dice, 1, 60);
        heard.range[i][0] = first;
        heard.range[i][1] = first + roll(dice, roll(dice, 0, 30) > 0, 40);
        if (roll(dice, 0, 40) > 0)
            heard.range[i][1] = MIN(heard.range[i][1], flight->next);
        if (heard.range[i][1] <= first && roll(dice, 0, 20) > 0)
            heard.ranges = i;
    }
    return heard;
}

/** One of all that may happen. */
static inline void happen(struct flight *flight, struct dice *dice)
{
    static const nsec rtts[] = {0, 5 * MSEC, 8 * MSEC, 11 * MSEC};
    int64_t what = roll(dice, 0, 15), size = roll(dice, 1, 20);
    nsec rtt = rtts[roll(dice, 0, 3)];
    struct range range;
    if (what < 6 && flight->next < flight->acked + 200)
        fly_by(flight, flight->next, flight->next + size, roll(dice, 1, 2));
    else if (what == 6)
        fly(flight, flight->next, flight->next);
    else if (what == 7)
        fly_again(flight, (size_t)size);
    else if (what == 8 &&
             ackset_next_flying(flight->ackset, (size_t)size, &range))
        fly(flight, range.first - flight->first, range.end - flight->first);
    else if (what < 12)
        hear(flight, some_ack(flight, dice));
    else if (what < 15)
        judge(flight, rtt);
    else if (roll(dice, 0, 9) == 0)
        forget(flight);
    flight->now += (nsec)roll(dice, 0, 2) * MSEC;
}

#endif

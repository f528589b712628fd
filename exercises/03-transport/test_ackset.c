/* What was sent, beside a model that knows of each byte what became of it. */
#include "03-transport/test_flight.h"
#include "common/course/allocated.h"
#include "common/world/dice.h"

enum { MANY = 100000, KIB = 1 << 10 };

/* ---- What has arrived. ---- */

static void an_ack_is_for_all_before_it(void)
{
    struct flight flight = flight_new(1000, 1);
    expect_flight(&flight);
    fly_many(&flight, 5, 100);
    hear(&flight, (struct heard){.ack = 100, .echo = 0});
    hear(&flight, (struct heard){.ack = 100, .echo = 1});
    hear(&flight, (struct heard){.ack = 400, .echo = 3});
    fly_many(&flight, 2, 100);
    hear(&flight, (struct heard){.ack = 700, .echo = 6});
    hear(&flight, (struct heard){.ack = 700, .echo = 6});
    fly(&flight, 700, 701);
    hear(&flight, (struct heard){.ack = 701, .echo = 7});
    flight_free(&flight);
}

/* The receiver may have kept a part, and acks know nothing of segments. */
static void an_ack_may_cut_a_segment(void)
{
    for (int64_t ack = 1; ack < 30; ack++) {
        struct flight flight = flight_new(5, 5);
        fly_many(&flight, 3, 10);
        hear(&flight, (struct heard){.ack = ack, .echo = 1});
        hear(&flight, (struct heard){.ack = ack + 1, .echo = 2});
        fly_many(&flight, 4, 10);
        hear(&flight, (struct heard){.ack = ack + 1, .echo = 6});
        judge(&flight, 0);
        fly_again(&flight, 4);
        hear(&flight, (struct heard){.ack = ack + 3, .echo = 7});
        flight_free(&flight);
    }
}

/* Every range in three segments; then another one. */
static void a_range_may_begin_and_end_anywhere(void)
{
    for (int i = 0; i < 24 * 24; i++) {
        int64_t first = 1 + i / 24, end = 1 + i % 24;
        struct flight flight = flight_new(9, 9);
        fly_many(&flight, 3, 8);
        if (first < end) {
            struct heard heard = {0, 2, 1, {{first, end}}};
            hear(&flight, heard);
            hear(&flight, heard);
            hear(&flight, (struct heard){0, 2, 1, {{5, 20}}});
            judge(&flight, 1);
            hear(&flight, (struct heard){3, 2, 1, {{end, 24}}});
        }
        hear(&flight, (struct heard){.ack = 24, .echo = 2});
        flight_free(&flight);
    }
}

static void ranges_may_be_many_and_in_any_order(void)
{
    struct flight flight = flight_new(0, 0);
    fly_many(&flight, 10, 10);
    hear(&flight, (struct heard){0, 8, 3, {{80, 90}, {20, 30}, {50, 60}}});
    hear(&flight,
         (struct heard){0, 8, 4, {{80, 90}, {20, 30}, {20, 30}, {50, 60}}});
    hear(&flight, (struct heard){10, 8, 2, {{45, 65}, {50, 90}}});
    hear(&flight, (struct heard){40, 8, 1, {{41, 95}}});
    hear(&flight, (struct heard){.ack = 100, .echo = 9});
    flight_free(&flight);
}

/* One that has been overtaken: what it tells of ranges is no less true. */
static void an_old_ack_tells_of_its_ranges(void)
{
    struct flight flight = flight_new(0 - 25u, 3);
    fly_many(&flight, 10, 10);
    hear(&flight, (struct heard){30, 3, 1, {{50, 60}}});
    hear(&flight, (struct heard){20, 2, 1, {{40, 50}}});
    hear(&flight, (struct heard){0, 5, 2, {{10, 20}, {25, 45}}});
    hear(&flight, (struct heard){20, 6, 1, {{22, 30}}});
    hear(&flight, (struct heard){29, 4, 1, {{70, 80}}});
    hear(&flight, (struct heard){.ack = 60, .echo = 7});
    hear(&flight, (struct heard){.ack = 0, .echo = 7});
    flight_free(&flight);
}

/* A lost byte was only late. */
static void what_was_lost_may_arrive(void)
{
    struct flight flight = flight_new(0, 0);
    fly_many(&flight, 8, 10);
    hear(&flight, (struct heard){0, 7, 1, {{70, 80}}});
    judge(&flight, 0);
    flight.now += MSEC;
    hear(&flight, (struct heard){0, 7, 1, {{15, 25}}});
    fly_again(&flight, 5);
    hear(&flight, (struct heard){.ack = 30, .echo = 7});
    fly_again(&flight, 100);
    hear(&flight, (struct heard){.ack = 80, .echo = 9});
    flight_free(&flight);
}

/* ---- Lies. ---- */

static void an_ack_of_the_unsent_is_a_lie(void)
{
    static const int64_t beyond[] = {1, 2, 50, 1 << 20, 1 << 30};
    struct flight flight = flight_new(0 - 40u, 7);
    hear(&flight, (struct heard){.ack = 0, .echo = 0});
    hear(&flight, (struct heard){.ack = 0, .echo = -1});
    fly_many(&flight, 6, 10);
    for (size_t i = 0; i < G_N_ELEMENTS(beyond); i++) {
        int64_t far = beyond[i];
        hear(&flight, (struct heard){.ack = 60 + far, .echo = 2});
        hear(&flight, (struct heard){.ack = -far, .echo = 2});
        hear(&flight, (struct heard){10, 5, 1, {{50, 60 + far}}});
        hear(&flight, (struct heard){10, 5, 1, {{60, 60 + far}}});
        hear(&flight, (struct heard){10, 5, 1, {{60 + far, 61 + far}}});
        hear(&flight, (struct heard){10, 5, 2, {{20, 30}, {50, 60 + far}}});
    }
    hear(&flight, (struct heard){10, 5, 1, {{50, 60}}});
    hear(&flight, (struct heard){.ack = 60, .echo = 5});
    hear(&flight, (struct heard){.ack = 61, .echo = 5});
    hear(&flight, (struct heard){.ack = -1, .echo = 5});
    flight_free(&flight);
}

static void a_range_that_is_none_is_a_lie(void)
{
    struct flight flight = flight_new(0 - 35u, 7);
    fly_many(&flight, 6, 10);
    for (int64_t first = -5; first < 60; first += 5)
        for (int64_t end = -5; end <= 60; end += 5)
            if (end <= first || first <= 10)
                hear(&flight,
                     (struct heard){10, 4, 2, {{30, 40}, {first, end}}});
    hear(&flight, (struct heard){10, 4, 1, {{11, 12}}});
    hear(&flight, (struct heard){20, 4, 1, {{20, 30}}});
    hear(&flight, (struct heard){20, 4, 1, {{15, 30}}});
    hear(&flight, (struct heard){0, 4, 1, {{0, 10}}});
    flight_free(&flight);
}

static void an_echo_of_the_unsent_is_a_lie(void)
{
    static const int64_t beyond[] = {1, 2, 3, 50, 1 << 20, 1 << 30};
    struct flight flight = flight_new(3, 0 - 4u);
    fly_many(&flight, 6, 10);
    for (size_t i = 0; i < G_N_ELEMENTS(beyond); i++) {
        hear(&flight, (struct heard){.ack = 10, .echo = 5 + beyond[i]});
        hear(&flight, (struct heard){.ack = 10, .echo = -beyond[i]});
        judge(&flight, 0);
    }
    fly(&flight, 60, 60); /* No data, but a packet. */
    hear(&flight, (struct heard){.ack = 10, .echo = 6});
    hear(&flight, (struct heard){.ack = 10, .echo = 7});
    judge(&flight, 0);
    flight_free(&flight);
}

/* And neither is its echo believed, nor its ack, nor the first of its
 * ranges. */
static void a_lie_changes_nothing(void)
{
    struct flight flight = flight_new(3, 3);
    fly_many(&flight, 9, 10);
    flight.now += 5 * MSEC;
    hear(&flight, (struct heard){20, 8, 1, {{80, 91}}});
    hear(&flight, (struct heard){20, 8, 3, {{80, 90}, {30, 40}, {10, 20}}});
    judge(&flight, MSEC);
    hear(&flight, (struct heard){.ack = 91, .echo = 8});
    hear(&flight, (struct heard){20, 9, 1, {{80, 90}}});
    judge(&flight, MSEC);
    hear(&flight, (struct heard){20, 8, 1, {{80, 90}}});
    judge(&flight, MSEC);
    flight_free(&flight);
}

/* ---- The round trip. ---- */

static void an_echo_tells_the_round_trip_once(void)
{
    struct flight flight = flight_new(0, 0);
    for (int i = 0; i < 8; i++, flight.now += MSEC)
        fly_many(&flight, 1, 10);
    hear(&flight, (struct heard){.ack = 20, .echo = 1});
    hear(&flight, (struct heard){.ack = 20, .echo = 1});
    flight.now += 3 * USEC;
    hear(&flight, (struct heard){.ack = 50, .echo = 4});
    hear(&flight, (struct heard){.ack = 50, .echo = 3}); /* Overtaken. */
    hear(&flight, (struct heard){.ack = 50, .echo = 4});
    hear(&flight,
         (struct heard){40, 6, 1, {{60, 70}}}); /* Old; not its echo. */
    fly(&flight, 80, 80);
    flight.now += MSEC;
    hear(&flight, (struct heard){.ack = 50, .echo = 8}); /* It had no data. */
    hear(&flight, (struct heard){.ack = 80, .echo = 7});
    fly_many(&flight, 1, 10);
    hear(&flight, (struct heard){.ack = 90, .echo = 9}); /* In no time. */
    flight_free(&flight);
}

/* Karn's question does not arise: a packet number names the copy. */
static void what_is_sent_again_is_timed_by_its_own_packet(void)
{
    struct flight flight = flight_new(0, 0);
    fly_many(&flight, 4, 10);
    flight.now += 10 * MSEC;
    hear(&flight, (struct heard){0, 3, 1, {{30, 40}}});
    judge(&flight, 0);
    flight.now += MSEC;
    fly_again(&flight, 10);
    flight.now += 2 * MSEC;
    fly(&flight, 10, 20); /* A probe. */
    flight.now += 4 * MSEC;
    hear(&flight, (struct heard){10, 4, 1, {{30, 40}}});
    hear(&flight, (struct heard){.ack = 20, .echo = 5});
    flight.now += 9 * MSEC;
    fly(&flight, 20, 30);
    hear(&flight, (struct heard){.ack = 40, .echo = 2}); /* The first copy. */
    flight.now += 9 * MSEC;
    hear(&flight, (struct heard){.ack = 40, .echo = 6}); /* The second. */
    flight_free(&flight);
}

/* ---- Loss. ---- */

static void three_packets_later_it_is_lost(void)
{
    for (int64_t echo = 0; echo < 12; echo++) {
        struct flight flight = flight_new(0, 0);
        fly_many(&flight, 12, 10);
        judge(&flight, 0);
        hear(&flight, (struct heard){.ack = 0, .echo = echo});
        judge(&flight, 0);
        judge(&flight, 0);
        hear(&flight, (struct heard){10, echo, 1, {{20, 25}}});
        if (echo < 11)
            hear(&flight, (struct heard){10, echo + 1, 1, {{20, 25}}});
        judge(&flight, 0);
        hear(&flight, (struct heard){.ack = 0, .echo = echo / 2});
        judge(&flight, 0);
        flight_free(&flight);
    }
}

/* Steps of other sizes: it is numbers that count, not how many there were. */
static void packet_numbers_may_rise_by_any_steps(void)
{
    for (int64_t step = 1; step < 6; step++) {
        struct flight flight = flight_new(0, 0 - 3u);
        for (int i = 0; i < 5; i++)
            fly_by(&flight, i * 10, i * 10 + 10, step);
        fly_by(&flight, 50, 50, step);
        for (int64_t echo = 0; echo <= 5 * step; echo += step) {
            hear(&flight, (struct heard){.ack = 0, .echo = echo});
            judge(&flight, 0);
        }
        flight_free(&flight);
    }
}

static void an_eighth_more_than_a_round_trip_is_too_long(void)
{
    for (nsec rtt = 1; rtt < 10 * MSEC; rtt = rtt * 3 + 1) {
        struct flight flight = flight_new(0, 0);
        fly_many(&flight, 2, 10);
        flight.now += MAX(rtt / 2, 1);
        fly_many(&flight, 1, 10);
        hear(&flight, (struct heard){0, 2, 1, {{20, 30}}});
        flight.now = SEC + rtt + rtt / 8 - 1;
        judge(&flight, rtt);
        judge(&flight, 0);
        flight.now++;
        judge(&flight, 0);
        judge(&flight, rtt + 9);
        expect_equal("bytes judged to be lost:", judge(&flight, rtt), 20);
        judge(&flight, rtt);
        flight_free(&flight);
    }
}

/* Nothing is late as long as nothing that was sent later has arrived. */
static void the_newest_is_never_late(void)
{
    struct flight flight = flight_new(0, 0);
    fly_many(&flight, 4, 10);
    flight.now += SEC;
    judge(&flight, MSEC);
    hear(&flight, (struct heard){.ack = 0, .echo = 0});
    judge(&flight, MSEC);
    hear(&flight, (struct heard){.ack = 10, .echo = 1});
    judge(&flight, MSEC);
    hear(&flight, (struct heard){.ack = 10, .echo = 2});
    judge(&flight, MSEC);
    hear(&flight, (struct heard){.ack = 10, .echo = 3});
    judge(&flight, MSEC);
    flight.now += SEC;
    judge(&flight, MSEC);
    flight_free(&flight);
}

static void the_deadline_is_that_of_the_oldest(void)
{
    struct flight flight = flight_new(0, 0);
    for (int i = 0; i < 5; i++, flight.now += MSEC)
        fly_many(&flight, 1, 10);
    expect_deadline(&flight, 8 * MSEC);
    hear(&flight, (struct heard){0, 2, 1, {{20, 30}}});
    judge(&flight, 20 * MSEC);
    expect_deadline(&flight, 0);
    expect_deadline(&flight, 40 * MSEC);
    hear(&flight, (struct heard){10, 2, 1, {{20, 30}}});
    judge(&flight, 20 * MSEC);
    flight.now = SEC + MSEC + 22500 * USEC;
    judge(&flight, 20 * MSEC);
    hear(&flight, (struct heard){10, 4, 2, {{40, 50}, {20, 30}}});
    judge(&flight, 40 * MSEC);
    fly_again(&flight, 5);
    judge(&flight, 40 * MSEC);
    flight_free(&flight);
}

/* Its first packet is long past, and its last one is not. */
static void what_is_sent_again_is_judged_by_its_last_packet(void)
{
    struct flight flight = flight_new(0, 0);
    fly_many(&flight, 5, 10);
    flight.now += 10 * MSEC;
    hear(&flight, (struct heard){0, 4, 1, {{40, 50}}});
    judge(&flight, 0);
    fly_again(&flight, 12); /* Packet 5, bytes 0 to 12. */
    hear(&flight, (struct heard){0, 4, 1, {{20, 50}}});
    judge(&flight, 0);
    flight.now += MSEC;
    fly_again(&flight, 100); /* Packet 6, bytes 12 to 20. */
    fly(&flight, 5, 15);     /* Packet 7, a probe. */
    fly_many(&flight, 1, 10);
    hear(&flight, (struct heard){0, 8, 1, {{20, 60}}});
    judge(&flight, 8 * MSEC); /* Packet 5 alone. */
    flight.now += 9 * MSEC - 1;
    judge(&flight, 8 * MSEC);
    flight.now++;
    judge(&flight, 8 * MSEC);
    while (fly_again(&flight, 7))
        judge(&flight, 8 * MSEC);
    hear(&flight, (struct heard){.ack = 60, .echo = flight.newest});
    flight_free(&flight);
}

/* Rows of lost bytes are what lies side by side, however it was sent. */
static void only_what_is_missing_is_sent_again(void)
{
    struct flight flight = flight_new(0 - 77u, 0 - 5u);
    fly_many(&flight, 20, 10);
    hear(&flight, (struct heard){10, 18, 3, {{30, 40}, {45, 90}, {100, 120}}});
    judge(&flight, 0);
    while (fly_again(&flight, 13))
        continue;
    hear(&flight, (struct heard){30, 19, 2, {{30 + 1, 40}, {45, 90}}});
    judge(&flight, 0);
    hear(&flight, (struct heard){.ack = 190, .echo = flight.newest});
    judge(&flight, 0);
    hear(&flight, (struct heard){.ack = 200, .echo = flight.newest});
    flight_free(&flight);
}

/* ---- Reneging. ---- */

static void what_a_range_told_is_taken_back_by_the_timer_alone(void)
{
    struct flight flight = flight_new(0 - 55u, 4);
    forget(&flight);
    fly_many(&flight, 10, 10);
    hear(&flight, (struct heard){20, 7, 2, {{70, 80}, {40, 55}}});
    hear(&flight, (struct heard){.ack = 20, .echo = 8}); /* No word of them. */
    judge(&flight, 0);
    fly_again(&flight, 10);
    forget(&flight);
    judge(&flight, MSEC);
    hear(&flight, (struct heard){25, 9, 1, {{40, 50}}});
    while (fly_again(&flight, 14))
        flight.now += MSEC;
    hear(&flight, (struct heard){25, flight.newest, 1, {{90, 100}}});
    judge(&flight, 0);
    hear(&flight, (struct heard){.ack = 100, .echo = flight.newest});
    forget(&flight);
    fly_many(&flight, 2, 10);
    forget(&flight);
    forget(&flight);
    hear(&flight, (struct heard){.ack = 120, .echo = flight.newest});
    flight_free(&flight);
}

/* ---- The circle. ---- */

static void numbers_go_in_a_circle(void)
{
    for (uint32_t before = 0; before < 70; before++) {
        struct flight flight = flight_new(0 - before, 0 - before / 8);
        fly_many(&flight, 6, 10);
        hear(&flight, (struct heard){0, 2, 1, {{20, 30}}});
        hear(&flight, (struct heard){10, 5, 1, {{33, 60}}});
        hear(&flight, (struct heard){.ack = 61, .echo = 5});
        hear(&flight, (struct heard){.ack = -1, .echo = 5});
        judge(&flight, 0);
        flight.now += MSEC;
        fly_again(&flight, 15);
        hear(&flight, (struct heard){5, 6, 1, {{15, 60}}});
        judge(&flight, MSEC);
        fly_many(&flight, 3, 10);
        hear(&flight, (struct heard){33, 8, 1, {{70, 90}}});
        flight.now += 2 * MSEC;
        judge(&flight, MSEC);
        forget(&flight);
        hear(&flight, (struct heard){.ack = 90, .echo = 9});
        flight_free(&flight);
    }
}

/* ---- Cost. ---- */

/* MANY segments of 10 bytes, without the model. */
static struct ackset *many_fly(void)
{
    struct ackset *ackset = ackset_new(0);
    for (uint32_t i = 0; i < MANY; i++)
        ackset_sent(ackset, i, (struct range){10 * i, 10 * i + 10}, SEC + i);
    return ackset;
}

/* Number @p i came, and some ranges: each ends what is judged. */
static size_t many_hear(struct ackset *ackset, uint32_t ack, uint32_t echo,
                        struct range range)
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

static void an_ack_does_not_walk_over_all_that_flies(void)
{
    struct ackset *ackset = many_fly();
    for (uint32_t i = 0; i < MANY; i++) /* Each in order. */
        many_hear(ackset, 10 * i, i, (struct range){0, 0});
    ackset_free(ackset);
    ackset = many_fly();
    for (uint32_t i = 1; i < MANY; i++) /* All but the first. */
        many_hear(ackset, 0, i, (struct range){10, 10 * i + 10});
    expect_equal("bytes that are lost:", ackset_lost(ackset), 10);
    ackset_free(ackset);
    ackset = many_fly();
    for (uint32_t i = MANY - 1; i > 0; i--) /* Backwards. */
        many_hear(ackset, 0, 0, (struct range){10 * i, 10 * i + 10});
    expect_equal("bytes that fly:", ackset_flying(ackset), 10);
    ackset_free(ackset);
}

/* Every second one is lost; each of these is asked for, and sent again. */
static void what_is_lost_is_found_without_a_walk(void)
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

static void what_has_arrived_takes_no_memory(void)
{
    size_t before = allocated_bytes(), most = 0;
    struct ackset *ackset = ackset_new(0);
    for (uint32_t i = 0; i < MANY; i++) {
        ackset_sent(ackset, i, (struct range){10 * i, 10 * i + 10}, SEC);
        if (i >= 20)
            many_hear(ackset, 10 * (i - 20), i - 20, (struct range){0, 0});
        if (i % 1000 == 0)
            most = MAX(most, allocated_bytes());
    }
    expect_that(most - before < 64 * KIB, "memory for what flies, 20 rows",
                "%zu KiB", (most - before) / KIB);
    ackset_free(ackset);
    ackset_free(many_fly());
    size_t after = allocated_bytes();
    expect_that(after < before + 8 * KIB, "all to be freed", "%zu bytes left",
                after - before);
}

/* ---- All together. ---- */

static int64_t roll(struct dice *dice, int64_t low, int64_t high)
{
    return low + (int64_t)(dice_roll(dice) % (uint64_t)(high - low + 1));
}

/* An honest ack or a mean one: places near those that matter. */
static struct heard some_ack(const struct flight *flight, struct dice *dice)
{
    struct heard heard = {
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

static void happen(struct flight *flight, struct dice *dice)
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

static void any_acks_are_as_the_model_says(void)
{
    for_each_seed (seed, 60) {
        struct dice dice = dice_at(seed, 34, 1);
        uint32_t first = (uint32_t)dice_roll(&dice);
        uint32_t packet = (uint32_t)dice_roll(&dice);
        if (seed % 2 == 0) {
            first = 0 - first % 1000;
            packet = 0 - packet % 200;
        }
        struct flight flight = flight_new(first, packet);
        for (int i = 0; i < 500 && flight.next < LONGEST - 20; i++)
            happen(&flight, &dice);
        flight_free(&flight);
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(an_ack_is_for_all_before_it),
        GRADED(an_ack_may_cut_a_segment),
        GRADED(a_range_may_begin_and_end_anywhere),
        GRADED(ranges_may_be_many_and_in_any_order),
        GRADED(an_old_ack_tells_of_its_ranges),
        GRADED(what_was_lost_may_arrive),
        GRADED(an_ack_of_the_unsent_is_a_lie),
        GRADED(a_range_that_is_none_is_a_lie),
        GRADED(an_echo_of_the_unsent_is_a_lie),
        GRADED(a_lie_changes_nothing),
        GRADED(an_echo_tells_the_round_trip_once),
        GRADED(what_is_sent_again_is_timed_by_its_own_packet),
        GRADED(three_packets_later_it_is_lost),
        GRADED(packet_numbers_may_rise_by_any_steps),
        GRADED(an_eighth_more_than_a_round_trip_is_too_long),
        GRADED(the_newest_is_never_late),
        GRADED(the_deadline_is_that_of_the_oldest),
        GRADED(what_is_sent_again_is_judged_by_its_last_packet),
        GRADED(only_what_is_missing_is_sent_again),
        GRADED(what_a_range_told_is_taken_back_by_the_timer_alone),
        GRADED(numbers_go_in_a_circle),
        GRADED(an_ack_does_not_walk_over_all_that_flies),
        GRADED(what_is_lost_is_found_without_a_walk),
        GRADED(what_has_arrived_takes_no_memory),
        GRADED(any_acks_are_as_the_model_says),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

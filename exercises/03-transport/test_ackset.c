/* What was sent, beside a model that knows of each byte what became of it. */
#include "03-transport/test_weather.h"

/* ---- What has arrived. ---- */

/* The receiver may have kept a part, and acks know nothing of segments. */
static void cut_segments(void)
{
    for (int64_t ack = 1; ack < 30; ack++) {
        struct flight flight = flight_new(5, 5);
        fly_many(&flight, 3, 10);
        hear(&flight, HEARD(.ack = ack, .echo = 1));
        hear(&flight, HEARD(.ack = ack + 1, .echo = 2));
        fly_many(&flight, 4, 10);
        hear(&flight, HEARD(.ack = ack + 1, .echo = 6));
        judge(&flight, 0);
        fly_again(&flight, 4);
        hear(&flight, HEARD(.ack = ack + 3, .echo = 7));
        flight_free(&flight);
    }
}

static void an_ack_is_for_all_before_it(void)
{
    struct flight flight = flight_new(1000, 1);
    expect_flight(&flight);
    fly_many(&flight, 5, 100);
    hear(&flight, HEARD(.ack = 100, .echo = 0));
    hear(&flight, HEARD(.ack = 100, .echo = 1));
    hear(&flight, HEARD(.ack = 400, .echo = 3));
    fly_many(&flight, 2, 100);
    hear(&flight, HEARD(.ack = 700, .echo = 6));
    hear(&flight, HEARD(.ack = 700, .echo = 6));
    fly(&flight, 700, 701);
    hear(&flight, HEARD(.ack = 701, .echo = 7));
    flight_free(&flight);
    cut_segments();
}

static void mix_ranges(void)
{
    struct flight flight = flight_new(0, 0);
    fly_many(&flight, 10, 10);
    hear(&flight, HEARD(0, 8, 3, {{80, 90}, {20, 30}, {50, 60}}));
    hear(&flight, HEARD(0, 8, 4, {{80, 90}, {20, 30}, {20, 30}, {50, 60}}));
    hear(&flight, HEARD(10, 8, 2, {{45, 65}, {50, 90}}));
    hear(&flight, HEARD(40, 8, 1, {{41, 95}}));
    hear(&flight, HEARD(.ack = 100, .echo = 9));
    flight_free(&flight);
}

/* Every range in three segments; then another one. */
static void a_range_may_begin_and_end_anywhere(void)
{
    for (int i = 0; i < 24 * 24; i++) {
        int64_t first = 1 + i / 24, end = 1 + i % 24;
        struct flight flight = flight_new(9, 9);
        fly_many(&flight, 3, 8);
        if (first < end) {
            struct acknowledgement heard = {0, 2, 1, {{first, end}}};
            hear(&flight, heard);
            hear(&flight, heard);
            hear(&flight, HEARD(0, 2, 1, {{5, 20}}));
            judge(&flight, 1);
            hear(&flight, HEARD(3, 2, 1, {{end, 24}}));
        }
        hear(&flight, HEARD(.ack = 24, .echo = 2));
        flight_free(&flight);
    }
    mix_ranges();
}

/* One that has been overtaken: what it tells of ranges is no less true. */
static void an_old_ack_tells_of_its_ranges(void)
{
    struct flight flight = flight_new(0 - 25u, 3);
    fly_many(&flight, 10, 10);
    hear(&flight, HEARD(30, 3, 1, {{50, 60}}));
    hear(&flight, HEARD(20, 2, 1, {{40, 50}}));
    hear(&flight, HEARD(0, 5, 2, {{10, 20}, {25, 45}}));
    hear(&flight, HEARD(20, 6, 1, {{22, 30}}));
    hear(&flight, HEARD(29, 4, 1, {{70, 80}}));
    hear(&flight, HEARD(.ack = 60, .echo = 7));
    hear(&flight, HEARD(.ack = 0, .echo = 7));
    flight_free(&flight);
}

/* ---- Lies. ---- */

static void acknowledge_the_unsent(void)
{
    static const int64_t beyond[] = {1, 2, 50, 1 << 20, 1 << 30};
    struct flight flight = flight_new(0 - 40u, 7);
    hear(&flight, HEARD(.ack = 0, .echo = 0));
    hear(&flight, HEARD(.ack = 0, .echo = -1));
    fly_many(&flight, 6, 10);
    for (size_t i = 0; i < G_N_ELEMENTS(beyond); i++) {
        int64_t far = beyond[i];
        hear(&flight, HEARD(.ack = 60 + far, .echo = 2));
        hear(&flight, HEARD(.ack = -far, .echo = 2));
        hear(&flight, HEARD(10, 5, 1, {{50, 60 + far}}));
        hear(&flight, HEARD(10, 5, 1, {{60, 60 + far}}));
        hear(&flight, HEARD(10, 5, 1, {{60 + far, 61 + far}}));
        hear(&flight, HEARD(10, 5, 2, {{20, 30}, {50, 60 + far}}));
    }
    hear(&flight, HEARD(10, 5, 1, {{50, 60}}));
    hear(&flight, HEARD(.ack = 60, .echo = 5));
    hear(&flight, HEARD(.ack = 61, .echo = 5));
    hear(&flight, HEARD(.ack = -1, .echo = 5));
    flight_free(&flight);
}

static void tell_ranges_that_are_none(void)
{
    struct flight flight = flight_new(0 - 35u, 7);
    fly_many(&flight, 6, 10);
    for (int64_t first = -5; first < 60; first += 5)
        for (int64_t end = -5; end <= 60; end += 5)
            if (end <= first || first <= 10)
                hear(&flight, HEARD(10, 4, 2, {{30, 40}, {first, end}}));
    hear(&flight, HEARD(10, 4, 1, {{11, 12}}));
    hear(&flight, HEARD(20, 4, 1, {{20, 30}}));
    hear(&flight, HEARD(20, 4, 1, {{15, 30}}));
    hear(&flight, HEARD(0, 4, 1, {{0, 10}}));
    flight_free(&flight);
}

static void echo_the_unsent(void)
{
    static const int64_t beyond[] = {1, 2, 3, 50, 1 << 20, 1 << 30};
    struct flight flight = flight_new(3, 0 - 4u);
    fly_many(&flight, 6, 10);
    for (size_t i = 0; i < G_N_ELEMENTS(beyond); i++) {
        hear(&flight, HEARD(.ack = 10, .echo = 5 + beyond[i]));
        hear(&flight, HEARD(.ack = 10, .echo = -beyond[i]));
        judge(&flight, 0);
    }
    fly(&flight, 60, 60); /* No data, but a packet. */
    hear(&flight, HEARD(.ack = 10, .echo = 6));
    hear(&flight, HEARD(.ack = 10, .echo = 7));
    judge(&flight, 0);
    flight_free(&flight);
}

static void what_cannot_have_been_sent_is_a_lie(void)
{
    acknowledge_the_unsent();
    tell_ranges_that_are_none();
    echo_the_unsent();
}

/* And neither is its echo believed, nor its ack, nor the first of its
 * ranges. */
static void a_lie_changes_nothing(void)
{
    struct flight flight = flight_new(3, 3);
    fly_many(&flight, 9, 10);
    flight.now += 5 * MSEC;
    hear(&flight, HEARD(20, 8, 1, {{80, 91}}));
    hear(&flight, HEARD(20, 8, 3, {{80, 90}, {30, 40}, {10, 20}}));
    judge(&flight, MSEC);
    hear(&flight, HEARD(.ack = 91, .echo = 8));
    hear(&flight, HEARD(20, 9, 1, {{80, 90}}));
    judge(&flight, MSEC);
    hear(&flight, HEARD(20, 8, 1, {{80, 90}}));
    judge(&flight, MSEC);
    flight_free(&flight);
}

/* ---- The round trip. ---- */

static void echo_again(void)
{
    struct flight flight = flight_new(0, 0);
    for (int i = 0; i < 8; i++, flight.now += MSEC)
        fly_many(&flight, 1, 10);
    hear(&flight, HEARD(.ack = 20, .echo = 1));
    hear(&flight, HEARD(.ack = 20, .echo = 1));
    flight.now += 3 * USEC;
    hear(&flight, HEARD(.ack = 50, .echo = 4));
    hear(&flight, HEARD(.ack = 50, .echo = 3)); /* Overtaken. */
    hear(&flight, HEARD(.ack = 50, .echo = 4));
    hear(&flight, HEARD(40, 6, 1, {{60, 70}})); /* Old; not its echo. */
    fly(&flight, 80, 80);
    flight.now += MSEC;
    hear(&flight, HEARD(.ack = 50, .echo = 8)); /* It had no data. */
    hear(&flight, HEARD(.ack = 80, .echo = 7));
    fly_many(&flight, 1, 10);
    hear(&flight, HEARD(.ack = 90, .echo = 9)); /* In no time. */
    flight_free(&flight);
}

/* Karn's question does not arise: a packet number names the copy. */
static void echo_copies(void)
{
    struct flight flight = flight_new(0, 0);
    fly_many(&flight, 4, 10);
    flight.now += 10 * MSEC;
    hear(&flight, HEARD(0, 3, 1, {{30, 40}}));
    judge(&flight, 0);
    flight.now += MSEC;
    fly_again(&flight, 10);
    flight.now += 2 * MSEC;
    fly(&flight, 10, 20); /* A probe. */
    flight.now += 4 * MSEC;
    hear(&flight, HEARD(10, 4, 1, {{30, 40}}));
    hear(&flight, HEARD(.ack = 20, .echo = 5));
    flight.now += 9 * MSEC;
    fly(&flight, 20, 30);
    hear(&flight, HEARD(.ack = 40, .echo = 2)); /* The first copy. */
    flight.now += 9 * MSEC;
    hear(&flight, HEARD(.ack = 40, .echo = 6)); /* The second. */
    flight_free(&flight);
}

static void an_echo_tells_the_round_trip_of_its_packet(void)
{
    echo_again();
    echo_copies();
}

/* ---- Loss. ---- */

/* Steps of other sizes: it is numbers that count, not how many there were. */
static void rise_by_steps(void)
{
    for (int64_t step = 1; step < 6; step++) {
        struct flight flight = flight_new(0, 0 - 3u);
        for (int i = 0; i < 5; i++)
            fly_by(&flight, i * 10, i * 10 + 10, step);
        fly_by(&flight, 50, 50, step);
        for (int64_t echo = 0; echo <= 5 * step; echo += step) {
            hear(&flight, HEARD(.ack = 0, .echo = echo));
            judge(&flight, 0);
        }
        flight_free(&flight);
    }
}

static void three_packets_later_it_is_lost(void)
{
    for (int64_t echo = 0; echo < 12; echo++) {
        struct flight flight = flight_new(0, 0);
        fly_many(&flight, 12, 10);
        judge(&flight, 0);
        hear(&flight, HEARD(.ack = 0, .echo = echo));
        judge(&flight, 0);
        judge(&flight, 0);
        hear(&flight, HEARD(10, echo, 1, {{20, 25}}));
        if (echo < 11)
            hear(&flight, HEARD(10, echo + 1, 1, {{20, 25}}));
        judge(&flight, 0);
        hear(&flight, HEARD(.ack = 0, .echo = echo / 2));
        judge(&flight, 0);
        flight_free(&flight);
    }
    rise_by_steps();
}

/* Nothing is late as long as nothing that was sent later has arrived. */
static void wait_for_the_newest(void)
{
    struct flight flight = flight_new(0, 0);
    fly_many(&flight, 4, 10);
    flight.now += SEC;
    judge(&flight, MSEC);
    hear(&flight, HEARD(.ack = 0, .echo = 0));
    judge(&flight, MSEC);
    hear(&flight, HEARD(.ack = 10, .echo = 1));
    judge(&flight, MSEC);
    hear(&flight, HEARD(.ack = 10, .echo = 2));
    judge(&flight, MSEC);
    hear(&flight, HEARD(.ack = 10, .echo = 3));
    judge(&flight, MSEC);
    flight.now += SEC;
    judge(&flight, MSEC);
    flight_free(&flight);
}

static void an_eighth_more_than_a_round_trip_is_too_long(void)
{
    for (nsec rtt = 1; rtt < 10 * MSEC; rtt = rtt * 3 + 1) {
        struct flight flight = flight_new(0, 0);
        fly_many(&flight, 2, 10);
        flight.now += MAX(rtt / 2, 1);
        fly_many(&flight, 1, 10);
        hear(&flight, HEARD(0, 2, 1, {{20, 30}}));
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
    wait_for_the_newest();
}

static void the_deadline_is_that_of_the_oldest(void)
{
    struct flight flight = flight_new(0, 0);
    for (int i = 0; i < 5; i++, flight.now += MSEC)
        fly_many(&flight, 1, 10);
    expect_deadline(&flight, 8 * MSEC);
    hear(&flight, HEARD(0, 2, 1, {{20, 30}}));
    judge(&flight, 20 * MSEC);
    expect_deadline(&flight, 0);
    expect_deadline(&flight, 40 * MSEC);
    hear(&flight, HEARD(10, 2, 1, {{20, 30}}));
    judge(&flight, 20 * MSEC);
    flight.now = SEC + MSEC + 22500 * USEC;
    judge(&flight, 20 * MSEC);
    hear(&flight, HEARD(10, 4, 2, {{40, 50}, {20, 30}}));
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
    hear(&flight, HEARD(0, 4, 1, {{40, 50}}));
    judge(&flight, 0);
    fly_again(&flight, 12); /* Packet 5, bytes 0 to 12. */
    hear(&flight, HEARD(0, 4, 1, {{20, 50}}));
    judge(&flight, 0);
    flight.now += MSEC;
    fly_again(&flight, 100); /* Packet 6, bytes 12 to 20. */
    fly(&flight, 5, 15);     /* Packet 7, a probe. */
    fly_many(&flight, 1, 10);
    hear(&flight, HEARD(0, 8, 1, {{20, 60}}));
    judge(&flight, 8 * MSEC); /* Packet 5 alone. */
    flight.now += 9 * MSEC - 1;
    judge(&flight, 8 * MSEC);
    flight.now++;
    judge(&flight, 8 * MSEC);
    while (fly_again(&flight, 7))
        judge(&flight, 8 * MSEC);
    hear(&flight, HEARD(.ack = 60, .echo = flight.newest));
    flight_free(&flight);
}

/* A lost byte was only late. */
static void find_what_was_lost(void)
{
    struct flight flight = flight_new(0, 0);
    fly_many(&flight, 8, 10);
    hear(&flight, HEARD(0, 7, 1, {{70, 80}}));
    judge(&flight, 0);
    flight.now += MSEC;
    hear(&flight, HEARD(0, 7, 1, {{15, 25}}));
    fly_again(&flight, 5);
    hear(&flight, HEARD(.ack = 30, .echo = 7));
    fly_again(&flight, 100);
    hear(&flight, HEARD(.ack = 80, .echo = 9));
    flight_free(&flight);
}

/* Rows of lost bytes are what lies side by side, however it was sent. */
static void only_what_is_missing_is_sent_again(void)
{
    struct flight flight = flight_new(0 - 77u, 0 - 5u);
    fly_many(&flight, 20, 10);
    hear(&flight, HEARD(10, 18, 3, {{30, 40}, {45, 90}, {100, 120}}));
    judge(&flight, 0);
    while (fly_again(&flight, 13))
        continue;
    hear(&flight, HEARD(30, 19, 2, {{30 + 1, 40}, {45, 90}}));
    judge(&flight, 0);
    hear(&flight, HEARD(.ack = 190, .echo = flight.newest));
    judge(&flight, 0);
    hear(&flight, HEARD(.ack = 200, .echo = flight.newest));
    flight_free(&flight);
    find_what_was_lost();
}

/* ---- Reneging. ---- */

static void what_a_range_told_is_taken_back_by_the_timer_alone(void)
{
    struct flight flight = flight_new(0 - 55u, 4);
    forget(&flight);
    fly_many(&flight, 10, 10);
    hear(&flight, HEARD(20, 7, 2, {{70, 80}, {40, 55}}));
    hear(&flight, HEARD(.ack = 20, .echo = 8)); /* No word of them. */
    judge(&flight, 0);
    fly_again(&flight, 10);
    forget(&flight);
    judge(&flight, MSEC);
    hear(&flight, HEARD(25, 9, 1, {{40, 50}}));
    while (fly_again(&flight, 14))
        flight.now += MSEC;
    hear(&flight, HEARD(25, flight.newest, 1, {{90, 100}}));
    judge(&flight, 0);
    hear(&flight, HEARD(.ack = 100, .echo = flight.newest));
    forget(&flight);
    fly_many(&flight, 2, 10);
    forget(&flight);
    forget(&flight);
    hear(&flight, HEARD(.ack = 120, .echo = flight.newest));
    flight_free(&flight);
}

/* ---- The circle. ---- */

static void numbers_go_in_a_circle(void)
{
    for (uint32_t before = 0; before < 70; before++) {
        struct flight flight = flight_new(0 - before, 0 - before / 8);
        fly_many(&flight, 6, 10);
        hear(&flight, HEARD(0, 2, 1, {{20, 30}}));
        hear(&flight, HEARD(10, 5, 1, {{33, 60}}));
        hear(&flight, HEARD(.ack = 61, .echo = 5));
        hear(&flight, HEARD(.ack = -1, .echo = 5));
        judge(&flight, 0);
        flight.now += MSEC;
        fly_again(&flight, 15);
        hear(&flight, HEARD(5, 6, 1, {{15, 60}}));
        judge(&flight, MSEC);
        fly_many(&flight, 3, 10);
        hear(&flight, HEARD(33, 8, 1, {{70, 90}}));
        flight.now += 2 * MSEC;
        judge(&flight, MSEC);
        forget(&flight);
        hear(&flight, HEARD(.ack = 90, .echo = 9));
        flight_free(&flight);
    }
}

/* ---- Cost. ---- */

static void an_ack_costs_what_it_changes(void)
{
    many_one_by_one();
    many_in_order();
    many_but_the_first();
    many_backwards();
    many_with_every_second_lost();
}

/* ---- All together. ---- */

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
        GRADED(a_range_may_begin_and_end_anywhere),
        GRADED(an_old_ack_tells_of_its_ranges),
        GRADED(what_cannot_have_been_sent_is_a_lie),
        GRADED(a_lie_changes_nothing),
        GRADED(an_echo_tells_the_round_trip_of_its_packet),
        GRADED(three_packets_later_it_is_lost),
        GRADED(an_eighth_more_than_a_round_trip_is_too_long),
        GRADED(the_deadline_is_that_of_the_oldest),
        GRADED(what_is_sent_again_is_judged_by_its_last_packet),
        GRADED(only_what_is_missing_is_sent_again),
        GRADED(what_a_range_told_is_taken_back_by_the_timer_alone),
        GRADED(numbers_go_in_a_circle),
        GRADED(an_ack_costs_what_it_changes),
        GRADED(any_acks_are_as_the_model_says),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

/*
 * The other lies, or is mad: acks of what was never sent, data that nobody
 * asked for, ends in the midst of it. None of it may harm what honest segments
 * have done, none of it may cost memory. Here A is under test, and the test is
 * the other.
 */
#include "03-transport/receipt.h"
#include "03-transport/test_flow.h"

/* An ack from B, honest but for what a test changes. */
static struct segment ack_of(uint32_t ack, uint32_t echo)
{
    return (struct segment){.flags = SEGMENT_ACK,
                            .packet = 1,
                            .seq = FIRST,
                            .ack = ack,
                            .window = WINDOW,
                            .echo = echo};
}

static struct segment ack_with(uint32_t first, uint32_t end)
{
    struct segment segment = ack_of(FIRST, 1);
    segment.ranges = 1;
    segment.range[0] = (struct range){first, end};
    return segment;
}

static void say(struct flow_stage *stage, struct segment segment)
{
    flow_on_segment(stage->side[A].flow, &segment);
}

/* Data of B's stream, from its @p place on. */
static void say_data(struct flow_stage *stage, uint32_t place, size_t size,
                     uint8_t flags)
{
    uint8_t data[FULL];
    for (size_t i = 0; i < size; i++)
        data[i] = flow_byte(B, place + i);
    say(stage, (struct segment){.flags = flags,
                                .packet = 1,
                                .seq = FIRST + place,
                                .data = data,
                                .size = size});
}

/* ---- Acks that lie. ---- */

/* Two segments fly, as packets 1 and 2. */
static void expect_lie(struct segment segment)
{
    struct flow_stage *stage = flow_stage_open();
    struct flow *flow = stage->side[A].flow;
    push(stage, A, 2 * FULL);
    lose_all(stage, A);
    size_t window = flow_controller(flow)->window;
    say(stage, segment);
    struct flow_count count = flow_count(flow);
    assert_int_equal(count.lies, 1);
    assert_int_equal(count.bytes, 0);
    assert_int_equal(stage->side[A].writable, 0);
    assert_int_equal(flow_room(flow), ROOM - 2 * FULL);
    assert_int_equal(flow_controller(flow)->window, window);
    assert_true(flow_may_have_sent(flow, 1));
    say(stage, ack_of(FIRST + 2 * FULL, 2)); /* And the truth still counts. */
    assert_true(flow_is_delivered(flow));
    flow_stage_free(stage);
}

static void an_ack_of_what_was_not_sent_is_a_lie(void **state)
{
    (void)state;
    expect_lie(ack_of(FIRST + 2 * FULL + 1, 1));
    expect_lie(ack_of(FIRST + (1u << 30), 1));
    expect_lie(ack_of(FIRST - 1, 1));
    expect_lie(ack_of(FIRST + (1u << 31), 1));
}

static void an_echo_of_what_was_not_sent_is_a_lie(void **state)
{
    (void)state;
    expect_lie(ack_of(FIRST + FULL, 0));
    expect_lie(ack_of(FIRST + FULL, 3));
    expect_lie(ack_of(FIRST + FULL, 1u << 31));
}

static void a_range_that_cannot_be_is_a_lie(void **state)
{
    (void)state;
    expect_lie(ack_with(FIRST + 900, FIRST + 800)); /* Reversed. */
    expect_lie(ack_with(FIRST + 900, FIRST + 900)); /* Empty. */
    expect_lie(ack_with(FIRST, FIRST + 900));       /* Not beyond the ack. */
    expect_lie(ack_with(FIRST - 10, FIRST + 900));
    expect_lie(ack_with(FIRST + 900, FIRST + 2 * FULL + 1)); /* Not sent. */
    expect_lie(ack_with(FIRST + 900, FIRST + 900 + (1u << 31)));
}

static void the_end_cannot_be_acknowledged_before_it_is_sent(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    struct flow *flow = stage->side[A].flow;
    push(stage, A, 10);
    say(stage, ack_of(FIRST + 11, 1));
    assert_int_equal(flow_count(flow).lies, 1);
    flow_end(flow);
    say(stage, ack_of(FIRST + 11, 2));
    assert_int_equal(flow_count(flow).lies, 1);
    assert_true(flow_is_delivered(flow));
    flow_stage_free(stage);
}

/* Bytes count once, though ranges overlap and are told again. */
static void ranges_that_overlap_count_once(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 5 * FULL);
    struct segment segment = ack_of(FIRST, 5);
    segment.ranges = 3;
    segment.range[0] = (struct range){FIRST + 1000, FIRST + 3000};
    segment.range[1] = (struct range){FIRST + 2500, FIRST + 4000};
    segment.range[2] = (struct range){FIRST + 1000, FIRST + 3000};
    say(stage, segment);
    say(stage, segment);
    assert_int_equal(flow_count(stage->side[A].flow).bytes, 3000);
    assert_int_equal(flow_count(stage->side[A].flow).lies, 0);
    flow_stage_free(stage);
}

/* A probe was answered: from then on its byte is as any other. */
static void the_byte_of_a_probe_is_believed_once(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.window = 1000;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    struct flow *flow = stage->side[A].flow;
    push(stage, A, 5000);
    struct segment shut = ack_of(FIRST + 1000, 1);
    shut.window = 0;
    say(stage, shut);
    pass(stage, 200 * MSEC); /* The probe: byte 1000, packet 2. */
    struct segment taken = ack_of(FIRST + 1001, 2);
    taken.window = 0;
    say(stage, taken);
    assert_int_equal(flow_count(flow).bytes, 1001);
    struct segment more = ack_of(FIRST + 1002, 2);
    say(stage, more);
    assert_int_equal(flow_count(flow).lies, 1);
    assert_int_equal(flow_count(flow).bytes, 1001);
    flow_stage_free(stage);
}

/* Of a byte that has been sent in earnest the probe says nothing any more. */
static void a_probe_is_forgotten_when_its_byte_is_sent(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.window = 1000;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    struct flow *flow = stage->side[A].flow;
    push(stage, A, 5000);
    struct segment segment = ack_of(FIRST + 1000, 1);
    segment.window = 0;
    say(stage, segment);
    pass(stage, 200 * MSEC); /* The probe: packet 2. */
    segment.window = 1000;
    say(stage, segment); /* Byte 1000 is sent, and 999 more. */
    segment.ack = FIRST + 2001;
    segment.echo = 3;
    say(stage, segment);
    assert_int_equal(flow_count(flow).lies, 1);
    flow_stage_free(stage);
}

/* ---- Windows. ---- */

static size_t drain(struct flow_stage *stage)
{
    size_t sum = 0;
    for (struct flow_letter *letter; (letter = next_letter(stage, A));
         g_free(letter))
        sum += letter->segment.size;
    return sum;
}

static void a_window_that_shrinks_takes_nothing_back(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.window = 5000;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    push(stage, A, 2000);
    assert_int_equal(drain(stage), 2000);
    struct segment less = ack_of(FIRST + 1000, 1);
    less.window = 500; /* The end was 5000, and now it is 1500. */
    say(stage, less);
    push(stage, A, ROOM - 2000);
    pass(stage, 20 * MSEC);
    assert_int_equal(drain(stage), 3000);
    flow_stage_free(stage);
}

static void an_old_ack_opens_no_window(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.window = 2000;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    push(stage, A, ROOM);
    struct segment now = ack_of(FIRST + 2000, 2);
    now.window = 0;
    say(stage, now);
    drain(stage);
    say(stage, ack_of(FIRST + 1000, 1)); /* With a window of 20000. */
    pass(stage, 100 * MSEC);
    assert_int_equal(drain(stage), 0);
    flow_stage_free(stage);
}

/* Of a window that reaches half round the circle nothing is believed. */
static void a_window_beyond_all_bounds_is_no_window(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.window = 2000;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    push(stage, A, 10000);
    struct segment mad = ack_of(FIRST + 1000, 1);
    mad.window = UINT32_MAX;
    say(stage, mad);
    pass(stage, 20 * MSEC);
    assert_int_equal(drain(stage), 2000);
    flow_stage_free(stage);
}

/* Of byte after byte offered, no segments of a byte are made. */
static void a_window_that_opens_by_bytes_makes_no_small_segments(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.window = 2000;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    push(stage, A, ROOM);
    pass(stage, 20 * MSEC);
    assert_int_equal(drain(stage), 2000);
    for (uint32_t i = 1; i < FULL; i++) {
        struct segment segment = ack_of(FIRST + 1000, 1);
        segment.window = 1000 + i;
        say(stage, segment);
    }
    assert_int_equal(drain(stage), 0);
    flow_stage_free(stage);
}

/* ---- Data. ---- */

static void data_outside_the_window_is_dropped_and_answered(void **state)
{
    (void)state;
    const uint32_t places[] = {WINDOW, WINDOW + 1, 1u << 29, (1u << 31) + 1,
                               (uint32_t)-100};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        struct flow_stage *stage = flow_stage_open();
        say_data(stage, places[i], 100, 0);
        pass(stage, 0);
        assert_int_equal(stage->side[A].readable, 0);
        struct flow_letter *ack = next_letter(stage, A);
        assert_non_null(ack);
        assert_int_equal(ack->segment.ack, FIRST);
        assert_int_equal(ack->segment.ranges, 0);
        assert_int_equal(ack->segment.window, WINDOW);
        g_free(ack);
        flow_stage_free(stage);
    }
}

static void what_is_kept_is_never_more_than_the_window(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    stage->side[A].lazy = true;
    for (uint32_t place = 0; place < 10 * WINDOW; place += FULL)
        say_data(stage, place, FULL, 0);
    say_data(stage, WINDOW - 10, 20, 0);
    assert_int_equal(take(stage, A, 2 * WINDOW), WINDOW);
    flow_stage_free(stage);
}

static void bytes_that_overlap_are_given_once(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    say_data(stage, 500, 300, 0);
    say_data(stage, 400, 200, 0);
    say_data(stage, 0, 450, 0);
    say_data(stage, 100, 900, 0);
    assert_int_equal(stage->side[A].taken, 1000);
    say_data(stage, 0, 1000, 0);
    assert_int_equal(stage->side[A].taken, 1000);
    flow_stage_free(stage);
}

/* One byte in two: as many rows as it keeps, and no more ranges than fit. */
static void tiny_segments_cost_no_more_than_a_window(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    for (uint32_t place = 1; place < WINDOW; place += 2)
        say_data(stage, place, 1, 0);
    pass(stage, 0);
    struct flow_letter *letter;
    unsigned acks = 0;
    while ((letter = next_letter(stage, A))) {
        assert_true(letter->segment.ranges <= SEGMENT_RANGES);
        acks++;
        g_free(letter);
    }
    assert_int_equal(acks, 1); /* All came at one moment. */
    for (uint32_t place = 0; place < WINDOW; place += FULL)
        say_data(stage, place, FULL, 0);
    assert_int_equal(stage->side[A].taken, WINDOW);
    flow_stage_free(stage);
}

/* ---- Ends. ---- */

static void an_end_that_comes_early_waits_for_the_bytes(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    struct flow *flow = stage->side[A].flow;
    say_data(stage, 500, 0, SEGMENT_FIN);
    assert_false(flow_is_over(flow));
    say_data(stage, 250, 250, 0);
    assert_false(flow_is_over(flow));
    say_data(stage, 0, 250, 0);
    assert_true(flow_is_over(flow));
    assert_int_equal(stage->side[A].taken, 500);
    flow_stage_free(stage);
}

/* RT2. */
static void behind_the_end_nothing_comes(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    struct flow *flow = stage->side[A].flow;
    say_data(stage, 600, 100, 0); /* It is here already. */
    say_data(stage, 400, 100, SEGMENT_FIN);
    say_data(stage, 500, 300, 0);
    say_data(stage, 0, 400, 0);
    assert_true(flow_is_over(flow));
    assert_int_equal(stage->side[A].taken, 500);
    say_data(stage, 450, 200, 0);
    say_data(stage, 500, 100, SEGMENT_FIN);
    assert_int_equal(stage->side[A].taken, 500);
    assert_true(flow_is_over(flow));
    flow_stage_free(stage);
}

static void of_two_ends_the_first_counts(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    struct flow *flow = stage->side[A].flow;
    say_data(stage, 500, 0, SEGMENT_FIN);
    say_data(stage, 300, 0, SEGMENT_FIN);
    say_data(stage, 700, 0, SEGMENT_FIN);
    say_data(stage, 0, 400, 0);
    assert_false(flow_is_over(flow));
    say_data(stage, 400, 100, 0);
    assert_true(flow_is_over(flow));
    assert_int_equal(stage->side[A].taken, 500);
    flow_stage_free(stage);
}

/* ---- All at random. ---- */

static uint32_t near(struct dice *dice, uint32_t place)
{
    static const uint32_t far[] = {1u << 29, 1u << 30, 1u << 31, UINT32_MAX};
    if (dice_between(dice, 0, 9) == 0)
        return place + far[dice_between(dice, 0, 3)];
    return place + (uint32_t)dice_between(dice, 0, 6000) - 1000;
}

static void say_anything(struct flow_stage *stage, struct dice *dice)
{
    uint8_t data[FULL] = {0};
    struct segment segment = {.flags = (uint8_t)dice_between(dice, 0, 7),
                              .packet = (uint32_t)dice_roll(dice),
                              .seq = near(dice, FIRST),
                              .ack = near(dice, FIRST),
                              .window = near(dice, 1000),
                              .echo = (uint32_t)dice_between(dice, 0, 20),
                              .ranges = (unsigned)dice_between(dice, 0, 5) % 4,
                              .data = data,
                              .size = dice_between(dice, 0, 2) *
                                      dice_between(dice, 0, FULL / 2)};
    for (unsigned i = 0; i < segment.ranges; i++)
        segment.range[i] = (struct range){near(dice, FIRST), near(dice, FIRST)};
    say(stage, segment);
}

/* It may be told anything, and it may be taken in; but it keeps its bounds. */
static void whatever_is_said_it_keeps_its_bounds(void **state)
{
    (void)state;
    for_each_seed (seed, 300) {
        struct flow_stage *stage = flow_stage_open();
        struct flow_side *a = &stage->side[A];
        struct dice dice = dice_at(seed, 1, 0);
        uint8_t data[FULL];
        a->lazy = true;
        push_all(stage, A, ROOM);
        for (int i = 0; i < 200; i++) {
            say_anything(stage, &dice);
            pass(stage, dice_between(&dice, 0, 30) * MSEC);
            flow_take(a->flow, data, dice_between(&dice, 0, FULL));
            lose_all(stage, A);
            assert_true(flow_room(a->flow) <= ROOM);
            assert_true(flow_count(a->flow).bytes <= a->pushed + 1);
        }
        flow_end(a->flow);
        pass(stage, 200 * SEC);
        flow_stage_free(stage);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ack_of_what_was_not_sent_is_a_lie),
        cmocka_unit_test(an_echo_of_what_was_not_sent_is_a_lie),
        cmocka_unit_test(a_range_that_cannot_be_is_a_lie),
        cmocka_unit_test(the_end_cannot_be_acknowledged_before_it_is_sent),
        cmocka_unit_test(ranges_that_overlap_count_once),
        cmocka_unit_test(the_byte_of_a_probe_is_believed_once),
        cmocka_unit_test(a_probe_is_forgotten_when_its_byte_is_sent),
        cmocka_unit_test(a_window_that_shrinks_takes_nothing_back),
        cmocka_unit_test(an_old_ack_opens_no_window),
        cmocka_unit_test(a_window_beyond_all_bounds_is_no_window),
        cmocka_unit_test(a_window_that_opens_by_bytes_makes_no_small_segments),
        cmocka_unit_test(data_outside_the_window_is_dropped_and_answered),
        cmocka_unit_test(what_is_kept_is_never_more_than_the_window),
        cmocka_unit_test(bytes_that_overlap_are_given_once),
        cmocka_unit_test(tiny_segments_cost_no_more_than_a_window),
        cmocka_unit_test(an_end_that_comes_early_waits_for_the_bytes),
        cmocka_unit_test(behind_the_end_nothing_comes),
        cmocka_unit_test(of_two_ends_the_first_counts),
        cmocka_unit_test(whatever_is_said_it_keeps_its_bounds),
    };
    return test_run(argc, argv, tests);
}

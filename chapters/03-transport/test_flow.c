/*
 * What flow.h promises, sentence by sentence: bytes, ends, room, windows. What
 * its timers do stands in test_flow_timers.c, and liars in test_flow_hostile.c.
 */
#include "03-transport/test_flow.h"
#include "03-transport/receipt.h"

enum { LONG = 150000 };

/* ---- The stream. ---- */

static void bad_weather(struct flow_stage *stage, uint64_t seed)
{
    stage->dice = dice_at(seed, 0, 0);
    stage->loss = 100;
    stage->repeat = 50;
    stage->spread = seed % 2 ? 30 * MSEC : 0;
}

/* The numbers of A come near their wrap, and go over it. */
static void all_arrives_both_ways_whatever_the_weather(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        struct flow_stage *stage =
            flow_stage_of(usual_options(), 0xffff0000u + (uint32_t)seed * 97);
        bad_weather(stage, seed);
        push_all(stage, A, LONG);
        push_all(stage, B, LONG);
        run(stage, 30 * SEC);
        assert_int_equal(stage->side[A].taken, LONG);
        assert_int_equal(stage->side[B].taken, LONG);
        assert_false(flow_is_over(stage->side[A].flow));
        assert_true(flow_is_delivered(stage->side[A].flow));
        assert_true(flow_is_delivered(stage->side[B].flow));
        flow_stage_free(stage);
    }
}

static void an_end_comes_behind_all_bytes(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        struct flow_stage *stage = flow_stage_open();
        struct flow_side *b = &stage->side[B];
        bad_weather(stage, seed);
        push(stage, A, 30000);
        flow_end(stage->side[A].flow);
        for (int i = 0; i < 5000; i++) {
            run(stage, MSEC);
            assert_true(!flow_is_over(b->flow) || b->taken == 30000);
        }
        assert_true(flow_is_over(b->flow));
        assert_true(flow_is_delivered(stage->side[A].flow));
        flow_stage_free(stage);
    }
}

static void one_side_may_go_on_when_the_other_has_ended(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    flow_end(stage->side[A].flow);
    run(stage, SEC);
    assert_true(flow_is_over(stage->side[B].flow));
    assert_true(flow_is_delivered(stage->side[A].flow));
    push_all(stage, B, LONG);
    run(stage, 10 * SEC);
    assert_int_equal(stage->side[A].taken, LONG);
    assert_false(flow_is_over(stage->side[A].flow));
    flow_end(stage->side[B].flow);
    run(stage, SEC);
    assert_true(flow_is_over(stage->side[A].flow));
    flow_stage_free(stage);
}

static void it_is_over_only_when_all_is_taken(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    stage->side[B].lazy = true;
    push(stage, A, 10);
    flow_end(stage->side[A].flow);
    run(stage, SEC);
    assert_false(flow_is_over(stage->side[B].flow));
    assert_int_equal(take(stage, B, 9), 9);
    assert_false(flow_is_over(stage->side[B].flow));
    assert_int_equal(take(stage, B, 9), 1);
    assert_true(flow_is_over(stage->side[B].flow));
    flow_stage_free(stage);
}

static void it_is_delivered_when_the_end_is_acknowledged(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    struct flow *flow = stage->side[A].flow;
    assert_true(flow_is_delivered(flow));
    push(stage, A, 10);
    assert_false(flow_is_delivered(flow));
    run(stage, SEC);
    assert_true(flow_is_delivered(flow));
    flow_end(flow);
    assert_false(flow_is_delivered(flow));
    hand(stage, next_letter(stage, A));
    assert_false(flow_is_delivered(flow));
    pass(stage, 0); /* An end is told at once. */
    hand(stage, next_letter(stage, B));
    assert_true(flow_is_delivered(flow));
    flow_stage_free(stage);
}

/* ---- Room. ---- */

static void push_takes_what_there_is_room_for(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    struct flow *flow = stage->side[A].flow;
    assert_int_equal(flow_room(flow), ROOM);
    assert_int_equal(push(stage, A, 100), 100);
    assert_int_equal(flow_room(flow), ROOM - 100);
    assert_int_equal(push(stage, A, ROOM), ROOM - 100);
    assert_int_equal(flow_room(flow), 0);
    assert_int_equal(push(stage, A, 1), 0);
    run(stage, SEC);
    assert_int_equal(flow_room(flow), ROOM);
    assert_int_equal(stage->side[B].taken, ROOM);
    flow_stage_free(stage);
}

/* An end takes no room, whether it has arrived or not. */
static void an_end_takes_no_room(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    flow_end(stage->side[A].flow);
    assert_int_equal(flow_room(stage->side[A].flow), ROOM);
    run(stage, SEC);
    assert_int_equal(flow_room(stage->side[A].flow), ROOM);
    flow_stage_free(stage);
}

static void the_owner_hears_of_what_has_come_and_of_the_end(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    struct flow_side *b = &stage->side[B];
    push(stage, A, 10);
    struct flow_letter *letter = next_letter(stage, A);
    hand(stage, g_memdup2(letter, sizeof *letter));
    assert_int_equal(b->readable, 1);
    hand(stage, letter); /* Once more: nothing new. */
    assert_int_equal(b->readable, 1);
    flow_end(stage->side[A].flow);
    hand(stage, next_letter(stage, A));
    assert_int_equal(b->readable, 2);
    flow_stage_free(stage);
}

static void the_owner_hears_when_something_has_arrived(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    struct flow_side *a = &stage->side[A];
    push(stage, A, 10);
    hand(stage, next_letter(stage, A));
    assert_int_equal(a->writable, 0);
    pass(stage, RECEIPT_DELAY);
    struct flow_letter *ack = next_letter(stage, B);
    hand(stage, g_memdup2(ack, sizeof *ack));
    assert_int_equal(a->writable, 1);
    hand(stage, ack);
    assert_int_equal(a->writable, 1);
    flow_stage_free(stage);
}

/* ---- Segments. ---- */

static void no_segment_is_larger_than_it_may_be(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 2500);
    size_t sizes[] = {FULL, FULL, 500};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        struct flow_letter *letter = next_letter(stage, A);
        assert_non_null(letter);
        assert_int_equal(letter->segment.size, sizes[i]);
        assert_int_equal(letter->segment.seq, FIRST + 1000 * i);
        g_free(letter);
    }
    assert_int_equal(letters(stage, A), 0);
    flow_stage_free(stage);
}

/* Sends how many bytes? */
static size_t drain(struct flow_stage *stage, int id)
{
    struct flow_letter *letter;
    size_t sum = 0;
    while ((letter = next_letter(stage, id))) {
        sum += letter->segment.size;
        g_free(letter);
    }
    return sum;
}

/* What the other would say who has taken all up to here. */
static void say_ack(struct flow_stage *stage, uint32_t ack, uint32_t window,
                    uint32_t echo)
{
    struct segment segment = {.flags = SEGMENT_ACK,
                              .packet = 1,
                              .seq = FIRST,
                              .ack = ack,
                              .window = window,
                              .echo = echo};
    flow_on_segment(stage->side[A].flow, &segment);
}

static void nothing_is_sent_beyond_the_window(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.window = 2500;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    push(stage, A, ROOM);
    pass(stage, 50 * MSEC);
    assert_int_equal(drain(stage, A), 2000);
    say_ack(stage, FIRST + 1000, 2500, 1);
    pass(stage, 20 * MSEC);
    assert_int_equal(drain(stage, A), 1000);
    flow_stage_free(stage);
}

/* What the window leaves is less than a segment: that waits, for a segment is
 * on its way; and goes when none is. */
static void a_small_segment_waits_until_nothing_flies(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.window = 1300;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    push(stage, A, 5000);
    assert_int_equal(drain(stage, A), 1000);
    say_ack(stage, FIRST + 1000, 300, 1);
    pass(stage, 20 * MSEC);
    assert_int_equal(drain(stage, A), 300);
    flow_stage_free(stage);
}

/* The last of what was pushed waits for nothing. */
static void what_fits_into_the_window_is_sent_at_once(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 10);
    push(stage, A, 20);
    assert_int_equal(letters(stage, A), 2);
    assert_int_equal(drain(stage, A), 30);
    flow_stage_free(stage);
}

/* ---- Acks. ---- */

static void one_segment_is_acknowledged_soon_and_two_at_once(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    stage->side[B].lazy = true; /* Else room is told of, too. */
    push(stage, A, 3000);
    hand(stage, next_letter(stage, A));
    pass(stage, RECEIPT_DELAY - 1);
    assert_int_equal(letters(stage, B), 0);
    pass(stage, 1);
    assert_int_equal(letters(stage, B), 1);
    hand(stage, next_letter(stage, A));
    hand(stage, next_letter(stage, A));
    assert_int_equal(letters(stage, B), 1);
    pass(stage, 0);
    assert_int_equal(letters(stage, B), 2);
    flow_stage_free(stage);
}

/* And after it, each of RECEIPT_HURRY segments. */
static void a_hole_is_told_at_once(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 3000);
    lose(next_letter(stage, A));
    hand(stage, next_letter(stage, A));
    pass(stage, 0);
    struct flow_letter *ack = next_letter(stage, B);
    assert_non_null(ack);
    assert_int_equal(ack->segment.ack, FIRST);
    assert_int_equal(ack->segment.ranges, 1);
    assert_int_equal(ack->segment.range[0].first, FIRST + 1000);
    assert_int_equal(ack->segment.range[0].end, FIRST + 2000);
    g_free(ack);
    flow_stage_free(stage);
}

static void after_a_hole_each_segment_is_told_for_a_while(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 1000);
    hand(stage,
         g_memdup2(stage->side[A].box.head->data, sizeof(struct flow_letter)));
    hand(stage, next_letter(stage, A)); /* Twice: that is odd, too. */
    pass(stage, 0);
    assert_int_equal(lose_all(stage, B), 1);
    for (int i = 0; i <= RECEIPT_HURRY; i++) {
        push(stage, A, 10);
        hand(stage, next_letter(stage, A));
        pass(stage, 0);
        assert_int_equal(lose_all(stage, B), i < RECEIPT_HURRY);
    }
    flow_stage_free(stage);
}

static void data_takes_the_ack_along(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 10);
    hand(stage, next_letter(stage, A));
    push(stage, B, 10);
    struct flow_letter *letter = next_letter(stage, B);
    assert_int_equal(letter->segment.flags, SEGMENT_ACK);
    assert_int_equal(letter->segment.ack, FIRST + 10);
    assert_int_equal(letter->segment.size, 10);
    g_free(letter);
    pass(stage, RECEIPT_DELAY);
    assert_int_equal(letters(stage, B), 0);
    assert_int_equal(flow_count(stage->side[B].flow).acks, 0);
    push(stage, B, 10); /* Now nothing is owed. */
    letter = next_letter(stage, B);
    assert_int_equal(letter->segment.flags, 0);
    g_free(letter);
    flow_stage_free(stage);
}

/* A full segment with ranges would be longer than a datagram may be. */
static void data_takes_no_ranges_along(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 2000);
    lose(next_letter(stage, A));
    hand(stage, next_letter(stage, A));
    push(stage, B, 10);
    struct flow_letter *letter = next_letter(stage, B);
    assert_int_equal(letter->segment.flags, 0);
    g_free(letter);
    pass(stage, 0);
    letter = next_letter(stage, B);
    assert_int_equal(letter->segment.flags, SEGMENT_ACK);
    assert_int_equal(letter->segment.ranges, 1);
    g_free(letter);
    flow_stage_free(stage);
}

/* All but the last come late. */
static void each_segment_is_told_while_there_is_a_hole(void **state)
{
    (void)state;
    enum { COUNT = RECEIPT_HURRY + 5 };
    struct flow_stage *stage = flow_stage_open();
    struct flow_letter *late[COUNT];
    for (int i = 0; i < COUNT; i++) {
        push(stage, A, 100);
        late[i] = next_letter(stage, A);
    }
    hand(stage, late[COUNT - 1]);
    for (int i = 0; i < COUNT - 1; i++) {
        lose_all(stage, B);
        hand(stage, late[i]);
        pass(stage, 0);
        assert_int_equal(letters(stage, B), 1);
    }
    flow_stage_free(stage);
}

static void what_is_counted_is_what_was_done(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push_all(stage, A, LONG);
    run(stage, 10 * SEC);
    struct flow_count a = flow_count(stage->side[A].flow);
    struct flow_count b = flow_count(stage->side[B].flow);
    assert_int_equal(a.bytes, LONG);
    assert_in_range(a.segments, LONG / FULL, LONG / FULL * 11 / 10);
    assert_int_equal(a.repeats + a.expiries + a.lies + a.acks, 0);
    assert_int_equal(b.segments + b.bytes, 0);
    /* Thinned: half as many as segments, and some were alone. */
    assert_in_range(b.acks, a.segments / 4, a.segments * 3 / 4);
    flow_stage_free(stage);
}

/* ---- The other's reader is slow. ---- */

static void a_window_of_nothing_stops_it(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    stage->side[B].lazy = true;
    push(stage, A, ROOM);
    run(stage, 10 * SEC);
    assert_int_equal(flow_count(stage->side[A].flow).bytes, WINDOW);
    assert_int_equal(take(stage, B, ROOM), WINDOW);
    flow_stage_free(stage);
}

/* The ack of flow_take() says so; nobody has to ask. */
static void it_goes_on_when_the_reader_does(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    stage->side[B].lazy = true;
    push(stage, A, ROOM);
    run(stage, 150 * MSEC);
    take(stage, B, 2 * FULL - 1);
    assert_int_equal(letters(stage, B), 0);
    take(stage, B, 1);
    assert_int_equal(letters(stage, B), 1);
    run(stage, 35 * MSEC);
    assert_int_equal(flow_count(stage->side[A].flow).bytes, WINDOW + 2000);
    flow_stage_free(stage);
}

static void a_slow_reader_gets_all(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    stage->side[B].lazy = true;
    push_all(stage, A, LONG);
    for (int i = 0; i < 2000 && stage->side[B].taken < LONG; i++) {
        take(stage, B, 333);
        run(stage, 20 * MSEC);
    }
    assert_int_equal(stage->side[B].taken, LONG);
    flow_stage_free(stage);
}

/* RL2. The probe is one byte, it is taken, and is not sent twice. */
static void a_lost_word_of_room_is_asked_for(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    stage->side[B].lazy = true;
    push(stage, A, ROOM);
    run(stage, 150 * MSEC);
    assert_int_equal(take(stage, B, WINDOW), WINDOW);
    assert_int_equal(lose_all(stage, B), 1);
    stage->side[B].lazy = false;
    run(stage, 300 * MSEC);
    assert_int_equal(stage->side[B].taken, ROOM);
    assert_true(flow_is_delivered(stage->side[A].flow));
    assert_int_equal(flow_count(stage->side[A].flow).repeats, 0);
    flow_stage_free(stage);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_arrives_both_ways_whatever_the_weather),
        cmocka_unit_test(an_end_comes_behind_all_bytes),
        cmocka_unit_test(one_side_may_go_on_when_the_other_has_ended),
        cmocka_unit_test(it_is_over_only_when_all_is_taken),
        cmocka_unit_test(it_is_delivered_when_the_end_is_acknowledged),
        cmocka_unit_test(push_takes_what_there_is_room_for),
        cmocka_unit_test(an_end_takes_no_room),
        cmocka_unit_test(the_owner_hears_of_what_has_come_and_of_the_end),
        cmocka_unit_test(the_owner_hears_when_something_has_arrived),
        cmocka_unit_test(no_segment_is_larger_than_it_may_be),
        cmocka_unit_test(nothing_is_sent_beyond_the_window),
        cmocka_unit_test(a_small_segment_waits_until_nothing_flies),
        cmocka_unit_test(what_fits_into_the_window_is_sent_at_once),
        cmocka_unit_test(one_segment_is_acknowledged_soon_and_two_at_once),
        cmocka_unit_test(a_hole_is_told_at_once),
        cmocka_unit_test(after_a_hole_each_segment_is_told_for_a_while),
        cmocka_unit_test(data_takes_the_ack_along),
        cmocka_unit_test(data_takes_no_ranges_along),
        cmocka_unit_test(each_segment_is_told_while_there_is_a_hole),
        cmocka_unit_test(what_is_counted_is_what_was_done),
        cmocka_unit_test(a_window_of_nothing_stops_it),
        cmocka_unit_test(it_goes_on_when_the_reader_does),
        cmocka_unit_test(a_slow_reader_gets_all),
        cmocka_unit_test(a_lost_word_of_room_is_asked_for),
    };
    return test_run(argc, argv, tests);
}

/*
 * What a flow does when nothing is heard: it waits, asks with one segment,
 * gives up all that flies; it probes a window of 0; and after the dark it goes
 * on. And what happens when it is freed: nothing.
 */
#include "03-transport/receipt.h"
#include "03-transport/rto.h"
#include "03-transport/test_flow.h"

/* With a round trip of 20 ms, measured once: SRTT + 4 RTTVAR, and what an ack
 * may wait for. */
#define FIRST_WAIT (60 * MSEC + RECEIPT_DELAY)
/* Twice the RTO. */
#define SECOND_WAIT (120 * MSEC + RECEIPT_DELAY)

/* ---- Expiries. ---- */

static void silence_is_answered_with_one_segment(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 5000);
    assert_int_equal(lose_all(stage, A), 5);
    pass(stage, FIRST_WAIT - 1);
    assert_int_equal(letters(stage, A), 0);
    pass(stage, 1);
    assert_int_equal(letters(stage, A), 1);
    struct flow_letter *letter = next_letter(stage, A);
    assert_int_equal(letter->segment.seq, FIRST);
    assert_int_equal(letter->segment.packet, 6);
    g_free(letter);
    assert_int_equal(flow_count(stage->side[A].flow).expiries, 1);
    assert_int_equal(flow_count(stage->side[A].flow).repeats, 1);
    flow_stage_free(stage);
}

/* The first says nothing of the network: one ack may be lost. */
static void one_expiry_leaves_the_window_as_it_is(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    const struct controller *controller = flow_controller(stage->side[A].flow);
    push(stage, A, 5000);
    size_t before = controller->window;
    pass(stage, FIRST_WAIT);
    assert_int_equal(controller->window, before);
    pass(stage, SECOND_WAIT - 1);
    assert_int_equal(controller->window, before);
    pass(stage, 1);
    assert_int_equal(controller->window, CONTROLLER_LEAST * FULL);
    flow_stage_free(stage);
}

static void an_expiry_doubles_the_wait_and_a_second_forgets(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 5000);
    pass(stage, FIRST_WAIT);
    lose_all(stage, A);
    pass(stage, SECOND_WAIT - 1);
    assert_int_equal(letters(stage, A), 0);
    pass(stage, 1);
    /* All is lost, and the window is two segments. */
    assert_int_equal(letters(stage, A), 2);
    lose_all(stage, A);
    pass(stage, 240 * MSEC + RECEIPT_DELAY - 1);
    assert_int_equal(letters(stage, A), 0);
    pass(stage, 1);
    assert_int_equal(letters(stage, A), 2);
    flow_stage_free(stage);
}

static void what_arrives_ends_the_silence(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    const struct flow *flow = stage->side[A].flow;
    size_t before = flow_controller(flow)->window;
    for (unsigned i = 1; i <= 3; i++) { /* Each is the first. */
        push(stage, A, 1000);
        lose_all(stage, A);
        while (flow_count(flow).expiries < i)
            pass(stage, MSEC);
        hand(stage, next_letter(stage, A));
        pass(stage, RECEIPT_DELAY);
        hand(stage, next_letter(stage, B));
        lose_all(stage, A);
        assert_true(flow_controller(flow)->window >= before);
    }
    flow_stage_free(stage);
}

/* A receiver may throw away what came early, though it told of it. */
static void what_is_forgotten_is_sent_again_though_it_had_arrived(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 3000);
    lose(next_letter(stage, A));
    hand(stage, next_letter(stage, A));
    lose_all(stage, A);
    pass(stage, 0);
    hand(stage, next_letter(stage, B)); /* "The second has come." */
    pass(stage, 2 * SEC);
    bool again = false;
    struct flow_letter *letter;
    while ((letter = next_letter(stage, A))) {
        again |= letter->segment.seq == FIRST + 1000;
        g_free(letter);
    }
    assert_true(again);
    flow_stage_free(stage);
}

static void no_wait_is_shorter_than_the_floor(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.floor = 500 * MSEC;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    push(stage, A, 10);
    lose_all(stage, A);
    pass(stage, 500 * MSEC + RECEIPT_DELAY - 1);
    assert_int_equal(letters(stage, A), 0);
    pass(stage, 1);
    assert_int_equal(letters(stage, A), 1);
    flow_stage_free(stage);
}

static void a_round_trip_not_known_is_taken_for_a_second(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.rtt = 0;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    push(stage, A, 10);
    lose_all(stage, A);
    pass(stage, RTO_FIRST + RECEIPT_DELAY - 1);
    assert_int_equal(letters(stage, A), 0);
    pass(stage, 1);
    assert_int_equal(letters(stage, A), 1);
    flow_stage_free(stage);
}

/* A hole is sent again after three later ones, long before the timer. */
static void what_is_overtaken_by_three_is_sent_again(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 5000);
    lose(next_letter(stage, A));
    for (int i = 0; i < 2; i++)
        hand(stage, next_letter(stage, A));
    pass(stage, 0);
    while (letters(stage, B) > 0)
        hand(stage, next_letter(stage, B));
    assert_int_equal(flow_count(stage->side[A].flow).repeats, 0);
    hand(stage, next_letter(stage, A));
    pass(stage, 0);
    hand(stage, next_letter(stage, B));
    pass(stage, 10 * MSEC); /* The pace. */
    assert_int_equal(flow_count(stage->side[A].flow).repeats, 1);
    flow_stage_free(stage);
}

/* And by one: an eighth of a round trip after it should have come. */
static void what_is_overtaken_by_one_is_sent_again_in_time(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 2000);
    lose(next_letter(stage, A));
    pass(stage, 20 * MSEC);
    hand(stage, next_letter(stage, A));
    pass(stage, 0);
    hand(stage, next_letter(stage, B));
    pass(stage, 20 * MSEC / 8 - 1);
    assert_int_equal(letters(stage, A), 0);
    pass(stage, 1);
    assert_int_equal(letters(stage, A), 1);
    assert_int_equal(flow_count(stage->side[A].flow).expiries, 0);
    flow_stage_free(stage);
}

/* ---- Slow start. ---- */

static void say_arrived(struct flow_stage *stage, uint32_t packet)
{
    struct segment segment = {.flags = SEGMENT_ACK,
                              .ack = FIRST + packet * FULL,
                              .window = ROOM,
                              .echo = packet};
    flow_on_segment(stage->side[A].flow, &segment);
}

/* Eight in a row are late (slowstart.h): now it is doubted, and the window
 * stays. */
static void a_queue_that_grows_stops_slow_start(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    const struct controller *controller = flow_controller(stage->side[A].flow);
    push(stage, A, ROOM);
    pass(stage, 20 * MSEC);
    say_arrived(stage, 8); /* In 20 ms or less. */
    pass(stage, 26 * MSEC);
    for (uint32_t packet = 11; packet <= 18; packet++) {
        size_t window = controller->window;
        say_arrived(stage, packet);
        if (packet < 18)
            assert_true(controller->window > window);
        else
            assert_int_equal(controller->window, window);
    }
    flow_stage_free(stage);
}

/* ---- Probes. ---- */

static void fill_the_window(struct flow_stage *stage)
{
    stage->side[B].lazy = true;
    push(stage, A, ROOM);
    run(stage, 100 * MSEC);
    assert_int_equal(flow_count(stage->side[A].flow).bytes, WINDOW);
    lose_all(stage, A);
}

static void a_window_of_nothing_is_probed_more_and_more_rarely(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    fill_the_window(stage);
    unsigned probes = 0;
    nsec last = stage_now(stage), wait = 0;
    for (int i = 0; i < 3000; i++) {
        pass(stage, MSEC);
        struct flow_letter *letter = next_letter(stage, A);
        if (!letter)
            continue;
        assert_int_equal(letter->segment.size, 1);
        assert_int_equal(letter->segment.seq, FIRST + WINDOW);
        g_free(letter);
        if (probes++ > 0)
            assert_true(stage_now(stage) - last >= wait);
        wait = probes == 1 ? 400 * MSEC : 2 * wait;
        last = stage_now(stage);
    }
    assert_int_equal(probes, 4); /* At 200, 600, 1400 and 3000 ms, or less. */
    assert_int_equal(flow_count(stage->side[A].flow).expiries, 0);
    flow_stage_free(stage);
}

static void a_probe_is_answered_at_once(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    fill_the_window(stage);
    while (letters(stage, A) == 0)
        pass(stage, MSEC);
    lose_all(stage, B);
    hand(stage, next_letter(stage, A));
    pass(stage, 0);
    assert_int_equal(letters(stage, B), 1);
    flow_stage_free(stage);
}

static void more_to_send_does_not_put_a_probe_off(void **state)
{
    (void)state;
    struct flow_options options = usual_options();
    options.window = 0;
    struct flow_stage *stage = flow_stage_of(options, FIRST);
    for (int i = 0; i < 4; i++) {
        push(stage, A, 100);
        pass(stage, 50 * MSEC - 1);
        assert_int_equal(letters(stage, A), 0);
        pass(stage, 1);
    }
    assert_int_equal(letters(stage, A), 1);
    flow_stage_free(stage);
}

/* An answer of "nothing" for ten minutes is not an end. */
static void a_probe_is_answered_and_the_wait_goes_on(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    fill_the_window(stage);
    run(stage, 600 * SEC);
    assert_int_equal(flow_count(stage->side[A].flow).expiries, 0);
    take(stage, B, WINDOW);
    stage->side[B].lazy = false;
    run(stage, SEC);
    assert_int_equal(stage->side[B].taken, ROOM);
    flow_stage_free(stage);
}

/* ---- The dark. ---- */

/* RL4. The wait is doubled up to a minute, no more. */
static void after_a_minute_in_the_dark_all_goes_on(void **state)
{
    (void)state;
    for_each_seed (seed, 10) {
        struct flow_stage *stage = flow_stage_open();
        push_all(stage, A, 10 * ROOM);
        run(stage, seed * 3 * MSEC);
        stage->dark = true;
        run(stage, 60 * SEC);
        stage->dark = false;
        uint64_t before = stage->side[B].taken;
        nsec end = stage_now(stage);
        while (stage->side[B].taken == before)
            run(stage, 10 * MSEC);
        assert_true(stage_now(stage) - end <= 61 * SEC);
        run(stage, 20 * SEC);
        assert_int_equal(stage->side[B].taken, 10 * ROOM);
        flow_stage_free(stage);
    }
}

/* Acks alone are lost: each byte comes, and comes once. */
static void when_no_ack_gets_through_nothing_comes_twice(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 3000);
    for (int i = 0; i < 1000; i++) {
        while (letters(stage, A) > 0)
            hand(stage, next_letter(stage, A));
        pass(stage, MSEC);
        lose_all(stage, B);
    }
    assert_int_equal(stage->side[B].taken, 3000);
    assert_true(flow_count(stage->side[A].flow).repeats > 0);
    run(stage, 5 * SEC);
    assert_int_equal(stage->side[B].taken, 3000);
    assert_true(flow_is_delivered(stage->side[A].flow));
    flow_stage_free(stage);
}

/* ---- Is it alive? ---- */

static void who_is_asked_answers_and_takes_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) { /* At the beginning, in it, at the end. */
        struct flow_stage *stage = flow_stage_open();
        if (i > 0)
            push(stage, A, 100);
        if (i > 1)
            flow_end(stage->side[A].flow);
        run(stage, SEC);
        uint64_t acks = flow_count(stage->side[B].flow).acks;
        flow_ask(stage->side[A].flow);
        run(stage, SEC);
        assert_int_equal(flow_count(stage->side[B].flow).acks, acks + 1);
        assert_int_equal(stage->side[B].taken, i > 0 ? 100 : 0);
        assert_int_equal(flow_is_over(stage->side[B].flow), i > 1);
        assert_int_equal(flow_count(stage->side[A].flow).lies, 0);
        flow_stage_free(stage);
    }
}

static void packets_from_the_last_echo_to_the_next_may_be_ours(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    const struct flow *flow = stage->side[A].flow;
    assert_false(flow_may_have_sent(flow, 0));
    assert_true(flow_may_have_sent(flow, 1));
    assert_false(flow_may_have_sent(flow, 2));
    push(stage, A, 5000); /* Packets 1 to 5. */
    assert_true(flow_may_have_sent(flow, 6));
    assert_false(flow_may_have_sent(flow, 7));
    lose(next_letter(stage, A));
    hand(stage, next_letter(stage, A));
    pass(stage, 0);
    hand(stage, next_letter(stage, B)); /* It echoes 2. */
    assert_false(flow_may_have_sent(flow, 1));
    assert_true(flow_may_have_sent(flow, 2));
    struct segment older = {
        .flags = SEGMENT_ACK, .ack = FIRST, .window = WINDOW, .echo = 1};
    flow_on_segment(stage->side[A].flow, &older);
    assert_false(flow_may_have_sent(flow, 1));
    flow_stage_free(stage);
}

/* ---- The end of it. ---- */

static void free_side(struct flow_stage *stage, int id)
{
    flow_free(stage->side[id].flow);
    stage->side[id].flow = NULL;
    lose_all(stage, id);
}

/* Whatever it is waiting for: then no timer is armed. */
static void once_it_is_freed_nothing_happens(void **state)
{
    (void)state;
    for_each_seed (seed, 60) {
        struct flow_stage *stage = flow_stage_open();
        stage->dice = dice_at(seed, 0, 0);
        stage->loss = (unsigned)seed % 3 * 200;
        stage->side[B].lazy = seed % 2;
        push_all(stage, A, 3 * ROOM);
        push_all(stage, B, 500);
        run(stage, seed * 7 * MSEC);
        if (seed % 5 == 0)
            flow_end(stage->side[B].flow);
        free_side(stage, A);
        free_side(stage, B);
        g_free(tape_take(stage->tape));
        tape_pass(stage->tape, 1000 * SEC);
        tape_expect(stage->tape, "");
        assert_int_equal(letters(stage, A) + letters(stage, B), 0);
        flow_stage_free(stage);
    }
}

static void an_ack_that_is_owed_is_not_sent_once_it_is_freed(void **state)
{
    (void)state;
    struct flow_stage *stage = flow_stage_open();
    push(stage, A, 10);
    hand(stage, next_letter(stage, A));
    g_free(tape_take(stage->tape));
    free_side(stage, B);
    tape_expect(stage->tape, "disarm; ");
    flow_stage_free(stage);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_answered_with_one_segment),
        cmocka_unit_test(one_expiry_leaves_the_window_as_it_is),
        cmocka_unit_test(an_expiry_doubles_the_wait_and_a_second_forgets),
        cmocka_unit_test(what_arrives_ends_the_silence),
        cmocka_unit_test(what_is_forgotten_is_sent_again_though_it_had_arrived),
        cmocka_unit_test(no_wait_is_shorter_than_the_floor),
        cmocka_unit_test(a_round_trip_not_known_is_taken_for_a_second),
        cmocka_unit_test(what_is_overtaken_by_three_is_sent_again),
        cmocka_unit_test(what_is_overtaken_by_one_is_sent_again_in_time),
        cmocka_unit_test(a_queue_that_grows_stops_slow_start),
        cmocka_unit_test(a_window_of_nothing_is_probed_more_and_more_rarely),
        cmocka_unit_test(a_probe_is_answered_at_once),
        cmocka_unit_test(more_to_send_does_not_put_a_probe_off),
        cmocka_unit_test(a_probe_is_answered_and_the_wait_goes_on),
        cmocka_unit_test(after_a_minute_in_the_dark_all_goes_on),
        cmocka_unit_test(when_no_ack_gets_through_nothing_comes_twice),
        cmocka_unit_test(who_is_asked_answers_and_takes_nothing),
        cmocka_unit_test(packets_from_the_last_echo_to_the_next_may_be_ours),
        cmocka_unit_test(once_it_is_freed_nothing_happens),
        cmocka_unit_test(an_ack_that_is_owed_is_not_sent_once_it_is_freed),
    };
    return test_run(argc, argv, tests);
}

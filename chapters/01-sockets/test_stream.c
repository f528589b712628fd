/* A stream, as its owner and the other end see it. How it ends stands in
 * test_stream_end.c, and what it bears in test_storm.c. */
#include "01-sockets/test_stream.h"

/* ---- In. ---- */

static void what_comes_is_shown(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    they_send(witness, 10);
    turns(1);
    assert_int_equal(witness->used, 10);
    they_send(witness, 20);
    turns(1);
    assert_int_equal(witness->used, 30);
    assert_false(witness->ended);
}

static void who_has_nothing_to_do_costs_nothing(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    expect_quiet(witness);
    they_send(witness, 10);
    we_write(witness, 10);
    turns(2);
    they_receive(witness, 10);
    expect_quiet(witness);
    assert_int_equal(witness->used, 10);
    assert_int_equal(witness->arrived, 10);
}

static void unused_bytes_are_shown_before_those_that_follow(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 3;
    they_send(witness, 10);
    turns(1);
    assert_int_equal(witness->left, 7);
    they_send(witness, 5);
    turns(1);
    assert_int_equal(witness->left, 12);
    assert_int_equal(stream_unused(witness->stream), 12);
    witness->appetite = ALL;
    they_send(witness, 1);
    turns(1);
    assert_int_equal(witness->used, 16);
    assert_int_equal(stream_unused(witness->stream), 0);
}

static void unused_bytes_are_not_shown_again_for_nothing(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 3;
    they_send(witness, 10);
    expect_quiet(witness);
    assert_int_equal(witness->shows, 1);
}

static void unused_bytes_are_shown_again_when_asked_for(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 3;
    they_send(witness, 10);
    turns(1);
    witness->appetite = 4;
    we_call(witness, stream_again);
    expect_quiet(witness);
    assert_int_equal(witness->shows, 2);
    assert_int_equal(witness->left, 3);
    we_call(witness, stream_again);
    expect_quiet(witness);
    assert_int_equal(witness->shows, 3);
}

static void where_nothing_is_unused_there_is_nothing_to_show_again(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    we_call(witness, stream_again);
    expect_quiet(witness);
    assert_int_equal(witness->shows, 0);
    they_send(witness, 10);
    turns(1);
    we_call(witness, stream_again);
    expect_quiet(witness);
    assert_int_equal(witness->shows, 1);
}

static void ask_again(struct witness *witness)
{
    if (witness->appetite == 0)
        return;
    witness->appetite = 1;
    we_call(witness, stream_again);
}

static void an_owner_may_ask_for_the_rest_while_it_is_shown(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->act = ask_again;
    witness->appetite = 2;
    they_send(witness, 5);
    while (witness->used < 5) {
        unsigned shows = witness->shows;
        witness->appetite = 2;
        we_call(witness, stream_again);
        turns(SOON);
        assert_true(witness->shows > shows);
    }
    assert_int_equal(witness->used, 5);
}

/* ---- The end of theirs. ---- */

static void the_end_is_shown_once(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    they_send(witness, 10);
    they_end(witness);
    expect_quiet(witness);
    assert_true(witness->ended);
    assert_int_equal(witness->used, 10);
    assert_int_equal(witness->closes, 0);
}

static void with_the_end_come_the_unused_bytes(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 3;
    they_send(witness, 10);
    turns(1);
    they_end(witness);
    expect_quiet(witness);
    assert_true(witness->ended);
    assert_int_equal(witness->left, 7);
    witness->appetite = 2;
    we_call(witness, stream_again);
    expect_quiet(witness);
    assert_true(witness->ended);
    assert_int_equal(witness->left, 5);
}

static void the_end_is_shown_again_when_asked_for(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    they_end(witness);
    expect_quiet(witness);
    assert_int_equal(witness->shows, 1);
    we_call(witness, stream_again);
    expect_quiet(witness);
    assert_int_equal(witness->shows, 2);
    assert_true(witness->ended);
}

/* ---- Backpressure. ---- */

static void a_stream_that_keeps_all_it_may_reads_no_more(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 0;
    for (size_t size = 1; size <= 300; size++) {
        they_send(witness, size);
        turns(1);
        assert_true(kept(witness) <= MOST);
    }
    assert_int_equal(kept(witness), MOST);
    assert_int_equal(stream_unused(witness->stream), MOST);
    expect_quiet(witness);
}

static void when_some_is_used_it_reads_on(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 0;
    they_send(witness, 3 * MOST);
    they_end(witness);
    turns(SOON);
    witness->appetite = 1;
    we_call(witness, stream_again);
    expect_quiet(witness);
    assert_int_equal(witness->used, 1);
    assert_int_equal(kept(witness), MOST);
    witness->appetite = ALL;
    we_call(witness, stream_again);
    turns(3 * SOON);
    assert_int_equal(witness->used, 3 * MOST);
    assert_true(witness->ended);
}

static void in_the_end_the_sender_waits(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 0;
    while (they_send(witness, MOST) > 0)
        turns(1);
    turns(SOON);
    assert_int_equal(they_send(witness, 1), 0);
    witness->appetite = ALL;
    we_call(witness, stream_again);
    turns(ROW / MOST);
    assert_int_equal(witness->used, witness->sent);
    assert_true(they_send(witness, 1) > 0);
}

static void a_full_stream_sleeps_though_they_have_left(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 0;
    they_send(witness, 2 * MOST);
    turns(SOON);
    they_leave(witness);
    expect_quiet(witness);
    assert_int_equal(witness->closes, 0);
    assert_false(witness->ended);
    witness->appetite = ALL;
    we_call(witness, stream_again);
    turns(SOON);
    assert_int_equal(witness->used, 2 * MOST);
    assert_true(witness->ended);
}

static void a_flood_is_read_once_a_turn(void **state)
{
    struct witness *flood = meet((struct meeting){0});
    (void)state;
    for (int turn = 0; turn < 20; turn++) {
        while (they_send(flood, 1 << 16) > 0)
            continue;
        unsigned before = flood->wire.receives;
        size_t used = flood->used;
        turns(1);
        assert_true(flood->wire.receives <= before + 1);
        assert_true(flood->used > used);
        if (flood->sent == ROW)
            break;
    }
}

/* ---- Out. ---- */

static void what_is_written_leaves_when_the_turn_ends_in_one_call(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(we_write(witness, 7), 7);
    assert_int_equal(they_receive(witness, ALL), 0);
    assert_int_equal(stream_backlog(witness->stream), 700);
    turns(1);
    assert_int_equal(they_receive(witness, ALL), 700);
    assert_int_equal(witness->wire.sends, 1);
    assert_int_equal(stream_backlog(witness->stream), 0);
    expect_quiet(witness);
}

static void answer_in_pieces(struct witness *witness)
{
    for (int i = 0; i < 50; i++)
        we_write(witness, 2);
}

static void the_answers_to_one_turn_leave_in_one_call(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->act = answer_in_pieces;
    they_send(witness, 10);
    turns(1);
    assert_int_equal(they_receive(witness, ALL), 100);
    assert_int_equal(witness->wire.sends, 1);
}

static void a_write_takes_as_many_as_there_is_room_for(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    assert_int_equal(stream_room(witness->stream), MOST);
    assert_int_equal(we_write(witness, 300), 300);
    assert_int_equal(stream_room(witness->stream), 700);
    assert_int_equal(we_write(witness, 3000), 700);
    assert_int_equal(stream_room(witness->stream), 0);
    assert_int_equal(we_write(witness, 1), 0);
    assert_int_equal(stream_backlog(witness->stream), MOST);
    turns(1);
    assert_int_equal(they_receive(witness, ALL), MOST);
    assert_int_equal(stream_room(witness->stream), MOST);
}

static void without_a_bound_of_its_owner_it_keeps_what_is_usual(void **state)
{
    struct witness *witness = meet((struct meeting){0});
    (void)state;
    assert_int_equal(we_write(witness, ROW), STREAM_MOST);
    witness->appetite = 0;
    for (int i = 0; i < 20; i++) {
        they_send(witness, 10000);
        turns(1);
    }
    assert_int_equal(kept(witness), STREAM_MOST);
}

static void a_write_of_nothing_is_nothing(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    we_write(witness, MOST);
    turns(1);
    assert_int_equal(we_write(witness, 0), 0);
    expect_quiet(witness);
    assert_int_equal(they_receive(witness, ALL), MOST);
    assert_int_equal(witness->rooms, 0);
    assert_false(witness->they_heard);
}

static void while_they_do_not_read_the_stream_sleeps(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    fill(witness);
    expect_quiet(witness);
    assert_int_equal(witness->rooms, 0);
    they_send(witness, 10); /* And yet it hears them. */
    turns(1);
    assert_int_equal(witness->used, 10);
    expect_quiet(witness);
}

static void when_they_read_the_rest_follows(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    fill(witness);
    for (int i = 0; i < 100; i++) {
        they_receive(witness, ALL);
        turns(SOON);
    }
    assert_int_equal(witness->arrived, witness->written);
    assert_true(witness->written > 10 * MOST);
    expect_quiet(witness);
}

/* ---- Room. ---- */

static void room_is_told_of_when_half_is_free(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->wire.takes = 0;
    assert_int_equal(we_write(witness, MOST + 1), MOST);
    turns(SOON);
    witness->wire.takes = MOST / 2 - 1;
    turns(SOON);
    assert_int_equal(stream_backlog(witness->stream), MOST / 2 + 1);
    assert_int_equal(witness->rooms, 0);
    witness->wire.takes = 1;
    turns(SOON);
    assert_int_equal(stream_backlog(witness->stream), MOST / 2);
    assert_int_equal(witness->rooms, 1);
    witness->wire.takes = ALL;
    expect_quiet(witness);
    assert_int_equal(witness->rooms, 1);
}

static void
news_of_bytes_is_no_news_of_room_nor_the_other_way_round(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = witness->wire.takes = 0;
    they_send(witness, 10);
    we_write(witness, MOST + 1);
    turns(SOON);
    we_call(witness, stream_again);
    turns(SOON);
    assert_int_equal(witness->shows, 2);
    assert_int_equal(witness->rooms, 0);
    witness->wire.takes = ALL;
    expect_quiet(witness);
    assert_int_equal(witness->shows, 2);
    assert_int_equal(witness->rooms, 1);
}

static void room_is_told_of_only_where_it_was_missed(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(we_write(witness, MOST), MOST);
        turns(SOON);
        they_receive(witness, ALL);
    }
    assert_int_equal(witness->rooms, 0);
}

static void room_is_told_of_each_time_it_was_missed(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    for (unsigned i = 1; i <= 5; i++) {
        we_write(witness, MOST + 1);
        we_write(witness, 1);
        expect_quiet(witness);
        assert_int_equal(witness->rooms, i);
        they_receive(witness, ALL);
    }
}

static void who_does_not_care_for_room_need_not(void **state)
{
    struct witness *witness =
        meet((struct meeting){.most = MOST, .no_room = true});
    (void)state;
    we_write(witness, 2 * MOST);
    expect_quiet(witness);
    assert_int_equal(they_receive(witness, ALL), MOST);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(what_comes_is_shown),
        CASE(who_has_nothing_to_do_costs_nothing),
        CASE(unused_bytes_are_shown_before_those_that_follow),
        CASE(unused_bytes_are_not_shown_again_for_nothing),
        CASE(unused_bytes_are_shown_again_when_asked_for),
        CASE(where_nothing_is_unused_there_is_nothing_to_show_again),
        CASE(an_owner_may_ask_for_the_rest_while_it_is_shown),
        CASE(the_end_is_shown_once),
        CASE(with_the_end_come_the_unused_bytes),
        CASE(the_end_is_shown_again_when_asked_for),
        CASE(a_stream_that_keeps_all_it_may_reads_no_more),
        CASE(when_some_is_used_it_reads_on),
        CASE(in_the_end_the_sender_waits),
        CASE(a_full_stream_sleeps_though_they_have_left),
        CASE(a_flood_is_read_once_a_turn),
        CASE(what_is_written_leaves_when_the_turn_ends_in_one_call),
        CASE(the_answers_to_one_turn_leave_in_one_call),
        CASE(a_write_takes_as_many_as_there_is_room_for),
        CASE(without_a_bound_of_its_owner_it_keeps_what_is_usual),
        CASE(a_write_of_nothing_is_nothing),
        CASE(while_they_do_not_read_the_stream_sleeps),
        CASE(when_they_read_the_rest_follows),
        CASE(room_is_told_of_when_half_is_free),
        CASE(news_of_bytes_is_no_news_of_room_nor_the_other_way_round),
        CASE(room_is_told_of_only_where_it_was_missed),
        CASE(room_is_told_of_each_time_it_was_missed),
        CASE(who_does_not_care_for_room_need_not),
    };
    return test_run(argc, argv, tests);
}

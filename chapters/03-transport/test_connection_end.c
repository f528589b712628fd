/* How a connection ends: in order, by a reset, and in doubt. */
#include "03-transport/test_connection.h"

/* ---- In order. ---- */

static void who_ends_may_still_be_told_things(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, first, (struct endpoint_settings){0});
        open_talk(&board, talk);
        struct speaker *ended = talk[first], *other = talk[1 - first];
        say(ended, "that is all");
        connection_end(ended->connection);
        run(&board, SEC);
        assert_taken(other, "that is all");
        assert_true(connection_is_over(other->connection));
        assert_true(connection_is_delivered(ended->connection));
        say(other, "wait, ");
        run(&board, 70 * SEC);
        say(other, "one more thing");
        assert_open(ended);
        connection_end(other->connection);
        run(&board, SEC);
        assert_taken(ended, "wait, one more thing");
        assert_closed(ended, CONNECTION_DONE);
        assert_closed(other, CONNECTION_DONE);
        run(&board, SEC);
        assert_nothing_is_left(&board);
        board_close(&board);
    }
}

static void both_may_end_at_once(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost <= 3; lost++) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, lost, (struct endpoint_settings){0});
        open_talk(&board, talk);
        board.treat[FIN].lose = lost;
        assert_it_works(&board, talk);
        board_close(&board);
    }
}

static void after_the_end_nothing_is_taken(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    connection_end(talk[0]->connection);
    connection_end(talk[0]->connection);
    assert_int_equal(connection_push(talk[0]->connection, "x", 1), 0);
    assert_int_equal(connection_room(talk[0]->connection), 0);
    talk[0]->keeps = true;
    connection_end(talk[1]->connection);
    run(&board, SEC);
    assert_closed(talk[0], CONNECTION_DONE);
    assert_int_equal(connection_push(talk[0]->connection, "x", 1), 0);
    assert_int_equal(connection_room(talk[0]->connection), 0);
    connection_end(talk[0]->connection);
    assert_true(connection_is_over(talk[0]->connection));
    assert_true(connection_is_delivered(talk[0]->connection));
    board_close(&board);
}

/* 1 ends, 2 ends, and what 1 says to that is lost: 2 asks again. */
static void who_has_ended_first_lingers(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    talk[1]->polite = true;
    connection_end(talk[0]->connection);
    board.treat[ACK] = (struct treatment){.lose = 3, .from = 1};
    run(&board, 4 * WAY);
    assert_closed(talk[0], CONNECTION_DONE);
    assert_open(talk[1]);
    assert_int_equal(connections(&board, 1), 1);
    run(&board, 900 * MSEC);
    assert_int_equal(board.treat[ACK].lose, 0);
    assert_closed(talk[1], CONNECTION_DONE);
    assert_int_equal(connections(&board, 1), 1);
    assert_int_equal(connections(&board, 2), 0);
    run(&board, SEC);
    assert_int_equal(connections(&board, 1), 0);
    assert_int_equal(sent(&board, 1, RESET) + sent(&board, 2, RESET), 0);
    board_close(&board);
}

/* Whoever is asked too late knows of nothing, and says so. All is well, but it
 * might as well have crashed before the end came. */
static void who_lingered_too_briefly_leaves_a_doubt(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    say(talk[1], "said before");
    connection_end(talk[0]->connection);
    run(&board, SEC);
    connection_end(talk[1]->connection);
    board.treat[ACK] = (struct treatment){.lose = 1000, .from = 1};
    run(&board, 20 * SEC);
    assert_true(sent(&board, 1, RESET) > 0);
    assert_closed(talk[1], CONNECTION_RESET);
    assert_nothing_is_left(&board);
    board_close(&board);
}

/* But whoever does not know that its words have come, is told that they may be
 * lost; be it that they have not. */
static void who_forgets_too_early_leaves_the_other_in_doubt(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    connection_end(talk[0]->connection);
    run(&board, SEC);
    say(talk[1], "last words");
    connection_end(talk[1]->connection);
    board.treat[ACK] = (struct treatment){.lose = 1000, .from = 1};
    run(&board, 20 * SEC);
    assert_closed(talk[1], CONNECTION_RESET);
    assert_taken(talk[0], "last words");
    assert_nothing_is_left(&board);
    board_close(&board);
}

static void what_has_come_can_be_taken_when_it_is_over(void **state)
{
    (void)state;
    for (unsigned resets = 0; resets < 2; resets++) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, 1, (struct endpoint_settings){0});
        open_talk(&board, talk);
        talk[1]->lazy = talk[1]->keeps = true;
        say(talk[0], "not taken yet");
        run(&board, SEC);
        if (resets) {
            hang_up(talk[0]);
        } else {
            connection_end(talk[0]->connection);
            connection_end(talk[1]->connection);
        }
        run(&board, SEC);
        assert_closed(talk[1], resets ? CONNECTION_RESET : CONNECTION_DONE);
        take(talk[1]);
        assert_taken(talk[1], "not taken yet");
        assert_int_equal(connection_is_over(talk[1]->connection), !resets);
        hang_up(talk[1]);
        board_close(&board);
    }
}

/* ---- By its owner. ---- */

/* Whatever numbers it began with. */
static void a_freed_one_is_reset_at_once(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        for (unsigned first = 0; first < 2; first++) {
            struct switchboard board;
            struct speaker *talk[2];
            board_open(&board, seed, (struct endpoint_settings){0});
            open_talk(&board, talk);
            if (seed % 2)
                say(talk[1 - first], "are you there?");
            run(&board, SEC);
            hang_up(talk[first]);
            run(&board, 2 * WAY);
            assert_closed(talk[1 - first], CONNECTION_RESET);
            assert_int_equal(talk[first]->closed, 0);
            assert_nothing_is_left(&board);
            board_close(&board);
        }
    }
}

static void a_lost_reset_is_said_when_one_is_asked(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    board.treat[RESET].lose = 1;
    hang_up(talk[0]);
    run(&board, SEC);
    assert_open(talk[1]);
    say(talk[1], "are you there?");
    run(&board, 2 * WAY);
    assert_closed(talk[1], CONNECTION_RESET);
    board_close(&board);
}

static void one_that_opens_can_be_freed(void **state)
{
    (void)state;
    for (nsec when = 0; when <= 4 * WAY; when += MSEC) {
        struct switchboard board;
        board_open(&board, when / MSEC, (struct endpoint_settings){0});
        struct speaker *talk = dial(&board, 1, 2);
        run(&board, when);
        hang_up(talk);
        assert_int_equal(connections(&board, 1), 0);
        run(&board, 10 * SEC);
        assert_nothing_is_left(&board);
        if (board.booths[2].accepted)
            assert_closed(last_talk(&board), CONNECTION_RESET);
        board_close(&board);
    }
}

static void one_that_is_over_can_be_kept_and_freed(void **state)
{
    static const enum connection_end ends[] = {CONNECTION_RESET,
                                               CONNECTION_DONE};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, 1, (struct endpoint_settings){0});
        open_talk(&board, talk);
        talk[0]->keeps = true;
        if (ends[i] == CONNECTION_RESET)
            hang_up(talk[1]);
        else
            connection_end(talk[1]->connection),
                connection_end(talk[0]->connection);
        run(&board, 200 * SEC);
        assert_closed(talk[0], ends[i]);
        assert_int_equal(connections(&board, 1), ends[i] == CONNECTION_DONE);
        connection_end(talk[0]->connection);
        assert_int_equal(connection_push(talk[0]->connection, "x", 1), 0);
        unsigned resets = sent(&board, 1, RESET);
        hang_up(talk[0]);
        run(&board, 2 * SEC);
        assert_int_equal(sent(&board, 1, RESET), resets);
        assert_nothing_is_left(&board);
        board_close(&board);
    }
}

static void a_refused_one_can_be_kept(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    struct speaker *talk = dial(&board, 1, 3);
    talk->keeps = true;
    run(&board, SEC);
    assert_closed(talk, CONNECTION_REFUSED);
    connection_end(talk->connection);
    assert_int_equal(connection_push(talk->connection, "x", 1), 0);
    assert_int_equal(connection_room(talk->connection), 0);
    hang_up(talk);
    board_close(&board);
}

static void one_that_lingers_goes_with_its_endpoint(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    connection_end(talk[0]->connection);
    connection_end(talk[1]->connection);
    run(&board, 100 * MSEC);
    assert_closed(talk[0], CONNECTION_DONE);
    assert_int_equal(connections(&board, 1), 1);
    sim_crash(board.sim, 1);
    sim_boot(board.sim, 1);
    run(&board, 10 * SEC);
    assert_nothing_is_left(&board);
    board_close(&board);
}

/* The last ack is all that is missing, and never comes. */
static void who_misses_the_last_word_cannot_know(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    connection_end(talk[0]->connection);
    run(&board, SEC);
    cut(&board, true);
    connection_end(talk[1]->connection);
    run(&board, 98 * SEC);
    assert_open(talk[1]);
    run(&board, 3 * SEC);
    assert_closed(talk[1], CONNECTION_SILENT);
    assert_closed(talk[0], CONNECTION_SILENT);
    board_close(&board);
}

/* Our bytes have arrived, our end has not. */
static void who_gave_up_before_our_end_has_not_all(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    connection_end(talk[1]->connection);
    run(&board, SEC);
    say(talk[0], "half of it");
    run(&board, SEC);
    board.treat[FIN] = (struct treatment){.lose = 1000, .from = 1};
    connection_end(talk[0]->connection);
    run(&board, 20 * MSEC);
    assert_false(connection_is_over(talk[1]->connection));
    hang_up(talk[1]);
    run(&board, 10 * SEC);
    assert_closed(talk[0], CONNECTION_RESET);
    board_close(&board);
}

/* The other gives up when the first data comes, which left before we knew that
 * it has our cookie. */
static void who_gives_up_at_once_is_believed(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    struct speaker *talk = dial(&board, 1, 2);
    talk->first = "hello";
    run(&board, 3 * WAY + MSEC);
    assert_int_equal(last_talk(&board)->at, 2);
    hang_up(last_talk(&board));
    sim_crash(board.sim, 2);
    run(&board, 50 * SEC);
    assert_closed(talk, CONNECTION_RESET);
    board_close(&board);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_ends_may_still_be_told_things),
        cmocka_unit_test(both_may_end_at_once),
        cmocka_unit_test(after_the_end_nothing_is_taken),
        cmocka_unit_test(who_has_ended_first_lingers),
        cmocka_unit_test(who_lingered_too_briefly_leaves_a_doubt),
        cmocka_unit_test(who_forgets_too_early_leaves_the_other_in_doubt),
        cmocka_unit_test(what_has_come_can_be_taken_when_it_is_over),
        cmocka_unit_test(a_freed_one_is_reset_at_once),
        cmocka_unit_test(a_lost_reset_is_said_when_one_is_asked),
        cmocka_unit_test(one_that_opens_can_be_freed),
        cmocka_unit_test(one_that_is_over_can_be_kept_and_freed),
        cmocka_unit_test(a_refused_one_can_be_kept),
        cmocka_unit_test(one_that_lingers_goes_with_its_endpoint),
        cmocka_unit_test(who_misses_the_last_word_cannot_know),
        cmocka_unit_test(who_gave_up_before_our_end_has_not_all),
        cmocka_unit_test(who_gives_up_at_once_is_believed),
    };
    return test_run(argc, argv, tests);
}

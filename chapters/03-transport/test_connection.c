/* How a connection begins. */
#include "03-transport/test_connection.h"

/* Each part of the handshake, and the server's first word. */
static const enum kind handshake[] = {OPENING, ANSWER, COOKIE, DATA};

static void both_sides_hear_each_other_and_end_in_order(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, seed, (struct endpoint_settings){0});
        open_talk(&board, talk);
        assert_it_works(&board, talk);
        assert_taken(talk[0], "answer");
        assert_taken(talk[1], "question");
        board_close(&board);
    }
}

static void it_is_open_after_one_round_trip(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    struct speaker *talk = dial(&board, 1, 2);
    run(&board, 2 * WAY - 1);
    assert_int_equal(talk->opened, 0);
    assert_int_equal(connections(&board, 2), 0);
    run(&board, 1);
    assert_int_equal(talk->opened, 1);
    assert_int_equal(connections(&board, 2), 0);
    run(&board, WAY);
    assert_int_equal(connections(&board, 2), 1);
    board_close(&board);
}

static void each_part_of_the_handshake_may_be_lost(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(handshake); i++)
        for (unsigned lost = 1; lost <= 3; lost++) {
            struct switchboard board;
            board_open(&board, 10 * i + lost, (struct endpoint_settings){0});
            board.treat[handshake[i]].lose = lost;
            struct speaker *talk[2] = {dial(&board, 1, 2)};
            run(&board, 10 * SEC);
            talk[1] = last_talk(&board);
            assert_int_equal(board.treat[handshake[i]].lose, 0);
            assert_int_equal(talk[0]->opened, 1);
            assert_int_equal(board.booths[2].accepted, 1);
            assert_it_works(&board, talk);
            assert_taken(talk[1], "question");
            board_close(&board);
        }
}

static void each_part_of_the_handshake_may_come_again(void **state)
{
    static const nsec again[] = {0, WAY, 30 * MSEC, SEC, 5 * SEC};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(handshake); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(again); j++) {
            struct switchboard board;
            struct speaker *talk[2];
            board_open(&board, 10 * i + j, (struct endpoint_settings){0});
            board.treat[handshake[i]].repeat = 3;
            board.treat[handshake[i]].again = again[j];
            open_talk(&board, talk);
            assert_it_works(&board, talk);
            assert_taken(talk[0], "answer");
            assert_taken(talk[1], "question");
            assert_int_equal(talk[0]->opened, 1);
            assert_int_equal(board.booths[2].accepted, 1);
            board_close(&board);
        }
}

/* So late that it has been sent again, and all of that is over when it comes:
 * then nothing begins anew. */
static void each_part_of_the_handshake_may_be_late(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(handshake); i++)
        for (nsec late = SEC; late <= 30 * SEC; late += 3 * SEC) {
            struct switchboard board;
            board_open(&board, 50 * i + late / SEC,
                       (struct endpoint_settings){0});
            board.treat[handshake[i]].delay = 1;
            board.treat[handshake[i]].late = late;
            struct speaker *talk[2] = {dial(&board, 1, 2)};
            run(&board, 1500 * MSEC);
            talk[1] = last_talk(&board);
            assert_int_equal(talk[0]->opened, 1);
            assert_it_works(&board, talk);
            run(&board, late);
            assert_int_equal(board.booths[2].accepted, 1);
            assert_nothing_is_left(&board);
            board_close(&board);
        }
}

/* What is said in .opened leaves at once behind the cookie, and may come first.
 * The server does not know it then, and says so: a reset that means nothing. */
static void data_may_overtake_the_cookie(void **state)
{
    (void)state;
    for (nsec late = 1 * MSEC; late < 3 * SEC; late *= 3) {
        struct switchboard board;
        board_open(&board, late / MSEC, (struct endpoint_settings){0});
        board.treat[COOKIE].delay = 1;
        board.treat[COOKIE].late = late;
        struct speaker *talk[2] = {dial(&board, 1, 2)};
        talk[0]->first = "first words ";
        run(&board, 5 * SEC);
        talk[1] = last_talk(&board);
        assert_true(sent(&board, 2, RESET) > 0);
        assert_open(talk[0]);
        assert_it_works(&board, talk);
        assert_taken(talk[1], "first words question");
        board_close(&board);
    }
}

/* The reset is late: the server knows the connection meanwhile. */
static void a_reset_from_before_the_cookie_means_nothing(void **state)
{
    (void)state;
    for (nsec late = WAY; late < 4 * SEC; late *= 2) {
        struct switchboard board;
        board_open(&board, late / MSEC, (struct endpoint_settings){0});
        board.treat[COOKIE].delay = 1;
        board.treat[COOKIE].late = 2 * MSEC;
        board.treat[RESET].delay = 1;
        board.treat[RESET].late = late;
        board.treat[ACK] = (struct treatment){.lose = 3, .from = 2};
        struct speaker *talk[2] = {dial(&board, 1, 2)};
        talk[0]->first = "first words ";
        run(&board, 5 * SEC);
        talk[1] = last_talk(&board);
        assert_int_equal(board.treat[RESET].delay, 0);
        assert_open(talk[0]);
        assert_it_works(&board, talk);
        board_close(&board);
    }
}

static void who_has_no_listener_refuses(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    board.treat[REFUSAL].lose = 1;
    struct speaker *talk = dial(&board, 1, 3);
    run(&board, 2 * SEC);
    assert_closed(talk, CONNECTION_REFUSED);
    assert_int_equal(talk->opened, 0);
    assert_int_equal(sent(&board, 3, REFUSAL), 2);
    assert_nothing_is_left(&board);
    board_close(&board);
}

static void an_acceptor_may_refuse(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    board.booths[2].refuses = true;
    board.treat[REFUSAL].lose = 2;
    struct speaker *talk = dial(&board, 1, 2);
    run(&board, 5 * SEC);
    assert_closed(talk, CONNECTION_REFUSED);
    assert_int_equal(board.booths[2].accepted, 1);
    assert_int_equal(sent(&board, 2, REFUSAL), 3);
    assert_nothing_is_left(&board);
    board_close(&board);
}

static bool pushes_and_refuses(void *self, node_id peer,
                               struct connection *connection,
                               struct connection_owner *owner)
{
    (void)self, (void)peer, (void)owner;
    assert_int_equal(connection_push(connection, "no", 2), 2);
    return false;
}

static void who_refuses_may_have_pushed(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    endpoint_listen(board.booths[2].endpoint, pushes_and_refuses, NULL);
    struct speaker *talk = dial(&board, 1, 2);
    run(&board, SEC);
    assert_int_equal(talk->closed, 1);
    assert_true(talk->end == CONNECTION_REFUSED ||
                talk->end == CONNECTION_RESET);
    assert_nothing_is_left(&board);
    board_close(&board);
}

/* It waits for 1, 2, 4 .. seconds, and gives up when it has waited enough. */
static void who_is_not_answered_gives_up(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){.patience = 40 * SEC});
    cut(&board, true);
    struct speaker *talk = dial(&board, 1, 2);
    run(&board, 40 * SEC - 1);
    assert_open(talk);
    assert_int_equal(sent(&board, 1, OPENING), 6);
    run(&board, 1);
    assert_closed(talk, CONNECTION_SILENT);
    assert_int_equal(talk->opened, 0);
    assert_nothing_is_left(&board);
    board_close(&board);
}

static void who_is_answered_once_and_no_more_gives_up(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){.patience = 40 * SEC});
    board.treat[COOKIE].lose = 1000;
    struct speaker *talk = dial(&board, 1, 2);
    run(&board, 3 * WAY);
    assert_int_equal(talk->opened, 1);
    cut(&board, true);
    run(&board, 40 * SEC - WAY - 1);
    assert_open(talk);
    run(&board, 1);
    assert_closed(talk, CONNECTION_SILENT);
    assert_int_equal(board.booths[2].accepted, 0);
    assert_nothing_is_left(&board);
    board_close(&board);
}

/* It shows its cookie after 0, 1, 3, 7, 15, 31 and 63 seconds; and what it had
 * said by then comes once. */
static void who_was_answered_may_wait_long_for_a_way(void **state)
{
    (void)state;
    for (unsigned lost = 1; lost <= 6; lost++) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, 1, (struct endpoint_settings){0});
        board.treat[COOKIE].lose = lost;
        talk[0] = dial(&board, 1, 2);
        talk[0]->first = "question";
        run(&board, 3 * WAY);
        assert_int_equal(talk[0]->opened, 1);
        cut(&board, true);
        run(&board, ((1u << (lost - 1)) - 1) * SEC);
        cut(&board, false);
        run(&board, 130 * SEC);
        talk[1] = last_talk(&board);
        assert_int_equal(board.booths[2].accepted, 1);
        assert_taken(talk[1], "question");
        assert_it_works(&board, talk);
        board_close(&board);
    }
}

/* A limit: if its patience is longer than a cookie lives, in vain. */
static void a_cookie_that_comes_too_late_is_refused(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){.patience = 200 * SEC});
    board.treat[COOKIE].lose = 7; /* The last one after 63 seconds. */
    struct speaker *talk = dial(&board, 1, 2);
    run(&board, 130 * SEC);
    assert_int_equal(sent(&board, 1, COOKIE), 8);
    assert_closed(talk, CONNECTION_REFUSED);
    assert_int_equal(board.booths[2].accepted, 0);
    assert_nothing_is_left(&board);
    board_close(&board);
}

/* So a first loss is not waited for as if nothing were known, a second long. */
static void the_handshake_measures_the_way(void **state)
{
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, 1, (struct endpoint_settings){0});
        open_talk(&board, talk);
        board.treat[DATA] = (struct treatment){.lose = 1, .from = side + 1};
        say(talk[side], "lost once");
        run(&board, 100 * MSEC);
        assert_int_equal(board.treat[DATA].lose, 0);
        assert_taken(talk[1 - side], "lost once");
        board_close(&board);
    }
}

/* Karn's rule: it is not known for which of two an answer is. */
static void what_is_sent_twice_measures_nothing(void **state)
{
    static const enum kind lost[] = {OPENING, COOKIE};
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        struct switchboard board;
        board_open(&board, 1, (struct endpoint_settings){0});
        board.treat[lost[side]].lose = 1;
        struct speaker *talk[2] = {dial(&board, 1, 2)};
        run(&board, 1500 * MSEC);
        talk[1] = last_talk(&board);
        board.treat[DATA] = (struct treatment){.lose = 1, .from = side + 1};
        say(talk[side], "lost once");
        run(&board, 900 * MSEC);
        assert_taken(talk[1 - side], "");
        run(&board, 200 * MSEC);
        assert_taken(talk[1 - side], "lost once");
        board_close(&board);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_hear_each_other_and_end_in_order),
        cmocka_unit_test(it_is_open_after_one_round_trip),
        cmocka_unit_test(each_part_of_the_handshake_may_be_lost),
        cmocka_unit_test(each_part_of_the_handshake_may_come_again),
        cmocka_unit_test(each_part_of_the_handshake_may_be_late),
        cmocka_unit_test(data_may_overtake_the_cookie),
        cmocka_unit_test(a_reset_from_before_the_cookie_means_nothing),
        cmocka_unit_test(who_has_no_listener_refuses),
        cmocka_unit_test(an_acceptor_may_refuse),
        cmocka_unit_test(who_refuses_may_have_pushed),
        cmocka_unit_test(who_is_not_answered_gives_up),
        cmocka_unit_test(who_is_answered_once_and_no_more_gives_up),
        cmocka_unit_test(who_was_answered_may_wait_long_for_a_way),
        cmocka_unit_test(a_cookie_that_comes_too_late_is_refused),
        cmocka_unit_test(the_handshake_measures_the_way),
        cmocka_unit_test(what_is_sent_twice_measures_nothing),
    };
    return test_run(argc, argv, tests);
}

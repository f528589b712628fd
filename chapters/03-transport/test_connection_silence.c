/* Connections on which nothing is heard: idle ones, half ones, and ways that
 * fail. */
#include "03-transport/test_connection.h"

static void an_idle_one_lives_on(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    run(&board, 3600 * SEC);
    /* A question and an answer every 15 s, from one side or from both. */
    assert_int_equal(sent(&board, 1, OPENING), 1);
    assert_int_equal(sent(&board, 1, COOKIE), 1);
    assert_in_range(sent(&board, 1, DATA) + sent(&board, 2, DATA), 230, 490);
    assert_it_works(&board, talk);
    board_close(&board);
}

static void who_is_silent_for_too_long_is_given_up(void **state)
{
    (void)state;
    for (unsigned busy = 0; busy < 2; busy++) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, 1, (struct endpoint_settings){0});
        open_talk(&board, talk);
        run(&board, SEC);
        cut(&board, true);
        if (busy)
            say(talk[0], "anybody?");
        run(&board, 98 * SEC);
        assert_open(talk[0]);
        assert_open(talk[1]);
        run(&board, 2 * SEC);
        assert_closed(talk[0], CONNECTION_SILENT);
        assert_closed(talk[1], CONNECTION_SILENT);
        assert_nothing_is_left(&board);
        board_close(&board);
    }
}

/* Even where one is asked less often. */
static void patience_may_be_shorter_than_what_keeps_alive(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){.patience = 5 * SEC});
    open_talk(&board, talk);
    cut(&board, true);
    run(&board, 5 * SEC);
    assert_closed(talk[0], CONNECTION_SILENT);
    assert_closed(talk[1], CONNECTION_SILENT);
    board_close(&board);
}

/* RL3: the half of a connection. */
static void who_has_rebooted_knows_of_nothing(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        for (node_id gone = 1; gone <= 2; gone++) {
            struct switchboard board;
            struct speaker *talk[2];
            board_open(&board, seed, (struct endpoint_settings){0});
            open_talk(&board, talk);
            run(&board, 7 * SEC);
            struct speaker *left = talk[2 - gone];
            sim_crash(board.sim, gone);
            run(&board, SEC);
            sim_boot(board.sim, gone);
            if (seed % 2) {
                say(left, "are you there?");
                run(&board, 2 * SEC);
            } else {
                run(&board, 15 * SEC);
            }
            assert_closed(left, CONNECTION_RESET);
            assert_nothing_is_left(&board);
            board_close(&board);
        }
    }
}

static void who_reboots_while_it_opens_is_not_waited_for(void **state)
{
    (void)state;
    for (node_id gone = 1; gone <= 2; gone++)
        for (nsec when = 0; when <= 5 * WAY; when += MSEC) {
            struct switchboard board;
            board_open(&board, when / MSEC, (struct endpoint_settings){0});
            dial(&board, 1, 2);
            run(&board, when);
            sim_crash(board.sim, gone);
            sim_boot(board.sim, gone);
            run(&board, 20 * SEC);
            assert_int_equal(connections(&board, 1), connections(&board, 2));
            if (gone == 1)
                assert_nothing_is_left(&board);
            board_close(&board);
        }
}

/* RL4. */
static void after_a_minute_without_a_way_it_goes_on(void **state)
{
    (void)state;
    for_each_seed (seed, 10) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, seed, (struct endpoint_settings){0});
        open_talk(&board, talk);
        run(&board, seed * SEC);
        cut(&board, true);
        for (unsigned i = 0; i < 5000; i++)
            say(talk[0], "over and over, ");
        say(talk[1], "meanwhile");
        run(&board, 60 * SEC);
        cut(&board, false);
        run(&board, 20 * SEC);
        assert_int_equal(talk[1]->taken->len, 5000 * 15);
        assert_taken(talk[0], "meanwhile");
        assert_it_works(&board, talk);
        board_close(&board);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_one_lives_on),
        cmocka_unit_test(who_is_silent_for_too_long_is_given_up),
        cmocka_unit_test(patience_may_be_shorter_than_what_keeps_alive),
        cmocka_unit_test(who_has_rebooted_knows_of_nothing),
        cmocka_unit_test(who_reboots_while_it_opens_is_not_waited_for),
        cmocka_unit_test(after_a_minute_without_a_way_it_goes_on),
    };
    return test_run(argc, argv, tests);
}

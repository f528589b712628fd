/* What strangers can do to an endpoint, and what they cannot. */
#include "03-transport/test_connection_raw.h"
#include "common/course/allocated.h"

/* ---- Openings. ---- */

static void who_only_asks_costs_no_memory(void **state)
{
    struct switchboard board;
    struct stranger stranger;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    stranger_init(&stranger, &board);
    g_clear_pointer(&board.letters, g_array_unref);
    ask(&stranger, (struct pass){.id = 1}, 32);
    size_t before = allocated_bytes();
    for (uint32_t i = 2; i < 5000; i++)
        ask(&stranger, (struct pass){.id = i, .seq = i}, 32);
    assert_int_equal(stranger.heard, 4999);
    assert_true(allocated_bytes() < before + 1000);
    assert_int_equal(board.booths[2].accepted, 0);
    stranger_clear(&stranger);
    board_close(&board);
}

/* Whoever lets others be answered, in a false name, gains no byte by it. */
static void no_answer_is_longer_than_what_it_answers(void **state)
{
    struct switchboard board;
    struct stranger stranger;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    stranger_init(&stranger, &board);
    for (unsigned flags = 0; flags < 32; flags++)
        for (size_t size = 0; size < 60; size++) {
            struct pass pass = {.id = 5, .other = 6, .packet = 7};
            unsigned before = stranger.heard;
            send_pass(&board, 3, (uint8_t)flags, &pass, size);
            run(&board, 2 * WAY);
            size_t asked = SEGMENT_HEADER + size +
                           (flags & SEGMENT_ACK ? (size_t)SEGMENT_ACK_SIZE : 0);
            assert_true(stranger.heard <= before + 1);
            if (stranger.heard > before)
                assert_true(g_bytes_get_size(stranger.bytes) <= asked);
            if (flags == SEGMENT_OPEN)
                assert_int_equal(stranger.heard - before, size >= 32);
        }
    stranger_clear(&stranger);
    board_close(&board);
}

static void a_cookie_lets_its_owner_in(void **state)
{
    struct switchboard board;
    struct stranger stranger;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    stranger_init(&stranger, &board);
    struct pass pass = ask_for_pass(&stranger, 7, 1000);
    run(&board, 100 * SEC - 4 * WAY);
    show_pass(&board, 3, pass);
    assert_int_equal(board.booths[2].accepted, 1);
    assert_int_equal(connections(&board, 2), 1);
    stranger_clear(&stranger);
    board_close(&board);
}

/* Each time one thing is not as the cookie says. */
static void a_cookie_is_for_one_opening_alone(void **state)
{
    struct switchboard board;
    struct stranger stranger;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    stranger_init(&stranger, &board);
    struct pass right = ask_for_pass(&stranger, 7, 1000);
    uint32_t *const numbers[] = {&right.id, &right.seq, &right.other,
                                 &right.ack};
    uint64_t *const words[] = {&right.when, &right.hash};
    for (unsigned bit = 0; bit < 32; bit++)
        for (unsigned i = 0; i < 4; i++) {
            *numbers[i] ^= 1u << bit;
            show_pass(&board, 3, right);
            assert_int_equal(kind_of(2, stranger.bytes), REFUSAL);
            *numbers[i] ^= 1u << bit;
        }
    for (unsigned bit = 0; bit < 64; bit++)
        for (unsigned i = 0; i < 2; i++) {
            *words[i] ^= (uint64_t)1 << bit;
            show_pass(&board, 3, right);
            assert_int_equal(kind_of(2, stranger.bytes), REFUSAL);
            *words[i] ^= (uint64_t)1 << bit;
        }
    assert_int_equal(board.booths[2].accepted, 0);
    show_pass(&board, 1, right); /* Somebody else's. */
    assert_int_equal(board.booths[2].accepted, 0);
    show_pass(&board, 3, right);
    assert_int_equal(board.booths[2].accepted, 1);
    stranger_clear(&stranger);
    board_close(&board);
}

static void a_cookie_grows_old(void **state)
{
    struct switchboard board;
    struct stranger stranger;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    stranger_init(&stranger, &board);
    struct pass pass = ask_for_pass(&stranger, 7, 1000);
    run(&board, 100 * SEC);
    show_pass(&board, 3, pass);
    assert_int_equal(kind_of(2, stranger.bytes), REFUSAL);
    assert_int_equal(board.booths[2].accepted, 0);
    stranger_clear(&stranger);
    board_close(&board);
}

static void a_cookie_does_not_survive_a_reboot(void **state)
{
    struct switchboard board;
    struct stranger stranger;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    stranger_init(&stranger, &board);
    struct pass pass = ask_for_pass(&stranger, 7, 1000);
    sim_crash(board.sim, 2);
    sim_boot(board.sim, 2);
    for (nsec late = 0; late < 2000 * SEC; late += 10 * SEC) {
        show_pass(&board, 3, pass);
        run(&board, 10 * SEC);
    }
    assert_int_equal(board.booths[2].accepted, 0);
    stranger_clear(&stranger);
    board_close(&board);
}

/* Whenever the connection has ended, and whenever the cookie comes again: the
 * ids of a span are forgotten, but not before their cookies are too old. */
static void a_cookie_is_good_for_one_connection(void **state)
{
    (void)state;
    for (nsec asked = 0; asked < 105 * SEC; asked += 5 * SEC)
        for (nsec again = 5 * SEC; again < 300 * SEC; again += 5 * SEC) {
            struct switchboard board;
            struct stranger stranger;
            board_open(
                &board, again / SEC,
                (struct endpoint_settings){.outgoing = 1000, .incoming = 1000});
            stranger_init(&stranger, &board);
            run(&board, asked);
            struct pass pass = ask_for_pass(&stranger, 7, 1000);
            show_pass(&board, 3, pass);
            hang_up(last_talk(&board));
            run(&board, again);
            show_pass(&board, 3, pass);
            assert_int_equal(board.booths[2].accepted, 1);
            assert_int_equal(connections(&board, 2), 0);
            stranger_clear(&stranger);
            board_close(&board);
        }
}

/* Within one span of 100 s; the next has room again. */
static void too_many_ids_are_refused(void **state)
{
    struct switchboard board;
    struct stranger stranger;
    (void)state;
    board_open(&board, 1,
               (struct endpoint_settings){.outgoing = 1000, .incoming = 1000});
    stranger_init(&stranger, &board);
    g_clear_pointer(&board.letters, g_array_unref);
    board.booths[2].refuses = true;
    board.way = USEC; /* All within a second. */
    unsigned most = 0;
    for (uint32_t id = 1; most == 0 && id < 140000; id++) {
        unsigned before = board.booths[2].accepted;
        show_pass(&board, 3, ask_for_pass(&stranger, id, id));
        assert_int_equal(kind_of(2, stranger.bytes), REFUSAL);
        if (board.booths[2].accepted == before)
            most = before;
    }
    assert_int_equal(most, 1 << 17);
    run(&board, 100 * SEC);
    show_pass(&board, 3, ask_for_pass(&stranger, 1, 1));
    assert_int_equal(board.booths[2].accepted, most + 1);
    stranger_clear(&stranger);
    board_close(&board);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_only_asks_costs_no_memory),
        cmocka_unit_test(no_answer_is_longer_than_what_it_answers),
        cmocka_unit_test(a_cookie_lets_its_owner_in),
        cmocka_unit_test(a_cookie_is_for_one_opening_alone),
        cmocka_unit_test(a_cookie_grows_old),
        cmocka_unit_test(a_cookie_does_not_survive_a_reboot),
        cmocka_unit_test(a_cookie_is_good_for_one_connection),
        cmocka_unit_test(too_many_ids_are_refused),
    };
    return test_run(argc, argv, tests);
}

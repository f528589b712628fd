/* Many connections, old ones, and forged words about those that live. */
#include "03-transport/test_connection_raw.h"

/* ---- Many. ---- */

static char *text_of(unsigned number)
{
    return g_strdup_printf("I am number %u, and nobody else", number);
}

/* Whoever is accepted says what it hears. */
static void answer_all(struct switchboard *board)
{
    for (unsigned i = 0; i < board->count; i++) {
        struct speaker *talk = &board->talks[i];
        g_autofree char *heard =
            g_strndup((char *)talk->taken->data, talk->taken->len);
        if (talk->opened > 0)
            continue;
        say(talk, heard);
        connection_end(talk->connection);
    }
}

static void many_are_never_mixed(void **state)
{
    enum { EACH = 150 };
    struct switchboard *board = g_new0(struct switchboard, 1);
    (void)state;
    board_open(board, 1,
               (struct endpoint_settings){.outgoing = 2000, .incoming = 2000});
    endpoint_listen(board->booths[3].endpoint, on_accept, &board->booths[3]);
    for (unsigned i = 0; i < EACH; i++) {
        dial(board, 1, 2);
        dial(board, 1, 3);
        dial(board, 3, 2);
    }
    run(board, SEC);
    assert_int_equal(board->count, 6 * EACH);
    assert_int_equal(connections(board, 1), 2 * EACH);
    assert_int_equal(connections(board, 2), 2 * EACH);
    assert_int_equal(connections(board, 3), 2 * EACH);
    for (unsigned i = 0; i < 3 * EACH; i++) {
        g_autofree char *text = text_of(i);
        say(&board->talks[i], text);
        connection_end(board->talks[i].connection);
    }
    run(board, SEC);
    answer_all(board);
    run(board, 3 * SEC);
    for (unsigned i = 0; i < 3 * EACH; i++) {
        g_autofree char *text = text_of(i);
        assert_taken(&board->talks[i], text);
        assert_closed(&board->talks[i], CONNECTION_DONE);
    }
    assert_nothing_is_left(board);
    board_close(board);
    g_free(board);
}

static void there_are_no_more_than_may_be(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){.most = 3});
    struct speaker *talk[4];
    for (unsigned i = 0; i < 3; i++)
        talk[i] = dial(&board, 1, 2);
    assert_null(dial(&board, 1, 2));
    talk[3] = dial(&board, 3, 2);
    run(&board, SEC);
    assert_int_equal(connections(&board, 2), 3);
    assert_closed(talk[3], CONNECTION_REFUSED);
    hang_up(talk[0]);
    run(&board, SEC);
    talk[3] = dial(&board, 3, 2);
    run(&board, SEC);
    assert_int_equal(talk[3]->opened, 1);
    assert_open(talk[3]);
    board_close(&board);
}

static void one_that_lingers_counts(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){.most = 1});
    open_talk(&board, talk);
    talk[1]->polite = true;
    connection_end(talk[0]->connection);
    run(&board, 10 * WAY);
    assert_closed(talk[0], CONNECTION_DONE);
    assert_null(dial(&board, 1, 2));
    run(&board, SEC);
    assert_non_null(dial(&board, 1, 2));
    board_close(&board);
}

static void who_listens_no_more_keeps_what_it_has(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    endpoint_listen(board.booths[2].endpoint, NULL, NULL);
    struct speaker *late = dial(&board, 1, 2);
    run(&board, SEC);
    assert_closed(late, CONNECTION_REFUSED);
    assert_it_works(&board, talk);
    board_close(&board);
}

/* ---- Old ones. ---- */

/* All that both sides have said so far comes again. */
static void say_all_again(struct switchboard *board, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct posting old = g_array_index(board->letters, struct posting, i);
        env_send(sim_env(board->sim, old.from), old.to, old.bytes);
        if (i % 3 == 0)
            run(board, MSEC);
    }
    run(board, SEC);
}

/* RT6. */
static void nothing_old_is_heard(void **state)
{
    static const nsec later[] = {0, 1500 * MSEC, 15 * SEC, 25 * SEC, 50 * SEC};
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(later); i++)
        for (unsigned resets = 0; resets < 2; resets++) {
            struct switchboard board;
            struct speaker *old[2], *talk[2];
            board_open(&board, i, (struct endpoint_settings){0});
            open_talk(&board, old);
            say(old[0], "old question");
            say(old[1], "old answer");
            run(&board, SEC);
            if (resets)
                hang_up(old[0]);
            else
                connection_end(old[0]->connection),
                    connection_end(old[1]->connection);
            run(&board, 100 * MSEC + later[i]);
            unsigned count = board.letters->len;
            open_talk(&board, talk);
            say(talk[0], "new ");
            say_all_again(&board, count);
            assert_int_equal(board.booths[2].accepted, 2);
            assert_it_works(&board, talk);
            assert_taken(talk[0], "answer");
            assert_taken(talk[1], "new question");
            board_close(&board);
        }
}

/* Nor does it matter what of one that lives comes again. */
static void what_comes_again_changes_nothing(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    say(talk[0], "some ");
    say(talk[1], "some ");
    run(&board, SEC);
    for (unsigned i = 0; i < 3; i++)
        say_all_again(&board, board.letters->len);
    assert_it_works(&board, talk);
    assert_taken(talk[0], "some answer");
    assert_taken(talk[1], "some question");
    assert_int_equal(board.booths[2].accepted, 1);
    board_close(&board);
}

static void old_words_to_who_has_rebooted_begin_nothing(void **state)
{
    (void)state;
    for (node_id gone = 1; gone <= 2; gone++) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, gone, (struct endpoint_settings){0});
        open_talk(&board, talk);
        say(talk[0], "question");
        connection_end(talk[0]->connection);
        connection_end(talk[1]->connection);
        run(&board, 5 * SEC);
        sim_crash(board.sim, gone);
        sim_boot(board.sim, gone);
        say_all_again(&board, board.letters->len);
        assert_int_equal(board.booths[2].accepted, gone == 1);
        assert_nothing_is_left(&board);
        board_close(&board);
    }
}

/* ---- Forged. ---- */

/* The last segment of this kind. */
static struct segment last_of(const struct switchboard *board, node_id from,
                              enum kind kind)
{
    struct segment segment = {0};
    for (unsigned i = 0; i < board->letters->len; i++) {
        const struct posting *posting =
            &g_array_index(board->letters, struct posting, i);
        if (posting->from == from && posting->kind == kind)
            assert_true(segment_of(posting->bytes, &segment));
    }
    return segment;
}

/* Does 1 believe it, when @p from says that it does not know the connection? */
static void forge_reset(struct switchboard *board, node_id from, uint32_t id,
                        uint32_t packet)
{
    struct segment reset = {
        .flags = SEGMENT_RESET, .connection = id, .packet = packet};
    forge(board, from, 1, &reset);
    run(board, WAY);
}

static void a_reset_needs_both_numbers(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    say(talk[0], "this has arrived");
    run(&board, SEC);
    uint32_t arrived = last_of(&board, 1, DATA).packet;
    board.treat[DATA].lose = 1;
    say(talk[0], "and this has not");
    struct segment sent = last_of(&board, 1, DATA);
    assert_int_equal(sent.packet, arrived + 1);
    for (unsigned bit = 0; bit < 32; bit++)
        forge_reset(&board, 2, sent.connection ^ 1u << bit, sent.packet);
    forge_reset(&board, 3, sent.connection, sent.packet);
    board.treat[DATA].lose = 1000; /* It goes on to be sent. */
    uint32_t newest = last_of(&board, 1, DATA).packet;
    forge_reset(&board, 2, sent.connection, arrived - 1);
    for (unsigned bit = 4; bit < 32; bit++)
        forge_reset(&board, 2, sent.connection, newest ^ 1u << bit);
    assert_open(talk[0]);
    forge_reset(&board, 2, sent.connection, newest);
    assert_closed(talk[0], CONNECTION_RESET);
    board_close(&board);
}

static void forge_refusal(struct switchboard *board, node_id from,
                          const struct segment *opening, uint32_t packet)
{
    struct segment refusal = {.flags = SEGMENT_OPEN | SEGMENT_RESET,
                              .packet = packet,
                              .data = opening->data,
                              .size = 20};
    struct wire_reader in = wire_read(opening->data, opening->size);
    refusal.connection = wire_get_u32(&in);
    forge(board, from, 1, &refusal);
    run(board, WAY);
}

static void a_refusal_needs_the_packet_of_the_opening(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    board.treat[OPENING].lose = 1;
    struct speaker *talk = dial(&board, 1, 2);
    run(&board, WAY);
    struct segment opening = last_of(&board, 1, OPENING);
    for (unsigned bit = 0; bit < 32; bit++)
        forge_refusal(&board, 2, &opening, opening.packet ^ 1u << bit);
    forge_refusal(&board, 3, &opening, opening.packet);
    assert_open(talk);
    forge_refusal(&board, 2, &opening, opening.packet);
    assert_closed(talk, CONNECTION_REFUSED);
    board_close(&board);
}

/* It is the answer to an opening that came twice. */
static void what_is_open_cannot_be_refused(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    struct segment opening = last_of(&board, 1, OPENING);
    forge_refusal(&board, 2, &opening, opening.packet);
    assert_open(talk[0]);
    assert_it_works(&board, talk);
    board_close(&board);
}

/* An answer must say the opening's number, and come from whom it went to. */
static void a_forged_answer_opens_nothing(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    board.treat[OPENING].lose = 1;
    struct speaker *talk = dial(&board, 1, 2);
    run(&board, WAY);
    struct segment opening = last_of(&board, 1, OPENING);
    struct wire_reader in = wire_read(opening.data, opening.size);
    struct segment answer = {.flags =
                                 SEGMENT_OPEN | SEGMENT_ACK | SEGMENT_COOKIE,
                             .connection = wire_get_u32(&in),
                             .ack = opening.seq + 1,
                             .data = opening.data,
                             .size = 20};
    forge(&board, 3, 1, &answer);
    answer.ack++;
    forge(&board, 2, 1, &answer);
    run(&board, 2 * WAY);
    assert_int_equal(talk->opened, 0);
    answer.ack--;
    board.treat[REFUSAL].lose = 100; /* Of a cookie that is none. */
    forge(&board, 2, 1, &answer);
    run(&board, 2 * WAY);
    assert_int_equal(talk->opened, 1);
    unsigned said = sent(&board, 1, DATA);
    forge(&board, 2, 1, &answer); /* Again: perhaps the cookie was lost. */
    run(&board, 2 * WAY);
    assert_int_equal(sent(&board, 1, DATA), said + 1);
    answer.data++; /* Of another id. */
    forge(&board, 2, 1, &answer);
    run(&board, 2 * WAY);
    assert_int_equal(sent(&board, 1, DATA), said + 1);
    board_close(&board);
}

static void what_is_not_known_is_answered_with_its_numbers(void **state)
{
    struct switchboard board;
    struct stranger stranger;
    struct segment unknown = {.connection = 77, .packet = 5};
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    stranger_init(&stranger, &board);
    forge(&board, 3, 2, &unknown);
    run(&board, 2 * WAY);
    assert_int_equal(stranger.heard, 1);
    assert_int_equal(stranger.last.flags, SEGMENT_RESET);
    assert_int_equal(stranger.last.connection, 77);
    assert_int_equal(stranger.last.packet, 5);
    unknown.flags = SEGMENT_RESET; /* But a reset is not answered. */
    forge(&board, 3, 2, &unknown);
    run(&board, 2 * WAY);
    assert_int_equal(stranger.heard, 1);
    stranger_clear(&stranger);
    board_close(&board);
}

/* Whoever draws the same id for two connections harms none but itself. */
static void a_peer_may_draw_an_id_twice(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct switchboard board;
        struct stranger stranger;
        board_open(&board, 1, (struct endpoint_settings){0});
        stranger_init(&stranger, &board);
        for (uint32_t seq = 0; seq < 2; seq++)
            show_pass(&board, 3, ask_for_pass(&stranger, 7, seq));
        assert_int_equal(connections(&board, 2), 2);
        hang_up(&board.talks[first]);
        struct segment reset = {
            .flags = SEGMENT_RESET, .connection = 7, .packet = 1};
        forge(&board, 3, 2, &reset);
        run(&board, WAY);
        if (first == 0) /* The last one has the name. */
            assert_closed(&board.talks[1], CONNECTION_RESET);
        else
            hang_up(&board.talks[0]);
        forge(&board, 3, 2, &reset);
        run(&board, WAY);
        assert_nothing_is_left(&board);
        stranger_clear(&stranger);
        board_close(&board);
    }
}

static void a_farewell_may_be_mistaken(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    open_talk(&board, talk);
    sim_farewell(board.sim, 1, 2);
    sim_farewell(board.sim, 2, 1);
    run(&board, SEC);
    assert_it_works(&board, talk);
    board_close(&board);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_are_never_mixed),
        cmocka_unit_test(there_are_no_more_than_may_be),
        cmocka_unit_test(one_that_lingers_counts),
        cmocka_unit_test(who_listens_no_more_keeps_what_it_has),
        cmocka_unit_test(nothing_old_is_heard),
        cmocka_unit_test(what_comes_again_changes_nothing),
        cmocka_unit_test(old_words_to_who_has_rebooted_begin_nothing),
        cmocka_unit_test(a_reset_needs_both_numbers),
        cmocka_unit_test(a_refusal_needs_the_packet_of_the_opening),
        cmocka_unit_test(what_is_open_cannot_be_refused),
        cmocka_unit_test(a_forged_answer_opens_nothing),
        cmocka_unit_test(what_is_not_known_is_answered_with_its_numbers),
        cmocka_unit_test(a_peer_may_draw_an_id_twice),
        cmocka_unit_test(a_farewell_may_be_mistaken),
    };
    return test_run(argc, argv, tests);
}

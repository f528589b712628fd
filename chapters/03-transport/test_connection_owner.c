/* What the owner of a connection is told, and what it may do. */
#include "03-transport/newreno.h"
#include "03-transport/test_connection.h"

static void nothing_is_taken_before_it_is_open(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    struct speaker *talk = dial(&board, 1, 2);
    char data[10];
    assert_int_equal(connection_room(talk->connection), 0);
    assert_int_equal(connection_push(talk->connection, "early", 5), 0);
    assert_int_equal(connection_take(talk->connection, data, 10), 0);
    assert_false(connection_is_over(talk->connection));
    assert_false(connection_is_delivered(talk->connection));
    assert_null(connection_flow(talk->connection));
    assert_int_equal(connection_peer(talk->connection), 2);
    talk->first = "now";
    run(&board, SEC);
    assert_taken(last_talk(&board), "now");
    assert_true(connection_is_delivered(talk->connection));
    assert_non_null(connection_flow(talk->connection));
    board_close(&board);
}

static void both_may_open_one_to_the_other_at_once(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    endpoint_listen(board.booths[1].endpoint, on_accept, &board.booths[1]);
    struct speaker *one = dial(&board, 1, 2), *two = dial(&board, 2, 1);
    one->first = "from one";
    two->first = "from two";
    run(&board, SEC);
    assert_int_equal(board.count, 4);
    for (unsigned i = 2; i < 4; i++) {
        struct speaker *other = &board.talks[i];
        assert_taken(other, other->at == 2 ? "from one" : "from two");
    }
    board_close(&board);
}

static void one_may_talk_to_oneself(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    struct speaker *talk[2] = {dial(&board, 2, 2)};
    run(&board, SEC);
    talk[1] = last_talk(&board);
    assert_int_equal(board.booths[2].accepted, 1);
    assert_it_works(&board, talk);
    assert_taken(talk[0], "answer");
    assert_taken(talk[1], "question");
    board_close(&board);
}

static bool takes_without_a_word(void *self, node_id peer,
                                 struct connection *connection,
                                 struct connection_owner *owner)
{
    (void)peer, (void)owner;
    *(struct connection **)self = connection;
    return true;
}

static void an_owner_need_not_be_told(void **state)
{
    struct switchboard board;
    struct connection *accepted = NULL;
    char data[10];
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    endpoint_listen(board.booths[2].endpoint, takes_without_a_word, &accepted);
    struct connection *asked = endpoint_connect(board.booths[1].endpoint, 2,
                                                (struct connection_owner){0});
    run(&board, SEC);
    assert_int_equal(connection_push(asked, "hello", 5), 5);
    connection_end(asked);
    connection_end(accepted);
    run(&board, SEC);
    assert_int_equal(connection_take(accepted, data, sizeof data), 5);
    assert_true(connection_is_over(accepted) && connection_is_over(asked));
    connection_free(asked);
    connection_free(accepted);
    run(&board, 2 * SEC);
    assert_nothing_is_left(&board);
    board_close(&board);
}

static void dial_again(void *self, enum connection_end end)
{
    struct speaker *talk = self;
    on_closed(talk, end);
    dial(talk->board, talk->at, 2);
}

static void who_is_told_that_it_is_over_may_begin_anew(void **state)
{
    struct switchboard board;
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){0});
    board.booths[2].refuses = true;
    struct speaker *talk = new_talk(&board.booths[1]);
    struct connection_owner owner = owner_of(talk);
    owner.closed = dial_again;
    talk->connection = endpoint_connect(board.booths[1].endpoint, 2, owner);
    run(&board, 4 * WAY);
    assert_closed(talk, CONNECTION_REFUSED);
    board.booths[2].refuses = false;
    run(&board, SEC);
    assert_int_equal(board.talks[1].opened, 1);
    assert_int_equal(connections(&board, 1), 1);
    board_close(&board);
}

/* It is told that there is room, as often as there is again. */
static void on_room(void *self)
{
    unsigned *count = self;
    ++*count;
}

static void there_is_room_when_something_has_arrived(void **state)
{
    struct switchboard board;
    unsigned rooms = 0;
    uint8_t data[3000] = {0};
    (void)state;
    board_open(&board, 1, (struct endpoint_settings){.outgoing = 2000});
    struct connection *connection = endpoint_connect(
        board.booths[1].endpoint, 2,
        (struct connection_owner){.writable = on_room, .self = &rooms});
    run(&board, SEC);
    assert_int_equal(rooms, 0);
    assert_int_equal(connection_room(connection), 2000);
    assert_int_equal(connection_push(connection, data, 3000), 2000);
    assert_int_equal(connection_room(connection), 0);
    assert_int_equal(connection_push(connection, data, 1), 0);
    assert_false(connection_is_delivered(connection));
    run(&board, SEC);
    assert_true(rooms > 0);
    assert_int_equal(connection_room(connection), 2000);
    assert_true(connection_is_delivered(connection));
    connection_free(connection);
    board_close(&board);
}

static size_t bytes_sent(const struct switchboard *board, node_id from)
{
    size_t size = 0;
    for (unsigned i = 0; i < board->letters->len; i++) {
        const struct posting *posting =
            &g_array_index(board->letters, struct posting, i);
        struct segment segment;
        segment_of(posting->bytes, &segment);
        if (posting->from == from && posting->kind == DATA && segment.size > 1)
            size += segment.size;
    }
    return size;
}

static char many_words[3000];

static bool says_many_words(void *self, node_id peer,
                            struct connection *connection,
                            struct connection_owner *owner)
{
    (void)self, (void)peer, (void)owner;
    connection_push(connection, many_words, sizeof many_words - 1);
    return true;
}

/* Before there is any ack, both ways. */
static void the_handshake_says_how_much_is_taken(void **state)
{
    struct switchboard board;
    (void)state;
    memset(many_words, 'x', sizeof many_words - 1);
    board_open(&board, 1, (struct endpoint_settings){.incoming = 1000});
    endpoint_listen(board.booths[2].endpoint, says_many_words, NULL);
    struct speaker *talk = dial(&board, 1, 2);
    talk->first = many_words;
    run(&board, 2 * WAY);
    assert_int_equal(bytes_sent(&board, 1), 1000);
    run(&board, WAY);
    assert_int_equal(bytes_sent(&board, 2), 1000);
    board_close(&board);
}

static void nobody_sends_more_than_the_other_takes(void **state)
{
    (void)state;
    memset(many_words, 'x', sizeof many_words - 1);
    for (unsigned side = 0; side < 2; side++) {
        struct switchboard board;
        struct speaker *talk[2];
        board_open(&board, 1, (struct endpoint_settings){.incoming = 1000});
        board.booths[1].lazy = board.booths[2].lazy = true;
        open_talk(&board, talk);
        say(talk[side], many_words);
        run(&board, 20 * SEC);
        assert_int_equal(bytes_sent(&board, side + 1), 1000);
        assert_false(connection_is_delivered(talk[side]->connection));
        talk[1 - side]->lazy = false;
        take(talk[1 - side]);
        run(&board, SEC);
        assert_taken(talk[1 - side], many_words);
        board_close(&board);
    }
}

static unsigned made;

static struct controller *make_one(size_t segment)
{
    assert_int_equal(segment, 700);
    made++;
    return newreno_new(segment);
}

static void each_has_the_settings_of_its_endpoint(void **state)
{
    struct switchboard board;
    struct speaker *talk[2];
    (void)state;
    memset(many_words, 'x', sizeof many_words - 1);
    board_open(
        &board, 1,
        (struct endpoint_settings){.segment = 700, .controller = make_one});
    open_talk(&board, talk);
    assert_int_equal(made, 2);
    say(talk[0], many_words);
    run(&board, SEC);
    assert_taken(talk[1], many_words);
    assert_int_equal(sent(&board, 1, DATA), 5);
    board_close(&board);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_taken_before_it_is_open),
        cmocka_unit_test(both_may_open_one_to_the_other_at_once),
        cmocka_unit_test(one_may_talk_to_oneself),
        cmocka_unit_test(an_owner_need_not_be_told),
        cmocka_unit_test(who_is_told_that_it_is_over_may_begin_anew),
        cmocka_unit_test(there_is_room_when_something_has_arrived),
        cmocka_unit_test(the_handshake_says_how_much_is_taken),
        cmocka_unit_test(nobody_sends_more_than_the_other_takes),
        cmocka_unit_test(each_has_the_settings_of_its_endpoint),
    };
    return test_run(argc, argv, tests);
}

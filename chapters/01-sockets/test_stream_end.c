/* How a stream ends, as its owner and the other end see it: in peace, by a
 * failure, given up, or freed; and before it has begun. */
#include "01-sockets/test_stream.h"
#include <poll.h>

static struct witness *meet_by_tcp(void)
{
    return meet((struct meeting){.most = MOST, .tcp = true});
}

/* ---- Our end. ---- */

static void after_our_end_nothing_is_taken(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    we_write(witness, 10);
    we_call(witness, stream_end);
    assert_int_equal(stream_room(witness->stream), 0);
    assert_int_equal(we_write(witness, 10), 0);
    expect_quiet(witness);
    assert_int_equal(witness->rooms, 0);
    assert_int_equal(they_receive(witness, ALL), 10);
    they_receive(witness, ALL);
    assert_true(witness->they_heard);
}

static void our_end_follows_all_that_was_written(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    fill(witness);
    we_call(witness, stream_end);
    expect_quiet(witness);
    for (int i = 0; i < 200 && !witness->they_heard; i++) {
        they_receive(witness, 5000);
        turns(SOON);
    }
    assert_true(witness->they_heard);
    assert_int_equal(witness->arrived, witness->written);
    assert_int_equal(witness->rooms, 0);
    assert_int_equal(witness->closes, 0);
}

static void after_our_end_they_may_go_on(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    we_call(witness, stream_end);
    expect_quiet(witness);
    they_send(witness, 3 * MOST);
    turns(SOON);
    assert_int_equal(witness->used, 3 * MOST);
    they_receive(witness, ALL);
    assert_true(witness->they_heard);
    assert_int_equal(witness->closes, 0);
}

static void after_their_end_we_may_go_on(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    they_end(witness);
    expect_quiet(witness);
    fill(witness);
    expect_quiet(witness);
    while (they_receive(witness, ALL) > 0)
        turns(SOON);
    assert_int_equal(witness->arrived, witness->written);
    assert_int_equal(witness->closes, 0);
}

/* ---- It is over. ---- */

static void when_both_have_ended_it_is_over(void **state)
{
    struct witness *first = meet_plainly(), *second = meet_plainly();
    (void)state;
    they_end(first);
    we_call(second, stream_end);
    turns(SOON);
    assert_int_equal(first->closes + second->closes, 0);
    we_call(first, stream_end);
    they_end(second);
    expect_close(first, 0);
    expect_close(second, 0);
    assert_true(first->ended && second->ended);
}

static void it_is_not_over_before_all_is_sent(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    fill(witness);
    they_end(witness);
    we_call(witness, stream_end);
    expect_quiet(witness);
    assert_int_equal(witness->closes, 0);
    while (they_receive(witness, ALL) > 0)
        turns(1);
    expect_close(witness, 0);
    assert_int_equal(witness->arrived, witness->written);
}

static void it_is_not_over_before_all_is_used_up(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 3;
    they_send(witness, 10);
    they_end(witness);
    we_call(witness, stream_end);
    expect_quiet(witness);
    assert_int_equal(witness->closes, 0);
    witness->appetite = ALL;
    we_call(witness, stream_again);
    expect_close(witness, 0);
    assert_int_equal(witness->used, 10);
}

static void after_the_last_call_there_is_none(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    they_end(witness);
    we_call(witness, stream_end);
    expect_close(witness, 0);
    we_call(witness, stream_again);
    we_call(witness, stream_end);
    assert_int_equal(we_write(witness, 1), 0);
    expect_quiet(witness);
    we_call(witness, stream_abort);
    expect_quiet(witness);
    assert_int_equal(witness->closes, 1);
}

/* ---- Failures. ---- */

static void a_reset_is_told(void **state)
{
    const struct linger at_once = {.l_onoff = 1};
    struct witness *witness = meet_by_tcp();
    (void)state;
    setsockopt(witness->there, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    they_leave(witness);
    await(witness->closes > 0);
    assert_int_equal(witness->error, ECONNRESET);
    assert_int_equal(witness->shows, 0);
    expect_quiet(witness);
}

static void a_write_to_nobody_is_a_failure_and_no_signal(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    assert_return_code(shutdown(witness->there, SHUT_RD), errno);
    we_write(witness, 10);
    expect_close(witness, EPIPE);
    expect_quiet(witness);
}

static void a_full_stream_notices_that_its_writes_fail(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 0;
    they_send(witness, 2 * MOST);
    fill(witness);
    expect_quiet(witness);
    they_leave(witness);
    turns(SOON);
    assert_int_equal(witness->closes, 1);
    assert_int_not_equal(witness->error, 0);
    assert_false(witness->ended); /* There was more to be read. */
    expect_quiet(witness);
}

static void so_does_one_that_has_heard_the_end(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    they_end(witness);
    fill(witness);
    assert_true(witness->ended);
    they_leave(witness);
    turns(SOON);
    assert_int_equal(witness->shows, 1);
    assert_int_equal(witness->closes, 1);
    assert_int_not_equal(witness->error, 0);
}

static void after_a_failure_nothing_is_taken(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->wire.receive_error = ETIMEDOUT;
    they_send(witness, 10);
    expect_close(witness, ETIMEDOUT);
    assert_int_equal(we_write(witness, 1), 0);
    assert_int_equal(stream_room(witness->stream), 0);
    expect_quiet(witness);
}

static const int failures[] = {ECONNRESET, ETIMEDOUT, EHOSTUNREACH, EPIPE};

static void the_failure_of_a_receive_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(failures); i++) {
        struct witness *witness = meet_plainly();
        witness->wire.receive_error = failures[i];
        they_send(witness, 10);
        expect_close(witness, failures[i]);
        assert_int_equal(witness->shows, 0);
        expect_quiet(witness);
    }
}

static void the_failure_of_a_send_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(failures); i++) {
        struct witness *witness = meet_plainly();
        witness->wire.send_error = failures[i];
        we_write(witness, 10);
        we_call(witness, stream_end);
        expect_close(witness, failures[i]);
        assert_int_equal(they_receive(witness, ALL), 0);
        assert_false(witness->they_heard);
        expect_quiet(witness);
    }
}

static void what_passes_is_no_failure(void **state)
{
    static const int errors[] = {EINTR, EAGAIN};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        struct witness *witness = meet_plainly();
        witness->wire.receive_error = errors[i];
        witness->wire.send_error = errors[i];
        they_send(witness, 10);
        we_write(witness, 10);
        expect_quiet(witness);
        assert_int_equal(witness->used, 10);
        assert_int_equal(they_receive(witness, ALL), 10);
        assert_int_equal(witness->closes, 0);
    }
}

/* ---- Giving up. ---- */

static void who_gives_up_is_told_once_and_nothing_before(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 3;
    they_send(witness, 10);
    turns(1);
    we_write(witness, MOST + 1);
    they_send(witness, 10);
    we_call(witness, stream_again);
    we_call(witness, stream_abort);
    assert_int_equal(witness->closes, 0);
    expect_close(witness, ECONNABORTED);
    expect_quiet(witness);
    assert_int_equal(witness->shows, 1);
    assert_int_equal(witness->rooms, 0);
}

static void give_up(struct witness *witness)
{
    we_call(witness, stream_abort);
}

static void one_may_give_up_while_bytes_are_shown(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->act = give_up;
    they_send(witness, 10);
    they_end(witness);
    expect_close(witness, ECONNABORTED);
    assert_int_equal(witness->shows, 1);
}

static unsigned shows_before;

static void give_up_and_remember(struct witness *witness)
{
    we_call(witness, stream_abort);
    shows_before = witness->shows;
}

static void one_may_give_up_when_there_is_room(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 0;
    witness->move = give_up_and_remember;
    they_send(witness, 10);
    turns(1);
    we_write(witness, MOST + 1);
    we_call(witness, stream_again);
    expect_close(witness, ECONNABORTED);
    assert_int_equal(witness->shows, shows_before);
}

static void they_are_told_that_it_is_not_the_whole(void **state)
{
    struct witness *witness = meet_by_tcp();
    (void)state;
    we_write(witness, 10);
    turns(1);
    we_call(witness, stream_abort);
    expect_close(witness, ECONNABORTED);
    we_free(witness);
    await(they_receive(witness, ALL) == 0 &&
          (witness->they_failed || witness->they_heard));
    assert_int_equal(witness->they_failed, ECONNRESET);
}

/* ---- Freeing. ---- */

static void who_is_freed_is_not_called_any_more(void **state)
{
    struct witness *witness = meet_plainly();
    (void)state;
    witness->appetite = 3;
    they_send(witness, 10);
    turns(1);
    we_write(witness, MOST + 1);
    we_call(witness, stream_again);
    we_call(witness, stream_abort);
    they_send(witness, 10);
    we_free(witness);
    turns(SOON);
    assert_int_equal(witness->shows, 1);
    assert_int_equal(witness->rooms + witness->closes, 0);
    they_receive(witness, ALL);
    assert_true(witness->they_heard || witness->they_failed);
}

static struct witness *victim;

static void free_the_other(struct witness *witness)
{
    struct witness *first = witnesses->pdata[0], *second = witnesses->pdata[1];
    victim = witness == first ? second : first;
    if (victim->stream)
        we_free(victim);
}

static void one_may_free_another_that_is_ready_too(void **state)
{
    struct witness *first = meet_plainly(), *second = meet_plainly();
    (void)state;
    first->act = second->act = free_the_other;
    they_send(first, 10);
    they_send(second, 10);
    turns(SOON);
    assert_int_equal(first->shows + second->shows, 1);
    assert_int_equal(victim->shows, 0);
}

/* ---- Connections that are not made yet. ---- */

static struct address loopback(void)
{
    struct address address;
    assert_true(address_parse(&address, "127.0.0.1:0", NULL));
    return address;
}

static struct witness *connect_to(int place)
{
    struct address address = address_of(place);
    int fd = net_connect(&address);
    return fd < 0 ? NULL
                  : witness_of(fd, place, (struct meeting){.most = MOST});
}

/* A port that is bound, and where nobody listens, is nobody else's. */
static void a_connection_that_is_refused_is_a_failure(void **state)
{
    struct address any = loopback();
    int place = socket(AF_INET, SOCK_STREAM, 0);
    (void)state;
    assert_return_code(bind(place, (struct sockaddr *)&any.storage, any.size),
                       errno);
    struct witness *witness = connect_to(place);
    if (!witness)
        skip(); /* Refused so fast that there was nothing to wait for. */
    assert_int_equal(we_write(witness, 2 * MOST), MOST);
    await(witness->closes > 0);
    assert_int_equal(witness->error, ECONNREFUSED);
    assert_int_equal(witness->shows + witness->rooms, 0);
    expect_quiet(witness);
}

/* In the queue of a listener there is room for one. While it is there, the
 * kernel drops the SYN of every other, which is sent again a second later. */
struct hole {
    int listener, inside;
    struct witness *witness; /* The one that is kept out. */
};

static struct hole connect_in_vain(void)
{
    struct address any = loopback();
    struct hole hole = {.listener = net_listen(&any, 0)};
    struct address address = address_of(hole.listener);
    struct pollfd queue = {.fd = hole.listener, .events = POLLIN};
    hole.inside = net_connect(&address);
    assert_return_code(hole.inside, errno);
    assert_int_equal(poll(&queue, 1, (int)(PATIENCE / MSEC)), 1);
    hole.witness = connect_to(hole.listener);
    assert_non_null(hole.witness);
    return hole;
}

static void let_in(struct hole *hole)
{
    close(net_accept(hole->listener, NULL));
    close(hole->inside);
    hole->witness->there = net_accept(hole->listener, NULL);
    close(hole->listener);
}

static void expect_peace(struct witness *witness)
{
    await(they_receive(witness, ALL) == 0 && witness->they_heard);
    they_send(witness, 10);
    they_end(witness);
    await(witness->closes > 0);
    assert_int_equal(witness->error, 0);
    assert_int_equal(witness->used, 10);
    assert_int_equal(witness->arrived, witness->written);
}

static void what_is_asked_before_it_is_connected_is_done_then(void **state)
{
    struct hole holes[] = {connect_in_vain(), connect_in_vain()};
    struct witness *speaker = holes[0].witness, *silent = holes[1].witness;
    (void)state;
    assert_int_equal(we_write(speaker, MOST), MOST);
    we_call(speaker, stream_end);
    we_call(silent, stream_end);
    expect_quiet(speaker);
    expect_quiet(silent);
    assert_int_equal(speaker->closes + silent->closes, 0);
    assert_int_equal(stream_backlog(speaker->stream), MOST);
    let_in(&holes[0]);
    let_in(&holes[1]);
    expect_peace(speaker);
    expect_peace(silent);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(after_our_end_nothing_is_taken),
        CASE(our_end_follows_all_that_was_written),
        CASE(after_our_end_they_may_go_on),
        CASE(after_their_end_we_may_go_on),
        CASE(when_both_have_ended_it_is_over),
        CASE(it_is_not_over_before_all_is_sent),
        CASE(it_is_not_over_before_all_is_used_up),
        CASE(after_the_last_call_there_is_none),
        CASE(a_reset_is_told),
        CASE(a_write_to_nobody_is_a_failure_and_no_signal),
        CASE(a_full_stream_notices_that_its_writes_fail),
        CASE(so_does_one_that_has_heard_the_end),
        CASE(after_a_failure_nothing_is_taken),
        CASE(the_failure_of_a_receive_is_told),
        CASE(the_failure_of_a_send_is_told),
        CASE(what_passes_is_no_failure),
        CASE(who_gives_up_is_told_once_and_nothing_before),
        CASE(one_may_give_up_while_bytes_are_shown),
        CASE(one_may_give_up_when_there_is_room),
        CASE(they_are_told_that_it_is_not_the_whole),
        CASE(who_is_freed_is_not_called_any_more),
        CASE(one_may_free_another_that_is_ready_too),
        CASE(a_connection_that_is_refused_is_a_failure),
        CASE(what_is_asked_before_it_is_connected_is_done_then),
    };
    return test_run(argc, argv, tests);
}

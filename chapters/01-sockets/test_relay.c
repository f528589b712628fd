/* The relay, between two ends that the test holds: left and right. */
#include "01-sockets/relay.h"
#include "01-sockets/test_stream.h"

/* What stands between two ends. */
static struct {
    struct relay *relay;
    int fds[2]; /* The relay's. */
    unsigned closes;
    int error;
} between;

static struct witness *left, *right;
static struct dice dice;

/* ---- A relay and two ends. ---- */

static void on_over(void *self, int error)
{
    assert_ptr_equal(self, &between);
    between.closes++;
    between.error = error;
    for (int i = 0; i < 2; i++)
        kernel_lay(between.fds[i], NULL);
    g_clear_pointer(&between.relay, relay_free);
}

/* An end, with a wire on the relay's side of it. */
static struct witness *end_of(int there, int fd)
{
    struct witness *end = g_new0(struct witness, 1);
    end->there = there;
    end->wire.takes = ALL;
    kernel_lay(fd, &end->wire);
    g_ptr_array_add(witnesses, end);
    return end;
}

static void relay_between(int pairs[2][2])
{
    memset(&between, 0, sizeof between);
    for (int i = 0; i < 2; i++)
        between.fds[i] = pairs[i][1];
    left = end_of(pairs[0][0], pairs[0][1]);
    right = end_of(pairs[1][0], pairs[1][1]);
    between.relay = relay_new(loop, between.fds, on_over, &between);
}

static void connect_ends(void)
{
    int pairs[2][2];
    for (int i = 0; i < 2; i++)
        assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]),
                           errno);
    relay_between(pairs);
}

static void connect_ends_by_tcp(void)
{
    int pairs[2][2];
    for (int i = 0; i < 2; i++)
        connect_by_tcp(pairs[i]);
    relay_between(pairs);
}

static int close_relay_and_world(void **state)
{
    g_clear_pointer(&between.relay, relay_free);
    return close_world(state);
}

static void expect_all_quiet(void)
{
    expect_quiet(left);
    expect_quiet(right);
    assert_int_equal(between.closes, 0);
}

static void expect_over(int error)
{
    turns(2 * SOON);
    assert_int_equal(between.closes, 1);
    assert_int_equal(between.error, error);
}

/* How many bytes on their way from @p from to @p to does the relay hold? */
static size_t held(const struct witness *from, const struct witness *to)
{
    int before = 0, behind = 0;
    ioctl(between.fds[from == right], FIONREAD, &before);
    ioctl(to->there, FIONREAD, &behind);
    return from->sent - (size_t)before - (size_t)behind - to->arrived;
}

/* ---- Both ways. ---- */

static void what_comes_in_on_either_goes_out_on_the_other(void **state)
{
    (void)state;
    connect_ends();
    they_send(left, 10);
    turns(2);
    assert_int_equal(they_receive(right, ALL), 10);
    they_send(right, 20);
    turns(2);
    assert_int_equal(they_receive(left, ALL), 20);
    expect_all_quiet();
}

/* Both send all they can, and read now and then. */
static void talk(struct witness *end)
{
    if (end->sent < ROW)
        they_send(end, dice_between(&dice, 1, 1 << 17));
    else
        they_end(end);
    if (dice_between(&dice, 0, 3) > 0)
        they_receive(end, dice_between(&dice, 1, 1 << 16));
}

static void a_megabyte_goes_both_ways_at_once(void **state)
{
    (void)state;
    for_each_seed (seed, 10) {
        dice = dice_at(seed, 0, 0);
        connect_ends();
        left->wire.dice = right->wire.dice = &dice;
        for (int i = 0; i < 9999 && !between.closes; i++) {
            talk(left);
            talk(right);
            turns(1);
            assert_true(held(left, right) <= 2 * STREAM_MOST);
            assert_true(held(right, left) <= 2 * STREAM_MOST);
        }
        expect_over(0);
        while (they_receive(left, ALL) + they_receive(right, ALL) > 0)
            continue;
        assert_int_equal(left->arrived, ROW);
        assert_int_equal(right->arrived, ROW);
        assert_true(left->they_heard && right->they_heard);
        g_ptr_array_set_size(witnesses, 0);
    }
}

/* ---- Ends. ---- */

static void each_way_ends_when_its_sender_does(void **state)
{
    (void)state;
    connect_ends();
    they_send(left, 10);
    they_end(left);
    expect_all_quiet();
    assert_int_equal(they_receive(right, ALL), 10);
    they_receive(right, ALL);
    assert_true(right->they_heard);
    they_receive(left, ALL);
    assert_false(left->they_heard);
}

/* The one that has ended hears all that the other has to say, in its time. */
static void pass_a_row(struct witness *from, struct witness *to)
{
    for (int i = 0; i < 999 && from->sent < ROW; i++) {
        they_send(from, ROW);
        turns(1);
        if (i % 4 == 0)
            they_receive(to, ALL);
    }
    they_end(from);
    expect_quiet(from);
    while (they_receive(to, ALL) > 0)
        turns(SOON);
    assert_int_equal(to->arrived, ROW);
    assert_true(to->they_heard);
}

static void the_other_way_goes_on_as_long_as_it_likes(void **state)
{
    (void)state;
    connect_ends();
    they_end(right);
    expect_all_quiet();
    pass_a_row(left, right);
    expect_over(0);
    they_receive(left, ALL);
    assert_true(left->they_heard);
}

static void so_it_does_the_other_way_round(void **state)
{
    (void)state;
    connect_ends();
    they_end(left);
    expect_all_quiet();
    pass_a_row(right, left);
    expect_over(0);
}

/* ---- Bounds. ---- */

/* Until nobody takes any more. */
static void flood(struct witness *from)
{
    while (they_send(from, 1 << 16) > 0)
        turns(SOON);
    expect_all_quiet();
    assert_int_equal(they_send(from, 1), 0);
}

static void a_flood_towards_one_who_does_not_read_is_stopped(void **state)
{
    (void)state;
    connect_ends();
    flood(left);
    assert_true(left->sent < ROW);
    assert_true(held(left, right) > 0);
    assert_true(held(left, right) <= 2 * STREAM_MOST);
}

static void and_slows_down_nobody_else(void **state)
{
    (void)state;
    connect_ends();
    flood(left);
    size_t sent = left->sent;
    pass_a_row(right, left);
    assert_int_equal(between.closes, 0);
    while (they_receive(right, ALL) > 0)
        turns(SOON);
    assert_int_equal(right->arrived, sent);
}

/* ---- Failures. ---- */

static void reset(struct witness *end)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(end->there, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    they_leave(end);
}

static bool has_gone(struct witness *end)
{
    return they_receive(end, ALL) == 0 && (end->they_heard || end->they_failed);
}

static void a_reset_of_one_is_a_reset_of_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        connect_ends_by_tcp();
        struct witness *one = i ? right : left, *other = i ? left : right;
        they_send(one, 10);
        await(they_receive(other, ALL) == 10);
        reset(one);
        await(between.closes > 0);
        assert_int_equal(between.error, ECONNRESET);
        await(has_gone(other));
        assert_int_equal(other->they_failed, ECONNRESET);
        turns(SOON);
        assert_int_equal(between.closes, 1);
    }
}

static int error_of(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

static void who_has_been_sent_everything_is_not_reset(void **state)
{
    (void)state;
    connect_ends_by_tcp();
    they_send(left, 10);
    they_end(left);
    await(they_receive(right, ALL) == 0 && right->they_heard);
    reset(left);
    they_send(right, 10); /* The relay learns from this that left is gone. */
    await(between.closes > 0);
    assert_int_not_equal(between.error, 0);
    assert_int_equal(right->arrived, 10);
    assert_int_equal(error_of(right->there), 0);
}

/* The relay has all of it, but has not been able to pass it on. */
static void who_has_been_sent_a_part_is_reset(void **state)
{
    (void)state;
    connect_ends_by_tcp();
    right->wire.takes = 4;
    they_send(left, 10);
    they_end(left);
    await(they_receive(right, ALL) == 4);
    left->wire.send_error = EPIPE;
    they_send(right, 10);
    await(between.closes > 0);
    assert_int_equal(between.error, EPIPE);
    await(has_gone(right));
    assert_int_equal(right->they_failed, ECONNRESET);
}

/* Nobody listens at a port that is only bound. */
static void a_server_that_refuses_is_a_reset_of_the_client(void **state)
{
    struct address any;
    int pairs[2][2], place = socket(AF_INET, SOCK_STREAM, 0);
    (void)state;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    assert_return_code(bind(place, (struct sockaddr *)&any.storage, any.size),
                       errno);
    struct address address = address_of(place);
    pairs[1][0] = place;
    pairs[1][1] = net_connect(&address);
    if (pairs[1][1] < 0)
        skip(); /* Refused so fast that there was nothing to wait for. */
    connect_by_tcp(pairs[0]);
    relay_between(pairs);
    they_send(left, 10);
    await(between.closes > 0);
    assert_int_equal(between.error, ECONNREFUSED);
    await(has_gone(left));
    assert_int_equal(left->they_failed, ECONNRESET);
}

static void who_frees_it_closes_both_ends(void **state)
{
    (void)state;
    connect_ends();
    they_send(left, 10);
    for (int i = 0; i < 2; i++)
        kernel_lay(between.fds[i], NULL);
    g_clear_pointer(&between.relay, relay_free);
    turns(SOON);
    assert_true(has_gone(left) && has_gone(right));
    assert_int_equal(between.closes, 0);
}

#undef CASE
#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_world, close_relay_and_world)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(what_comes_in_on_either_goes_out_on_the_other),
        CASE(a_megabyte_goes_both_ways_at_once),
        CASE(each_way_ends_when_its_sender_does),
        CASE(the_other_way_goes_on_as_long_as_it_likes),
        CASE(so_it_does_the_other_way_round),
        CASE(a_flood_towards_one_who_does_not_read_is_stopped),
        CASE(and_slows_down_nobody_else),
        CASE(a_reset_of_one_is_a_reset_of_the_other),
        CASE(who_has_been_sent_everything_is_not_reset),
        CASE(who_has_been_sent_a_part_is_reset),
        CASE(a_server_that_refuses_is_a_reset_of_the_client),
        CASE(who_frees_it_closes_both_ends),
    };
    return test_run(argc, argv, tests);
}

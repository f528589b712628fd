/* A relay over a staged kernel: what comes from the left goes to the right. */
#include "01-sockets/relay.h"
#include "common/course/graded.h"
#include "common/course/kernel.h"
#include "common/world/dice.h"
#include <errno.h>

enum { LOTS = 300000, BOUND = 4 << 16 };

static struct {
    struct loop *loop;
    struct relay *relay; /* NULL: it is over. */
    struct peer *left, *right;
    unsigned closes;
    int error;
} between;

static void on_close(void *self, int error)
{
    (void)self;
    between.closes++;
    between.error = error;
    g_clear_pointer(&between.relay, relay_free);
}

static void connect_ends(uint64_t seed)
{
    kernel_boot(seed);
    between.loop = loop_new();
    between.left = peer_new(NONBLOCK);
    between.right = peer_new(NONBLOCK);
    between.closes = 0;
    between.error = -1;
    int ends[2] = {between.left->fd, between.right->fd};
    between.relay = relay_new(between.loop, ends, on_close, &between);
}

static void disconnect(void)
{
    g_clear_pointer(&between.relay, relay_free);
    loop_free(between.loop);
    expect_equal("descriptors open at the end:", kernel_open(), 0);
}

static void turns(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        loop_turn(between.loop, 0);
}

static void expect_over(int error)
{
    expect_equal("on_close was called", between.closes, 1);
    expect_errno("the error of on_close", between.error, error);
    expect_equal("descriptors of the relay's, after it was freed:",
                 kernel_open(), 1); /* The loop's own. */
}

/* ---- Rules. ---- */

static void what_comes_in_on_either_goes_out_on_the_other(void)
{
    connect_ends(0);
    peer_sends(between.left, 10);
    peer_sends(between.right, 25);
    turns(10);
    expect_equal("bytes from left to right:", between.right->arrived, 10);
    expect_equal("bytes from right to left:", between.left->arrived, 25);
    expect_equal("on_close was called", between.closes, 0);
    disconnect();
}

static void both_ways_go_on_at_a_time(void)
{
    connect_ends(0);
    between.left->room = between.right->room = 1000;
    peer_sends(between.left, LOTS);
    peer_sends(between.right, LOTS);
    for (unsigned i = 0; i < 600; i++) {
        peer_reads(between.left, 1000);
        peer_reads(between.right, 1000);
        turns(3);
    }
    expect_equal("bytes from left to right:", between.right->arrived, LOTS);
    expect_equal("bytes from right to left:", between.left->arrived, LOTS);
    disconnect();
}

static void each_way_ends_on_its_own(void)
{
    connect_ends(0);
    peer_sends(between.left, 10);
    peer_ends(between.left);
    turns(10);
    expect_that(between.right->heard_end, "the right to hear of the left's end",
                "nothing");
    expect_that(!between.left->heard_end && !between.left->heard_reset,
                "the way from right to left to stay open", "it was closed");
    peer_sends(between.right, LOTS);
    turns(50);
    expect_equal("bytes from right to left, after the left's end:",
                 between.left->arrived, LOTS);
    expect_equal("on_close was called", between.closes, 0);
    peer_ends(between.right);
    turns(10);
    expect_over(0);
    disconnect();
}

static void an_end_waits_for_the_bytes_before_it(void)
{
    connect_ends(0);
    between.left->room = 1000;
    peer_sends(between.right, LOTS);
    peer_ends(between.right);
    peer_ends(between.left);
    for (unsigned i = 0; between.left->arrived < LOTS && i < 600; i++) {
        expect_that(!between.left->heard_end && !between.left->heard_reset,
                    "no end before the last byte", "an end behind %zu of %d",
                    (size_t)between.left->arrived, LOTS);
        peer_reads(between.left, 1000);
        turns(4);
    }
    turns(10);
    expect_equal("bytes from right to left:", between.left->arrived, LOTS);
    expect_over(0);
    expect_that(between.left->heard_end, "the left to hear of the end",
                "nothing");
    disconnect();
}

static void who_does_not_read_slows_down_who_sends(void)
{
    connect_ends(0);
    between.right->room = 0;
    between.left->floods = true;
    turns(100);
    expect_that(between.left->taken <= BOUND,
                "to stop reading from who sends to a slow reader",
                "%zu bytes are taken and held", (size_t)between.left->taken);
    peer_sends(between.right, LOTS);
    turns(50);
    expect_equal("bytes the other way, meanwhile:", between.left->arrived,
                 LOTS);
    between.right->room = 3 * LOTS;
    turns(200);
    expect_equal("bytes from left to right, now that it reads:",
                 between.right->arrived, 3 * LOTS);
    disconnect();
}

static void an_end_that_fails_takes_the_other_with_it(void)
{
    connect_ends(0);
    between.right->room = 5;
    peer_sends(between.left, 10);
    turns(4);
    peer_resets(between.left);
    turns(10);
    expect_over(ECONNRESET);
    expect_that(between.right->heard_reset,
                "a reset: the right has got a part and not the whole",
                between.right->heard_end ? "an end" : "nothing");
    disconnect();
    connect_ends(0); /* All that came was passed on; and yet it has no end. */
    peer_sends(between.left, 10);
    turns(10);
    peer_resets(between.left);
    turns(10);
    expect_over(ECONNRESET);
    expect_that(between.right->heard_reset,
                "a reset: the right does not know that there is no more",
                between.right->heard_end ? "an end" : "nothing");
    disconnect();
    connect_ends(0); /* The end has come too, and waits behind the bytes. */
    between.right->room = 5;
    peer_sends(between.left, 10);
    peer_ends(between.left);
    turns(10);
    peer_resets(between.left);
    peer_sends(between.right, 5);
    turns(10);
    expect_over(EPIPE);
    expect_that(between.right->heard_reset,
                "a reset: the right has got a part and not the whole",
                between.right->heard_end ? "an end" : "nothing");
    disconnect();
}

static void who_was_sent_everything_is_not_reset(void)
{
    connect_ends(0);
    peer_sends(between.left, 10);
    peer_ends(between.left);
    turns(10);
    peer_resets(between.left);
    peer_sends(between.right, 5); /* For a left that is not there any more. */
    turns(10);
    expect_over(EPIPE); /* So Linux says when an end came before. */
    expect_equal("bytes from left to right:", between.right->arrived, 10);
    expect_that(!between.right->heard_reset, "an end for who has got the whole",
                "a reset");
    disconnect();
}

static void plan_a_day(struct dice *dice, struct peer *peer)
{
    for (unsigned i = 0; i < 30; i++) {
        nsec when = kernel_now() + dice_between(dice, 1, 5 * SEC);
        peer_sends_at(peer, when, LOTS / 30);
        peer_reads_at(peer, when + dice_between(dice, 0, SEC), LOTS / 15);
    }
    peer_ends_at(peer, kernel_now() + dice_between(dice, 5, 9) * SEC);
}

static void through_any_storm_every_byte_comes_once(void)
{
    for_each_seed (seed, 15) {
        struct dice dice = dice_at(seed, 4, 1);
        connect_ends(seed);
        kernel_trouble();
        between.left->room = between.right->room = 100;
        plan_a_day(&dice, between.left);
        plan_a_day(&dice, between.right);
        for (unsigned i = 0; i < 3000 && between.closes == 0; i++)
            loop_turn(between.loop, 20 * MSEC);
        expect_over(0);
        expect_equal("bytes from left to right:", between.right->arrived, LOTS);
        expect_equal("bytes from right to left:", between.left->arrived, LOTS);
        disconnect();
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(what_comes_in_on_either_goes_out_on_the_other),
        GRADED(both_ways_go_on_at_a_time),
        GRADED(each_way_ends_on_its_own),
        GRADED(an_end_waits_for_the_bytes_before_it),
        GRADED(who_does_not_read_slows_down_who_sends),
        GRADED(an_end_that_fails_takes_the_other_with_it),
        GRADED(who_was_sent_everything_is_not_reset),
        GRADED(through_any_storm_every_byte_comes_once),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

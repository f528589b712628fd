/*
 * A stream over a staged kernel. "We" are its owner, "they" are the peer; each
 * byte is compared where it arrives.
 */
#include "01-sockets/stream.h"
#include "common/course/graded.h"
#include "common/course/kernel.h"
#include "common/world/dice.h"
#include <errno.h>

enum { MOST = 1000, SOON = 4, WAYS = 3000 };
#define HOUR (3600 * SEC)

/* An owner, and what it was told. */
static struct owner {
    struct loop *loop;
    struct stream *stream;
    struct peer *peer;
    size_t appetite;      /* It uses up so many bytes more. */
    uint64_t used, wrote; /* So many were used; and taken, of what we wrote. */
    bool ended;           /* Their end was shown. */
    unsigned shows, rooms, closes;
    int error;
} we;

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    size_t used = MIN(size, we.appetite);
    (void)self;
    expect_equal("closes, when on_bytes is called:", we.closes, 0);
    expect_that(size > 0 || ended,
                "on_bytes to come with bytes, or with an end", "neither");
    expect_that(we.used + size <= we.peer->taken,
                "no more bytes to be shown than have come", "%zu more",
                (size_t)(we.used + size - we.peer->taken));
    expect_bytes("what is shown, from the first that is unused", data,
                 kernel_row() + we.used % KERNEL_ROW,
                 MIN(size, KERNEL_ROW - we.used % KERNEL_ROW));
    we.shows++;
    we.used += used;
    we.ended = ended;
    if (we.appetite != KERNEL_ALL)
        we.appetite -= used;
    return used;
}

static void on_room(void *self)
{
    (void)self;
    we.rooms++;
}

static void on_close(void *self, int error)
{
    (void)self;
    we.closes++;
    we.error = error;
}

static void meet(uint64_t seed)
{
    kernel_boot(seed);
    we = (struct owner){.loop = loop_new(), .peer = peer_new(BLOCK)};
    we.appetite = KERNEL_ALL;
    we.stream = stream_new(we.loop, NULL, we.peer->fd,
                           (struct stream_owner){.on_bytes = on_bytes,
                                                 .on_room = on_room,
                                                 .on_close = on_close,
                                                 .self = &we,
                                                 .most = MOST});
}

static void part(void)
{
    stream_free(we.stream);
    loop_free(we.loop);
    expect_equal("descriptors open after stream_free:", kernel_open(), 0);
}

static void turns(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        loop_turn(we.loop, 0);
}

/* Nothing can be done: a loop that would spin does not get far in an hour. */
static void expect_sleep(void)
{
    turns(SOON);
    nsec before = kernel_now();
    loop_turn(we.loop, HOUR);
    expect_that(kernel_now() >= before + HOUR,
                "the loop to sleep: nothing can be done",
                "it was woken for nothing; what is the stream watching for?");
}

static size_t we_write(size_t size)
{
    size_t took = stream_write(we.stream, kernel_row() + we.wrote, size);
    expect_that(took <= size, "a write to take no more than it was given",
                "%zu of %zu", took, size);
    we.wrote += took;
    return took;
}

/* ---- In. ---- */

static void what_comes_is_shown_and_what_is_unused_is_kept(void)
{
    meet(0);
    peer_sends(we.peer, 10);
    turns(SOON);
    expect_equal("bytes shown and used, of 10:", we.used, 10);
    we.appetite = 3;
    peer_sends(we.peer, 10);
    turns(SOON);
    expect_equal("bytes left unused, of 10 when 3 were used:",
                 stream_unused(we.stream), 7);
    peer_sends(we.peer, 5); /* Shown behind those. */
    turns(SOON);
    expect_equal("bytes left unused, when 5 more have come:",
                 stream_unused(we.stream), 12);
    we.appetite = KERNEL_ALL;
    stream_again(we.stream);
    turns(SOON);
    expect_equal("bytes used, of all 25:", we.used, 25);
    expect_equal("bytes left unused:", stream_unused(we.stream), 0);
    part();
}

static void a_full_stream_reads_no_more(void)
{
    meet(0);
    we.appetite = 0;
    we.peer->floods = true;
    for (int i = 0; i < 50; i++)
        turns(1);
    expect_that(we.peer->taken <= MOST, "to keep at most 1000 bytes",
                "%zu taken from the kernel", (size_t)we.peer->taken);
    expect_sleep();
    we.appetite = 400;
    stream_again(we.stream);
    turns(2 * SOON);
    expect_equal("bytes taken, when 400 have been used up:", we.peer->taken,
                 MOST + 400);
    part();
}

static void a_flood_is_read_once_a_turn(void)
{
    meet(0);
    we.peer->floods = true;
    for (int i = 0; i < 10; i++) {
        uint64_t before = we.peer->taken;
        turns(1);
        expect_that(we.peer->taken <= before + MOST,
                    "one receive in a turn, of what may be kept",
                    "%zu bytes in one turn", (size_t)(we.peer->taken - before));
        expect_that(we.peer->taken > before, "to read on in each turn",
                    "nothing in one of them");
    }
    part();
}

static void their_end_is_shown_and_is_not_ours(void)
{
    meet(0);
    we.appetite = 4;
    peer_sends(we.peer, 10);
    peer_ends(we.peer);
    turns(2 * SOON);
    expect_that(we.ended, "their end to be shown, with the bytes before it",
                "no end");
    expect_equal("bytes left unused:", stream_unused(we.stream), 6);
    expect_sleep();
    expect_equal("bytes taken by a write after their end:", we_write(20), 20);
    turns(SOON);
    expect_equal("bytes at their side:", we.peer->arrived, 20);
    expect_equal("closes, while bytes are unused:", we.closes, 0);
    we.appetite = KERNEL_ALL;
    stream_again(we.stream);
    turns(SOON);
    expect_equal("closes, while our way is open:", we.closes, 0);
    stream_end(we.stream);
    turns(2 * SOON);
    expect_equal("closes, when both have ended:", we.closes, 1);
    expect_errno("the error of on_close", we.error, 0);
    part();
}

/* ---- Out. ---- */

static void what_is_written_leaves_in_one_call(void)
{
    meet(0);
    turns(SOON);
    for (int i = 0; i < 5; i++)
        we_write(10);
    expect_equal("bytes at their side before the turn ends:", we.peer->arrived,
                 0);
    unsigned before = kernel_calls();
    turns(1);
    expect_equal(
        "bytes at their side when the turn has ended:", we.peer->arrived, 50);
    expect_that(kernel_calls() - before <= 3,
                "one send for five writes (and an epoll_wait)", "%u calls",
                kernel_calls() - before);
    part();
}

static void a_write_takes_what_there_is_room_for(void)
{
    meet(0);
    we.peer->room = 0;
    expect_equal("stream_room() of a new stream is", stream_room(we.stream),
                 MOST);
    expect_equal("bytes taken, of 600:", we_write(600), 600);
    expect_equal("bytes taken, of 600 more:", we_write(600), 400);
    expect_equal("bytes taken by a full stream:", we_write(1), 0);
    turns(SOON);
    expect_equal("stream_backlog() is", stream_backlog(we.stream), MOST);
    expect_equal("on_room, while nothing has left:", we.rooms, 0);
    peer_reads(we.peer, MOST);
    turns(2 * SOON);
    expect_equal("bytes at their side:", we.peer->arrived, MOST);
    expect_equal("on_room, when there is room again:", we.rooms, 1);
    part();
    meet(0); /* A later write that is taken does not undo the wish. */
    we.peer->room = 0;
    we_write(MOST + 1);
    turns(SOON);
    peer_reads(we.peer, 100);
    turns(SOON);
    expect_equal("bytes taken, of 10:", we_write(10), 10);
    peer_reads(we.peer, MOST);
    turns(2 * SOON);
    expect_equal("on_room, when half is free:", we.rooms, 1);
    part();
    meet(0);
    we_write(MOST);
    turns(2 * SOON);
    expect_equal("on_room, when nothing was refused:", we.rooms, 0);
    part();
}

static void what_the_kernel_refuses_follows_later(void)
{
    meet(0);
    we.peer->room = 300;
    we_write(MOST);
    turns(SOON);
    expect_equal("bytes at their side:", we.peer->arrived, 300);
    expect_sleep();
    for (unsigned i = 0; i < 7; i++) {
        peer_reads(we.peer, 100);
        turns(SOON);
        expect_equal("bytes at their side, 100 more each time:",
                     we.peer->arrived, 400 + 100 * i);
    }
    we.peer->room = KERNEL_ALL; /* A writable socket, and nothing to write. */
    expect_sleep();
    part();
    for (unsigned room = 0; room < 5; room += 4) {
        meet(0); /* And the loop, asleep, is woken when there is room. */
        we.peer->room = room;
        we_write(10);
        if (room == 0)
            turns(SOON);
        nsec before = kernel_now();
        peer_reads_at(we.peer, before + SEC, 100);
        loop_turn(we.loop, HOUR);
        expect_that(kernel_now() < before + 2 * SEC,
                    "the loop to be woken when there is room, 1 s later",
                    "it slept for %.0f s",
                    (double)(kernel_now() - before) / 1e9);
        turns(SOON);
        expect_equal("bytes at their side, one second later:", we.peer->arrived,
                     10);
        part();
    }
}

static void our_end_follows_all_that_was_written(void)
{
    meet(0);
    we.peer->room = 100;
    we_write(250);
    stream_end(we.stream);
    turns(SOON);
    expect_equal("bytes at their side:", we.peer->arrived, 100);
    expect_that(!we.peer->heard_end, "no end before all bytes are sent",
                "an end behind 100 of 250");
    expect_equal("bytes taken after stream_end:", we_write(10), 0);
    peer_reads(we.peer, 100);
    turns(SOON);
    expect_that(!we.peer->heard_end, "no end before all bytes are sent",
                "an end behind 200 of 250");
    peer_reads(we.peer, 100);
    turns(SOON);
    expect_equal("bytes at their side:", we.peer->arrived, 250);
    expect_that(we.peer->heard_end, "the end, behind the last byte", "none");
    expect_equal("on_room, after stream_end:", we.rooms, 0);
    peer_sends(we.peer, 30); /* They may go on. */
    turns(SOON);
    expect_equal("bytes shown after our end:", we.used, 30);
    expect_equal("closes, while their way is open:", we.closes, 0);
    part();
}

/* ---- Both. ---- */

static void a_failure_is_told_once(void)
{
    meet(0);
    we_write(10);
    turns(SOON);
    peer_resets(we.peer);
    turns(2 * SOON);
    expect_equal("closes after a reset:", we.closes, 1);
    expect_errno("the error of on_close", we.error, ECONNRESET);
    expect_equal("on_bytes, which had nothing to show:", we.shows, 0);
    expect_equal("bytes taken after a failure:", we_write(1), 0);
    expect_sleep();
    expect_equal("closes, later:", we.closes, 1);
    part();
    meet(0); /* One that a send meets. */
    peer_ends(we.peer);
    turns(SOON);
    peer_resets(we.peer);
    we_write(10);
    turns(2 * SOON);
    expect_equal("closes after a send to nobody:", we.closes, 1);
    expect_errno("the error of on_close", we.error, EPIPE);
    part();
    meet(0); /* And what passes is none. */
    peer_receive_steps(we.peer, (int[]){-EINTR, -EAGAIN}, 2);
    peer_send_steps(we.peer, (int[]){-EINTR, -EAGAIN}, 2);
    peer_sends(we.peer, 10);
    we_write(10);
    for (int i = 0; i < 4; i++)
        loop_turn(we.loop, SEC); /* It may sleep, if it is woken. */
    expect_equal("closes after EINTR and EAGAIN:", we.closes, 0);
    expect_equal("bytes at their side:", we.peer->arrived, 10);
    expect_equal("bytes shown:", we.used, 10);
    part();
}

static void who_has_nothing_to_do_sleeps(void)
{
    meet(0);
    expect_sleep();
    peer_sends(we.peer, 10);
    we_write(10);
    turns(2 * SOON);
    expect_sleep();
    expect_equal("bytes at their side:", we.peer->arrived, 10);
    part();
}

static void plan_their_day(struct dice *dice)
{
    for (unsigned i = 0; i < 40; i++) {
        nsec when = kernel_now() + dice_between(dice, 1, 10 * SEC);
        peer_sends_at(we.peer, when, WAYS / 40);
        peer_reads_at(we.peer, when + dice_between(dice, 0, SEC), WAYS / 20);
    }
    peer_ends_at(we.peer, kernel_now() + 12 * SEC);
}

static void through_any_storm_every_byte_comes_once(void)
{
    for_each_seed (seed, 30) {
        struct dice dice = dice_at(seed, 3, 1);
        meet(seed);
        kernel_trouble();
        we.peer->room = 50;
        plan_their_day(&dice);
        for (unsigned i = 0; i < 3000 && we.closes == 0; i++) {
            we.appetite = dice_between(&dice, 0, 200);
            size_t most = dice_between(&dice, 0, 100);
            we_write(MIN(most, WAYS - we.wrote));
            if (we.wrote == WAYS)
                stream_end(we.stream);
            stream_again(we.stream);
            turns(1);
            kernel_pass(10 * MSEC);
        }
        expect_equal("closes at the end of the day:", we.closes, 1);
        expect_errno("the error of on_close", we.error, 0);
        expect_equal("bytes shown:", we.used, WAYS / 40 * 40);
        expect_equal("bytes at their side:", we.peer->arrived, WAYS);
        part();
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(what_comes_is_shown_and_what_is_unused_is_kept),
        GRADED(a_full_stream_reads_no_more),
        GRADED(a_flood_is_read_once_a_turn),
        GRADED(their_end_is_shown_and_is_not_ours),
        GRADED(what_is_written_leaves_in_one_call),
        GRADED(a_write_takes_what_there_is_room_for),
        GRADED(what_the_kernel_refuses_follows_later),
        GRADED(our_end_follows_all_that_was_written),
        GRADED(a_failure_is_told_once),
        GRADED(who_has_nothing_to_do_sleeps),
        GRADED(through_any_storm_every_byte_comes_once),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

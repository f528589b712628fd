/* Streams in trouble: a kernel that moves one byte, is interrupted, or is not
 * ready after all; and a gate that is closed. */
#include "01-sockets/test_stream.h"

/* ---- Storms. ---- */

static struct dice dice;
static struct gate gate;
static size_t most;     /* What the stream may keep. */
static unsigned misses; /* Writes that found too little room. */

static bool happens(unsigned percent)
{
    return dice_between(&dice, 1, 100) <= percent;
}

static size_t some(size_t size)
{
    return dice_between(&dice, 1, size);
}

static void write_some(struct witness *witness)
{
    size_t size = some(2 * most);
    misses += we_write(witness, size) < size;
}

static void eat(struct witness *witness, size_t appetite)
{
    witness->appetite = appetite;
    we_call(witness, stream_again);
}

static void act_at_random(struct witness *witness)
{
    if (happens(30))
        write_some(witness);
    if (happens(10))
        we_call(witness, stream_again);
}

static void turn_the_disk(void)
{
    if (happens(20))
        gate_write(&gate);
    if (happens(50) && gate_wants_sync(&gate))
        gate_start(&gate);
    else if (happens(50))
        gate_finish(&gate);
}

/* What is written, not sent, and not on its way is here. */
static void expect_order(const struct witness *witness)
{
    int on_its_way = 0;
    size_t backlog = stream_backlog(witness->stream);
    ioctl(witness->there, FIONREAD, &on_its_way);
    assert_int_equal(backlog,
                     witness->written - witness->arrived - (size_t)on_its_way);
    assert_true(backlog <= most);
    assert_int_equal(stream_room(witness->stream), most - backlog);
    assert_true(kept(witness) <= most);
    assert_true(witness->rooms <= misses);
    assert_int_equal(witness->closes, 0);
}

static void storm(struct witness *witness)
{
    for (int i = 0; i < 100; i++) {
        if (happens(40))
            they_send(witness, some(3 * most));
        if (happens(40))
            they_receive(witness, some(3 * most));
        if (happens(30))
            write_some(witness);
        if (happens(30))
            eat(witness, some(3 * most));
        turn_the_disk();
        if (happens(70))
            turns(1);
        expect_order(witness);
    }
}

/* All that was begun comes to its end. */
static void calm(struct witness *witness)
{
    if (happens(50))
        they_end(witness);
    we_call(witness, stream_end);
    if (happens(50))
        turns(3);
    shutdown(witness->there, SHUT_WR);
    gate_start(&gate);
    gate_finish(&gate);
    for (int i = 0; i < 9999 && witness->closes == 0; i++) {
        eat(witness, ALL);
        they_receive(witness, ALL);
        turns(1);
    }
    while (they_receive(witness, ALL) > 0)
        continue;
}

static void make_narrow(int fd)
{
    int size = (int)dice_between(&dice, 1, 20000);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static void run_storm(uint64_t seed, const struct gate *asked)
{
    dice = dice_at(seed, 0, 0);
    gate = (struct gate){0};
    misses = 0;
    most = happens(50) ? some(10) : some(4000);
    struct witness *witness =
        meet((struct meeting){.most = most, .gate = asked});
    witness->act = act_at_random;
    witness->appetite = some(most);
    witness->wire.dice = &dice;
    make_narrow(witness->there);
    make_narrow(stream_fd(witness->stream));
    storm(witness);
    calm(witness);
    assert_int_equal(witness->closes, 1);
    assert_int_equal(witness->error, 0);
    assert_int_equal(witness->used, witness->sent);
    assert_int_equal(witness->arrived, witness->written);
    assert_true(witness->they_heard);
    g_ptr_array_remove(witnesses, witness);
}

static void through_any_storm_every_byte_comes_once_and_in_order(void **state)
{
    (void)state;
    for_each_seed (seed, 300)
        run_storm(seed, NULL);
}

static void so_it_does_through_a_gate(void **state)
{
    (void)state;
    for_each_seed (seed, 300)
        run_storm(seed, &gate);
}

/* ---- The gate. ---- */

static struct witness *meet_behind_a_gate(void)
{
    gate = (struct gate){0};
    return meet((struct meeting){.most = MOST, .gate = &gate});
}

static void what_was_written_after_a_write_waits_for_its_sync(void **state)
{
    struct witness *witness = meet_behind_a_gate();
    (void)state;
    gate_write(&gate);
    we_write(witness, 10);
    expect_quiet(witness);
    gate_start(&gate);
    expect_quiet(witness);
    assert_int_equal(they_receive(witness, ALL), 0);
    assert_int_equal(stream_backlog(witness->stream), 10);
    gate_finish(&gate);
    turns(1);
    assert_int_equal(they_receive(witness, ALL), 10);
    assert_int_equal(witness->wire.sends, 1);
    expect_quiet(witness);
}

static void what_was_written_before_a_write_does_not_wait(void **state)
{
    struct witness *witness = meet_behind_a_gate();
    (void)state;
    we_write(witness, 10);
    gate_write(&gate);
    we_write(witness, 20);
    turns(1);
    assert_int_equal(they_receive(witness, ALL), 10);
    expect_quiet(witness);
    assert_int_equal(they_receive(witness, ALL), 0);
}

/* Ten syncs, each of which covers one more write. */
static void each_write_waits_for_a_sync_of_its_own(void **state)
{
    struct witness *witness = meet_behind_a_gate();
    (void)state;
    for (size_t i = 0; i < 10; i++) {
        gate_write(&gate);
        we_write(witness, 10);
        gate_finish(&gate);
        turns(SOON);
        assert_int_equal(they_receive(witness, ALL), i ? 10 : 0);
        gate_start(&gate);
        turns(SOON);
        assert_int_equal(they_receive(witness, ALL), 0);
    }
}

static void what_waits_takes_room(void **state)
{
    struct witness *witness = meet_behind_a_gate();
    (void)state;
    gate_write(&gate);
    assert_int_equal(we_write(witness, MOST + 1), MOST);
    expect_quiet(witness);
    assert_int_equal(witness->rooms, 0);
    gate_start(&gate);
    gate_finish(&gate);
    expect_quiet(witness);
    assert_int_equal(witness->rooms, 1);
    assert_int_equal(they_receive(witness, ALL), MOST);
}

static void the_end_waits_too(void **state)
{
    struct witness *witness = meet_behind_a_gate();
    (void)state;
    they_end(witness);
    we_write(witness, 10);
    gate_write(&gate);
    we_call(witness, stream_end);
    expect_quiet(witness);
    assert_int_equal(they_receive(witness, ALL), 10);
    they_receive(witness, ALL);
    assert_false(witness->they_heard);
    assert_int_equal(witness->closes, 0);
    gate_start(&gate);
    gate_finish(&gate);
    expect_close(witness, 0);
    they_receive(witness, ALL);
    assert_true(witness->they_heard);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(through_any_storm_every_byte_comes_once_and_in_order),
        CASE(so_it_does_through_a_gate),
        CASE(what_was_written_after_a_write_waits_for_its_sync),
        CASE(what_was_written_before_a_write_does_not_wait),
        CASE(each_write_waits_for_a_sync_of_its_own),
        CASE(what_waits_takes_room),
        CASE(the_end_waits_too),
    };
    return test_run(argc, argv, tests);
}

/* All the bytes: read_all and write_all over a staged kernel. */
#include "01-sockets/io.h"
#include "common/course/graded.h"
#include "common/course/kernel.h"
#include "common/world/dice.h"
#include <errno.h>
#include <string.h>

enum { SIZE = 24, SPAN = 5, LOTS = 100000 };
#define SLACK (2 * MSEC)
#define DAY   (86400 * SEC)

/* The exercise before this one need not be solved. */
static nsec deadline_span(nsec deadline)
{
    return deadline > kernel_now() ? deadline - kernel_now() : 0;
}

static void say(const char *call, size_t size, nsec deadline)
{
    if (deadline == NEVER)
        kernel_say("%s, %zu bytes, whenever they come", call, size);
    else if (deadline < kernel_now())
        kernel_say("%s, %zu bytes, by a deadline that is past", call, size);
    else
        kernel_say("%s, %zu bytes, within %.3f s", call, size,
                   (double)deadline_span(deadline) / 1e9);
}

static ssize_t read_them(struct peer *peer, void *data, size_t size,
                         nsec deadline)
{
    say("read_all", size, deadline);
    errno = 0;
    return read_all(peer->fd, data, size, deadline);
}

static ssize_t write_them(struct peer *peer, size_t size, nsec deadline)
{
    say("write_all", size, deadline);
    errno = 0;
    return write_all(peer->fd, kernel_row(), size, deadline);
}

/* A buffer of just that size: a sanitizer sees who writes beyond it. */
static void expect_read(const char *what, struct peer *peer, size_t size,
                        nsec deadline)
{
    g_autofree uint8_t *data = g_malloc(MAX(size, 1));
    memset(data, 0, MAX(size, 1));
    expect_equal(what, read_them(peer, data, size, deadline), size);
    expect_bytes("what is read", data, kernel_row(), size);
}

static void expect_all_read(struct peer *peer, size_t size, nsec deadline)
{
    expect_read("read_all returns", peer, size, deadline);
}

static void expect_all_written(struct peer *peer, size_t size, nsec deadline)
{
    expect_equal("write_all returns", write_them(peer, size, deadline), size);
    expect_equal("bytes at the other side:", peer->arrived, size);
}

static void expect_no_spin(unsigned calls)
{
    expect_that(kernel_calls() <= calls, "to wait in few calls",
                "%u calls; asking again and again is no waiting",
                kernel_calls());
}

/* No deadline was missed by more than a little; a poll counts milliseconds. */
static void expect_time(nsec deadline)
{
    nsec now = kernel_now();
    expect_that(now + SLACK >= deadline && now <= deadline + SLACK,
                "to give up at the deadline", "%.3f s %s it",
                (double)(MAX(now, deadline) - MIN(now, deadline)) / 1e9,
                now < deadline ? "before" : "after");
}

/* ---- Reading. ---- */

static void a_short_read_is_not_the_end_of_the_work(void)
{
    for (int cut = 1; cut < SIZE; cut++) {
        kernel_boot(0);
        struct peer *peer = peer_new(NONBLOCK);
        peer_sends(peer, SIZE + SPAN);
        peer_receive_steps(peer, (int[]){cut, 1}, 2);
        expect_all_read(peer, SIZE, NEVER);
        expect_equal("bytes taken from the kernel, where more have come:",
                     peer->taken, SIZE);
        expect_all_read(peer, 0, NEVER);
    }
    kernel_boot(0); /* For no bytes there is nothing to wait for. */
    expect_all_read(peer_new(NONBLOCK), 0, NEVER);
    expect_all_read(peer_new(BLOCK), 0, NEVER);
}

static void a_signal_ends_no_read(void)
{
    static const char *const what[] = {
        "read_all, interrupted once, returns",
        "read_all, interrupted twice, returns",
        "read_all, interrupted after a wait, returns",
    };
    static const int steps[][2] = {
        {-EINTR}, {-EINTR, -EINTR}, {-EAGAIN, -EINTR}};
    for (int cut = 0; cut < 3 * SIZE; cut++) {
        int way = cut / SIZE;
        kernel_boot(0);
        struct peer *peer = peer_new(NONBLOCK);
        peer_sends(peer, SIZE);
        if (cut % SIZE > 0)
            peer_receive_steps(peer, (int[]){cut % SIZE}, 1);
        peer_receive_steps(peer, steps[way], way > 0 ? 2 : 1);
        expect_read(what[way], peer, SIZE, NEVER);
    }
}

static void an_end_before_the_first_byte_is_zero(void)
{
    uint8_t data[SIZE];
    kernel_boot(0);
    struct peer *peer = peer_new(NONBLOCK);
    peer_ends(peer);
    expect_equal("read_all returns", read_them(peer, data, SIZE, NEVER), 0);
    peer = peer_new(BLOCK);
    peer_ends_at(peer, kernel_now() + SEC);
    expect_equal("read_all returns", read_them(peer, data, SIZE, NEVER), 0);
}

static void an_end_in_the_middle_is_an_error_of_its_own(void)
{
    uint8_t data[SIZE];
    for (unsigned cut = 1; cut < SIZE; cut++) {
        kernel_boot(0);
        struct peer *peer = peer_new(NONBLOCK);
        peer_sends(peer, cut);
        peer_ends(peer);
        expect_error("read_all returns", read_them(peer, data, SIZE, NEVER),
                     ENODATA);
    }
}

static void a_broken_connection_is_an_error(void)
{
    uint8_t data[SIZE];
    for (int cut = 0; cut < SIZE; cut++) {
        kernel_boot(0);
        struct peer *peer = peer_new(NONBLOCK);
        peer_sends(peer, SIZE);
        if (cut > 0)
            peer_receive_steps(peer, &cut, 1);
        peer_receive_steps(peer, (int[]){-ECONNRESET}, 1);
        expect_error("read_all returns", read_them(peer, data, SIZE, NEVER),
                     ECONNRESET);
    }
}

static void a_read_waits_without_spinning(void)
{
    uint8_t data[SIZE];
    for (int blocking = 0; blocking < 2; blocking++) {
        kernel_boot(0);
        struct peer *peer = peer_new(blocking ? BLOCK : NONBLOCK);
        for (unsigned i = 0; i < SIZE / 4; i++)
            peer_sends_at(peer, kernel_now() + (i + 1) * SEC, 4);
        expect_all_read(peer, SIZE, NEVER);
        expect_no_spin(4 * SIZE);
    }
    for (int blocking = 0; blocking < 2; blocking++) {
        kernel_boot(0);
        struct peer *peer = peer_new(blocking ? BLOCK : NONBLOCK);
        peer_sends_at(peer, kernel_now() + SEC, SPAN);
        say("read_some", SIZE, NEVER);
        expect_equal("read_some, when 5 bytes come, returns",
                     read_some(peer->fd, data, SIZE, NEVER), SPAN);
    }
}

static void a_read_gives_up_at_its_deadline(void)
{
    uint8_t data[SIZE];
    for (int blocking = 0; blocking < 2; blocking++) {
        kernel_boot(0);
        struct peer *peer = peer_new(blocking ? BLOCK : NONBLOCK);
        nsec deadline = kernel_now() + SPAN * SEC;
        for (unsigned i = 1; i < SIZE - 1; i++) {
            peer_sends_at(peer, kernel_now() + i * SEC, 1);
            kernel_signal_at(kernel_now() + i * SEC + SEC / 2);
        }
        expect_error("read_all returns", read_them(peer, data, SIZE, deadline),
                     ETIMEDOUT);
        expect_time(deadline);
    }
    kernel_boot(0); /* Signals alone, and never a byte. */
    struct peer *silent = peer_new(NONBLOCK);
    nsec end = kernel_now() + SPAN * SEC;
    for (unsigned i = 1; i < SIZE; i++)
        kernel_signal_at(kernel_now() + i * SEC / 2);
    expect_error("read_all returns", read_them(silent, data, SIZE, end),
                 ETIMEDOUT);
    expect_time(end);
    kernel_boot(0); /* More milliseconds than an int holds. */
    end = kernel_now() + 30 * DAY;
    expect_error("read_all returns",
                 read_them(peer_new(NONBLOCK), data, SIZE, end), ETIMEDOUT);
    expect_time(end);
    kernel_boot(0); /* A deadline that is past: what is there is taken. */
    struct peer *peer = peer_new(NONBLOCK);
    peer_sends(peer, SIZE);
    expect_all_read(peer, SIZE, kernel_now() - SEC);
}

/* ---- Writing. ---- */

static void a_short_write_is_not_the_end_of_the_work(void)
{
    for (int cut = 1; cut < SIZE; cut++) {
        kernel_boot(0);
        struct peer *peer = peer_new(NONBLOCK);
        peer_send_steps(peer, (int[]){cut, 1}, 2);
        expect_all_written(peer, SIZE, NEVER);
    }
    kernel_boot(0);
    struct peer *peer = peer_new(NONBLOCK);
    expect_all_written(peer, 0, NEVER);
    expect_all_written(peer, LOTS, NEVER);
    peer_sends(peer, LOTS);
    expect_all_read(peer, LOTS, NEVER);
}

static void a_signal_ends_no_write(void)
{
    for (int cut = 0; cut < SIZE; cut++) {
        kernel_boot(0);
        struct peer *peer = peer_new(NONBLOCK);
        if (cut > 0)
            peer_send_steps(peer, &cut, 1);
        peer_send_steps(peer, (int[]){-EINTR, -EINTR}, 2);
        expect_all_written(peer, SIZE, NEVER);
    }
}

static void a_write_waits_for_room_till_its_deadline(void)
{
    for (int blocking = 0; blocking < 2; blocking++) {
        kernel_boot(0);
        struct peer *peer = peer_new(blocking ? BLOCK : NONBLOCK);
        peer->room = SPAN;
        for (unsigned i = 1; i < SIZE; i++)
            peer_reads_at(peer, kernel_now() + i * SEC, 1);
        expect_all_written(peer, SIZE, NEVER);
        expect_no_spin(8 * SIZE);

        nsec deadline = kernel_now() + SPAN * SEC + SEC / 2;
        peer = peer_new(blocking ? BLOCK : NONBLOCK);
        peer->room = 0;
        for (unsigned i = 1; i < SIZE; i++)
            peer_reads_at(peer, kernel_now() + i * SEC, 1);
        expect_error("write_all returns", write_them(peer, SIZE, deadline),
                     ETIMEDOUT);
        expect_time(deadline);
    }
}

static void a_write_to_nobody_is_an_error_and_no_signal(void)
{
    kernel_boot(0);
    struct peer *peer = peer_new(NONBLOCK);
    peer_resets(peer);
    expect_error("write_all returns", write_them(peer, SIZE, NEVER),
                 ECONNRESET);
    expect_error("after that, write_all returns", write_them(peer, SIZE, NEVER),
                 EPIPE);
}

/* ---- Both. ---- */

static void through_any_trouble_every_byte_comes_once(void)
{
    for_each_seed (seed, 40) {
        struct dice dice = dice_at(seed, 1, 1);
        kernel_boot(seed);
        kernel_trouble();
        struct peer *peer = peer_new(seed & 1 ? BLOCK : NONBLOCK);
        peer->room = 20;
        for (unsigned i = 1; i <= 30; i++) {
            nsec when = kernel_now() + dice_between(&dice, 1, 3 * SEC);
            peer_sends_at(peer, when, 20);
            peer_reads_at(peer, when, 20);
            if (i % 4 == 0)
                kernel_signal_at(when + 1);
        }
        expect_all_written(peer, 600, NEVER);
        expect_all_read(peer, 600, NEVER);
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(a_short_read_is_not_the_end_of_the_work),
        GRADED(a_signal_ends_no_read),
        GRADED(an_end_before_the_first_byte_is_zero),
        GRADED(an_end_in_the_middle_is_an_error_of_its_own),
        GRADED(a_broken_connection_is_an_error),
        GRADED(a_read_waits_without_spinning),
        GRADED(a_read_gives_up_at_its_deadline),
        GRADED(a_short_write_is_not_the_end_of_the_work),
        GRADED(a_signal_ends_no_write),
        GRADED(a_write_waits_for_room_till_its_deadline),
        GRADED(a_write_to_nobody_is_an_error_and_no_signal),
        GRADED(through_any_trouble_every_byte_comes_once),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

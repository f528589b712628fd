/*
 * io over a staged kernel: the linker sends recv, send, ppoll and the clock
 * here (local.mk). A test tells each call, by a script, what it will return;
 * a call that would block waits on a clock that only the staged ppoll moves.
 */
#include "01-sockets/io.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NO_FD = -1, MANY = 1000 };

static const char text[] = "all the bytes, in order, and none of them twice";
enum { SIZE = sizeof text };

/* What one recv or send will do: move so many bytes, or fail. */
struct step {
    ssize_t count;
    int error;
};

/* ---- The staged kernel. ---- */

static struct {
    struct step steps[MANY];
    size_t step, count; /* The next of them; how many. */
    char wire[SIZE];    /* What was sent. */
    size_t moved;       /* Bytes sent or received. */
    nsec now;
    nsec ready_after; /* Each wait is over after this, if not before. */
    unsigned signals; /* So many waits are interrupted after 1 ms. */
    nsec asked;       /* How long the last wait would have been. */
    short events;     /* For what. */
} kernel;

static void stage(const struct step *steps, size_t count)
{
    memset(&kernel, 0, sizeof kernel);
    kernel.ready_after = NEVER;
    kernel.count = count;
    if (count > 0)
        memcpy(kernel.steps, steps, count * sizeof *steps);
}
#define STAGE(...)                      \
    stage((struct step[]){__VA_ARGS__}, \
          sizeof((struct step[]){__VA_ARGS__}) / sizeof(struct step))

static ssize_t move(size_t size)
{
    assert_true(kernel.step < kernel.count);
    struct step step = kernel.steps[kernel.step++];
    errno = step.error;
    return step.error ? -1 : MIN(step.count, (ssize_t)size);
}

ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags)
{
    (void)fd, (void)flags;
    ssize_t count = move(size);
    if (count <= 0)
        return count;
    memcpy(data, text + kernel.moved, (size_t)count);
    kernel.moved += (size_t)count;
    return count;
}

ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    if (fd != NO_FD)
        return __real_send(fd, data, size, flags);
    ssize_t count = move(size);
    if (count <= 0)
        return count;
    memcpy(kernel.wire + kernel.moved, data, (size_t)count);
    kernel.moved += (size_t)count;
    return count;
}

int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask)
{
    assert_int_equal(count, 1);
    assert_null(mask);
    kernel.asked = (nsec)wait->tv_sec * SEC + (nsec)wait->tv_nsec;
    kernel.events = fds->events;
    if (kernel.signals > 0 && kernel.asked >= MSEC) {
        kernel.signals--;
        kernel.now += MSEC;
        errno = EINTR;
        return -1;
    }
    kernel.now += MIN(kernel.asked, kernel.ready_after);
    return kernel.asked >= kernel.ready_after;
}

nsec __wrap_clock_monotonic(void);
nsec __wrap_clock_monotonic(void)
{
    return kernel.now;
}

/* ---- Reading. ---- */

static void expect_all_read(void)
{
    char data[SIZE] = "";
    assert_int_equal(read_all(NO_FD, data, SIZE, NEVER), SIZE);
    assert_memory_equal(data, text, SIZE);
    assert_int_equal(kernel.step, kernel.count);
}

static void expect_read_fails(int error)
{
    char data[SIZE];
    assert_int_equal(read_all(NO_FD, data, SIZE, NEVER), -1);
    assert_int_equal(errno, error);
}

static void a_read_goes_on_after_a_short_read(void **state)
{
    (void)state;
    for (int cut = 1; cut < SIZE; cut++) {
        STAGE({cut, 0}, {SIZE - cut, 0});
        expect_all_read();
    }
}

static void a_read_goes_on_after_a_signal_at_any_byte(void **state)
{
    (void)state;
    for (int cut = 1; cut < SIZE; cut++) {
        STAGE({0, EINTR}, {cut, 0}, {0, EINTR}, {0, EINTR}, {SIZE, 0});
        expect_all_read();
    }
}

static void a_read_of_the_end_of_a_stream_is_zero(void **state)
{
    char data[SIZE];
    (void)state;
    STAGE({0, 0});
    assert_int_equal(read_all(NO_FD, data, SIZE, NEVER), 0);
}

static void a_stream_that_ends_in_the_middle_is_an_error(void **state)
{
    (void)state;
    for (int cut = 1; cut < SIZE; cut++) {
        STAGE({cut, 0}, {0, 0});
        expect_read_fails(ENODATA);
    }
}

static void a_broken_connection_is_an_error_at_any_byte(void **state)
{
    (void)state;
    STAGE({0, ECONNRESET});
    expect_read_fails(ECONNRESET);
    for (int cut = 1; cut < SIZE; cut++) {
        STAGE({cut, 0}, {0, ECONNRESET});
        expect_read_fails(ECONNRESET);
    }
}

static void a_read_waits_when_there_is_nothing_yet(void **state)
{
    (void)state;
    STAGE({0, EAGAIN}, {1, 0}, {0, EAGAIN}, {0, EAGAIN}, {SIZE, 0});
    kernel.ready_after = 5 * MSEC;
    expect_all_read();
    assert_int_equal(kernel.now, 15 * MSEC);
    assert_int_equal(kernel.events, POLLIN);
}

static void read_some_takes_what_is_there(void **state)
{
    char data[SIZE];
    (void)state;
    STAGE({0, EINTR}, {3, 0}, {0, 0});
    assert_int_equal(read_some(NO_FD, data, SIZE, NEVER), 3);
    assert_memory_equal(data, text, 3);
    assert_int_equal(read_some(NO_FD, data, SIZE, NEVER), 0);
}

static void nothing_is_read_when_nothing_is_asked_for(void **state)
{
    (void)state;
    stage(NULL, 0);
    assert_int_equal(read_all(NO_FD, NULL, 0, NEVER), 0);
}

/* ---- Writing. ---- */

static void expect_all_written(void)
{
    assert_int_equal(write_all(NO_FD, text, SIZE, NEVER), SIZE);
    assert_int_equal(kernel.moved, SIZE);
    assert_memory_equal(kernel.wire, text, SIZE);
    assert_int_equal(kernel.step, kernel.count);
}

static void a_write_goes_on_after_a_short_write(void **state)
{
    (void)state;
    for (int cut = 1; cut < SIZE; cut++) {
        STAGE({cut, 0}, {SIZE - cut, 0});
        expect_all_written();
    }
}

static void a_write_goes_on_after_a_signal_at_any_byte(void **state)
{
    (void)state;
    for (int cut = 1; cut < SIZE; cut++) {
        STAGE({0, EINTR}, {cut, 0}, {0, EINTR}, {0, EINTR}, {SIZE, 0});
        expect_all_written();
    }
}

static void a_write_waits_when_there_is_no_room(void **state)
{
    (void)state;
    STAGE({0, EAGAIN}, {1, 0}, {0, EAGAIN}, {0, EAGAIN}, {SIZE, 0});
    kernel.ready_after = 5 * MSEC;
    expect_all_written();
    assert_int_equal(kernel.now, 15 * MSEC);
    assert_int_equal(kernel.events, POLLOUT);
}

static void a_write_to_nobody_is_an_error_and_no_signal(void **state)
{
    int pair[2];
    (void)state;
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), errno);
    close(pair[1]);
    assert_int_equal(write_all(pair[0], text, SIZE, NEVER), -1);
    assert_int_equal(errno, EPIPE);
    close(pair[0]);
}

/* ---- Both. ---- */

/* Steps that move all bytes, between signals and waits. */
static void stage_trouble(struct dice *dice)
{
    stage(NULL, 0);
    for (size_t left = SIZE; left > 0;) {
        struct step *step = &kernel.steps[kernel.count++];
        uint64_t kind = dice_between(dice, 0, 3);
        step->error = kind == 0 ? EINTR : kind == 1 ? EAGAIN : 0;
        if (step->error)
            continue;
        step->count = (ssize_t)dice_between(dice, 1, MIN(left, 5));
        left -= (size_t)step->count;
    }
    kernel.ready_after = dice_between(dice, 0, 3 * MSEC);
    kernel.signals = (unsigned)dice_between(dice, 0, 5);
}

static void any_mixture_of_troubles_moves_every_byte_once(void **state)
{
    (void)state;
    for_each_seed (seed, 500) {
        struct dice dice = dice_at(seed, 0, 0);
        stage_trouble(&dice);
        expect_all_read();
        stage_trouble(&dice);
        expect_all_written();
    }
}

/* ---- Deadlines. ---- */

static void a_read_fails_at_its_deadline(void **state)
{
    char data[SIZE];
    (void)state;
    for (int cut = 1; cut < SIZE; cut++) {
        STAGE({cut, 0}, {0, EAGAIN});
        kernel.now = 7 * SEC;
        assert_int_equal(read_all(NO_FD, data, SIZE, 9 * SEC), -1);
        assert_int_equal(errno, ETIMEDOUT);
        assert_int_equal(kernel.now, 9 * SEC);
    }
}

static void a_write_fails_at_its_deadline(void **state)
{
    (void)state;
    for (int cut = 1; cut < SIZE; cut++) {
        STAGE({cut, 0}, {0, EAGAIN});
        kernel.now = 7 * SEC;
        assert_int_equal(write_all(NO_FD, text, SIZE, 9 * SEC), -1);
        assert_int_equal(errno, ETIMEDOUT);
        assert_int_equal(kernel.now, 9 * SEC);
    }
}

static void signals_do_not_move_the_deadline(void **state)
{
    (void)state;
    stage(NULL, 0);
    kernel.signals = 500;
    assert_int_equal(wait_ready(NO_FD, POLLIN, SEC), -1);
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(kernel.signals, 0);
    assert_int_equal(kernel.now, SEC);
}

static void trickling_bytes_do_not_move_the_deadline(void **state)
{
    char data[SIZE];
    (void)state;
    STAGE({0, EAGAIN}, {1, 0}, {0, EAGAIN}, {1, 0}, {0, EAGAIN});
    kernel.ready_after = 4 * MSEC;
    assert_int_equal(read_all(NO_FD, data, SIZE, 10 * MSEC), -1);
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(kernel.now, 10 * MSEC);
}

static void a_deadline_that_has_passed_asks_but_does_not_wait(void **state)
{
    (void)state;
    stage(NULL, 0);
    kernel.now = 7 * SEC;
    assert_int_equal(wait_ready(NO_FD, POLLIN, 5 * SEC), -1);
    kernel.ready_after = 0;
    assert_int_equal(wait_ready(NO_FD, POLLIN, 5 * SEC), 0);
    assert_int_equal(kernel.now, 7 * SEC);
}

static void never_is_a_deadline_that_does_not_come(void **state)
{
    const nsec year = 365 * 86400 * SEC;
    (void)state;
    stage(NULL, 0);
    kernel.ready_after = 0;
    assert_int_equal(wait_ready(NO_FD, POLLIN, NEVER), 0);
    assert_true(kernel.asked > 100 * year);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_goes_on_after_a_short_read),
        cmocka_unit_test(a_read_goes_on_after_a_signal_at_any_byte),
        cmocka_unit_test(a_read_of_the_end_of_a_stream_is_zero),
        cmocka_unit_test(a_stream_that_ends_in_the_middle_is_an_error),
        cmocka_unit_test(a_broken_connection_is_an_error_at_any_byte),
        cmocka_unit_test(a_read_waits_when_there_is_nothing_yet),
        cmocka_unit_test(read_some_takes_what_is_there),
        cmocka_unit_test(nothing_is_read_when_nothing_is_asked_for),
        cmocka_unit_test(a_write_goes_on_after_a_short_write),
        cmocka_unit_test(a_write_goes_on_after_a_signal_at_any_byte),
        cmocka_unit_test(a_write_waits_when_there_is_no_room),
        cmocka_unit_test(a_write_to_nobody_is_an_error_and_no_signal),
        cmocka_unit_test(any_mixture_of_troubles_moves_every_byte_once),
        cmocka_unit_test(a_read_fails_at_its_deadline),
        cmocka_unit_test(a_write_fails_at_its_deadline),
        cmocka_unit_test(signals_do_not_move_the_deadline),
        cmocka_unit_test(trickling_bytes_do_not_move_the_deadline),
        cmocka_unit_test(a_deadline_that_has_passed_asks_but_does_not_wait),
        cmocka_unit_test(never_is_a_deadline_that_does_not_come),
    };
    return test_run(argc, argv, tests);
}

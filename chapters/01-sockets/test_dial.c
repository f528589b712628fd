/*
 * dial on this machine's own addresses. Where time matters to the nanosecond
 * the linker puts a staged clock and ppoll under it (local.mk): then nothing is
 * waited for, and the clock shows what would have been.
 */
#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- The staged clock. ---- */

static struct {
    bool is_on;
    nsec now, ends[8]; /* When each wait was over. */
    unsigned waits;
} stage;

nsec __real_clock_monotonic(void);
nsec __wrap_clock_monotonic(void);
nsec __wrap_clock_monotonic(void)
{
    return stage.is_on ? stage.now : __real_clock_monotonic();
}

int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask)
{
    if (!stage.is_on)
        return __real_ppoll(fds, count, wait, mask);
    assert_true(stage.waits < G_N_ELEMENTS(stage.ends));
    stage.now += (nsec)wait->tv_sec * SEC + (nsec)wait->tv_nsec;
    stage.ends[stage.waits++] = stage.now;
    return 0;
}

/* ---- Places to dial, all of them on this machine. ---- */

struct place {
    struct address address;
    int fd, inside; /* -1: none. */
};

static struct address loopback(void)
{
    struct address address;
    assert_true(address_parse(&address, "127.0.0.1:0", NULL));
    return address;
}

static struct place a_listener(int backlog)
{
    struct address any = loopback();
    int fd = net_listen(&any, backlog);
    assert_return_code(fd, errno);
    return (struct place){address_of(fd), fd, -1};
}

/* A port that is bound is nobody else's; connecting to it, while nobody
 * listens, is refused. */
static struct place a_refusal(void)
{
    struct address any = loopback();
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_return_code(bind(fd, (struct sockaddr *)&any.storage, any.size),
                       errno);
    return (struct place){address_of(fd), fd, -1};
}

/* With a backlog of zero there is room for one connection. While it is not
 * accepted, the kernel drops the SYN of every other. */
static struct place a_black_hole(void)
{
    struct place hole = a_listener(0);
    const struct address *at = &hole.address;
    hole.inside = socket(AF_INET, SOCK_STREAM, 0);
    assert_return_code(
        connect(hole.inside, (const struct sockaddr *)&at->storage, at->size),
        errno);
    assert_return_code(wait_ready(hole.fd, POLLIN, NEVER), errno);
    return hole;
}

static struct place an_unreachable_network(void)
{
    struct place place = {.fd = -1, .inside = -1};
    assert_true(address_parse(&place.address, "127.255.255.255:80", NULL));
    return place;
}

static void leave(struct place place)
{
    if (place.fd >= 0)
        close(place.fd);
    if (place.inside >= 0)
        close(place.inside);
}

/* ---- Dialling. ---- */

static int dial_all(const struct place *places, int count, nsec patience)
{
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof(struct address));
    for (int i = 0; i < count; i++)
        g_array_append_val(to, places[i].address);
    return dial(to, clock_monotonic() + patience);
}

static int dial_two(struct place first, struct place second, nsec patience)
{
    return dial_all((struct place[]){first, second}, 2, patience);
}

static int dial_one(struct place place, nsec patience)
{
    return dial_all(&place, 1, patience);
}

static void expect_connected(int fd, struct place place)
{
    struct address peer = {.size = sizeof peer.storage};
    assert_return_code(fd, errno);
    assert_return_code(
        getpeername(fd, (struct sockaddr *)&peer.storage, &peer.size), errno);
    assert_true(address_equal(&peer, &place.address));
    close(fd);
}

static void expect_failure(int fd, int error)
{
    int why = errno;
    assert_int_equal(fd, -1);
    assert_int_equal(why, error);
}

static void a_listener_is_reached(void **state)
{
    struct place place = a_listener(8);
    (void)state;
    int fd = dial_one(place, 10 * SEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    expect_connected(fd, place);
    leave(place);
}

static void a_place_where_nobody_listens_refuses(void **state)
{
    struct place place = a_refusal();
    (void)state;
    expect_failure(dial_one(place, 10 * SEC), ECONNREFUSED);
    leave(place);
}

static void after_a_refusal_the_next_address_is_tried(void **state)
{
    struct place first = a_refusal(), second = a_listener(8);
    (void)state;
    expect_connected(dial_two(first, second, 10 * SEC), second);
    leave(first);
    leave(second);
}

static void after_an_unreachable_network_the_next_is_tried(void **state)
{
    struct place first = an_unreachable_network(), second = a_listener(8);
    (void)state;
    expect_failure(dial_one(first, 10 * SEC), ENETUNREACH);
    expect_connected(dial_two(first, second, 10 * SEC), second);
    leave(second);
}

static void the_first_address_that_answers_is_taken(void **state)
{
    struct place first = a_listener(8), second = a_listener(8);
    (void)state;
    expect_connected(dial_two(first, second, 10 * SEC), first);
    leave(first);
    leave(second);
}

static void the_error_is_that_of_the_last_attempt(void **state)
{
    struct place refusal = a_refusal(), network = an_unreachable_network();
    (void)state;
    expect_failure(dial_two(network, refusal, 10 * SEC), ECONNREFUSED);
    expect_failure(dial_two(refusal, network, 10 * SEC), ENETUNREACH);
    leave(refusal);
}

static void no_address_at_all_is_an_error(void **state)
{
    (void)state;
    expect_failure(dial_all(NULL, 0, 10 * SEC), EDESTADDRREQ);
}

/* ---- Deadlines. ---- */

static void a_black_hole_lasts_till_the_deadline(void **state)
{
    struct place hole = a_black_hole();
    nsec start = clock_monotonic();
    (void)state;
    expect_failure(dial_one(hole, 50 * MSEC), ETIMEDOUT);
    assert_true(clock_monotonic() - start >= 50 * MSEC);
    leave(hole);
}

static void a_black_hole_leaves_the_others_their_share(void **state)
{
    struct place hole = a_black_hole(), place = a_listener(8);
    nsec start = clock_monotonic();
    (void)state;
    expect_connected(dial_two(hole, place, 400 * MSEC), place);
    assert_true(clock_monotonic() - start >= 200 * MSEC);
    leave(hole);
    leave(place);
}

/* Four addresses and forty seconds: ten for the first. The second fails at
 * once; the others share the thirty that are left. */
static void the_time_that_is_left_is_shared_equally(void **state)
{
    struct place hole = a_black_hole(), network = an_unreachable_network();
    struct place places[] = {hole, network, hole, hole};
    const nsec ends[] = {10 * SEC, 25 * SEC, 40 * SEC};
    (void)state;
    stage.is_on = true;
    int fd = dial_all(places, 4, 40 * SEC);
    stage.is_on = false;
    expect_failure(fd, ETIMEDOUT);
    assert_int_equal(stage.waits, 3);
    assert_memory_equal(stage.ends, ends, sizeof ends);
    leave(hole);
}

enum { TOO_MANY = 1000 };
static volatile sig_atomic_t signals;

static void on_alarm(int number)
{
    const struct itimerval off = {0};
    (void)number;
    if (++signals == TOO_MANY)
        setitimer(ITIMER_REAL, &off, NULL);
}

static void alarm_every(nsec period, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    struct timeval time = {.tv_usec = (suseconds_t)(period / USEC)};
    struct itimerval timer = {time, time};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void signals_do_not_move_the_deadline(void **state)
{
    struct place hole = a_black_hole();
    nsec start = clock_monotonic();
    (void)state;
    alarm_every(MSEC, on_alarm);
    expect_failure(dial_one(hole, 50 * MSEC), ETIMEDOUT);
    alarm_every(0, SIG_IGN);
    assert_true(clock_monotonic() - start >= 50 * MSEC);
    assert_in_range(signals, 1, TOO_MANY - 1);
    leave(hole);
}

/* ---- Descriptors. ---- */

static unsigned open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned count = 0;
    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void a_failed_attempt_leaves_no_descriptor_open(void **state)
{
    struct place refusal = a_refusal(), hole = a_black_hole(),
                 network = an_unreachable_network(), place = a_listener(8);
    unsigned before = open_descriptors();
    (void)state;
    expect_failure(dial_two(network, refusal, 10 * SEC), ECONNREFUSED);
    expect_failure(dial_two(refusal, hole, 20 * MSEC), ETIMEDOUT);
    expect_connected(dial_two(refusal, place, 10 * SEC), place);
    assert_int_equal(open_descriptors(), before);
    leave(refusal);
    leave(hole);
    leave(place);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_is_reached),
        cmocka_unit_test(a_place_where_nobody_listens_refuses),
        cmocka_unit_test(after_a_refusal_the_next_address_is_tried),
        cmocka_unit_test(after_an_unreachable_network_the_next_is_tried),
        cmocka_unit_test(the_first_address_that_answers_is_taken),
        cmocka_unit_test(the_error_is_that_of_the_last_attempt),
        cmocka_unit_test(no_address_at_all_is_an_error),
        cmocka_unit_test(a_black_hole_lasts_till_the_deadline),
        cmocka_unit_test(a_black_hole_leaves_the_others_their_share),
        cmocka_unit_test(the_time_that_is_left_is_shared_equally),
        cmocka_unit_test(signals_do_not_move_the_deadline),
        cmocka_unit_test(a_failed_attempt_leaves_no_descriptor_open),
    };
    return test_run(argc, argv, tests);
}

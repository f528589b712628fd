/*
 * The acceptor: newcomers, crowds of them, and what to do when the machine has
 * nothing left to give them. The linker sends accept4 and the clock here: calls
 * are counted, and fail as a test says, and a pause takes no time.
 */
#include "01-sockets/acceptor.h"
#include "01-sockets/net.h"
#include "01-sockets/test_kernel.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

enum { CROWD = 300, LIMIT = 256, SOON = 3 };

static struct loop *loop;
static struct acceptor *acceptor;
static int listener;           /* The acceptor's, ... */
static struct address address; /* ... and where it listens. */
static GArray *inside, *clients, *fillers;
static nsec now;

/* ---- The staged calls. ---- */

static struct {
    unsigned calls;
    const int *errors; /* How the next ones fail; a 0 ends them. */
} accepts;

int __real_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags)
{
    accepts.calls++;
    if (!accepts.errors || *accepts.errors == 0)
        return __real_accept4(fd, from, size, flags);
    errno = *accepts.errors++;
    return -1;
}

nsec __wrap_clock_monotonic(void);
nsec __wrap_clock_monotonic(void)
{
    return now;
}

/* ---- Who takes part. ---- */

static void on_connection(void *self, int fd)
{
    assert_ptr_equal(self, inside);
    g_array_append_val(inside, fd);
}

static int open_place(void **state)
{
    (void)state;
    memset(&kernel, 0, sizeof kernel);
    memset(&accepts, 0, sizeof accepts);
    loop = loop_new();
    inside = g_array_new(FALSE, FALSE, sizeof(int));
    clients = g_array_new(FALSE, FALSE, sizeof(int));
    fillers = g_array_new(FALSE, FALSE, sizeof(int));
    return 0;
}

static void close_some(GArray *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        close(g_array_index(fds, int, i));
    g_array_remove_range(fds, 0, count);
}

static void close_all(GArray *fds)
{
    close_some(fds, fds->len);
    g_array_unref(fds);
}

static int close_place(void **state)
{
    (void)state;
    g_clear_pointer(&acceptor, acceptor_free);
    close_all(inside);
    close_all(clients);
    close_all(fillers);
    loop_free(loop);
    return 0;
}

static void listen_somewhere(void)
{
    struct address any;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    listener = net_listen(&any, CROWD);
    assert_return_code(listener, errno);
    address = address_of(listener);
}

static void open_acceptor(void)
{
    listen_somewhere();
    acceptor = acceptor_new(loop, listener, on_connection, inside);
}

/* How many wait in the kernel? For a listener, this is where it tells. */
static unsigned queue_length(void)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info.tcpi_unacked;
}

/* They are in the queue when this returns. */
static void come(unsigned count)
{
    unsigned before = queue_length();
    for (unsigned i = 0; i < count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_return_code(fd, errno);
        assert_return_code(
            connect(fd, (struct sockaddr *)&address.storage, address.size),
            errno);
        g_array_append_val(clients, fd);
    }
    while (queue_length() < before + count)
        sched_yield();
}

static void turns(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        loop_turn(loop, LONG);
}

static unsigned calls_of(unsigned count)
{
    accepts.calls = 0;
    turns(count);
    return accepts.calls;
}

/* ---- Newcomers. ---- */

static void whoever_comes_is_handed_over(void **state)
{
    (void)state;
    open_acceptor();
    come(3);
    turns(SOON);
    assert_int_equal(inside->len, 3);
    come(1);
    turns(SOON);
    assert_int_equal(inside->len, 4);
    assert_int_equal(acceptor_refused(acceptor), 0);
}

static void they_do_not_block_nor_wait_to_send(void **state)
{
    int one = 0;
    socklen_t size = sizeof one;
    (void)state;
    open_acceptor();
    come(1);
    turns(SOON);
    int fd = g_array_index(inside, int, 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, &size);
    assert_int_not_equal(one, 0);
}

static void where_nobody_comes_nothing_is_tried(void **state)
{
    (void)state;
    open_acceptor();
    come(1);
    turns(SOON);
    assert_int_equal(calls_of(5), 0);
    assert_true(kernel.asked >= LONG);
}

static void it_need_not_be_tcp(void **state)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t size = sizeof name;
    (void)state;
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    /* A name of the kernel's choice, in no directory (unix(7), autobind). */
    assert_return_code(
        bind(listener, (struct sockaddr *)&name, sizeof name.sun_family),
        errno);
    assert_return_code(listen(listener, 1), errno);
    getsockname(listener, (struct sockaddr *)&name, &size);
    acceptor = acceptor_new(loop, listener, on_connection, inside);
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    g_array_append_val(clients, client);
    assert_return_code(connect(client, (struct sockaddr *)&name, size), errno);
    turns(SOON);
    assert_int_equal(inside->len, 1);
}

struct bell {
    struct watch watch;
    unsigned rings;
};

static void on_ring(void *self, uint32_t events)
{
    struct bell *bell = self;
    (void)events;
    bell->rings++;
}

static void a_crowd_keeps_nobody_else_waiting(void **state)
{
    struct bell bell = {.watch = {.fd = eventfd(1, EFD_CLOEXEC),
                                  .ready = on_ring,
                                  .self = &bell}};
    unsigned turn = 0;
    (void)state;
    open_acceptor();
    loop_watch(loop, &bell.watch, EPOLLIN);
    come(CROWD);
    while (inside->len < CROWD && turn < CROWD) {
        turns(1);
        assert_int_equal(bell.rings, ++turn);
    }
    assert_int_equal(inside->len, CROWD);
    assert_true(turn >= 3);
    close(bell.watch.fd);
}

static void when_it_is_freed_who_waits_is_reset(void **state)
{
    char byte;
    (void)state;
    open_acceptor();
    come(1);
    g_clear_pointer(&acceptor, acceptor_free);
    assert_int_equal(recv(g_array_index(clients, int, 0), &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
}

/* ---- No descriptor left. ---- */

static struct rlimit usual;

/* Let this process have @p count descriptors more, and no others. */
static void leave_free(unsigned count)
{
    getrlimit(RLIMIT_NOFILE, &usual);
    struct rlimit low = {.rlim_cur = LIMIT, .rlim_max = usual.rlim_max};
    assert_return_code(setrlimit(RLIMIT_NOFILE, &low), errno);
    for (int fd; (fd = dup(STDERR_FILENO)) >= 0;)
        g_array_append_val(fillers, fd);
    assert_int_equal(errno, EMFILE);
    assert_true(fillers->len > count);
    close_some(fillers, count);
}

static int close_narrow_place(void **state)
{
    setrlimit(RLIMIT_NOFILE, &usual);
    return close_place(state);
}

/* How many clients have been hung up on? */
static unsigned sent_away(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < clients->len; i++) {
        char byte;
        ssize_t got =
            recv(g_array_index(clients, int, i), &byte, 1, MSG_DONTWAIT);
        count += got == 0 || (got < 0 && errno == ECONNRESET);
    }
    return count;
}

/* A few are sent away at a time, and in between it rests. */
static void turns_and_rests(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        turns(SOON);
        now += 10 * MSEC;
    }
    turns(SOON);
}

static void who_finds_no_descriptor_left_is_sent_away(void **state)
{
    (void)state;
    open_acceptor();
    come(10);
    leave_free(4);
    turns_and_rests(1);
    assert_int_equal(inside->len, 4);
    assert_int_equal(acceptor_refused(acceptor), 6);
    assert_int_equal(sent_away(), 6);
    assert_in_range(accepts.calls, 10, 30);
    assert_int_equal(calls_of(5), 0);
}

static void who_is_inside_notices_nothing(void **state)
{
    char byte = 0;
    (void)state;
    open_acceptor();
    come(2);
    leave_free(1);
    turns(SOON);
    assert_int_equal(sent_away(), 1);
    assert_int_equal(send(g_array_index(clients, int, 0), "x", 1, 0), 1);
    assert_int_equal(recv(g_array_index(inside, int, 0), &byte, 1, 0), 1);
    assert_int_equal(byte, 'x');
}

/* Each of the two that come needs a descriptor at both ends. */
static void when_some_have_left_the_next_are_accepted(void **state)
{
    (void)state;
    open_acceptor();
    come(10);
    leave_free(4);
    turns_and_rests(1);
    close_some(inside, 4);
    come(2);
    turns_and_rests(1);
    assert_int_equal(inside->len, 2);
    assert_int_equal(acceptor_refused(acceptor), 6);
}

static void a_crowd_is_sent_away_with_rests_between(void **state)
{
    (void)state;
    open_acceptor();
    come(200);
    leave_free(0);
    turns(SOON);
    assert_in_range(acceptor_refused(acceptor), 1, 20);
    unsigned calls = accepts.calls;
    turns(SOON); /* No time has passed. */
    assert_int_equal(accepts.calls, calls);
    turns_and_rests(40);
    assert_int_equal(acceptor_refused(acceptor), 200);
    assert_int_equal(inside->len, 0);
}

/* It begins with nothing in reserve; while it rests, one becomes free. */
static void who_has_not_even_a_reserve_rests_and_makes_one(void **state)
{
    (void)state;
    listen_somewhere();
    come(2);
    leave_free(0);
    acceptor = acceptor_new(loop, listener, on_connection, inside);
    turns(SOON);
    assert_int_equal(calls_of(5), 0);
    assert_int_equal(acceptor_refused(acceptor), 0);
    close_some(fillers, 1);
    now += 100 * MSEC;
    turns(SOON);
    assert_int_equal(acceptor_refused(acceptor), 2);
    assert_int_equal(calls_of(5), 0);
}

/* ---- Other failures. ---- */

/* What the whole machine is short of, and what nobody foresaw. */
static void when_it_cannot_go_on_it_rests_a_tenth_of_a_second(void **state)
{
    static const int errors[][2] = {
        {ENFILE, 0}, {ENOBUFS, 0}, {ENOMEM, 0}, {EINVAL, 0}};
    (void)state;
    open_acceptor();
    for (unsigned i = 0; i < G_N_ELEMENTS(errors); i++) {
        come(1);
        accepts.errors = errors[i];
        assert_int_equal(calls_of(SOON), 1);
        now += 99 * MSEC;
        assert_int_equal(calls_of(SOON), 0);
        assert_int_equal(inside->len, i);
        now += MSEC;
        turns(SOON);
        assert_int_equal(inside->len, i + 1);
    }
    assert_int_equal(acceptor_refused(acceptor), 0);
}

static void who_died_in_the_queue_is_passed_over(void **state)
{
    static const int errors[] = {ECONNABORTED, EPROTO, EINTR, ENETDOWN,
                                 ENETUNREACH,  EPERM,  0};
    (void)state;
    open_acceptor();
    come(1);
    accepts.errors = errors;
    turns(1);
    assert_int_equal(inside->len, 1);
    come(1);
    turns(SOON);
    assert_int_equal(inside->len, 2);
}

static void it_leaves_no_descriptor_open(void **state)
{
    int before = dup(STDERR_FILENO);
    (void)state;
    close(before);
    open_acceptor();
    g_clear_pointer(&acceptor, acceptor_free);
    int after = dup(STDERR_FILENO);
    close(after);
    assert_int_equal(after, before);
}

static void it_may_be_freed_while_it_rests(void **state)
{
    static const int errors[] = {ENFILE, 0};
    (void)state;
    open_acceptor();
    come(1);
    accepts.errors = errors;
    turns(SOON);
    g_clear_pointer(&acceptor, acceptor_free);
    now += SEC;
    assert_int_equal(calls_of(SOON), 0);
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_place, close_place)
#define NARROW(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_place, close_narrow_place)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(whoever_comes_is_handed_over),
        CASE(they_do_not_block_nor_wait_to_send),
        CASE(where_nobody_comes_nothing_is_tried),
        CASE(it_need_not_be_tcp),
        CASE(a_crowd_keeps_nobody_else_waiting),
        CASE(when_it_is_freed_who_waits_is_reset),
        NARROW(who_finds_no_descriptor_left_is_sent_away),
        NARROW(who_is_inside_notices_nothing),
        NARROW(when_some_have_left_the_next_are_accepted),
        NARROW(a_crowd_is_sent_away_with_rests_between),
        NARROW(who_has_not_even_a_reserve_rests_and_makes_one),
        CASE(when_it_cannot_go_on_it_rests_a_tenth_of_a_second),
        CASE(who_died_in_the_queue_is_passed_over),
        CASE(it_may_be_freed_while_it_rests),
        CASE(it_leaves_no_descriptor_open),
    };
    return test_run(argc, argv, tests);
}

#include "01-sockets/address.h"
#include "01-sockets/echo/pair.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

static int listener;

static int open_listener(void **state)
{
    (void)state;
    listener = pair_listener();
    return listener < 0 ? -1 : 0;
}

static int close_listener(void **state)
{
    (void)state;
    return close(listener);
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static void expect_byte(int from, int to, char byte)
{
    char seen = 0;
    assert_int_equal(write_all(from, &byte, 1, NEVER), 1);
    assert_int_equal(read_all(to, &seen, 1, NEVER), 1);
    assert_int_equal(seen, byte);
}

static void what_goes_in_at_one_end_comes_out_at_the_other(void **state)
{
    int ends[2];
    (void)state;
    assert_return_code(pair_open(listener, ends), errno);
    expect_byte(ends[0], ends[1], 'a');
    expect_byte(ends[1], ends[0], 'b');
    close_both(ends);
}

static void pairs_are_not_mixed_up(void **state)
{
    int a[2], b[2];
    (void)state;
    assert_return_code(pair_open(listener, a), errno);
    assert_return_code(pair_open(listener, b), errno);
    expect_byte(b[0], b[1], 'b');
    expect_byte(a[0], a[1], 'a');
    close_both(a);
    close_both(b);
}

static void a_stranger_is_turned_away(void **state)
{
    int ends[2];
    char byte;
    (void)state;
    struct address at = address_of(listener);
    int stranger = net_connect(&at);
    assert_return_code(wait_ready(stranger, POLLOUT, NEVER), errno);
    assert_return_code(pair_open(listener, ends), errno);
    expect_byte(ends[0], ends[1], 'a');
    assert_int_equal(read_all(stranger, &byte, 1, NEVER), 0);
    close(stranger);
    close_both(ends);
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    assert_return_code(getsockopt(fd, level, name, &value, &size), errno);
    return value;
}

static void both_ends_block_and_send_at_once(void **state)
{
    int ends[2];
    (void)state;
    assert_return_code(pair_open(listener, ends), errno);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fcntl(ends[i], F_GETFL) & O_NONBLOCK, 0);
        assert_int_equal(fcntl(ends[i], F_GETFD), FD_CLOEXEC);
        assert_true(option_of(ends[i], IPPROTO_TCP, TCP_NODELAY));
    }
    close_both(ends);
}

/* Who closes first keeps the port in TIME_WAIT; who resets does not. The other
 * end tells which it was. */
static void an_end_is_gone_as_soon_as_it_is_closed(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        int ends[2];
        char byte;
        assert_return_code(pair_open(listener, ends), errno);
        close(ends[first]);
        assert_int_equal(read_all(ends[1 - first], &byte, 1, NEVER), -1);
        assert_int_equal(errno, ECONNRESET);
        close(ends[1 - first]);
    }
}

/* ---- When descriptors are scarce. ---- */

static struct rlimit allow(rlim_t descriptors)
{
    struct rlimit before, now;
    assert_return_code(getrlimit(RLIMIT_NOFILE, &before), errno);
    now = before;
    now.rlim_cur = descriptors;
    assert_return_code(setrlimit(RLIMIT_NOFILE, &now), errno);
    return before;
}

static int next_descriptor(void)
{
    int fd = dup(listener);
    close(fd);
    return fd;
}

static void a_pair_that_fails_leaves_nothing_open(void **state)
{
    int next = next_descriptor();
    (void)state;
    for (int room = 0; room < 2; room++) {
        int ends[2];
        struct rlimit before = allow((rlim_t)(next + room));
        assert_int_equal(pair_open(listener, ends), -1);
        assert_int_equal(errno, EMFILE);
        setrlimit(RLIMIT_NOFILE, &before);
        assert_int_equal(next_descriptor(), next);
    }
}

static void a_connection_that_is_refused_leaves_nothing_open(void **state)
{
    int ends[2];
    (void)state;
    shutdown(listener, SHUT_RD); /* It listens no more. */
    int next = next_descriptor();
    assert_int_equal(pair_open(listener, ends), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(next_descriptor(), next);
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_listener, close_listener)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(what_goes_in_at_one_end_comes_out_at_the_other),
        CASE(pairs_are_not_mixed_up),
        CASE(a_stranger_is_turned_away),
        CASE(both_ends_block_and_send_at_once),
        CASE(an_end_is_gone_as_soon_as_it_is_closed),
        CASE(a_pair_that_fails_leaves_nothing_open),
        CASE(a_connection_that_is_refused_leaves_nothing_open),
    };
    return test_run(argc, argv, tests);
}

/* The echo on epoll, in a process of its own: it echoes, and it stops well. */
#include "01-sockets/dial.h"
#include "01-sockets/echo/echo.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG = 60 }; /* Seconds, after which a server is given up. */
enum { WORDS = 256, PERIOD = 251, TOO_MUCH = 64 << 20 };
#define PATIENCE (30 * SEC)
#define GRACE    (5 * SEC) /* What it gives its clients. */

static pid_t server;
static struct address address;
static nsec told; /* When the server was last sent a signal. */

/* ---- A server and its clients. ---- */

static int start(void **state)
{
    struct address any;
    (void)state;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    int listener = net_listen(&any, 16);
    assert_return_code(listener, errno);
    address = address_of(listener);
    server = fork();
    if (server == 0) {
        alarm(LONG);
        _exit(echo_epoll(listener));
    }
    close(listener);
    return server > 0 ? 0 : -1;
}

/* Returns how the server ended; once. */
static int wait_for_server(void)
{
    int status = -1;
    assert_int_equal(waitpid(server, &status, 0), server);
    server = 0;
    return status;
}

static void tell(int signal)
{
    told = clock_monotonic();
    kill(server, signal);
}

/* Not only when its grace is over. */
static void expect_good_end(void)
{
    assert_int_equal(wait_for_server(), 0);
    assert_true(clock_monotonic() - told < GRACE);
}

static int stop(void **state)
{
    (void)state;
    if (server > 0) {
        kill(server, SIGKILL);
        wait_for_server();
    }
    return 0;
}

static int visit(void)
{
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof address);
    g_array_append_val(to, address);
    return dial(to, clock_monotonic() + PATIENCE);
}

static void say(int fd, const char *words)
{
    ssize_t size = (ssize_t)strlen(words);
    assert_int_equal(
        write_all(fd, words, (size_t)size, clock_monotonic() + PATIENCE), size);
}

static void expect_words(int fd, const char *words)
{
    char heard[64] = "";
    ssize_t size = (ssize_t)strlen(words);
    assert_int_equal(
        read_all(fd, heard, (size_t)size, clock_monotonic() + PATIENCE), size);
    assert_string_equal(heard, words);
}

static void expect_end(int fd)
{
    char byte;
    assert_int_equal(read_some(fd, &byte, 1, clock_monotonic() + PATIENCE), 0);
}

/* One that is inside: it has had an answer. */
static int visit_and_talk(void)
{
    int fd = visit();
    assert_return_code(fd, errno);
    say(fd, "hello");
    expect_words(fd, "hello");
    return fd;
}

/* What was sent has come to the other kernel. */
static void await_arrival(int fd)
{
    int unacknowledged = 1;
    while (unacknowledged > 0) {
        ioctl(fd, SIOCOUTQ, &unacknowledged);
        sched_yield();
    }
}

/* ---- It echoes. ---- */

static void each_hears_itself(void **state)
{
    int one = visit_and_talk(), two = visit_and_talk();
    (void)state;
    say(one, "one");
    say(two, "two");
    expect_words(two, "two");
    expect_words(one, "one");
    close(one);
    close(two);
}

static void who_ends_hears_the_end_after_all_the_rest(void **state)
{
    int fd = visit_and_talk();
    (void)state;
    say(fd, "the last words");
    shutdown(fd, SHUT_WR);
    expect_words(fd, "the last words");
    expect_end(fd);
    close(fd);
}

static void visit_and_leave(void)
{
    int fd = visit_and_talk();
    shutdown(fd, SHUT_WR);
    expect_end(fd);
    close(fd);
}

static void when_all_have_left_it_waits_for_the_next(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        visit_and_leave();
}

/* They send without reading, until nothing goes any more. Returns how much. The
 * bytes repeat, and with an odd period: what is lost shows. */
static size_t flood(int fd)
{
    static uint8_t words[WORDS * PERIOD];
    size_t sent = 0;
    for (size_t i = 0; i < sizeof words; i++)
        words[i] = (uint8_t)(i % PERIOD);
    while (sent < TOO_MUCH && write_all(fd, words, sizeof words,
                                        clock_monotonic() + 100 * MSEC) > 0)
        sent += sizeof words;
    return sent;
}

static void who_does_not_read_is_not_read_either(void **state)
{
    int deaf = visit_and_talk(), other = visit_and_talk();
    (void)state;
    assert_true(flood(deaf) < TOO_MUCH);
    say(other, "still there?");
    expect_words(other, "still there?");
    close(deaf);
    close(other);
}

/* ---- It stops. ---- */

static void with_nobody_inside_it_leaves_at_once(void **state)
{
    (void)state;
    visit_and_leave();
    tell(SIGTERM);
    expect_good_end();
}

/* It is paused, so that all is there when it looks: the words of the one, the
 * signal, and the words of the other. */
static void what_has_come_by_then_is_echoed(void **state)
{
    int fds[3];
    (void)state;
    for (int i = 0; i < 3; i++)
        fds[i] = visit_and_talk();
    kill(server, SIGSTOP);
    waitpid(server, NULL, WUNTRACED);
    say(fds[0], "before you go");
    await_arrival(fds[0]);
    tell(SIGTERM);
    say(fds[1], "before you go");
    await_arrival(fds[1]);
    kill(server, SIGCONT);
    for (int i = 0; i < 3; i++) {
        if (i < 2)
            expect_words(fds[i], "before you go");
        expect_end(fds[i]);
        close(fds[i]);
    }
    expect_good_end();
}

static void nobody_new_is_accepted(void **state)
{
    int fd = visit_and_talk();
    (void)state;
    tell(SIGTERM);
    expect_end(fd);
    assert_int_equal(visit(), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    expect_good_end();
}

/* Its echo is in several buffers, in order. */
static void who_has_not_read_yet_is_waited_for(void **state)
{
    uint8_t heard[4096];
    int fd = visit_and_talk();
    size_t sent = flood(fd), came = 0;
    (void)state;
    tell(SIGTERM);
    for (ssize_t count; (count = read_some(fd, heard, sizeof heard,
                                           clock_monotonic() + PATIENCE));) {
        assert_return_code(count, errno);
        for (ssize_t i = 0; i < count; i++)
            assert_int_equal(heard[i], came++ % PERIOD);
    }
    assert_in_range(came, 1, sent + WORDS * PERIOD);
    close(fd);
    expect_good_end();
}

static void a_second_signal_ends_it_at_once(void **state)
{
    int fd = visit_and_talk();
    (void)state;
    tell(SIGTERM);
    expect_end(fd);
    tell(SIGINT);
    expect_good_end();
    close(fd);
}

#define CASE(sentence) cmocka_unit_test_setup_teardown(sentence, start, stop)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(each_hears_itself),
        CASE(who_ends_hears_the_end_after_all_the_rest),
        CASE(when_all_have_left_it_waits_for_the_next),
        CASE(who_does_not_read_is_not_read_either),
        CASE(with_nobody_inside_it_leaves_at_once),
        CASE(what_has_come_by_then_is_echoed),
        CASE(nobody_new_is_accepted),
        CASE(who_has_not_read_yet_is_waited_for),
        CASE(a_second_signal_ends_it_at_once),
    };
    return test_run(argc, argv, tests);
}

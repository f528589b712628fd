/**
 * @file test_script.h
 * For tests of clients: a server that says what the test says, in the same
 * process; and time that passes when the test says so.
 */
#ifndef QUEUES_TEST_SCRIPT_H
#define QUEUES_TEST_SCRIPT_H
#include "01-sockets/loop.h"
#include "01-sockets/net.h"
#include "02-framing/resp.h"
#include "common/judge/test.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO_ANSWER "%1\r\n$5\r\nproto\r\n:3\r\n"

static nsec now;
static struct loop *loop; /* The client's. */
static struct address place;
static int listener = -1;

/* ---- Time. ---- */

nsec __wrap_clock_monotonic(void);
nsec __wrap_clock_monotonic(void)
{
    return now;
}

/* All there is to do now. */
static inline void turn(void)
{
    for (int i = 0; i < 8; i++)
        loop_turn(loop, 0);
}

static inline void pass(nsec time)
{
    nsec end = now + time;
    for (turn(); now < end; turn())
        now = MIN(end, now + 5 * MSEC);
}

/* ---- The server. ---- */

static inline struct address place_of(const char *what)
{
    static unsigned serial; /* A test that failed may still listen. */
    struct address address;
    g_autofree char *name =
        g_strdup_printf("unix:@%s-%d-%u", what, (int)getpid(), serial++);
    assert_true(address_parse(&address, name, NULL));
    return address;
}

static inline void open_server(void)
{
    listener = net_listen(&place, 64);
    assert_true(listener >= 0);
    fcntl(listener, F_SETFL, O_NONBLOCK);
}

static inline void close_server(void)
{
    close(listener);
    listener = -1;
}

static inline void open_world(void)
{
    now = SEC;
    loop = loop_new();
    place = place_of("script");
    open_server();
}

static inline void close_world(void)
{
    close_server();
    loop_free(loop);
}

/* The next connection; -1: there is none. */
static inline int next_visit(void)
{
    turn();
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline void say_bytes(int fd, const char *data, size_t size)
{
    assert_int_equal(send(fd, data, size, MSG_NOSIGNAL), size);
    turn();
}

static inline void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

/* What was said, each command ended by ";"; then "(end)" if that has come.
 * Returns new. */
static inline char *hear(int fd)
{
    static uint8_t data[1 << 22];
    GString *text = g_string_new(NULL);
    struct resp *resp = resp_new((struct resp_limits){.commands = true});
    size_t size = 0, at = 0;
    ssize_t count, used;
    turn();
    while ((count = recv(fd, data + size, sizeof data - size, 0)) > 0) {
        size += (size_t)count;
        turn();
    }
    bool ended = count == 0 || errno != EAGAIN;
    while ((used = resp_parse(resp, data + at, size - at)) > 0) {
        const struct resp_item *items = resp_items(resp);
        for (size_t i = 1; i < resp_count(resp); i++)
            g_string_append_printf(text, "%s%.*s", i > 1 ? " " : "",
                                   (int)items[i].size,
                                   (const char *)data + at + items[i].at);
        g_string_append_c(text, ';');
        at += (size_t)used;
    }
    assert_int_equal(used, 0);
    resp_free(resp);
    if (ended)
        g_string_append(text, "(end)");
    return g_string_free(text, FALSE);
}

/* What was said since the last time is @p text. */
#define expect_said(fd, text)              \
    do {                                   \
        g_autofree char *said_ = hear(fd); \
        assert_string_equal(said_, text);  \
    } while (0)

/* A connection that is greeted. */
static inline int greet(void)
{
    int fd = next_visit();
    assert_true(fd >= 0);
    expect_said(fd, "HELLO 3;");
    say(fd, HELLO_ANSWER);
    return fd;
}

/* The connection of a client that comes back within a second. */
static inline int greet_again(void)
{
    pass(SEC);
    return greet();
}

#endif

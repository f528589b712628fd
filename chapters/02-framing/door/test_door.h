/**
 * @file test_door.h
 * A door on trial, and its clients, in one process: it listens at a name within
 * this machine, so that what is sent is there at once; time passes as a test
 * says; and what stands on the door writes down what it hears.
 */
#ifndef FRAMING_TEST_DOOR_H
#define FRAMING_TEST_DOOR_H
#include "01-sockets/host/host.h"
#include "01-sockets/net.h"
#include "02-framing/door/door.h"
#include "02-framing/resp.h"
#include "common/judge/test.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static nsec now;
static unsigned clock_reads; /* As a measure of what is done. */
static struct host *host;
static struct door *door;
static struct address place;

/* What stands on the door has heard, and does. */
static struct {
    GString *heard;     /* Messages, each ended by ";", line ends as "|". */
    node_id last;       /* Who sent the last. */
    unsigned messages;  /* How many, without farewells. */
    unsigned farewells; /* So many of these. */
    size_t longest;     /* Bytes of the longest. */
    const char *answer; /* To every command, at once; NULL: say nothing. */
} service;

/* ---- Time. ---- */

nsec __wrap_clock_monotonic(void);
nsec __wrap_clock_monotonic(void)
{
    clock_reads++;
    return now;
}

/* All there is to do now. */
static inline void turn(void)
{
    for (int i = 0; i < 6; i++)
        loop_turn(host_loop(host), 0);
}

static inline void pass(nsec time)
{
    nsec end = now + time;
    for (turn(); now < end; turn())
        now = MIN(end, now + SEC / 4);
}

/* ---- What stands on it. ---- */

static inline void answer(node_id client, const char *text)
{
    g_autoptr(GBytes) message = g_bytes_new(text, strlen(text));
    env_send(door_env(door), client, message);
}

static inline void answer_all(node_id client, const uint8_t *data, size_t size)
{
    struct resp *resp = resp_new((struct resp_limits){.commands = true});
    ssize_t used;
    for (; (used = resp_parse(resp, data, size)) > 0; size -= (size_t)used) {
        data += used;
        answer(client, service.answer);
    }
    assert_int_equal(used, 0);
    assert_int_equal(size, 0);
    resp_free(resp);
}

static inline void on_message(void *self, node_id from, GBytes *message)
{
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    (void)self;
    service.last = from;
    service.farewells += size == 0;
    service.messages += size > 0;
    service.longest = MAX(service.longest, size);
    if (size < 1000) {
        g_autoptr(GString) text = g_string_new_len(data, (gssize)size);
        g_string_replace(text, "\r\n", "|", 0);
        g_string_append_printf(service.heard, "%s;", size ? text->str : "bye");
    }
    if (service.answer && size > 0)
        answer_all(from, (const uint8_t *)data, size);
}

/* What was heard since the last time is @p text. */
#define expect_heard(text)                             \
    do {                                               \
        turn();                                        \
        assert_string_equal(service.heard->str, text); \
        g_string_truncate(service.heard, 0);           \
    } while (0)

/* ---- Clients. ---- */

static inline int come(void)
{
    int fd = net_connect(&place);
    assert_true(fd >= 0);
    turn();
    return fd;
}

static inline void tell_bytes(int fd, const void *data, size_t size)
{
    assert_int_equal(send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL), size);
    turn();
}

static inline void tell(int fd, const char *text)
{
    tell_bytes(fd, text, strlen(text));
}

/* Read what is there, up to @p most bytes; then "(end)" or "(cut)" if that has
 * come. Returns new. */
static inline char *read_some(int fd, size_t most)
{
    GString *text = g_string_new(NULL);
    char data[4096];
    ssize_t count = 1;
    while (count > 0 && text->len < most) {
        count =
            recv(fd, data, MIN(sizeof data, most - text->len), MSG_DONTWAIT);
        if (count > 0)
            g_string_append_len(text, data, (gssize)count);
    }
    if (count == 0)
        g_string_append(text, "(end)");
    else if (count < 0 && errno != EAGAIN)
        g_string_append(text, "(cut)");
    return g_string_free(text, FALSE);
}

/* What the client at @p fd can read is @p text. */
#define expect_told(fd, text)                             \
    do {                                                  \
        turn();                                           \
        g_autofree char *told_ = read_some(fd, SIZE_MAX); \
        assert_string_equal(told_, text);                 \
    } while (0)

/* ---- A door. ---- */

static inline void open_place(struct door_settings settings)
{
    g_autofree char *name = g_strdup_printf("unix:@door-%d", (int)getpid());
    now = SEC;
    host = host_new((struct host_settings){.id = 1});
    assert_true(address_parse(&place, name, NULL));
    int listener = net_listen(&place, 64);
    assert_true(listener >= 0);
    door = door_new(host, host_env(host), listener, settings);
    memset(&service, 0, sizeof service);
    service.heard = g_string_new(NULL);
    env_bind(door_env(door), on_message, NULL);
}

static inline void close_place(void)
{
    door_free(door);
    host_free(host);
    g_string_free(service.heard, TRUE);
}

/* Clients that are here. */
static inline unsigned present(void)
{
    turn();
    return door_counts(door).clients;
}

#endif

/**
 * @file test_web.h
 * A web server and its guests in one process and one thread: nobody waits, and
 * time is what the test says.
 *
 *     open_house("unix:@", on_request, (struct web_settings){0});
 *     struct guest *guest = guest_new();
 *     guest_say(guest, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
 *     settle();
 *     assert_string_equal(guest_heard(guest), ...);
 *     close_house();
 *
 * They meet at a Unix socket, where what was sent is there at once. Dates are
 * cut out of what is heard.
 */
#ifndef FRAMING_TEST_WEB_H
#define FRAMING_TEST_WEB_H
#include "01-sockets/net.h"
#include "02-framing/web/web.h"
#include "common/judge/test.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

nsec __wrap_clock_monotonic(void);

static struct {
    nsec now; /* By the wrapped clock. */
    struct loop *loop;
    struct web *web;
    struct address address;
    GPtrArray *guests; /* Owns them. */
} house = {.now = SEC};

/** A client, made of bytes. */
struct guest {
    int fd;
    GByteArray *words; /* To be said, of which .. */
    size_t said;       /* .. so many are. */
    bool deaf;         /* Reads nothing. */
    GString *heard;
    bool ended; /* The server has ended its side, or .. */
    int error;  /* .. broken the connection. */
};

nsec __wrap_clock_monotonic(void)
{
    return house.now;
}

/* ---- Guests. ---- */

static void guest_free(void *self)
{
    struct guest *guest = self;
    if (guest->fd >= 0)
        close(guest->fd);
    g_byte_array_unref(guest->words);
    g_string_free(guest->heard, TRUE);
    g_free(guest);
}

static inline struct guest *guest_new(void)
{
    struct guest *guest = g_new0(struct guest, 1);
    guest->fd = net_connect(&house.address);
    assert_return_code(guest->fd, errno);
    guest->words = g_byte_array_new();
    guest->heard = g_string_new(NULL);
    g_ptr_array_add(house.guests, guest);
    return guest;
}

static inline void guest_say_bytes(struct guest *guest, const void *data,
                                   size_t size)
{
    g_byte_array_append(guest->words, data, (guint)size);
}

static inline void guest_say(struct guest *guest, const char *text)
{
    guest_say_bytes(guest, text, strlen(text));
}

/* The guest hangs up. */
static inline void guest_leave(struct guest *guest)
{
    close(guest->fd);
    guest->fd = -1;
}

/* Read once, up to @p most bytes. Returns whether something happened. */
static inline bool guest_hear(struct guest *guest, size_t most)
{
    char piece[1 << 16];
    if (guest->fd < 0 || guest->ended || guest->error)
        return false;
    ssize_t count =
        recv(guest->fd, piece, MIN(most, sizeof piece), MSG_DONTWAIT);
    if (count > 0)
        g_string_append_len(guest->heard, piece, count);
    else if (count == 0)
        guest->ended = true;
    else if (errno != EAGAIN)
        guest->error = errno;
    return count >= 0;
}

static inline bool guest_speak(struct guest *guest)
{
    size_t left = guest->words->len - guest->said;
    if (left == 0 || guest->fd < 0)
        return false;
    ssize_t count = send(guest->fd, guest->words->data + guest->said,
                         MIN(left, 1 << 16), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN)
        guest->said = guest->words->len;
    guest->said += (size_t)MAX(count, 0);
    return count > 0;
}

/* All that was heard so far, without dates; and forget it. */
static inline const char *guest_heard(struct guest *guest)
{
    static GString *text;
    if (!text)
        text = g_string_new(NULL);
    g_string_truncate(text, 0);
    g_string_append_len(text, guest->heard->str, (gssize)guest->heard->len);
    for (char *date; (date = strstr(text->str, "Date: "));)
        g_string_erase(text, date - text->str, strstr(date, "\r\n") + 2 - date);
    g_string_truncate(guest->heard, 0);
    return text->str;
}

/* ---- The house. ---- */

/* At "127.0.0.1:0", or at a Unix socket of our own, "unix:@". */
static inline void open_house(const char *where, web_handler *on_request,
                              struct web_settings settings)
{
    g_autofree char *text = g_strdup_printf("%sweb-%d", where, (int)getpid());
    bool local = g_str_has_prefix(where, "unix:");
    assert_true(address_parse(&house.address, local ? text : where, NULL));
    int listener = net_listen(&house.address, 64);
    assert_return_code(listener, errno);
    house.address = address_of(listener);
    house.loop = loop_new();
    house.web = web_new(house.loop, listener, on_request, NULL, settings);
    house.guests = g_ptr_array_new_with_free_func(guest_free);
}

static inline void close_web(void)
{
    g_clear_pointer(&house.web, web_free);
}

static inline void close_house(void)
{
    close_web();
    loop_free(house.loop);
    g_ptr_array_unref(house.guests);
}

/* Until nothing happens any more: so many turns, and no guest has spoken or
 * heard. */
static inline void settle(void)
{
    for (int quiet = 0; quiet < 6; quiet++) {
        loop_turn(house.loop, 0);
        for (guint i = 0; i < house.guests->len; i++) {
            struct guest *guest = house.guests->pdata[i];
            bool spoke = guest_speak(guest);
            if (spoke || (!guest->deaf && guest_hear(guest, SIZE_MAX)))
                quiet = 0;
        }
    }
}

/* Time passes, at most a second at once. */
static inline void pass(nsec span)
{
    for (nsec end = house.now + span; house.now < end;) {
        settle();
        house.now = MIN(house.now + SEC, end);
        settle();
    }
}

#endif

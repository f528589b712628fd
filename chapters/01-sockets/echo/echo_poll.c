/*
 * One thread asks about every descriptor, every time.
 *
 *     .-> poll: which of these are ready?    listener  a  b  c  d ..
 *     |   for each that is: receive a piece, send it back
 *     '-- accept some of the newcomers
 *
 * Nothing blocks but poll(2). So a visit is no story any more: it is cut at
 * every wait, and what must outlive the cut stands in a struct. Here that is
 * what the kernel would not take of the last piece, the *rest*:
 *
 *          .---- all was sent ----.
 *          v                      |
 *     no rest: POLLIN ── sent in part ──> rest: POLLOUT
 *
 * While there is a rest nothing more is received: what the client sends then
 * fills the kernel's buffers, and in the end the client waits. This is
 * *backpressure*, and the reason why no client costs more than one piece.
 *
 * A silent client costs 16 bytes and its place in the list. But it is asked
 * about every time: a pass over n clients costs n, even if one is ready. With
 * thousands, poll itself is what the server does.
 */
#include "01-sockets/echo/echo.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NEWCOMERS = 64 }; /* To accept in a pass, so that nobody else waits. */

struct crowd {
    GArray *fds;   /* struct pollfd; the first is the listener's. */
    GArray *rests; /* GBytes *, beside it: NULL when all was sent. */
    bool full;     /* The machine had no descriptor left. */
};

static struct pollfd *fd_at(const struct crowd *crowd, unsigned i)
{
    return &g_array_index(crowd->fds, struct pollfd, i);
}

static GBytes **rest_at(const struct crowd *crowd, unsigned i)
{
    return &g_array_index(crowd->rests, GBytes *, i);
}

static void add(struct crowd *crowd, int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    GBytes *rest = NULL;
    g_array_append_val(crowd->fds, pollfd);
    g_array_append_val(crowd->rests, rest);
}

/* The last takes the place of the one who leaves, and leaves no rest. */
static void drop(struct crowd *crowd, unsigned i)
{
    close(fd_at(crowd, i)->fd);
    g_array_remove_index_fast(crowd->fds, i);
    g_array_remove_index_fast(crowd->rests, i);
}

/* ---- A client. Each of these returns whether it is still there. ---- */

static bool passes(int error)
{
    return error == EAGAIN || error == EINTR;
}

/* Send, and keep what the kernel does not take now. */
static bool send_some(int fd, const char *data, size_t size, GBytes **rest)
{
    ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && !passes(errno))
        return false;
    size_t done = (size_t)MAX(sent, 0);
    if (done < size)
        *rest = g_bytes_new(data + done, size - done);
    return true;
}

static bool send_rest(int fd, GBytes **rest)
{
    size_t size;
    g_autoptr(GBytes) all = g_steal_pointer(rest);
    const char *data = g_bytes_get_data(all, &size);
    return send_some(fd, data, size, rest);
}

static bool receive(int fd, GBytes **rest)
{
    char piece[ECHO_PIECE];
    ssize_t size = recv(fd, piece, sizeof piece, 0);
    if (size <= 0)
        return size < 0 && passes(errno);
    return send_some(fd, piece, (size_t)size, rest);
}

/* ---- All of them. ---- */

static void attend(struct crowd *crowd, unsigned i)
{
    struct pollfd *client = fd_at(crowd, i);
    GBytes **rest = rest_at(crowd, i);
    if (*rest ? send_rest(client->fd, rest) : receive(client->fd, rest))
        client->events = *rest ? POLLOUT : POLLIN;
    else
        drop(crowd, i);
}

/* From the last to the first: whoever moves to a place that becomes free has
 * been attended to. */
static void attend_to_the_ready(struct crowd *crowd)
{
    for (unsigned i = crowd->fds->len - 1; i > 0; i--)
        if (fd_at(crowd, i)->revents)
            attend(crowd, i);
}

static void welcome(struct crowd *crowd)
{
    int listener = fd_at(crowd, 0)->fd;
    crowd->full = false;
    for (int i = 0; i < NEWCOMERS; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            crowd->full = !passes(errno) && errno != ECONNABORTED;
            return;
        }
        add(crowd, fd);
    }
}

/* A full house does not ask about the listener, which would be ready again and
 * again: it tries after each pass, and there is one at least every pause. */
static void wait_for_some(struct crowd *crowd)
{
    int pause = crowd->full ? ECHO_PAUSE : -1;
    fd_at(crowd, 0)->events = crowd->full ? 0 : POLLIN;
    while (poll(fd_at(crowd, 0), crowd->fds->len, pause) < 0)
        if (errno != EINTR)
            g_error("poll: %s", g_strerror(errno));
}

int echo_poll(int listener)
{
    struct crowd crowd = {
        .fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd)),
        .rests = g_array_new(FALSE, FALSE, sizeof(GBytes *)),
    };
    fcntl(listener, F_SETFL, O_NONBLOCK);
    add(&crowd, listener);
    for (;;) {
        wait_for_some(&crowd);
        attend_to_the_ready(&crowd);
        if (crowd.full || fd_at(&crowd, 0)->revents)
            welcome(&crowd);
    }
}

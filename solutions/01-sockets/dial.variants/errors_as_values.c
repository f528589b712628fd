/* A shape in which an error is a value: each function returns 0 or an errno,
 * and hands out a descriptor only with a 0. So close() can spoil nothing, and
 * errno is set in one place, the last line. And it keeps time itself: poll(2)
 * counts milliseconds, so a wait is rounded up, lest it end early and be made
 * again and again for nothing, and an int of them is 24 days, so a longer one
 * is made of several. */
#include "01-sockets/deadline.h"
#include "01-sockets/dial.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

/* How long poll() shall wait. */
static int milliseconds_until(nsec deadline)
{
    nsec left = deadline_left(deadline, clock_monotonic());
    nsec whole = left / MSEC + (left % MSEC > 0);
    return (int)MIN(whole, (nsec)INT_MAX);
}

/* Wait until fd is writable. */
static int await(int fd, nsec deadline)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    for (;;) {
        int wait = milliseconds_until(deadline);
        int ready = poll(&one, 1, wait);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return errno;
        if (ready == 0 && wait < INT_MAX)
            return ETIMEDOUT;
    }
}

/* How an attempt has ended. */
static int outcome(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return errno;
    return error;
}

static int attempt(int fd, const struct address *to, nsec deadline)
{
    if (connect(fd, (const struct sockaddr *)&to->storage, to->size) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EINTR)
        return errno;
    int error = await(fd, deadline);
    return error ? error : outcome(fd);
}

/* A connected socket goes to @p fd; nothing does when there is none. */
static int dial_one(const struct address *to, nsec deadline, int *fd)
{
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int new = socket(to->storage.ss_family, type, 0);
    if (new < 0)
        return errno;
    int error = attempt(new, to, deadline);
    if (error)
        close(new);
    else
        *fd = new;
    return error;
}

int dial(const GArray *addresses, nsec deadline)
{
    const struct address *all = (const struct address *)addresses->data;
    int fd = -1, error = EDESTADDRREQ;
    for (guint left = addresses->len; left > 0 && error; left--) {
        nsec now = clock_monotonic();
        nsec share = deadline_left(deadline, now) / left;
        error = dial_one(all + (addresses->len - left), now + share, &fd);
    }
    if (error)
        errno = error;
    return fd;
}

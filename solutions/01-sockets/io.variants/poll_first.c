/* A shape that waits before each call, and not after one that failed: poll says
 * when there is something to do, then one call does it, with MSG_DONTWAIT on
 * any socket. So no call sleeps but the one that knows the time, and whether a
 * socket blocks makes no difference. The price is one poll for each call.
 *
 * That poll was right does not make the call succeed: a signal may come between
 * the two, or another thread may be faster. Then it is poll's turn again. */
#include "01-sockets/io.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

int wait_ready(int fd, short events, nsec deadline)
{
    struct pollfd pollfd = {.fd = fd, .events = events};
    int ready;
    if (fd < 0) { /* poll would pass over it, and wait for nothing. */
        errno = EBADF;
        return -1;
    }
    do {
        nsec left = deadline_left(deadline, clock_monotonic());
        struct timespec wait = {(time_t)(left / SEC), (long)(left % SEC)};
        ready = ppoll(&pollfd, 1, &wait, NULL);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0 ? 0 : -1;
}

/* Did the last call fail for a reason that passes? */
static bool will_pass(void)
{
    return errno == EINTR || errno == EAGAIN;
}

ssize_t read_some(int fd, void *data, size_t size, nsec deadline)
{
    ssize_t got;
    do {
        if (wait_ready(fd, POLLIN, deadline) < 0)
            return -1;
        got = recv(fd, data, size, MSG_DONTWAIT);
    } while (got < 0 && will_pass());
    return got;
}

static ssize_t write_some(int fd, const void *data, size_t size, nsec deadline)
{
    ssize_t put;
    do {
        if (wait_ready(fd, POLLOUT, deadline) < 0)
            return -1;
        put = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (put < 0 && will_pass());
    return put;
}

ssize_t read_all(int fd, void *data, size_t size, nsec deadline)
{
    char *next = data, *end = next + size;
    while (next < end) {
        ssize_t got = read_some(fd, next, (size_t)(end - next), deadline);
        if (got < 0)
            return -1;
        if (got == 0 && next == data)
            return 0;
        if (got == 0) {
            errno = ENODATA;
            return -1;
        }
        next += got;
    }
    return (ssize_t)size;
}

ssize_t write_all(int fd, const void *data, size_t size, nsec deadline)
{
    const char *next = data, *end = next + size;
    while (next < end) {
        ssize_t put = write_some(fd, next, (size_t)(end - next), deadline);
        if (put < 0)
            return -1;
        next += put;
    }
    return (ssize_t)size;
}

/* A shape in which reading and writing are one loop. What is left to move is
 * an iovec, a place and a count, which recvmsg and sendmsg take as it is; the
 * way it moves is the event that is waited for, POLLIN or POLLOUT. move_all()
 * alone counts, move() alone knows which errors pass, and only once() knows
 * that there are two calls. */
#include "01-sockets/io.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

int wait_ready(int fd, short events, nsec deadline)
{
    struct pollfd pollfd = {.fd = fd, .events = events};
    int ready;
    do {
        nsec left = deadline_left(deadline, clock_monotonic());
        struct timespec wait = {(time_t)(left / SEC), (long)(left % SEC)};
        ready = ppoll(&pollfd, 1, &wait, NULL);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0 ? 0 : -1;
}

/* One call, which does not wait. */
static ssize_t once(int fd, short way, struct iovec *rest)
{
    struct msghdr message = {.msg_iov = rest, .msg_iovlen = 1};
    if (way == POLLIN)
        return recvmsg(fd, &message, MSG_DONTWAIT);
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Move some of the rest, and wait till the deadline for the first byte. Returns
 * how many; 0 at the end of what can be read; -1 and errno. */
static ssize_t move(int fd, short way, struct iovec *rest, nsec deadline)
{
    for (;;) {
        ssize_t count = once(fd, way, rest);
        if (count >= 0)
            return count;
        switch (errno) {
        case EINTR:
            break;
        case EAGAIN:
            if (wait_ready(fd, way, deadline) < 0)
                return -1;
            break;
        default:
            return -1;
        }
    }
}

/* Move all of it. Returns how many bytes were moved, which is less than all
 * only when the stream has ended; -1 and errno. */
static ssize_t move_all(int fd, short way, struct iovec rest, nsec deadline)
{
    ssize_t done = 0;
    while (rest.iov_len > 0) {
        ssize_t count = move(fd, way, &rest, deadline);
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        rest.iov_base = (char *)rest.iov_base + count;
        rest.iov_len -= (size_t)count;
        done += count;
    }
    return done;
}

ssize_t read_some(int fd, void *data, size_t size, nsec deadline)
{
    struct iovec rest = {.iov_base = data, .iov_len = size};
    return move(fd, POLLIN, &rest, deadline);
}

ssize_t read_all(int fd, void *data, size_t size, nsec deadline)
{
    struct iovec rest = {.iov_base = data, .iov_len = size};
    ssize_t done = move_all(fd, POLLIN, rest, deadline);
    if (done <= 0 || (size_t)done == size)
        return done;
    errno = ENODATA;
    return -1;
}

ssize_t write_all(int fd, const void *data, size_t size, nsec deadline)
{
    /* An iovec knows no const; sendmsg keeps to it all the same. */
    struct iovec rest = {.iov_base = (void *)data, .iov_len = size};
    return move_all(fd, POLLOUT, rest, deadline);
}

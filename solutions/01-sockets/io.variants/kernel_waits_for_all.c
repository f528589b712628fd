/* A shape that leaves the loop to the kernel where it may: without a deadline
 * recv is told to wait for all (MSG_WAITALL), as send on a socket that blocks
 * does of itself, and mostly one call is enough. MSG_WAITALL promises little: a
 * signal, an end or an error cut it short, and a socket that does not block
 * knows it not at all. So there is a loop round it, which seldom turns. With
 * a deadline the kernel must not wait, and the loop does the work. */
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
    do {
        nsec left = deadline_left(deadline, clock_monotonic());
        struct timespec wait = {(time_t)(left / SEC), (long)(left % SEC)};
        ready = ppoll(&pollfd, 1, &wait, NULL);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0 ? 0 : -1;
}

/* After a call that failed: shall it be made again? If it is for want of bytes
 * or of room, once there are some. */
static bool call_again(int fd, short events, nsec deadline)
{
    if (errno == EAGAIN)
        return wait_ready(fd, events, deadline) == 0;
    return errno == EINTR;
}

/* As read_some(); without a deadline, recv is given @p patience. */
static ssize_t receive(int fd, void *data, size_t size, nsec deadline,
                       int patience)
{
    int flags = deadline == NEVER ? patience : MSG_DONTWAIT;
    ssize_t got;
    do
        got = recv(fd, data, size, flags);
    while (got < 0 && call_again(fd, POLLIN, deadline));
    return got;
}

ssize_t read_some(int fd, void *data, size_t size, nsec deadline)
{
    return receive(fd, data, size, deadline, 0);
}

ssize_t read_all(int fd, void *data, size_t size, nsec deadline)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = receive(fd, (char *)data + done, size - done, deadline,
                              MSG_WAITALL);
        if (got < 0 || (got == 0 && done == 0))
            return got;
        if (got == 0) {
            errno = ENODATA;
            return -1;
        }
        done += (size_t)got;
    }
    return (ssize_t)done;
}

ssize_t write_all(int fd, const void *data, size_t size, nsec deadline)
{
    int flags = MSG_NOSIGNAL | (deadline == NEVER ? 0 : MSG_DONTWAIT);
    size_t done = 0;
    while (done < size) {
        ssize_t put = send(fd, (const char *)data + done, size - done, flags);
        if (put > 0)
            done += (size_t)put;
        else if (put < 0 && !call_again(fd, POLLOUT, deadline))
            return -1;
    }
    return (ssize_t)done;
}

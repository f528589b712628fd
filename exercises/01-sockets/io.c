#include "01-sockets/io.h"
#include "common/course/todo.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

int wait_ready(int fd, short events, nsec deadline)
{
    struct pollfd pollfd = {.fd = fd, .events = events};
    int ready;
    if (fd < 0) { /* poll() would pass over it, and wait. */
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

/* A flag for recv and send: without it, a call on a socket that blocks would
 * outlast the deadline. */
static int patience(nsec deadline)
{
    return deadline == NEVER ? 0 : MSG_DONTWAIT;
}

ssize_t read_some(int fd, void *data, size_t size, nsec deadline)
{
    /* TODO: one recv, with the flag that patience() tells. It may fail for
     * a reason that passes: a signal (EINTR), or nothing there yet (EAGAIN),
     * for which there is wait_ready(). */
    return todo(recv(fd, data, size, patience(deadline)));
}

ssize_t read_all(int fd, void *data, size_t size, nsec deadline)
{
    /* TODO: go on until all bytes are there. The stream may end before the
     * first of them, or in the middle; io.h says what each of these is. */
    return todo(read_some(fd, data, size, deadline));
}

ssize_t write_all(int fd, const void *data, size_t size, nsec deadline)
{
    /* TODO: go on until the kernel has taken all bytes. Nobody may be
     * killed by a signal: send has a flag against it (send(2)). */
    return todo(send(fd, data, size, MSG_NOSIGNAL | patience(deadline)));
}

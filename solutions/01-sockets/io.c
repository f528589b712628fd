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

/* SOLUTION: */
/* Did a call fail for a reason that passes? Then wait until it has passed. */
static bool may_retry(int fd, short events, nsec deadline)
{
    if (errno == EINTR)
        return true;
    return errno == EAGAIN && wait_ready(fd, events, deadline) == 0;
}

/* END SOLUTION */
/* A flag for recv and send: without it, a call on a socket that blocks would
 * outlast the deadline. */
static int patience(nsec deadline)
{
    return deadline == NEVER ? 0 : MSG_DONTWAIT;
}

ssize_t read_some(int fd, void *data, size_t size, nsec deadline)
{
    /* SOLUTION: one recv, with the flag that patience() tells. It may fail for
     * a reason that passes: a signal (EINTR), or nothing there yet (EAGAIN),
     * for which there is wait_ready(). */
    ssize_t count;
    do
        count = recv(fd, data, size, patience(deadline));
    while (count < 0 && may_retry(fd, POLLIN, deadline));
    return count;
    /* END SOLUTION: return todo(recv(fd, data, size, patience(deadline))); */
}

ssize_t read_all(int fd, void *data, size_t size, nsec deadline)
{
    /* SOLUTION: go on until all bytes are there. The stream may end before the
     * first of them, or in the middle; io.h says what each of these is. */
    size_t done = 0;
    while (done < size) {
        char *rest = (char *)data + done;
        ssize_t count = read_some(fd, rest, size - done, deadline);
        if (count < 0 || (count == 0 && done == 0))
            return count;
        if (count == 0) {
            errno = ENODATA;
            return -1;
        }
        done += (size_t)count;
    }
    return (ssize_t)size;
    /* END SOLUTION: return todo(read_some(fd, data, size, deadline)); */
}

ssize_t write_all(int fd, const void *data, size_t size, nsec deadline)
{
    /* SOLUTION: go on until the kernel has taken all bytes. Nobody may be
     * killed by a signal: send has a flag against it (send(2)). */
    size_t done = 0;
    while (done < size) {
        const char *rest = (const char *)data + done;
        ssize_t count =
            send(fd, rest, size - done, MSG_NOSIGNAL | patience(deadline));
        if (count >= 0)
            done += (size_t)count;
        else if (!may_retry(fd, POLLOUT, deadline))
            return -1;
    }
    return (ssize_t)size;
    /* END SOLUTION:
     * return todo(send(fd, data, size, MSG_NOSIGNAL | patience(deadline))); */
}

#include "01-sockets/io.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

int wait_ready(int fd, short events, nsec deadline)
{
    struct pollfd pollfd = {.fd = fd, .events = events};
    int ready;
    do {
        nsec now = clock_monotonic();
        nsec left = deadline > now ? deadline - now : 0;
        struct timespec wait = {(time_t)(left / SEC), (long)(left % SEC)};
        ready = ppoll(&pollfd, 1, &wait, NULL);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0 ? 0 : -1;
}

/* Did a call fail for a reason that passes? Then wait until it has passed. */
static bool may_retry(int fd, short events, nsec deadline)
{
    if (errno == EINTR)
        return true;
    return errno == EAGAIN && wait_ready(fd, events, deadline) == 0;
}

/* Without it, a call on a socket that blocks would outlast the deadline. */
static int patience(nsec deadline)
{
    return deadline == NEVER ? 0 : MSG_DONTWAIT;
}

ssize_t read_some(int fd, void *data, size_t size, nsec deadline)
{
    ssize_t count;
    do
        count = recv(fd, data, size, patience(deadline));
    while (count < 0 && may_retry(fd, POLLIN, deadline));
    return count;
}

ssize_t read_all(int fd, void *data, size_t size, nsec deadline)
{
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
}

ssize_t write_all(int fd, const void *data, size_t size, nsec deadline)
{
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
}

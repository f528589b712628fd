/* A shape that needs no SO_ERROR: connect() itself is asked again. While the
 * attempt goes on it says EALREADY; afterwards it says, once, how it went: 0,
 * or the errno that SO_ERROR would have told. So the loop reads as if connect()
 * could simply be interrupted, and the only thing to know is which of its
 * errors mean "not yet". */
#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

/* Did connect() fail only because it has not ended yet? */
static bool goes_on(void)
{
    return errno == EINPROGRESS || errno == EALREADY || errno == EINTR;
}

/* Returns 0; or -1 and errno. */
static int connect_by(int fd, const struct address *address, nsec deadline)
{
    const struct sockaddr *to = (const struct sockaddr *)&address->storage;
    while (connect(fd, to, address->size) < 0) {
        if (errno == EISCONN)
            return 0;
        if (!goes_on() || wait_ready(fd, POLLOUT, deadline) < 0)
            return -1;
    }
    return 0;
}

static int dial_one(const struct address *address, nsec deadline)
{
    int fd = socket(address->storage.ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect_by(fd, address, deadline) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* The first address gets its share of the time, and the others what it leaves:
 * they are dialled in the same way. */
static int dial_rest(const struct address *first, guint count, nsec deadline)
{
    nsec now = clock_monotonic();
    nsec share = deadline_left(deadline, now) / count;
    int fd = dial_one(first, now + share);
    if (fd >= 0 || count == 1)
        return fd;
    return dial_rest(first + 1, count - 1, deadline);
}

int dial(const GArray *addresses, nsec deadline)
{
    if (addresses->len > 0)
        return dial_rest(&g_array_index(addresses, struct address, 0),
                         addresses->len, deadline);
    errno = EDESTADDRREQ;
    return -1;
}

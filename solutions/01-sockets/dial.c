#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* The socket becomes writable when the attempt has ended, well or badly:
 * only SO_ERROR tells which. */
static int connect_by(int fd, const struct address *address, nsec deadline)
{
    const struct sockaddr *to = (const struct sockaddr *)&address->storage;
    int failure = 0;
    socklen_t size = sizeof failure;
    if (connect(fd, to, address->size) == 0)
        return 0;
    if (errno != EINPROGRESS || wait_ready(fd, POLLOUT, deadline) < 0)
        return -1;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    errno = failure;
    return failure == 0 ? 0 : -1;
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

int dial(const GArray *addresses, nsec deadline)
{
    int fd = -1;
    errno = EDESTADDRREQ;
    for (guint i = 0; i < addresses->len && fd < 0; i++) {
        const struct address *to = &g_array_index(addresses, struct address, i);
        nsec now = clock_monotonic();
        nsec left = deadline > now ? deadline - now : 0;
        nsec share = left / (addresses->len - i);
        fd = dial_one(to, now + share);
    }
    return fd;
}

/* A shape that tells the whole story in one function, in the order in which it
 * happens. Whether an attempt has come to anything is not asked of SO_ERROR,
 * but of the connection itself: who has a peer (getpeername) is connected, and
 * nobody else is. SO_ERROR is only asked why not. The reason of the last
 * failure is kept in `why`, out of reach of close(). */
#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

int dial(const GArray *addresses, nsec deadline)
{
    int why = EDESTADDRREQ;
    for (guint i = 0; i < addresses->len; i++) {
        const struct address *address =
            &g_array_index(addresses, struct address, i);
        nsec now = clock_monotonic();
        nsec share = deadline_left(deadline, now) / (addresses->len - i);

        int fd = socket(address->storage.ss_family,
                        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            why = errno;
            continue;
        }
        why = 0;
        if (connect(fd, (const struct sockaddr *)&address->storage,
                    address->size) < 0)
            why = errno;
        if (why == EINPROGRESS || why == EINTR)
            why = wait_ready(fd, POLLOUT, now + share) < 0 ? errno : 0;

        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        if (why == 0 && getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
            return fd;

        size = sizeof why;
        if (why == 0)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size);
        if (why == 0) /* It was connected, and is no more. */
            why = ENOTCONN;
        close(fd);
    }
    errno = why;
    return -1;
}

#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include "common/course/todo.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* The socket becomes writable when the attempt has ended, well or badly:
 * only SO_ERROR tells which. Returns 0; or -1 and errno. */
static int connect_by(int fd, const struct address *address, nsec deadline)
{
    const struct sockaddr *to = (const struct sockaddr *)&address->storage;
    /* TODO: fd does not block, so connect() only begins (EINPROGRESS).
     * Wait, till the deadline, until it has ended, and find out how
     * (socket(7)). */
    (void)deadline;
    return todo(connect(fd, to, address->size));
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
    /* TODO: try one address after the other, by dial_one(). Each gets an
     * equal share of the time that is left when its turn comes. There may be
     * none. */
    return todo(dial_one(&g_array_index(addresses, struct address, 0),
                         deadline));
}

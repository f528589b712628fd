#include "01-sockets/net.h"
#include <errno.h>
#include <unistd.h>

static int bind_to(int fd, const struct address *address)
{
    return bind(fd, (const struct sockaddr *)&address->storage, address->size);
}

/* Close @p fd after a failure, whose errno is what the caller wants to see. */
static int give_up(int fd)
{
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

int net_listen(const struct address *address, int backlog)
{
    int one = 1;
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind_to(fd, address) < 0 || listen(fd, backlog) < 0)
        return give_up(fd);
    return fd;
}

int net_accept(int listener, struct address *from)
{
    struct address peer;
    int fd;
    do {
        peer.size = sizeof peer.storage;
        fd = accept4(listener, (struct sockaddr *)&peer.storage, &peer.size,
                     SOCK_CLOEXEC);
    } while (fd < 0 && (errno == ECONNABORTED || errno == EINTR));
    if (fd >= 0 && from)
        *from = peer;
    return fd;
}

int net_connect(const struct address *address)
{
    int fd = socket(address->storage.ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    const struct sockaddr *to = (const struct sockaddr *)&address->storage;
    if (connect(fd, to, address->size) < 0 && errno != EINPROGRESS)
        return give_up(fd);
    return fd;
}

int net_bind(const struct address *address)
{
    int fd = socket(address->storage.ss_family,
                    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    return bind_to(fd, address) < 0 ? give_up(fd) : fd;
}

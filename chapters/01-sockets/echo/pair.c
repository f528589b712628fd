#include "01-sockets/echo/pair.h"
#include "01-sockets/net.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

int pair_listener(void)
{
    struct address any;
    if (address_parse(&any, "127.0.0.1:0", NULL))
        return net_listen(&any, 1);
    errno = EADDRNOTAVAIL;
    return -1;
}

/* Close @p fd after a failure, whose errno is what the caller wants to see. */
static int give_up(int fd)
{
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static int connect_to(const struct address *to)
{
    const struct sockaddr *place = (const struct sockaddr *)&to->storage;
    int fd = socket(to->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, place, to->size) < 0)
        return give_up(fd);
    return fd;
}

/* Strangers are turned away. */
static int accept_from(int listener, const struct address *peer)
{
    struct address from;
    int fd;
    while ((fd = net_accept(listener, &from)) >= 0 &&
           !address_equal(&from, peer))
        close(fd);
    return fd;
}

static void prepare(int fd)
{
    int one = 1;
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int pair_open(int listener, int ends[2])
{
    struct address there = address_of(listener);
    ends[0] = connect_to(&there);
    if (ends[0] < 0)
        return -1;
    struct address here = address_of(ends[0]);
    ends[1] = accept_from(listener, &here);
    if (ends[1] < 0)
        return give_up(ends[0]);
    prepare(ends[0]);
    prepare(ends[1]);
    return 0;
}

#include "01-sockets/pair.h"
#include "01-sockets/net.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

int pair_listener(void)
{
    struct address any;
    g_autoptr(GError) error = NULL;
    if (address_parse(&any, "127.0.0.1:0", &error))
        return net_listen(&any, 1);
    errno = EADDRNOTAVAIL;
    return -1;
}

static int dial_listener(int listener)
{
    struct address to = address_of(listener);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to.storage, to.size) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
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
    ends[0] = dial_listener(listener);
    if (ends[0] < 0)
        return -1;
    ends[1] = net_accept(listener, NULL);
    if (ends[1] < 0) {
        int why = errno;
        close(ends[0]);
        errno = why;
        return -1;
    }
    prepare(ends[0]);
    prepare(ends[1]);
    return 0;
}

#include "01-sockets/pair.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- Opening. ---- */

static int set(int fd, int level, int option, int value)
{
    if (value == 0)
        return 0;
    return setsockopt(fd, level, option, &value, sizeof value);
}

static int set_nonblocking(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* A connection inherits what its listener was told. Later would be too late: it
 * begins by telling the other side what it can take. */
static int tell_listener(int listener, struct pair_settings settings)
{
    if (set(listener, IPPROTO_TCP, TCP_MAXSEG, settings.segment) < 0)
        return -1;
    return set(listener, SOL_SOCKET, SO_RCVBUF, settings.receive_buffer);
}

static int connect_through(struct pair *pair, int listener,
                           struct pair_settings settings)
{
    struct address address = address_of(listener);
    if (tell_listener(listener, settings) < 0)
        return -1;
    pair->client = net_connect(&address);
    if (pair->client < 0)
        return -1;
    if (set(pair->client, SOL_SOCKET, SO_SNDBUF, settings.send_buffer) < 0)
        return -1;
    pair->server = net_accept(listener, NULL);
    return pair->server < 0 ? -1 : set_nonblocking(pair->server);
}

int pair_open(struct pair *pair, struct pair_settings settings)
{
    struct address any;
    *pair = (struct pair){-1, -1};
    address_parse(&any, "127.0.0.1:0", NULL);
    int listener = net_listen(&any, 1);
    if (listener < 0)
        return -1;
    int result = connect_through(pair, listener, settings);
    int why = errno;
    close(listener);
    if (result < 0)
        pair_close(pair);
    errno = why;
    return result;
}

void pair_close(const struct pair *pair)
{
    if (pair->client >= 0)
        close(pair->client);
    if (pair->server >= 0)
        close(pair->server);
}

/* ---- Where the bytes are. ---- */

static size_t ask(int fd, unsigned long what)
{
    int count = 0;
    return ioctl(fd, what, &count) < 0 ? 0 : (size_t)count;
}

size_t pair_unsent(const struct pair *pair)
{
    return ask(pair->client, SIOCOUTQNSD);
}

size_t pair_arrived(const struct pair *pair)
{
    return ask(pair->server, SIOCINQ);
}

unsigned pair_packets(const struct pair *pair)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    getsockopt(pair->client, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info.tcpi_data_segs_out;
}

void pair_settle(const struct pair *pair, size_t count)
{
    nsec deadline = clock_monotonic() + SEC;
    while (pair_unsent(pair) + pair_arrived(pair) < count &&
           clock_monotonic() < deadline)
        usleep(1000);
}

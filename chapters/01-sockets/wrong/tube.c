#include "01-sockets/wrong/tube.h"
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
static int tell_listener(int listener, struct tube_settings settings)
{
    if (set(listener, IPPROTO_TCP, TCP_MAXSEG, settings.segment) < 0)
        return -1;
    return set(listener, SOL_SOCKET, SO_RCVBUF, settings.receive_buffer);
}

static int connect_through(struct tube *tube, int listener,
                           struct tube_settings settings)
{
    struct address address = address_of(listener);
    if (tell_listener(listener, settings) < 0)
        return -1;
    tube->client = net_connect(&address);
    if (tube->client < 0)
        return -1;
    if (set(tube->client, SOL_SOCKET, SO_SNDBUF, settings.send_buffer) < 0)
        return -1;
    tube->server = net_accept(listener, NULL);
    return tube->server < 0 ? -1 : set_nonblocking(tube->server);
}

static int listen_anywhere(void)
{
    struct address any;
    if (address_parse(&any, "127.0.0.1:0", NULL))
        return net_listen(&any, 1);
    errno = EADDRNOTAVAIL;
    return -1;
}

int tube_open(struct tube *tube, struct tube_settings settings)
{
    int listener = listen_anywhere();
    *tube = (struct tube){-1, -1};
    if (listener < 0)
        return -1;
    int result = connect_through(tube, listener, settings);
    int why = errno;
    close(listener);
    if (result < 0)
        tube_close(tube);
    errno = why;
    return result;
}

void tube_close(const struct tube *tube)
{
    if (tube->client >= 0)
        close(tube->client);
    if (tube->server >= 0)
        close(tube->server);
}

/* ---- Where the bytes are. ---- */

static size_t ask(int fd, unsigned long what)
{
    int count = 0;
    return ioctl(fd, what, &count) < 0 ? 0 : (size_t)count;
}

size_t tube_unsent(const struct tube *tube)
{
    return ask(tube->client, SIOCOUTQNSD);
}

size_t tube_arrived(const struct tube *tube)
{
    return ask(tube->server, SIOCINQ);
}

unsigned tube_packets(const struct tube *tube)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    getsockopt(tube->client, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info.tcpi_data_segs_out;
}

void tube_settle(const struct tube *tube, size_t count)
{
    nsec deadline = clock_monotonic() + SEC;
    while (tube_unsent(tube) + tube_arrived(tube) < count &&
           clock_monotonic() < deadline)
        usleep(1000);
}

/*
 * Who takes a port by binding it cannot hand it to another process without
 * letting go of it. So a reservation is something else: the name "book-port-N"
 * among the abstract Unix sockets. One process at a time can bind it, it leaves
 * no file, and it ends with its last descriptor. All who reserve ports this way
 * agree; for all others the port itself is tried, once, for TCP and for UDP.
 *
 *     10000 ........ low ......... high ....... 65535
 *        we choose   the kernel does   we choose
 *
 * In the middle lie the ports that the kernel gives to those who do not ask for
 * one, every connecting client: we stay away from them.
 */
#include "common/world/port.h"
#include <arpa/inet.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST = 10000, LAST = 65535, COUNT = LAST - FIRST + 1 };

struct bounds {
    unsigned low, high;
};

/* What the kernel gives away; nothing, where it would leave us nothing. */
static struct bounds kernels_range(void)
{
    struct bounds range = {32768, 60999};
    g_autofree char *text = NULL;
    g_file_get_contents("/proc/sys/net/ipv4/ip_local_port_range", &text, NULL,
                        NULL);
    if (text)
        sscanf(text, "%u %u", &range.low, &range.high);
    if (range.low <= FIRST && range.high >= LAST)
        return (struct bounds){0, 0};
    return range;
}

/* The descriptor of the name's socket, or -1 when somebody has it. */
static int take_name(unsigned port)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char *text = name.sun_path + 1; /* After a zero byte: abstract. */
    int length = snprintf(text, sizeof name.sun_path - 1, "book-port-%u", port);
    socklen_t size = (socklen_t)(text + length - (char *)&name);
    int hold = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (hold < 0 || bind(hold, (struct sockaddr *)&name, size) == 0)
        return hold;
    close(hold);
    return -1;
}

static bool binds(unsigned port, int type)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    bool bound = bind(fd, (struct sockaddr *)&here, sizeof here) == 0;
    if (fd >= 0)
        close(fd);
    return bound;
}

static int try(unsigned port)
{
    int hold = take_name(port);
    if (hold < 0 || (binds(port, SOCK_STREAM) && binds(port, SOCK_DGRAM)))
        return hold;
    close(hold);
    return -1;
}

/* Each process begins elsewhere, so that two seldom want the same one. */
int port_reserve(uint16_t *port)
{
    struct bounds kernels = kernels_range();
    unsigned start = (unsigned)getpid() * 997;
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned number = FIRST + (start + i) % COUNT;
        if (number >= kernels.low && number <= kernels.high)
            continue;
        int hold = try(number);
        *port = (uint16_t)number;
        if (hold >= 0)
            return hold;
    }
    return -1;
}

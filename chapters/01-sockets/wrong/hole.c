#include "01-sockets/wrong/hole.h"
#include "01-sockets/address.h"
#include <netinet/in.h>

static bool hear_from(int fd, int least_hops)
{
    bool ipv6 = address_of(fd).storage.ss_family == AF_INET6;
    return setsockopt(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
                      ipv6 ? IPV6_MINHOPCOUNT : IP_MINTTL, &least_hops,
                      sizeof least_hops) == 0;
}

bool hole_open(int fd)
{
    return hear_from(fd, 255);
}

void hole_close(int fd)
{
    hear_from(fd, 0);
}

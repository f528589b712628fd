#include "01-sockets/net.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
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

int net_announce(int listener)
{
    struct address address = address_of(listener);
    g_autofree char *text = address_text(&address);
    printf("ready %s\n"
           "Nothing is encrypted or authenticated before Part II.\n",
           text);
    return fflush(stdout);
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

/* ---- Listening. ---- */

/* NULL when it has none. */
static const char *path_of(const struct address *address)
{
    const struct sockaddr_un *un = (const void *)&address->storage;
    return un->sun_family == AF_UNIX && un->sun_path[0] ? un->sun_path : NULL;
}

/* A socket's file outlives a server that was killed: then whoever knocks is
 * refused. But a file that is no socket refuses too. */
static bool is_abandoned(const char *path, const struct address *address)
{
    struct stat status;
    if (lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return false;
    int fd = net_connect(address);
    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == ECONNREFUSED;
}

static int bind_anew(int fd, const struct address *address)
{
    const char *path = path_of(address);
    if (bind_to(fd, address) == 0)
        return 0;
    int why = errno;
    if (path && is_abandoned(path, address) && unlink(path) == 0)
        return bind_to(fd, address);
    errno = why;
    return -1;
}

/* Does [::] serve IPv4 as well? Each machine may have it its own way
 * (/proc/sys/net/ipv6/bindv6only): so we say that it does. */
static int set_options(int fd, int family)
{
    const int yes = 1, no = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0)
        return -1;
    if (family != AF_INET6)
        return 0;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
}

int net_listen(const struct address *address, int backlog)
{
    int family = address->storage.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (set_options(fd, family) < 0 || bind_anew(fd, address) < 0 ||
        listen(fd, backlog) < 0)
        return give_up(fd);
    return fd;
}

void net_withdraw(int listener)
{
    struct address address = address_of(listener);
    const char *path = path_of(&address);
    if (path)
        unlink(path);
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

int net_bind(const struct address *address)
{
    int fd = socket(address->storage.ss_family,
                    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    return bind_to(fd, address) < 0 ? give_up(fd) : fd;
}

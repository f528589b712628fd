/*
 * The staged system calls that make sockets, connect and close them, and set their
 * options. Each answers as socket(7), connect(2) and their kin say, and is noted.
 */
#include "common/course/graded.h"
#include "common/course/kernel_parts.h"
#include "common/course/kernel_wraps.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

enum { SOCKETS_MOST = 2000 }; /* In one test: it would never end. */

/* ---- Life. ---- */

int __wrap_socket(int domain, int type, int protocol)
{
    int fd = kernel_take_fd();
    bool known = domain == AF_INET || domain == AF_INET6;
    (void)protocol;
    if (!known || (type & 0xf) != SOCK_STREAM || fd < 0)
        return (int)kernel_tell(kernel_refuse(fd < 0 ? EMFILE : EAFNOSUPPORT),
                                "socket(%d, %d)", domain, type);
    if (machine.sockets->len >= SOCKETS_MOST)
        graded_hang("to come to an end", "%d sockets were made, and no end",
                    SOCKETS_MOST);
    struct peer *peer = peer_new(type & SOCK_NONBLOCK ? NONBLOCK : BLOCK);
    struct socket *socket = (struct socket *)peer;
    socket->state = FRESH;
    socket->cloexec = type & SOCK_CLOEXEC;
    socket->domain = domain;
    kernel_progress();
    return (int)kernel_tell(peer->fd, "socket(%s%s)",
                            domain == AF_INET ? "AF_INET" : "AF_INET6",
                            type & SOCK_NONBLOCK ? ", SOCK_NONBLOCK" : "");
}

static int connect_again(struct socket *socket)
{
    bool told = socket->told;
    socket->told = true;
    if (socket->state == CONNECTED)
        return told ? EISCONN : 0;
    if (socket->state == CONNECTING)
        return EALREADY;
    int error = socket->error ? socket->error : ECONNABORTED;
    socket->error = 0;
    return error;
}

static int begin_connect(int fd, uint16_t port)
{
    struct socket *socket = kernel_socket(fd);
    if (!socket)
        return -1;
    if (socket->state != FRESH) {
        errno = connect_again(socket);
        return errno ? -1 : 0;
    }
    if (kernel_connect(socket, port) == 0)
        return 0;
    if (errno != EINPROGRESS || socket->nonblock)
        return -1;
    while (socket->state == CONNECTING)
        if (kernel_sleep(KERNEL_NEVER, "connect") < 0)
            return -1;
    errno = socket->error;
    return socket->error ? -1 : 0;
}

/* Is it an address that the socket can connect to? 0, or an errno. */
static int check_address(const struct socket *socket, sa_family_t family,
                         socklen_t size)
{
    bool six = socket->domain == AF_INET6;
    if (size < (six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)))
        return EINVAL;
    return family == socket->domain ? 0 : EAFNOSUPPORT;
}

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
    struct sockaddr_in6 address = {.sin6_port = 0}; /* Ports stand alike. */
    memcpy(&address, to, MIN(size, sizeof address));
    uint16_t port = ntohs(address.sin6_port);
    const struct socket *socket = kernel_socket(fd);
    int wrong =
        socket ? check_address(socket, address.sin6_family, size) : EBADF;
    int result = wrong ? (int)kernel_refuse(wrong) : begin_connect(fd, port);
    return (int)kernel_tell(result, "connect(%d, port %u)", fd, port);
}

/* A call that succeeds may change errno all the same, and close does it here:
 * who still needs what was in it keeps it. */
int __wrap_close(int fd)
{
    if (kernel_close(fd) == 0) {
        kernel_tell(0, "close(%d), which sets errno", fd);
        errno = ENOTTY;
        return 0;
    }
    kernel_tell(-1, "close(%d)", fd);
    if (fd >= FIRST_FD)
        graded_wrong("to close what is open, and once",
                     "close(%d): the number may be somebody else's by now", fd);
    return -1;
}

static const char *way(int how)
{
    return how == SHUT_WR   ? "SHUT_WR"
           : how == SHUT_RD ? "SHUT_RD"
                            : "SHUT_RDWR";
}

int __wrap_shutdown(int fd, int how)
{
    struct socket *socket = kernel_socket(fd);
    if (socket && (socket->state != CONNECTED || socket->was_reset)) {
        errno = ENOTCONN;
        socket = NULL;
    }
    if (socket && how != SHUT_RD)
        socket->peer.heard_end = true;
    if (socket && how != SHUT_WR)
        socket->they_ended = true;
    kernel_progress();
    return (int)kernel_tell(socket ? 0 : -1, "shutdown(%d, %s)", fd, way(how));
}

/* ---- Options. ---- */

int __wrap_getsockopt(int fd, int level, int option, void *value,
                      socklen_t *size)
{
    struct socket *socket = kernel_socket(fd);
    int answer = 0;
    if (socket && level == SOL_SOCKET && option == SO_ERROR) {
        answer = kernel_take_error(socket);
    }
    if (socket && *size >= sizeof answer) {
        memcpy(value, &answer, sizeof answer);
        *size = sizeof answer;
    }
    bool about_error = level == SOL_SOCKET && option == SO_ERROR;
    const char *told = answer ? kernel_errno(answer) : "no error";
    return (int)kernel_tell(socket ? 0 : -1, "getsockopt(%d, %s%s)", fd,
                            about_error ? "SO_ERROR: " : "..",
                            about_error ? told : "");
}

int __wrap_setsockopt(int fd, int level, int option, const void *value,
                      socklen_t size)
{
    struct socket *socket = kernel_socket(fd);
    if (socket && level == SOL_SOCKET && option == SO_LINGER &&
        size >= sizeof(struct linger)) {
        const struct linger *linger = value;
        socket->lingers_not = linger->l_onoff && linger->l_linger == 0;
    }
    return (int)kernel_tell(socket ? 0 : -1, "setsockopt(%d, ..)", fd);
}

static int name_of(int fd, struct sockaddr *address, socklen_t *size)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    struct socket *socket = kernel_socket(fd);
    if (!socket)
        return -1;
    bool over = socket->they_ended && socket->peer.heard_end;
    if (socket->state != CONNECTED || socket->was_reset || over)
        return (int)kernel_refuse(ENOTCONN);
    name.sin_port = htons(socket->port);
    memcpy(address, &name, MIN(*size, sizeof name));
    *size = sizeof name;
    return 0;
}

int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
    return (int)kernel_tell(name_of(fd, address, size), "getpeername(%d)", fd);
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
    return (int)kernel_tell(name_of(fd, address, size), "getsockname(%d)", fd);
}

int __wrap_fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    int value =
        command == F_SETFL || command == F_SETFD ? va_arg(arguments, int) : 0;
    va_end(arguments);
    struct socket *socket = kernel_socket(fd);
    if (!socket)
        return (int)kernel_tell(-1, "fcntl(%d, %d)", fd, command);
    if (command == F_SETFL)
        socket->nonblock = value & O_NONBLOCK;
    if (command == F_SETFD)
        socket->cloexec = value & FD_CLOEXEC;
    int flags = command == F_GETFL
                    ? O_RDWR | (socket->nonblock ? O_NONBLOCK : 0)
                : command == F_GETFD ? (socket->cloexec ? FD_CLOEXEC : 0)
                                     : 0;
    const char *name = command == F_GETFL   ? "F_GETFL"
                       : command == F_SETFL ? "F_SETFL"
                       : command == F_GETFD ? "F_GETFD"
                                            : "F_SETFD";
    return (int)kernel_tell(flags, "fcntl(%d, %s%s)", fd, name,
                            value & O_NONBLOCK ? ", O_NONBLOCK" : "");
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    int *value = va_arg(arguments, int *);
    va_end(arguments);
    struct socket *socket = kernel_socket(fd);
    if (socket && request == FIONBIO)
        socket->nonblock = *value;
    if (socket && request == FIONREAD)
        *value = (int)(socket->peer.sent - socket->peer.taken);
    return (int)kernel_tell(socket ? 0 : -1, "ioctl(%d, %s)", fd,
                            request == FIONBIO ? "FIONBIO" : "FIONREAD");
}

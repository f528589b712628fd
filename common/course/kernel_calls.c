/*
 * The staged system calls that move bytes, make sockets and close them. Each
 * answers as socket(7), tcp(7) and the call's own page say, and is noted.
 */
#include "common/course/graded.h"
#include "common/course/kernel_parts.h"
#include "common/course/kernel_wraps.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

enum { PIECES = 64 };

/* ---- Telling. ---- */

/* Note the call and its result, which it returns; errno stays. */
static ssize_t G_GNUC_PRINTF(2, 3) tell(ssize_t result, const char *format, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *call = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (result < 0)
        kernel_note("%-30s = -1 %s", call, kernel_errno(error));
    else
        kernel_note("%-30s = %zd", call, result);
    errno = error;
    return result;
}

static ssize_t refuse(int error)
{
    errno = error;
    return -1;
}

/* ---- Luck. ---- */

/* What the script, or luck, makes of a call for @p *size bytes. Returns 0; or
 * an errno. */
static int step(struct script *script, size_t *size)
{
    if (script->next < script->count) {
        int step = script->steps[script->next++];
        if (step < 0)
            return -step;
        *size = MIN(*size, (size_t)step);
        return 0;
    }
    uint64_t luck = machine.trouble ? dice_between(&machine.dice, 0, 7) : 7;
    if (luck == 0)
        return EINTR;
    if (luck < 3 && *size > 1)
        *size = dice_between(&machine.dice, 1, *size);
    return 0;
}

/* ---- Receiving. ---- */

static int wait_for(struct socket *socket, int flags, uint32_t events,
                    const char *call)
{
    bool waits = !socket->nonblock && !(flags & MSG_DONTWAIT);
    while (!(kernel_events(socket->peer.fd) & events)) {
        if (!waits)
            return EAGAIN;
        if (kernel_sleep(KERNEL_NEVER, call) < 0)
            return EINTR;
    }
    return 0;
}

/* The error that waits for the next call. 0: there is none. */
static int take_error(struct socket *socket)
{
    int error = socket->error;
    socket->error = 0;
    if (error)
        kernel_progress();
    return error;
}

/* MSG_WAITALL: until there are @p size bytes, or an end. */
static int wait_for_all(struct socket *socket, size_t size, int flags)
{
    const struct peer *peer = &socket->peer;
    while (!socket->nonblock && !(flags & MSG_DONTWAIT) && !peer->floods &&
           peer->sent - peer->taken < size && !socket->they_ended &&
           !socket->was_reset)
        if (kernel_sleep(KERNEL_NEVER, "recv, which waits for all,") < 0)
            return peer->sent > peer->taken ? 0 : EINTR;
    return 0;
}

static ssize_t take(struct socket *socket, uint8_t *data, size_t size,
                    int flags)
{
    struct peer *peer = &socket->peer;
    if (peer->floods)
        peer->sent = peer->taken + KERNEL_ROW;
    size_t count = MIN(size, peer->sent - peer->taken);
    for (size_t done = 0; done < count;) {
        size_t place = (peer->taken + done) % KERNEL_ROW;
        size_t piece = MIN(count - done, KERNEL_ROW - place);
        memcpy(data + done, kernel_row() + place, piece);
        done += piece;
    }
    if (!(flags & MSG_PEEK))
        peer->taken += count;
    if (count > 0)
        kernel_progress();
    return (ssize_t)count;
}

/* First what has come, also before a reset; then an end, if that came first;
 * then the error, once. */
static ssize_t receive(int fd, uint8_t *data, size_t size, int flags,
                       const char *call)
{
    struct socket *socket = kernel_socket(fd);
    if (!socket)
        return -1;
    if (socket->state == FRESH || socket->state == CONNECTING)
        return refuse(socket->state == FRESH ? ENOTCONN : EAGAIN);
    int trouble = step(&socket->receives, &size);
    if (!trouble)
        trouble = wait_for(socket, flags, EPOLLIN, call);
    if (!trouble && flags & MSG_WAITALL)
        trouble = wait_for_all(socket, size, flags);
    bool empty = socket->peer.taken == socket->peer.sent;
    if (!trouble && empty && !socket->peer.floods && !socket->they_ended)
        trouble = take_error(socket);
    return trouble ? refuse(trouble) : take(socket, data, size, flags);
}

ssize_t __wrap_recv(int fd, void *data, size_t size, int flags)
{
    return tell(receive(fd, data, size, flags, "recv"), "recv(%d, %zu)", fd,
                size);
}

ssize_t __wrap_recvfrom(int fd, void *data, size_t size, int flags,
                        struct sockaddr *from, socklen_t *from_size)
{
    if (from && from_size)
        *from_size = 0;
    return tell(receive(fd, data, size, flags, "recvfrom"), "recvfrom(%d, %zu)",
                fd, size);
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    return tell(receive(fd, data, size, 0, "read"), "read(%d, %zu)", fd, size);
}

static size_t size_of(const struct iovec *pieces, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += pieces[i].iov_len;
    return size;
}

/* All at once, and then laid out. */
static ssize_t receive_pieces(int fd, const struct iovec *pieces, size_t count,
                              int flags, const char *call)
{
    size_t size = size_of(pieces, count), laid = 0;
    g_autofree uint8_t *whole = g_malloc(size + 1);
    ssize_t got = receive(fd, whole, size, flags, call);
    for (size_t i = 0; i < count && got > 0 && laid < (size_t)got; i++) {
        size_t most = MIN(pieces[i].iov_len, (size_t)got - laid);
        memcpy(pieces[i].iov_base, whole + laid, most);
        laid += most;
    }
    return tell(got, "%s(%d, %zu)", call, fd, size);
}

ssize_t __wrap_readv(int fd, const struct iovec *pieces, int count)
{
    return receive_pieces(fd, pieces, (size_t)count, 0, "readv");
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    message->msg_controllen = 0;
    message->msg_flags = 0;
    return receive_pieces(fd, message->msg_iov, message->msg_iovlen, flags,
                          "recvmsg");
}

/* ---- Sending. ---- */

static void refuse_byte(const struct peer *peer, uint64_t number, uint8_t got)
{
    char wanted[80];
    kernel_note("%-30s   sends a wrong byte", "this send");
    g_snprintf(wanted, sizeof wanted,
               "byte %" G_GUINT64_FORMAT " to the peer of %d is 0x%02x", number,
               peer->fd, kernel_row()[number % KERNEL_ROW]);
    graded_wrong(wanted, "0x%02x: bytes were lost, repeated or out of order",
                 got);
}

static void compare_with_row(const struct peer *peer, const uint8_t *data,
                             size_t count)
{
    size_t place = peer->arrived % KERNEL_ROW;
    if (count <= KERNEL_ROW - place &&
        memcmp(data, kernel_row() + place, count) == 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (data[i] != kernel_row()[(peer->arrived + i) % KERNEL_ROW])
            refuse_byte(peer, peer->arrived + i, data[i]);
}

static ssize_t give(struct socket *socket, const uint8_t *data, size_t size)
{
    struct peer *peer = &socket->peer;
    size_t count = MIN(size, peer->room);
    compare_with_row(peer, data, count);
    peer->arrived += count;
    if (peer->room != KERNEL_ALL)
        peer->room -= count;
    kernel_progress();
    return (ssize_t)count;
}

/* Nobody can hear us any more: EPIPE, and SIGPIPE for who has not said that it
 * wants none. */
static int break_pipe(int flags, const char *call)
{
    if (!(flags & MSG_NOSIGNAL)) {
        kernel_note("%-30s   raises SIGPIPE", call);
        graded_wrong("no SIGPIPE",
                     "%s to a broken connection, without MSG_NOSIGNAL: the "
                     "signal ends the program",
                     call);
    }
    return EPIPE;
}

static bool cannot_send(const struct socket *socket)
{
    return socket->was_reset || socket->state != CONNECTED ||
           socket->peer.heard_end;
}

static ssize_t transmit(int fd, const uint8_t *data, size_t size, int flags,
                        const char *call)
{
    struct socket *socket = kernel_socket(fd);
    if (!socket)
        return -1;
    if (socket->state == CONNECTING)
        return refuse(EAGAIN);
    if (size == 0 && !cannot_send(socket))
        return 0;
    int trouble = step(&socket->sends, &size);
    if (!trouble)
        trouble = wait_for(socket, flags, EPOLLOUT, call);
    if (!trouble)
        trouble = take_error(socket);
    if (trouble == EPIPE || (!trouble && cannot_send(socket)))
        trouble = break_pipe(flags, call);
    return trouble ? refuse(trouble) : give(socket, data, size);
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    return tell(transmit(fd, data, size, flags, "send"), "send(%d, %zu)", fd,
                size);
}

ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *to, socklen_t to_size)
{
    (void)to, (void)to_size;
    return tell(transmit(fd, data, size, flags, "sendto"), "sendto(%d, %zu)",
                fd, size);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    return tell(transmit(fd, data, size, 0, "write"), "write(%d, %zu)", fd,
                size);
}

static ssize_t transmit_pieces(int fd, const struct iovec *pieces, size_t count,
                               int flags, const char *call)
{
    g_autoptr(GByteArray) whole = g_byte_array_new();
    for (size_t i = 0; i < count; i++)
        g_byte_array_append(whole, pieces[i].iov_base,
                            (guint)pieces[i].iov_len);
    ssize_t sent = transmit(fd, whole->data, whole->len, flags, call);
    return tell(sent, "%s(%d, %u)", call, fd, whole->len);
}

ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count)
{
    return transmit_pieces(fd, pieces, (size_t)count, 0, "writev");
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return transmit_pieces(fd, message->msg_iov, message->msg_iovlen, flags,
                           "sendmsg");
}

/* ---- Life. ---- */

int __wrap_socket(int domain, int type, int protocol)
{
    int fd = kernel_take_fd();
    bool known = domain == AF_INET || domain == AF_INET6;
    (void)protocol;
    if (!known || (type & 0xf) != SOCK_STREAM || fd < 0)
        return (int)tell(refuse(fd < 0 ? EMFILE : EAFNOSUPPORT),
                         "socket(%d, %d)", domain, type);
    struct peer *peer = peer_new(type & SOCK_NONBLOCK ? NONBLOCK : BLOCK);
    struct socket *socket = (struct socket *)peer;
    socket->state = FRESH;
    socket->cloexec = type & SOCK_CLOEXEC;
    kernel_progress();
    return (int)tell(peer->fd, "socket(%s%s)",
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

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
    struct sockaddr_in6 address = {.sin6_port = 0}; /* Ports stand alike. */
    memcpy(&address, to, MIN(size, sizeof address));
    uint16_t port = ntohs(address.sin6_port);
    return (int)tell(begin_connect(fd, port), "connect(%d, port %u)", fd, port);
}

int __wrap_close(int fd)
{
    return (int)tell(kernel_close(fd), "close(%d)", fd);
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
    return (int)tell(socket ? 0 : -1, "shutdown(%d, %s)", fd, way(how));
}

/* ---- Options. ---- */

int __wrap_getsockopt(int fd, int level, int option, void *value,
                      socklen_t *size)
{
    struct socket *socket = kernel_socket(fd);
    int answer = 0;
    if (socket && level == SOL_SOCKET && option == SO_ERROR) {
        answer = take_error(socket);
    }
    if (socket && *size >= sizeof answer) {
        memcpy(value, &answer, sizeof answer);
        *size = sizeof answer;
    }
    bool about_error = level == SOL_SOCKET && option == SO_ERROR;
    const char *told = answer ? kernel_errno(answer) : "no error";
    return (int)tell(socket ? 0 : -1, "getsockopt(%d, %s%s)", fd,
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
    return (int)tell(socket ? 0 : -1, "setsockopt(%d, ..)", fd);
}

static int name_of(int fd, struct sockaddr *address, socklen_t *size)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    struct socket *socket = kernel_socket(fd);
    if (!socket)
        return -1;
    bool over = socket->they_ended && socket->peer.heard_end;
    if (socket->state != CONNECTED || socket->was_reset || over)
        return (int)refuse(ENOTCONN);
    name.sin_port = htons(socket->port);
    memcpy(address, &name, MIN(*size, sizeof name));
    *size = sizeof name;
    return 0;
}

int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
    return (int)tell(name_of(fd, address, size), "getpeername(%d)", fd);
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
    return (int)tell(name_of(fd, address, size), "getsockname(%d)", fd);
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
        return (int)tell(-1, "fcntl(%d, %d)", fd, command);
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
    return (int)tell(flags, "fcntl(%d, %s%s)", fd, name,
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
    return (int)tell(socket ? 0 : -1, "ioctl(%d, %s)", fd,
                     request == FIONBIO ? "FIONBIO" : "FIONREAD");
}

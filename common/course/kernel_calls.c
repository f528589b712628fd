/*
 * The staged system calls that move bytes. Each answers as socket(7), tcp(7) and
 * the call's own page say, and is noted.
 */
#include "common/course/graded.h"
#include "common/course/kernel_parts.h"
#include "common/course/kernel_wraps.h"
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

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
        return kernel_refuse(socket->state == FRESH ? ENOTCONN : EAGAIN);
    int trouble = step(&socket->receives, &size);
    if (!trouble)
        trouble = wait_for(socket, flags, EPOLLIN, call);
    if (!trouble && flags & MSG_WAITALL)
        trouble = wait_for_all(socket, size, flags);
    bool empty = socket->peer.taken == socket->peer.sent;
    if (!trouble && empty && !socket->peer.floods && !socket->they_ended)
        trouble = kernel_take_error(socket);
    return trouble ? kernel_refuse(trouble) : take(socket, data, size, flags);
}

ssize_t __wrap_recv(int fd, void *data, size_t size, int flags)
{
    return kernel_tell(receive(fd, data, size, flags, "recv"), "recv(%d, %zu)",
                       fd, size);
}

ssize_t __wrap_recvfrom(int fd, void *data, size_t size, int flags,
                        struct sockaddr *from, socklen_t *from_size)
{
    if (from && from_size)
        *from_size = 0;
    return kernel_tell(receive(fd, data, size, flags, "recvfrom"),
                       "recvfrom(%d, %zu)", fd, size);
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    return kernel_tell(receive(fd, data, size, 0, "read"), "read(%d, %zu)", fd,
                       size);
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
    return kernel_tell(got, "%s(%d, %zu)", call, fd, size);
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

/* A call that may wait does so until all has been taken; a signal, or a failure,
 * ends it behind a part (send(2)). */
static ssize_t give_all(struct socket *socket, const uint8_t *data, size_t size,
                        int flags, const char *call)
{
    ssize_t done = give(socket, data, size);
    bool waits = !socket->nonblock && !(flags & MSG_DONTWAIT);
    while (waits && (size_t)done < size &&
           wait_for(socket, flags, EPOLLOUT, call) == 0 && !cannot_send(socket))
        done += give(socket, data + done, size - (size_t)done);
    return done;
}

static ssize_t transmit(int fd, const uint8_t *data, size_t size, int flags,
                        const char *call)
{
    struct socket *socket = kernel_socket(fd);
    if (!socket)
        return -1;
    if (socket->state == CONNECTING)
        return kernel_refuse(EAGAIN);
    if (size == 0 && !cannot_send(socket))
        return 0;
    int trouble = step(&socket->sends, &size);
    if (!trouble)
        trouble = wait_for(socket, flags, EPOLLOUT, call);
    if (!trouble)
        trouble = kernel_take_error(socket);
    if (trouble == EPIPE || (!trouble && cannot_send(socket)))
        trouble = break_pipe(flags, call);
    return trouble ? kernel_refuse(trouble)
                   : give_all(socket, data, size, flags, call);
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    return kernel_tell(transmit(fd, data, size, flags, "send"), "send(%d, %zu)",
                       fd, size);
}

ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *to, socklen_t to_size)
{
    (void)to, (void)to_size;
    return kernel_tell(transmit(fd, data, size, flags, "sendto"),
                       "sendto(%d, %zu)", fd, size);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    return kernel_tell(transmit(fd, data, size, 0, "write"), "write(%d, %zu)",
                       fd, size);
}

static ssize_t transmit_pieces(int fd, const struct iovec *pieces, size_t count,
                               int flags, const char *call)
{
    g_autoptr(GByteArray) whole = g_byte_array_new();
    for (size_t i = 0; i < count; i++)
        g_byte_array_append(whole, pieces[i].iov_base,
                            (guint)pieces[i].iov_len);
    ssize_t sent = transmit(fd, whole->data, whole->len, flags, call);
    return kernel_tell(sent, "%s(%d, %u)", call, fd, whole->len);
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

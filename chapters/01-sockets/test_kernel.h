/**
 * @file test_kernel.h
 * For tests: a kernel that can be watched and made difficult.
 *
 *     struct wire wire = {.takes = 100};
 *     kernel_lay(fd, &wire);     // One that takes a hundred bytes and no more.
 *
 * The linker sends the system calls of a body here (local.mk), whichever of
 * them it uses; a descriptor without a wire is left alone. One with a wire must
 * not block.
 *
 * A loop does not wait, unless it is told so. But one that would have waited
 * for ever would do no more in that turn, so a call for a wire is a mistake
 * then: whoever made it has hoped for luck. Clear kernel.asleep before each
 * turn.
 */
#ifndef SOCKETS_TEST_KERNEL_H
#define SOCKETS_TEST_KERNEL_H
#include "common/judge/test.h"
#include "common/world/dice.h"
#include "common/world/env.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

/** What happens to the calls for one descriptor. */
struct wire {
    unsigned receives, sends;      /**< How many there were. */
    int receive_error, send_error; /**< Unless 0: how the next one fails. */
    size_t takes;                  /**< So many bytes more can be sent. */
    struct dice *dice; /**< Unless NULL: short counts, EINTR and EAGAIN. */
};

enum { WIRES = 1024, PIECES = 16 };
/** Who waits so long waits for something to happen. */
#define LONG (3600 * SEC)

/** All that there is. */
static struct {
    struct wire *wires[WIRES]; /* By descriptor. */
    bool waits;                /* Let epoll wait. */
    nsec asked;                /* How long it was to wait, the last time. */
    unsigned events;           /* How many it has told. */
    bool asleep;               /* It told none, and would have waited. */
} kernel;

/** From now on the calls for @p fd go by @p wire; NULL: are left alone. */
static inline void kernel_lay(int fd, struct wire *wire)
{
    assert_in_range(fd, 0, WIRES - 1);
    kernel.wires[fd] = wire;
}

/* ---- Luck. ---- */

static inline struct wire *wire_of(int fd)
{
    return fd >= 0 && fd < WIRES ? kernel.wires[fd] : NULL;
}

/* Does a call fail: as was said, or by bad luck? If not, it may be short. */
static inline bool fails(int fd, struct dice *dice, int *error, size_t *size)
{
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_false(kernel.asleep);
    uint64_t luck = dice ? dice_between(dice, 0, 7) : 7;
    errno = *error ? *error : luck == 0 ? EINTR : EAGAIN;
    if (*error || luck < 2) {
        *error = 0;
        return true;
    }
    if (luck < 6 && *size > 0)
        *size = dice_between(dice, 1, *size);
    return false;
}

static inline bool receive_fails(int fd, size_t *size)
{
    struct wire *wire = wire_of(fd);
    if (!wire)
        return false;
    wire->receives++;
    return fails(fd, wire->dice, &wire->receive_error, size);
}

static inline bool send_fails(int fd, size_t *size)
{
    struct wire *wire = wire_of(fd);
    if (!wire)
        return false;
    wire->sends++;
    if (fails(fd, wire->dice, &wire->send_error, size))
        return true;
    errno = EAGAIN;
    *size = MIN(*size, wire->takes);
    wire->takes -= *size;
    return *size == 0;
}

/* ---- Calls with one piece. ---- */

ssize_t __real_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags)
{
    return receive_fails(fd, &size) ? -1 : __real_recv(fd, data, size, flags);
}

ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size)
{
    return receive_fails(fd, &size) ? -1 : __real_read(fd, data, size);
}

ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    return send_fails(fd, &size) ? -1 : __real_send(fd, data, size, flags);
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    return send_fails(fd, &size) ? -1 : __real_write(fd, data, size);
}

ssize_t __real_recvfrom(int fd, void *data, size_t size, int flags,
                        struct sockaddr *from, socklen_t *from_size);
ssize_t __wrap_recvfrom(int fd, void *data, size_t size, int flags,
                        struct sockaddr *from, socklen_t *from_size);
ssize_t __wrap_recvfrom(int fd, void *data, size_t size, int flags,
                        struct sockaddr *from, socklen_t *from_size)
{
    return receive_fails(fd, &size)
               ? -1
               : __real_recvfrom(fd, data, size, flags, from, from_size);
}

ssize_t __real_sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *to, socklen_t to_size);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *to, socklen_t to_size);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *to, socklen_t to_size)
{
    return send_fails(fd, &size)
               ? -1
               : __real_sendto(fd, data, size, flags, to, to_size);
}

/* ---- Calls with many. ---- */

static inline size_t size_of_all(const struct iovec *pieces, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += pieces[i].iov_len;
    return size;
}

/* The first @p size bytes of all; more than PIECES is a short count, too. */
static inline size_t cut(struct iovec *kept, const struct iovec *pieces,
                         size_t count, size_t size)
{
    size_t i = 0;
    for (; i < MIN(count, PIECES) && size > 0; i++) {
        kept[i] = pieces[i];
        kept[i].iov_len = MIN(size, kept[i].iov_len);
        size -= kept[i].iov_len;
    }
    return i;
}

ssize_t __real_readv(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_readv(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_readv(int fd, const struct iovec *pieces, int count)
{
    struct iovec kept[PIECES];
    size_t size = size_of_all(pieces, (size_t)count);
    if (receive_fails(fd, &size))
        return -1;
    size_t left = cut(kept, pieces, (size_t)count, size);
    return __real_readv(fd, kept, (int)left);
}

ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    struct iovec kept[PIECES];
    size_t size = size_of_all(message->msg_iov, message->msg_iovlen);
    struct msghdr some = *message;
    if (receive_fails(fd, &size))
        return -1;
    some.msg_iovlen = cut(kept, message->msg_iov, message->msg_iovlen, size);
    some.msg_iov = kept;
    return __real_recvmsg(fd, &some, flags);
}

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct iovec kept[PIECES];
    size_t size = size_of_all(message->msg_iov, message->msg_iovlen);
    struct msghdr some = *message;
    if (send_fails(fd, &size))
        return -1;
    some.msg_iovlen = cut(kept, message->msg_iov, message->msg_iovlen, size);
    some.msg_iov = kept;
    return __real_sendmsg(fd, &some, flags);
}

ssize_t __real_writev(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count)
{
    struct iovec kept[PIECES];
    size_t size = size_of_all(pieces, (size_t)count);
    if (send_fails(fd, &size))
        return -1;
    return __real_writev(fd, kept, (int)cut(kept, pieces, (size_t)count, size));
}

/* ---- Waiting. ---- */

int __real_epoll_wait(int fd, struct epoll_event *events, int most, int wait);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int wait);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int wait)
{
    kernel.asked = wait < 0 ? UINT64_MAX : (nsec)wait * MSEC;
    int count = __real_epoll_wait(fd, events, most, kernel.waits ? wait : 0);
    kernel.events += (unsigned)MAX(count, 0);
    kernel.asleep = count == 0 && kernel.asked >= LONG;
    return count;
}

int __wrap_epoll_pwait2(int fd, struct epoll_event *events, int most,
                        const struct timespec *wait, const sigset_t *mask);
int __wrap_epoll_pwait2(int fd, struct epoll_event *events, int most,
                        const struct timespec *wait, const sigset_t *mask)
{
    nsec asked = (nsec)wait->tv_sec * SEC + (nsec)wait->tv_nsec;
    assert_null(mask);
    return __wrap_epoll_wait(fd, events, most,
                             (int)((asked + MSEC - 1) / MSEC));
}

#endif

/**
 * @file kernel_wraps.h
 * The system calls that are staged: the linker's --wrap sends `recv` to
 * `__wrap_recv` (local.mk names them all). They answer as their manual pages
 * say.
 */
#ifndef COURSE_KERNEL_WRAPS_H
#define COURSE_KERNEL_WRAPS_H
#include "common/world/clock.h"
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

struct iovec;

/** @cond */
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_recvfrom(int fd, void *data, size_t size, int flags,
                        struct sockaddr *from, socklen_t *from_size);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __wrap_readv(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *to, socklen_t to_size);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_close(int fd);
int __wrap_shutdown(int fd, int how);
int __wrap_getsockopt(int fd, int level, int option, void *value,
                      socklen_t *size);
int __wrap_setsockopt(int fd, int level, int option, const void *value,
                      socklen_t size);
int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *size);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_poll(struct pollfd *fds, nfds_t count, int wait);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask);
int __wrap_select(int count, fd_set *in, fd_set *out, fd_set *error,
                  struct timeval *wait);
int __wrap_pselect(int count, fd_set *in, fd_set *out, fd_set *error,
                   const struct timespec *wait, const sigset_t *mask);
int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int epoll, int action, int fd, struct epoll_event *event);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most,
                      int wait);
int __wrap_epoll_pwait2(int epoll, struct epoll_event *events, int most,
                        const struct timespec *wait, const sigset_t *mask);
nsec __wrap_clock_monotonic(void);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
/** @endcond */

#endif

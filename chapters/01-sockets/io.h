/**
 * @file io.h
 * All the bytes: what one recv or send does not promise.
 *
 * The kernel may take or give fewer bytes than were asked for, and a signal
 * may interrupt it before the first one. These two go on until it is done:
 *
 *     if (write_all(fd, request, size, deadline) < 0)
 *         ...errno says why...
 *
 * Sockets may block or not. A deadline is a time of clock_monotonic()
 * (clock.h), and NEVER means none. It bounds the waiting: what is there is taken
 * even when it is past. Nothing here raises SIGPIPE. All of no bytes are read
 * and written at once: 0.
 */
#ifndef SOCKETS_IO_H
#define SOCKETS_IO_H
#include "01-sockets/deadline.h"
#include <poll.h>
#include <sys/types.h>

/** Read exactly @p size bytes. Returns @p size; 0 when the stream ended before
 * the first of them; -1 and errno otherwise: ENODATA when it ended in the
 * middle, ETIMEDOUT at @p deadline. */
ssize_t read_all(int fd, void *data, size_t size, nsec deadline);
/** Write all @p size bytes. Returns @p size, or -1 and errno: ETIMEDOUT at
 * @p deadline, EPIPE when the other side has closed. */
ssize_t write_all(int fd, const void *data, size_t size, nsec deadline);
/** Read what is there, at least one byte and at most @p size; wait for it till
 * @p deadline. Returns how many; 0 at the end; -1 and errno. */
ssize_t read_some(int fd, void *data, size_t size, nsec deadline);
/** Wait until @p fd is ready for @p events, POLLIN or POLLOUT. Returns 0, or
 * -1 and errno: ETIMEDOUT at @p deadline. A signal does not end the wait. */
int wait_ready(int fd, short events, nsec deadline);

#endif

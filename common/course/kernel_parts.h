/**
 * @file kernel_parts.h
 * The parts of the staged kernel (kernel.h). What happens in it stands in
 * kernel.c, what is noted of it in kernel_notes.c, and the system calls in
 * kernel_calls.c (bytes), kernel_sockets.c and kernel_waits.c.
 */
#ifndef COURSE_KERNEL_PARTS_H
#define COURSE_KERNEL_PARTS_H
#include "common/course/kernel.h"
#include "common/world/dice.h"
#include <sys/epoll.h>

enum { FIRST_FD = 100, FDS = 256, STEPS = 4096 };

/** What calls for one direction will do. */
struct script {
    int steps[STEPS];
    unsigned next, count;
};

/** A socket of the module. */
struct socket {
    struct peer peer; /* First: from a peer to it is a cast. */
    enum { FRESH, CONNECTING, CONNECTED, BROKEN } state;
    bool nonblock, cloexec;
    int domain; /* AF_INET or AF_INET6. */
    bool they_ended, was_reset;
    bool told;        /* connect() has said that it is connected. */
    bool lingers_not; /* SO_LINGER with no time: close() resets. */
    int error;        /* For SO_ERROR, or the next call. */
    uint16_t port;    /* Where it connects to. */
    struct script receives, sends;
};

/** Watched by an epoll instance. */
struct interest {
    int fd;
    struct epoll_event event;
};

/** What a descriptor is. */
struct entry {
    enum { UNUSED, SOCKET, EPOLL } kind;
    struct socket *socket;
    GArray *interests; /* struct interest, of EPOLL. */
};

/** The machine. */
struct machine {
    nsec now, booted;
    struct dice dice;
    bool trouble;
    struct entry entries[FDS];
    GPtrArray *sockets; /* All that ever were. */
    GArray *happenings; /* What will happen, by time. */
    GArray *places;
    unsigned calls, noted; /* So many; and so many have a line. */
    unsigned idle;         /* Calls since something changed. */
    char last[80];         /* What was noted last, ... */
    unsigned again;        /* ... and how often since, in vain. */
};
extern struct machine machine;

/** Something changed: who calls on is not spinning. */
void kernel_progress(void);
/** A call was made: count it, lest it be made for ever. */
void kernel_count(void);
/** A call was made: count it, and note it as printf does. */
void kernel_note(const char *format, ...) G_GNUC_PRINTF(1, 2);
/** A line of another kind. */
void kernel_note_line(const char *text);
/** Note a call, as printf, and its @p result, which it returns; errno stays. */
ssize_t kernel_tell(ssize_t result, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/** Returns -1, and errno is @p error. */
ssize_t kernel_refuse(int error);
/** The error that waits for the next call on @p socket, once. 0: none does. */
int kernel_take_error(struct socket *socket);
/** The name of an errno, as "EINTR". */
const char *kernel_errno(int error);
/** Sleep until @p until or, before it, until something happens. Returns 0; or
 * -1 when a signal came; the time is over when kernel_now() is @p until.
 * @p what waits, for the words of a HANG. */
int kernel_sleep(nsec until, const char *what);
/** The socket of @p fd, or NULL and errno. */
struct socket *kernel_socket(int fd);
/** A free descriptor, which it takes; or -1 and errno. */
int kernel_take_fd(void);
/** What @p fd is ready for, as epoll says it. */
uint32_t kernel_events(int fd);
/** The module gives up @p fd. Returns 0; or -1 and errno. */
int kernel_close(int fd);
/** Begin to connect @p socket to @p port. Returns 0; or -1 and errno. */
int kernel_connect(struct socket *socket, uint16_t port);

#endif

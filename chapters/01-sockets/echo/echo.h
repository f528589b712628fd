/**
 * @file echo.h
 * One server, six ways. What it does is always the same: whatever a client
 * sends comes back to it, until the client ends. What differs is how one
 * process attends to many clients:
 *
 *     iterative   one after the other; who comes later waits
 *     fork        a process for each
 *     thread      a thread for each
 *     poll        one thread asks about every descriptor, every time
 *     epoll       one thread is told which descriptors are ready: loop.h
 *     uring       one thread is told which *operations* are done: io_uring
 *
 * Each is a page: echo_iterative.c, echo_fork.c and so on.
 */
#ifndef SOCKETS_ECHO_H
#define SOCKETS_ECHO_H

/** What the ways have in common, so that they can be compared. */
enum {
    ECHO_PIECE = 16384, /**< The most bytes taken from a client at once. */
    ECHO_PAUSE = 100    /**< Milliseconds to wait with the next accept, when the
                             machine has no descriptor left. */
};

/** One of the ways. */
struct echo_model {
    const char *name; /**< As in the list above. */
    /** Serve the clients of @p listener, a listening socket that blocks; takes
     * it. Returns an exit status, when it returns: after SIGTERM (epoll, which
     * drains), or with a sentence said to stderr. */
    int (*serve)(int listener);
    /** Can this machine serve so? Returns 0, or an exit status, with a sentence
     * said to stderr. NULL: every machine can. */
    int (*check)(void);
};

/** The way of this name, or NULL. */
const struct echo_model *echo_model(const char *name);
/** Their names, in the order above, as "iterative|fork|...". Returns new. */
char *echo_model_names(void);

/** Accept the next client. When the machine has no descriptor left, or no
 * memory, it waits until someone has gone: it never fails. For the models that
 * block. */
int echo_accept(int listener);
/** Serve one client to its end, blocking, and close @p fd: the whole service.
 * For the models that block. */
void echo_visit(int fd);

/** @{ */
/** The model of its name: see echo_model. */
int echo_iterative(int listener);
int echo_fork(int listener);
int echo_thread(int listener);
int echo_poll(int listener);
int echo_epoll(int listener);
int echo_uring(int listener);
/** @} */
/** Has this kernel io_uring, and was this built with liburing? See
 * echo_model. */
int echo_uring_check(void);

#endif

/**
 * @file acceptor.h
 * A listening socket in a loop: it hands over whoever comes.
 *
 *     static void on_connection(void *self, int fd) ... takes fd ...
 *
 *     struct acceptor *acceptor = acceptor_new(loop, listener, on_connection,
 *                                              server);
 *
 * It accepts some in a turn, not all: a flood of newcomers keeps nobody else
 * waiting. When the process has no descriptor left (EMFILE) the listener stays
 * ready, and a loop that tries again and again burns a processor for nothing.
 * So one descriptor is held in reserve: it is given up, the newcomer is
 * accepted with it and closed at once, and the descriptor is taken back. Who
 * comes too late is told so; some at a time, with a pause between, so that who
 * is inside notices nothing.
 */
#ifndef SOCKETS_ACCEPTOR_H
#define SOCKETS_ACCEPTOR_H
#include "01-sockets/loop.h"

struct acceptor;

/** Accept connections on @p listener, which it takes. @p on_connection takes
 * each @p fd: non-blocking, and with TCP_NODELAY where it is TCP; it does not
 * free the acceptor. Borrows @p loop. Returns new. */
struct acceptor *acceptor_new(struct loop *loop, int listener,
                              void (*on_connection)(void *self, int fd),
                              void *self);
/** How many were closed at once, for want of a descriptor. */
uint64_t acceptor_refused(const struct acceptor *acceptor);
/** Accept no more: who still waits in the kernel's queue is reset, and the file
 * of a Unix path is removed. */
void acceptor_free(struct acceptor *acceptor);

#endif

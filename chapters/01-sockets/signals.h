/**
 * @file signals.h
 * Signals as events of a loop.
 *
 *     sigset_t set;
 *     sigemptyset(&set);
 *     sigaddset(&set, SIGTERM);
 *     struct signals *signals = signals_new(loop, &set, on_signal, server);
 *
 * A signal handler interrupts a program anywhere, and may do next to nothing
 * (signal-safety(7)). So no handler is installed: the signals are blocked, and
 * read from a descriptor (signalfd(2)) when the loop comes to it.
 */
#ifndef SOCKETS_SIGNALS_H
#define SOCKETS_SIGNALS_H
#include "01-sockets/loop.h"
#include <signal.h>

struct signals;

/** Block the signals of @p set in this thread, and so in those it starts from
 * now on, and call @p on_signal from the loop for each that comes: several of
 * one kind may count as one. Borrows @p loop. Returns new. */
struct signals *signals_new(struct loop *loop, const sigset_t *set,
                            void (*on_signal)(void *self, int signal),
                            void *self);
/** The same for SIGTERM and SIGINT, which end loop_run(): what most servers want.
 * Borrows @p loop. Returns new. */
struct signals *signals_that_stop(struct loop *loop);
/** Let the signals do again what they did before. */
void signals_free(struct signals *signals);

#endif

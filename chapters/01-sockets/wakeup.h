/**
 * @file wakeup.h
 * Wake a loop from another thread.
 *
 *     g_async_queue_push(results, result);     // In any thread;
 *     wakeup_ring(wakeup);
 *
 *     static void on_wakeup(void *self)        // in the loop's.
 *     {
 *         while ((result = g_async_queue_try_pop(results))) ..
 *     }
 *
 * A loop belongs to one thread, and waits in the kernel: this is the one thing
 * another thread may do to it. Rings that come before the loop looks count as
 * one; what was done before a ring is seen by the on_wakeup after it.
 */
#ifndef SOCKETS_WAKEUP_H
#define SOCKETS_WAKEUP_H
#include "01-sockets/loop.h"

struct wakeup;

/** Call @p on_wakeup from the loop after each ring. Borrows @p loop. Returns
 * new. */
struct wakeup *wakeup_new(struct loop *loop, void (*on_wakeup)(void *self),
                          void *self);
/** Ring, from any thread or signal handler. It never waits. */
void wakeup_ring(struct wakeup *wakeup);
/** Free it, in the loop's thread, when nobody rings any more. */
void wakeup_free(struct wakeup *wakeup);

#endif

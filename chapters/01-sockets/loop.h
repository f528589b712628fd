/**
 * @file loop.h
 * One thread, many descriptors: epoll, timers, and turns.
 *
 *     struct watch watch = {.fd = fd, .ready = on_ready, .self = me};
 *     loop_watch(loop, &watch, EPOLLIN);
 *     loop_run(loop);   // on_ready(me, events), whenever fd is ready
 *
 * A *turn* waits until something is ready, serves everything that is, fires the
 * timers that are due, and ends: whoever has something to send sends it now, in
 * one system call for all that the turn brought together.
 */
#ifndef SOCKETS_LOOP_H
#define SOCKETS_LOOP_H
#include "common/world/env.h"
#include <sys/epoll.h>

struct loop;

/** A descriptor to watch, embedded in its owner. */
struct watch {
    int fd;                                     /**< The owner's. */
    void (*ready)(void *self, uint32_t events); /**< The owner's. */
    void *self;                                 /**< The owner's. */
    uint32_t events; /**< The loop's: watched for; 0 when not watched. */
};

/** Something with bytes to send at the end of a turn, embedded in its owner. */
struct outlet {
    /** Send what may leave. False: something is left, flush again next turn.
     * True: done, until loop_speak(). It calls nobody back. */
    bool (*flush)(void *self);
    void *self;     /**< The owner's. */
    unsigned place; /**< The loop's: among those that speak; 0: silent. */
};

/** A loop. Returns new; stops the program when the kernel has none to give. */
struct loop *loop_new(void);
/** Watch for @p events from now on, instead of what was watched before; 0
 * stops, and what was already ready is not told any more. Borrows @p watch. */
void loop_watch(struct loop *loop, struct watch *watch, uint32_t events);
/** Fire @p timer once, no sooner than @p delay from now; an armed one moves.
 * With no delay: once this turn has served what is ready. */
void loop_arm(struct loop *loop, struct timer *timer, nsec delay);
/** Forget @p timer. */
void loop_disarm(struct loop *loop, struct timer *timer);

/** Flush @p outlet when the turn ends, and each turn again until it is done.
 * Borrows it. */
void loop_speak(struct loop *loop, struct outlet *outlet);
/** @p outlet will be freed. */
void loop_hush(struct loop *loop, struct outlet *outlet);
/** Flush every outlet that speaks, now. */
void loop_flush(struct loop *loop);
/** End each turn by calling @p end instead of loop_flush(): host.h does. */
void loop_on_end(struct loop *loop, void (*end)(void *self), void *self);

/** One turn: wait at most @p wait, UINT64_MAX for ever, for something to do. */
void loop_turn(struct loop *loop, nsec wait);
/** Turns, until loop_stop(). */
void loop_run(struct loop *loop);
/** Let loop_run() return when this turn has ended. */
void loop_stop(struct loop *loop);
/** Free it. Timers are forgotten; unwatch and hush the others before. */
void loop_free(struct loop *loop);

#endif

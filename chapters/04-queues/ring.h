/**
 * @file ring.h
 * A bounded queue between threads of one process. Who puts something in goes on
 * at once, and who takes it out may come later: as long as there is room, and
 * something in it, neither waits for the other.
 *
 *     struct ring *ring = ring_new(16);
 *
 *     while ((job = next_job()) &&           // A producer, a thread.
 *            ring_put(ring, job))
 *         ;
 *     while (ring_take(ring, (void **)&job)) // A consumer, another one.
 *         work(job);
 *     ring_close(ring);                      // No more, for both.
 *
 *  - *Order.* First in, first out: of two puts, if one has returned before the
 *    other begins, its item is taken first.
 *  - *The bound.* There are never more than capacity items in it. A put waits
 *    while it is full; a take waits while it is empty.
 *  - *Each item once.* What a put that returned true has put in is taken once,
 *    also when it has been closed since.
 *  - *Closing* wakes all who wait. A put that begins after it, or still waits
 *    then, returns false. A take returns false when it is closed and empty.
 *  - *A wait* sleeps until another thread has made it come true, and does not
 *    look again and again. It may end without a cause: pthread_cond_wait() may
 *    just return (POSIX: spurious wake-up), sem_wait() may fail with EINTR. And
 *    before who was woken runs, another may have been there.
 *
 * Any number of threads may call these at a time, each on any ring, but for
 * ring_free(). An item is any pointer, NULL too; the ring never looks at what
 * it points to.
 */
#ifndef QUEUES_RING_H
#define QUEUES_RING_H
#include <stdbool.h>
#include <stddef.h>

struct ring;

/** An empty ring with room for @p capacity items, at least 1. Returns new. */
struct ring *ring_new(size_t capacity);
/** Put @p item in, as the last; wait while it is full. True: the ring has it,
 * and who takes it out owns it. False: it is closed, and the caller has it
 * still. */
bool ring_put(struct ring *ring, void *item);
/** Take the first one out: the caller owns @p *item; wait while it is empty.
 * False: it is closed and empty, and @p *item stays as it was. */
bool ring_take(struct ring *ring, void **item);
/** Nothing more comes in. Wakes all who wait. Once closed, it stays so. */
void ring_close(struct ring *ring);
/** How many items are in it; when the caller looks, there may be others. */
size_t ring_depth(struct ring *ring);
/** Free it. Nobody else may be in a call, or wait. What is still in it is not
 * freed: take it out before. */
void ring_free(struct ring *ring);

#endif

/* An array in a circle, and a *monitor* round it (Hoare 1974): one mutex for
 * all that is shared, and a condition for each thing that one may wait for.
 *
 *        first
 *          v
 *     [ ][A][B][C][ ][ ]     taken from first, put at first + depth,
 *                            both modulo capacity
 *
 * Who has changed something signals those who may wait for that. Who waits
 * looks again when it wakes: a signal says that something has changed, and not
 * that it is still so. */
#include "04-queues/ring.h"
#include "common/course/todo.h"
#include <glib.h>
#include <pthread.h>

struct ring {
    pthread_mutex_t mutex; /* Held by who looks at any of what follows. */
    pthread_cond_t has_room, has_items; /* Or it is closed. */
    bool closed;
    size_t capacity, first, depth;
    void **items;
};

struct ring *ring_new(size_t capacity)
{
    struct ring *ring = g_new0(struct ring, 1);
    ring->capacity = capacity;
    ring->items = g_new0(void *, capacity);
    pthread_mutex_init(&ring->mutex, NULL);
    pthread_cond_init(&ring->has_room, NULL);
    pthread_cond_init(&ring->has_items, NULL);
    return ring;
}

bool ring_put(struct ring *ring, void *item)
{
    /* TODO: lock; wait while there is no room, and it is not closed; put it
     * in, unless it is closed; tell who may wait for an item; unlock. */
    (void)ring, (void)item;
    return todo(false);
}

bool ring_take(struct ring *ring, void **item)
{
    /* TODO: the same from the other side. What is in it is taken, closed or
     * not. */
    (void)ring, (void)item;
    return todo(false);
}

void ring_close(struct ring *ring)
{
    /* TODO: who waits, and how many of them, on each side? */
    (void)ring, (void)todo(0);
}

size_t ring_depth(struct ring *ring)
{
    /* TODO: others are changing it. */
    (void)ring;
    return (size_t)todo(0);
}

void ring_free(struct ring *ring)
{
    pthread_mutex_destroy(&ring->mutex);
    pthread_cond_destroy(&ring->has_room);
    pthread_cond_destroy(&ring->has_items);
    g_free(ring->items);
    g_free(ring);
}

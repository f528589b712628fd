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
    /* SOLUTION: lock; wait while there is no room, and it is not closed; put it
     * in, unless it is closed; tell who may wait for an item; unlock. */
    pthread_mutex_lock(&ring->mutex);
    while (ring->depth == ring->capacity && !ring->closed)
        pthread_cond_wait(&ring->has_room, &ring->mutex);
    bool open = !ring->closed;
    if (open) {
        size_t last = (ring->first + ring->depth) % ring->capacity;
        ring->items[last] = item;
        ring->depth++;
        pthread_cond_signal(&ring->has_items);
    }
    pthread_mutex_unlock(&ring->mutex);
    return open;
    /* END SOLUTION: (void)ring, (void)item;
     * return todo(false); */
}

bool ring_take(struct ring *ring, void **item)
{
    /* SOLUTION: the same from the other side. What is in it is taken, closed or
     * not. */
    pthread_mutex_lock(&ring->mutex);
    while (ring->depth == 0 && !ring->closed)
        pthread_cond_wait(&ring->has_items, &ring->mutex);
    bool some = ring->depth > 0;
    if (some) {
        *item = ring->items[ring->first];
        ring->first = (ring->first + 1) % ring->capacity;
        ring->depth--;
        pthread_cond_signal(&ring->has_room);
    }
    pthread_mutex_unlock(&ring->mutex);
    return some;
    /* END SOLUTION: (void)ring, (void)item;
     * return todo(false); */
}

void ring_close(struct ring *ring)
{
    /* SOLUTION: who waits, and how many of them, on each side? */
    pthread_mutex_lock(&ring->mutex);
    ring->closed = true;
    pthread_cond_broadcast(&ring->has_room);
    pthread_cond_broadcast(&ring->has_items);
    pthread_mutex_unlock(&ring->mutex);
    /* END SOLUTION: (void)ring, (void)todo(0); */
}

size_t ring_depth(struct ring *ring)
{
    /* SOLUTION: others are changing it. */
    pthread_mutex_lock(&ring->mutex);
    size_t depth = ring->depth;
    pthread_mutex_unlock(&ring->mutex);
    return depth;
    /* END SOLUTION: (void)ring;
     * return (size_t)todo(0); */
}

void ring_free(struct ring *ring)
{
    pthread_mutex_destroy(&ring->mutex);
    pthread_cond_destroy(&ring->has_room);
    pthread_cond_destroy(&ring->has_items);
    g_free(ring->items);
    g_free(ring);
}

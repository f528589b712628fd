/* One condition, and whoever changes something wakes all: the simplest that is
 * right. Two counters that never fall tell where first and last are. */
#include "04-queues/ring.h"
#include <glib.h>
#include <pthread.h>

struct ring {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t capacity, put, taken;
    bool closed;
    void *items[];
};

struct ring *ring_new(size_t capacity)
{
    struct ring *ring =
        g_malloc0(sizeof *ring + capacity * sizeof *ring->items);
    ring->capacity = capacity;
    ring->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    ring->changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    return ring;
}

static void unlock_and_tell(struct ring *ring)
{
    pthread_mutex_unlock(&ring->mutex);
    pthread_cond_broadcast(&ring->changed);
}

bool ring_put(struct ring *ring, void *item)
{
    pthread_mutex_lock(&ring->mutex);
    while (!ring->closed && ring->put - ring->taken == ring->capacity)
        pthread_cond_wait(&ring->changed, &ring->mutex);
    if (ring->closed) {
        pthread_mutex_unlock(&ring->mutex);
        return false;
    }
    ring->items[ring->put++ % ring->capacity] = item;
    unlock_and_tell(ring);
    return true;
}

bool ring_take(struct ring *ring, void **item)
{
    pthread_mutex_lock(&ring->mutex);
    while (!ring->closed && ring->put == ring->taken)
        pthread_cond_wait(&ring->changed, &ring->mutex);
    if (ring->put == ring->taken) {
        pthread_mutex_unlock(&ring->mutex);
        return false;
    }
    *item = ring->items[ring->taken++ % ring->capacity];
    unlock_and_tell(ring);
    return true;
}

void ring_close(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    ring->closed = true;
    unlock_and_tell(ring);
}

size_t ring_depth(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    size_t depth = ring->put - ring->taken;
    pthread_mutex_unlock(&ring->mutex);
    return depth;
}

void ring_free(struct ring *ring)
{
    g_free(ring);
}

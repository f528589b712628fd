/* Two semaphores count what is waited for: free places, and items (Dijkstra
 * 1965). A mutex guards the places. Closing posts once to each, and who finds
 * the ring closed posts on, to the next one who waits. */
#include "04-queues/ring.h"
#include <glib.h>
#include <pthread.h>
#include <semaphore.h>

struct ring {
    sem_t room, some;
    pthread_mutex_t mutex;
    bool closed;
    size_t capacity;
    GQueue items;
};

struct ring *ring_new(size_t capacity)
{
    struct ring *ring = g_new0(struct ring, 1);
    ring->capacity = capacity;
    g_queue_init(&ring->items);
    sem_init(&ring->room, 0, (unsigned)capacity);
    sem_init(&ring->some, 0, 0);
    pthread_mutex_init(&ring->mutex, NULL);
    return ring;
}

static void down(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        ; /* A signal. */
}

bool ring_put(struct ring *ring, void *item)
{
    down(&ring->room);
    pthread_mutex_lock(&ring->mutex);
    bool open = !ring->closed;
    if (open)
        g_queue_push_tail(&ring->items, item);
    pthread_mutex_unlock(&ring->mutex);
    sem_post(open ? &ring->some : &ring->room);
    return open;
}

bool ring_take(struct ring *ring, void **item)
{
    down(&ring->some);
    pthread_mutex_lock(&ring->mutex);
    bool some = !g_queue_is_empty(&ring->items);
    if (some)
        *item = g_queue_pop_head(&ring->items);
    pthread_mutex_unlock(&ring->mutex);
    sem_post(some ? &ring->room : &ring->some);
    return some;
}

void ring_close(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    ring->closed = true;
    pthread_mutex_unlock(&ring->mutex);
    sem_post(&ring->room);
    sem_post(&ring->some);
}

size_t ring_depth(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    size_t depth = g_queue_get_length(&ring->items);
    pthread_mutex_unlock(&ring->mutex);
    return depth;
}

void ring_free(struct ring *ring)
{
    g_queue_clear(&ring->items);
    sem_destroy(&ring->room);
    sem_destroy(&ring->some);
    pthread_mutex_destroy(&ring->mutex);
    g_free(ring);
}

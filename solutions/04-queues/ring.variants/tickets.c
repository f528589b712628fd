/* Who comes draws a ticket, and is served in that order, on each side: nobody
 * is overtaken. A turn that is over, and a change, wake all. */
#include "04-queues/ring.h"
#include <glib.h>
#include <pthread.h>

/* One side: the next ticket to be drawn, and the next to be served. */
struct ring_line {
    size_t drawn, served;
};

struct ring {
    pthread_mutex_t mutex;
    pthread_cond_t turn;
    struct ring_line puts, takes;
    size_t capacity;
    bool closed;
    void **items;
};

struct ring *ring_new(size_t capacity)
{
    struct ring *ring = g_new0(struct ring, 1);
    ring->capacity = capacity;
    ring->items = g_new0(void *, capacity);
    pthread_mutex_init(&ring->mutex, NULL);
    pthread_cond_init(&ring->turn, NULL);
    return ring;
}

static void leave(struct ring *ring)
{
    pthread_cond_broadcast(&ring->turn);
    pthread_mutex_unlock(&ring->mutex);
}

bool ring_put(struct ring *ring, void *item)
{
    pthread_mutex_lock(&ring->mutex);
    size_t ticket = ring->puts.drawn++;
    while (!ring->closed && (ticket != ring->puts.served ||
                             ticket - ring->takes.served == ring->capacity))
        pthread_cond_wait(&ring->turn, &ring->mutex);
    bool open = !ring->closed;
    if (open)
        ring->items[ring->puts.served++ % ring->capacity] = item;
    leave(ring);
    return open;
}

bool ring_take(struct ring *ring, void **item)
{
    pthread_mutex_lock(&ring->mutex);
    size_t ticket = ring->takes.drawn++;
    while (ticket != ring->takes.served || ticket == ring->puts.served) {
        if (ring->closed && ticket >= ring->puts.served)
            break; /* There will never be an item of this number. */
        pthread_cond_wait(&ring->turn, &ring->mutex);
    }
    bool some = ticket == ring->takes.served && ticket < ring->puts.served;
    if (some)
        *item = ring->items[ring->takes.served++ % ring->capacity];
    leave(ring);
    return some;
}

void ring_close(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    ring->closed = true;
    leave(ring);
}

size_t ring_depth(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    size_t depth = ring->puts.served - ring->takes.served;
    pthread_mutex_unlock(&ring->mutex);
    return depth;
}

void ring_free(struct ring *ring)
{
    pthread_cond_destroy(&ring->turn);
    pthread_mutex_destroy(&ring->mutex);
    g_free(ring->items);
    g_free(ring);
}

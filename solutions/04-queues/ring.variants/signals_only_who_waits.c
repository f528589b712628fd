/* Counts who waits, and signals when somebody does, outside of the mutex: a
 * signal to nobody costs a call. Who is woken and has still something in front
 * of it need not pass it on: each change signals once more. */
#include "04-queues/ring.h"
#include <glib.h>
#include <pthread.h>

struct ring_side {
    pthread_cond_t condition;
    unsigned waiting;
};

struct ring {
    pthread_mutex_t mutex;
    struct ring_side puts, takes;
    void **first, **last, **begin, **end;
    size_t depth;
    bool closed;
};

struct ring *ring_new(size_t capacity)
{
    struct ring *ring = g_new0(struct ring, 1);
    ring->begin = ring->first = ring->last = g_new0(void *, capacity);
    ring->end = ring->begin + capacity;
    pthread_mutex_init(&ring->mutex, NULL);
    pthread_cond_init(&ring->puts.condition, NULL);
    pthread_cond_init(&ring->takes.condition, NULL);
    return ring;
}

static void **after(const struct ring *ring, void **place)
{
    return place + 1 == ring->end ? ring->begin : place + 1;
}

static void await(struct ring *ring, struct ring_side *side)
{
    side->waiting++;
    pthread_cond_wait(&side->condition, &ring->mutex);
    side->waiting--;
}

static bool leave(struct ring *ring, struct ring_side *other, bool done)
{
    bool tell = done && other->waiting > 0;
    pthread_mutex_unlock(&ring->mutex);
    if (tell)
        pthread_cond_signal(&other->condition);
    return done;
}

bool ring_put(struct ring *ring, void *item)
{
    pthread_mutex_lock(&ring->mutex);
    for (;;) {
        if (ring->closed)
            return leave(ring, &ring->takes, false);
        if (ring->depth < (size_t)(ring->end - ring->begin))
            break;
        await(ring, &ring->puts);
    }
    *ring->last = item;
    ring->last = after(ring, ring->last);
    ring->depth++;
    return leave(ring, &ring->takes, true);
}

bool ring_take(struct ring *ring, void **item)
{
    pthread_mutex_lock(&ring->mutex);
    while (ring->depth == 0) {
        if (ring->closed)
            return leave(ring, &ring->puts, false);
        await(ring, &ring->takes);
    }
    *item = *ring->first;
    ring->first = after(ring, ring->first);
    ring->depth--;
    return leave(ring, &ring->puts, true);
}

void ring_close(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    ring->closed = true;
    pthread_mutex_unlock(&ring->mutex);
    pthread_cond_broadcast(&ring->puts.condition);
    pthread_cond_broadcast(&ring->takes.condition);
}

size_t ring_depth(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    size_t depth = ring->depth;
    pthread_mutex_unlock(&ring->mutex);
    return depth;
}

void ring_free(struct ring *ring)
{
    pthread_cond_destroy(&ring->puts.condition);
    pthread_cond_destroy(&ring->takes.condition);
    pthread_mutex_destroy(&ring->mutex);
    g_free(ring->begin);
    g_free(ring);
}

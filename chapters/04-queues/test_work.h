/**
 * @file test_work.h
 * For tests of ring.h: producers and consumers at work, and what must be true
 * of it whoever ran when.
 *
 *     struct ring_work work = {.ring = ring_new(4), .capacity = 4, .each = 5,
 *                         .put = put, .take = take};
 *     struct ring_worker *workers = work_begin(&work, 5);
 *     ... produce(&workers[0]), consume(&workers[1]) .. in threads ...
 *     work_judge(&work, workers, 5);
 *
 * Each worker writes down what it has seen in a place of its own, so this does
 * not depend on the ring to keep them apart.
 */
#ifndef QUEUES_TEST_WORK_H
#define QUEUES_TEST_WORK_H
#include "04-queues/ring.h"
#include "common/course/graded.h"

/** So many workers, and so many items of each, are the most. */
enum { WORKERS = 8, WORK_EACH = 1000, WORK_ITEMS = WORKERS * WORK_EACH };

/** What all of them work at. */
struct ring_work {
    struct ring *ring; /**< The ring. */
    unsigned capacity; /**< Its capacity. */
    unsigned each;     /**< So many items a producer puts in. */
    bool (*put)(struct ring *ring, unsigned item);   /**< ring_put(). */
    bool (*take)(struct ring *ring, unsigned *item); /**< ring_take(). */
    gint inside;  /**< Put in, less what was taken, or is about to be. */
    gint highest; /**< .inside was that high, once at least. */
};

/** One of them, and what it has seen. */
struct ring_worker {
    struct ring_work *work;    /**< Its work. */
    unsigned number;           /**< Its own items begin with .number * each. */
    bool in[WORK_ITEMS];       /**< It has put this one in. */
    uint8_t times[WORK_ITEMS]; /**< It has taken this one so often. */
    bool disorder;             /**< A later one of a producer came first. */
    bool stranger;             /**< It has taken what nobody ever had. */
};

/** @p count workers, numbered from 0. Returns new; work_judge() frees it. */
static inline struct ring_worker *work_begin(struct ring_work *work,
                                             unsigned count)
{
    struct ring_worker *workers = g_new0(struct ring_worker, count);
    for (unsigned i = 0; i < count; i++) {
        workers[i].work = work;
        workers[i].number = i;
    }
    return workers;
}

/** Puts its items in, until one is refused. */
static inline void produce(void *self)
{
    struct ring_worker *worker = self;
    struct ring_work *work = worker->work;
    bool open = true;
    for (unsigned i = 0; open && i < work->each; i++) {
        unsigned item = worker->number * work->each + i;
        open = worker->in[item] = work->put(work->ring, item);
        if (!open)
            return;
        gint inside = g_atomic_int_add(&work->inside, 1) + 1;
        if (inside > g_atomic_int_get(&work->highest))
            g_atomic_int_set(&work->highest, inside);
    }
}

/** Takes items out until it is closed and empty. */
static inline void consume(void *self)
{
    struct ring_worker *worker = self;
    struct ring_work *work = worker->work;
    unsigned item, next[WORKERS] = {0};
    for (;;) {
        g_atomic_int_add(&work->inside, -1); /* Before it may have it. */
        if (!work->take(work->ring, &item))
            break;
        worker->stranger |= item >= WORKERS * work->each;
        if (worker->stranger)
            break;
        unsigned *least = &next[item / work->each];
        worker->disorder |= item < *least;
        *least = item + 1;
        worker->times[item]++;
    }
    g_atomic_int_inc(&work->inside);
}

/** All have come to their end: expect that each item was taken once, in order
 * and within the bound. */
static inline void work_judge(const struct ring_work *work,
                              struct ring_worker *workers, unsigned count)
{
    bool disorder = false, stranger = false;
    unsigned in = 0, times = 0, item = 0;
    for (; in == times && item < WORKERS * work->each; item++) {
        in = times = 0;
        for (unsigned i = 0; i < count; i++) {
            in += workers[i].in[item];
            times += workers[i].times[item];
        }
    }
    for (unsigned i = 0; i < count; i++) {
        disorder |= workers[i].disorder;
        stranger |= workers[i].stranger;
    }
    g_free(workers);
    expect_that(!stranger, "what is taken was put in", "another item");
    expect_that(in == times,
                "each item that was put in is taken once, and no other",
                "item %u, %s in, was taken %u times", item - 1,
                in ? "put" : "not", times);
    expect_that(!disorder, "the items of a producer stay in order",
                "a consumer had a later one first");
    expect_that(work->highest <= (gint)work->capacity,
                "the bound is not passed", "%d items in a ring of %u",
                work->highest, work->capacity);
}

#endif

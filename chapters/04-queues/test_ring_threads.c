/*
 * The ring among threads that run as they like. On most days this passes with a
 * wrong ring, too: that is why exercise 4.1 is judged on a loom. But built with
 * TSAN=1 it names each place that two threads use without a mutex between them:
 *
 *     test=test/chapters/04-queues/test_ring_threads
 *     make TSAN=1 MINE=ring build/tsan/mine/$test && build/tsan/mine/$test
 */
#include "04-queues/test_work.h"
#include <pthread.h>

enum { PRODUCERS = 3, CONSUMERS = 3, ALL = PRODUCERS + CONSUMERS };

static bool put(struct ring *ring, unsigned item)
{
    return ring_put(ring, GUINT_TO_POINTER(item));
}

static bool take(struct ring *ring, unsigned *item)
{
    void *taken;
    if (!ring_take(ring, &taken))
        return false;
    *item = GPOINTER_TO_UINT(taken);
    return true;
}

static void *run_producer(void *worker)
{
    produce(worker);
    return NULL;
}

static void *run_consumer(void *worker)
{
    consume(worker);
    return NULL;
}

static void start(pthread_t *threads, struct ring_worker *workers)
{
    for (int i = 0; i < ALL; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL,
                           i < PRODUCERS ? run_producer : run_consumer,
                           &workers[i]),
            0);
}

static void run(unsigned capacity, bool early)
{
    pthread_t threads[ALL];
    struct ring_work work = {.ring = ring_new(capacity),
                             .capacity = capacity,
                             .each = WORK_EACH,
                             .put = put,
                             .take = take};
    struct ring_worker *workers = work_begin(&work, ALL);
    start(threads, workers);
    for (int i = 0; early && i < 50; i++)
        ring_depth(work.ring); /* Meanwhile they begin. */
    for (int i = 0; !early && i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    ring_close(work.ring);
    for (int i = early ? 0 : PRODUCERS; i < ALL; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(ring_depth(work.ring), 0);
    ring_free(work.ring);
    work_judge(&work, workers, ALL);
}

static void each_item_comes_once(void **state)
{
    (void)state;
    run(1, false);
    run(16, false);
}

static void closed_amid_the_work_each_item_comes_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        run(1 + i % 4, true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_comes_once),
        cmocka_unit_test(closed_amid_the_work_each_item_comes_once),
    };
    return test_run(argc, argv, tests);
}

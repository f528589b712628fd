/* Wakeups: rings from other threads, and what they promise. */
#include "01-sockets/wakeup.h"
#include "common/judge/test.h"
#include <signal.h>
#include <string.h>

enum { THREADS = 4, RINGS = 5000, SOON = 3 };

static struct loop *loop;
static struct wakeup *wakeup;
static unsigned woken;
static void (*act)(void); /* What on_wakeup does besides. */

static void on_wakeup(void *self)
{
    assert_ptr_equal(self, &woken);
    woken++;
    if (act)
        act();
}

static int open_loop(void **state)
{
    (void)state;
    loop = loop_new();
    wakeup = wakeup_new(loop, on_wakeup, &woken);
    woken = 0;
    act = NULL;
    return 0;
}

static int close_loop(void **state)
{
    (void)state;
    g_clear_pointer(&wakeup, wakeup_free);
    loop_free(loop);
    return 0;
}

static void turns(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        loop_turn(loop, 0);
}

/* A ring that is lost is waited for, and in vain. */
static void await_ring(void)
{
    unsigned before = woken;
    loop_turn(loop, 30 * SEC);
    assert_true(woken > before);
}

static void who_is_not_rung_for_is_not_called(void **state)
{
    (void)state;
    turns(SOON);
    assert_int_equal(woken, 0);
}

static void a_ring_wakes_once_from_the_loop(void **state)
{
    (void)state;
    wakeup_ring(wakeup);
    assert_int_equal(woken, 0);
    turns(SOON);
    assert_int_equal(woken, 1);
    wakeup_ring(wakeup);
    turns(SOON);
    assert_int_equal(woken, 2);
}

static void rings_that_come_together_count_as_one(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        wakeup_ring(wakeup);
    turns(SOON);
    assert_int_equal(woken, 1);
}

static void ring_once_more(void)
{
    if (woken < 3)
        wakeup_ring(wakeup);
}

static void a_ring_while_it_is_awake_wakes_again(void **state)
{
    (void)state;
    act = ring_once_more;
    wakeup_ring(wakeup);
    turns(SOON + 3);
    assert_int_equal(woken, 3);
}

static void free_it(void)
{
    g_clear_pointer(&wakeup, wakeup_free);
}

static void it_may_be_freed_by_whom_it_woke(void **state)
{
    (void)state;
    act = free_it;
    wakeup_ring(wakeup);
    turns(SOON);
    assert_int_equal(woken, 1);
}

static void ring_from_a_handler(int signal)
{
    (void)signal;
    wakeup_ring(wakeup);
}

static void a_signal_handler_may_ring(void **state)
{
    (void)state;
    signal(SIGUSR1, ring_from_a_handler);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    turns(SOON);
    assert_int_equal(woken, 1);
}

/* ---- Threads. ---- */

static unsigned message; /* No atomic, no lock: a ring is enough. */
static unsigned received;

static void *ring_with_a_message(void *data)
{
    message = 42;
    wakeup_ring(wakeup);
    return data;
}

static void take_message(void)
{
    received = message;
}

static void what_was_done_before_a_ring_is_seen(void **state)
{
    (void)state;
    message = received = 0;
    act = take_message;
    GThread *thread = g_thread_new("ringer", ring_with_a_message, NULL);
    await_ring();
    assert_int_equal(received, 42);
    g_thread_join(thread);
}

/* Each thread counts in a place of its own; the loop is to see every last
 * count, though it is not woken for each. */
static unsigned counts[THREADS], sum;

static void *count_and_ring(void *data)
{
    unsigned *count = data;
    for (unsigned i = 1; i <= RINGS; i++) {
        __atomic_store_n(count, i, __ATOMIC_RELAXED);
        wakeup_ring(wakeup);
    }
    return NULL;
}

static void add_up(void)
{
    sum = 0;
    for (int i = 0; i < THREADS; i++)
        sum += __atomic_load_n(&counts[i], __ATOMIC_RELAXED);
}

static void no_ring_is_lost_however_many_ring_at_once(void **state)
{
    GThread *threads[THREADS];
    (void)state;
    sum = 0;
    act = add_up;
    for (int i = 0; i < THREADS; i++) {
        counts[i] = 0;
        threads[i] = g_thread_new("ringer", count_and_ring, &counts[i]);
    }
    while (sum < THREADS * RINGS)
        await_ring();
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    assert_in_range(woken, 1, THREADS * RINGS);
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_loop, close_loop)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(who_is_not_rung_for_is_not_called),
        CASE(a_ring_wakes_once_from_the_loop),
        CASE(rings_that_come_together_count_as_one),
        CASE(a_ring_while_it_is_awake_wakes_again),
        CASE(it_may_be_freed_by_whom_it_woke),
        CASE(a_signal_handler_may_ring),
        CASE(what_was_done_before_a_ring_is_seen),
        CASE(no_ring_is_lost_however_many_ring_at_once),
    };
    return test_run(argc, argv, tests);
}

/* The loom: the same seed is the same schedule, all schedules come, and what
 * threads call does what POSIX says. */
#include "common/course/graded.h"
#include "common/course/loom.h"
#include "common/course/loom_wraps.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEEDS = 200 };

/* ---- What they share. ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static unsigned number;
static char letters[16];

static void begin(uint64_t seed)
{
    loom_begin(seed);
    sem_init(&semaphore, 0, 0);
    number = 0;
    letters[0] = '\0';
}

/* ---- Schedules. ---- */

static void write_letters(void *self)
{
    for (int i = 0; i < 2; i++) {
        strcat(letters, self);
        sched_yield();
    }
}

static uint64_t schedule(uint64_t seed)
{
    begin(seed);
    loom_start("a", write_letters, "a");
    loom_start("b", write_letters, "b");
    loom_start("c", write_letters, "c");
    loom_finish("all end");
    return sheet_open()->trace;
}

/* The trace is a hash over all that was noted since the program began. */
static uint64_t new_trace(uint64_t seed)
{
    sheet_open()->trace = 0;
    return schedule(seed);
}

static void a_seed_is_a_schedule(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        assert_int_equal(new_trace(seed), new_trace(seed));
    assert_int_not_equal(new_trace(1), new_trace(2));
    assert_int_equal(sheet_open()->lines, 9); /* And that one is written. */
}

static void all_schedules_come(void **state)
{
    g_autoptr(GHashTable) all =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    (void)state;
    for (uint64_t seed = 1; seed <= 15 * SEEDS; seed++) {
        schedule(seed);
        g_hash_table_add(all, g_strdup(letters));
    }
    assert_int_equal(g_hash_table_size(all), 90); /* 6! / (2! 2! 2!) */
}

/* As it would be written without a loom. */
static void *count_up(void *guard)
{
    if (guard)
        pthread_mutex_lock(guard);
    unsigned seen = number;
    sched_yield();
    number = seen + 1;
    if (guard)
        pthread_mutex_unlock(guard);
    return &number;
}

static unsigned count_twice(uint64_t seed, pthread_mutex_t *guard)
{
    pthread_t threads[2];
    void *result = NULL;
    begin(seed);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, guard), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], &result), 0);
    assert_ptr_equal(result, &number);
    return number;
}

static void a_mutex_keeps_others_out(void **state)
{
    unsigned lost = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        assert_int_equal(count_twice(seed, &mutex), 2);
        lost += count_twice(seed, NULL) == 1;
    }
    assert_in_range(lost, SEEDS / 10, SEEDS - 1);
}

static void open_the_way(void *self)
{
    pthread_mutex_lock(&mutex);
    strcat(letters, "<");
    pthread_mutex_unlock(&mutex);
    strcat(letters, ">");
    sem_post(self);
    strcat(letters, ".");
}

static void pass(void *self)
{
    pthread_mutex_lock(&mutex);
    strcat(letters, "a");
    pthread_mutex_unlock(&mutex);
    while (sem_wait(self) != 0)
        ;
    strcat(letters, "b");
}

/* Who has been let in may be there before who let him in goes on. */
static void what_follows_a_call_is_no_part_of_it(void **state)
{
    unsigned in = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        loom_start("door", open_the_way, &semaphore);
        loom_start("guest", pass, &semaphore);
        loom_finish("both end");
        in += strcmp(letters, "<a>b.") == 0;
    }
    assert_in_range(in, 1, SEEDS / 2);
}

/* ---- Waiting. ---- */

static void wait_for_it(void *self)
{
    (void)self;
    pthread_mutex_lock(&mutex);
    while (number == 0)
        pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void wait_once(void *self)
{
    (void)self;
    pthread_mutex_lock(&mutex);
    if (number == 0)
        pthread_cond_wait(&condition, &mutex);
    if (number == 0)
        strcat(letters, "!");
    pthread_mutex_unlock(&mutex);
}

static void look(void *self)
{
    (void)self;
    for (int i = 0; i < 20; i++)
        sched_yield();
}

static unsigned count_wakes(void (*waiter)(void *), bool trouble)
{
    unsigned count = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        if (trouble)
            loom_trouble();
        loom_start("waiter", waiter, NULL);
        loom_start("looker", look, NULL);
        count += loom_settle() == 0;
    }
    return count;
}

static void a_wait_may_end_without_a_cause(void **state)
{
    (void)state;
    assert_int_equal(count_wakes(wait_once, false), 0);
    assert_in_range(count_wakes(wait_once, true), SEEDS / 4, SEEDS);
    assert_int_equal(count_wakes(wait_for_it, true), 0);
}

static void a_signal_wakes_one_and_a_broadcast_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        for (int i = 0; i < 3; i++)
            loom_start("waiter", wait_once, NULL);
        assert_int_equal(loom_settle(), 3);
        pthread_cond_signal(&condition);
        assert_int_equal(loom_settle(), 2);
        pthread_cond_broadcast(&condition);
        assert_int_equal(loom_settle(), 0);
        assert_string_equal(letters, "!!!");
    }
}

static void wait_until(void *self)
{
    struct timespec until = {0, 0};
    (void)self;
    pthread_mutex_lock(&mutex);
    while (number == 0)
        if (pthread_cond_timedwait(&condition, &mutex, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&mutex);
    if (sem_timedwait(&semaphore, &until) == -1 && errno == ETIMEDOUT)
        strcat(letters, "late");
}

static void time_passes_when_there_is_nothing_else_to_do(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        loom_start("waiter", wait_until, NULL);
        assert_int_equal(loom_settle(), 1);
        loom_finish("the time comes");
        assert_string_equal(letters, "late");
    }
}

/* ---- Semaphores. ---- */

static void take_two(void *self)
{
    for (int i = 0; i < 2; i++)
        strcat(letters, sem_wait(&semaphore) == 0 ? self
                        : errno == EINTR          ? "?"
                                                  : "!");
}

static void a_semaphore_counts(void **state)
{
    int value;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        loom_start("a", take_two, "a");
        loom_start("b", take_two, "b");
        for (size_t i = 0; i < 4; i++) {
            loom_settle();
            assert_int_equal(strlen(letters), i);
            sem_post(&semaphore);
        }
        loom_finish("both have two");
        assert_int_equal(sem_trywait(&semaphore), -1);
        sem_post(&semaphore);
        assert_int_equal(sem_getvalue(&semaphore, &value), 0);
        assert_int_equal(value, 1);
        assert_int_equal(sem_trywait(&semaphore), 0);
    }
}

static void a_signal_may_interrupt_sem_wait(void **state)
{
    unsigned count = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        loom_trouble();
        loom_start("waiter", take_two, "a");
        loom_start("looker", look, NULL);
        count += loom_settle() == 0 && strcmp(letters, "??") == 0;
    }
    assert_in_range(count, SEEDS / 10, SEEDS);
}

/* ---- Outside. ---- */

static void *post(void *self)
{
    assert_int_equal(sem_post(self), 0); /* Not of the loom: the real one. */
    return NULL;
}

static void who_is_not_on_the_loom_makes_real_calls(void **state)
{
    sem_t real;
    pthread_t thread;
    (void)state;
    begin(1);
    assert_int_equal(__real_sem_init(&real, 0, 0), 0);
    assert_int_equal(__real_pthread_create(&thread, NULL, post, &real), 0);
    while (__real_sem_wait(&real) != 0)
        ;
    __real_pthread_join(thread, NULL);
    assert_int_equal(sheet_open()->lines, 0);
}

/* A leak detector does this. It is called last: it registered first. */
static void wait_for_another_process(void)
{
    sched_yield();
    _exit(sheet_open()->lines == 0 ? 0 : 1);
}

/* Before all others: in this process nobody has used the loom. */
static void who_yields_after_the_end_makes_real_calls(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        atexit(wait_for_another_process);
        begin(1);
        exit(2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_yields_after_the_end_makes_real_calls),
        cmocka_unit_test(a_seed_is_a_schedule),
        cmocka_unit_test(all_schedules_come),
        cmocka_unit_test(a_mutex_keeps_others_out),
        cmocka_unit_test(what_follows_a_call_is_no_part_of_it),
        cmocka_unit_test(a_wait_may_end_without_a_cause),
        cmocka_unit_test(a_signal_wakes_one_and_a_broadcast_all),
        cmocka_unit_test(time_passes_when_there_is_nothing_else_to_do),
        cmocka_unit_test(a_semaphore_counts),
        cmocka_unit_test(a_signal_may_interrupt_sem_wait),
        cmocka_unit_test(who_is_not_on_the_loom_makes_real_calls),
    };
    return test_run(argc, argv, tests);
}

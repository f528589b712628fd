/* The loom finds what threads get wrong, and says it. */
#include "common/course/graded.h"
#include "common/course/loom.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

enum { SEEDS = 200 };

/* ---- A failure of a test on the loom, seen from outside. ---- */

static jmp_buf outside;
static char told[2 * SHEET_TEXT];

/* In the place of graded_fail() (local.mk). */
void __wrap_graded_fail(enum sheet_state state, const char *at,
                        const char *wanted, const char *format, ...)
    G_GNUC_PRINTF(4, 5) G_GNUC_NORETURN;

void __wrap_graded_fail(enum sheet_state state, const char *at,
                        const char *wanted, const char *format, ...)
{
    va_list arguments;
    int size =
        g_snprintf(told, sizeof told,
                   "%s %s: ", state == SHEET_HANG ? "HANG" : "WRONG", wanted);
    (void)at;
    va_start(arguments, format);
    vsnprintf(told + size, sizeof told - (size_t)size, format, arguments);
    va_end(arguments);
    longjmp(outside, 1);
}

/* What it says; or "". */
static const char *failure_of(void (*test)(uint64_t seed), uint64_t seed)
{
    told[0] = '\0';
    if (setjmp(outside) == 0)
        test(seed);
    return told;
}

/* Of all seeds, so many fail. */
static unsigned count_failures(void (*test)(uint64_t seed))
{
    unsigned count = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        count += failure_of(test, seed)[0] != '\0';
    return count;
}

/* ---- What they share. ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER,
                       other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static unsigned number;

static void begin(uint64_t seed)
{
    loom_begin(seed);
    number = 0;
}

/* ---- A lost wake-up. ---- */

static void wait_for_it(void *self)
{
    (void)self;
    pthread_mutex_lock(&mutex);
    while (number == 0)
        pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void tell(void *self)
{
    (void)self;
    pthread_mutex_lock(&mutex);
    number = 1;
    pthread_mutex_unlock(&mutex);
    pthread_cond_signal(&condition);
}

static void tell_without_the_mutex(void *self)
{
    (void)self;
    number = 1;
    pthread_cond_signal(&condition);
}

static void run_two(uint64_t seed, void (*teller)(void *))
{
    begin(seed);
    loom_start("waiter", wait_for_it, NULL);
    loom_start("teller", teller, NULL);
    loom_finish("the waiter is told");
}

static void tell_right(uint64_t seed)
{
    run_two(seed, tell);
}

static void tell_wrong(uint64_t seed)
{
    run_two(seed, tell_without_the_mutex);
}

static void a_lost_wake_up_is_found(void **state)
{
    (void)state;
    assert_int_equal(count_failures(tell_right), 0);
    assert_in_range(count_failures(tell_wrong), 1, SEEDS - 1);
    uint64_t seed = 1;
    while (!failure_of(tell_wrong, seed)[0])
        seed++;
    assert_string_equal(
        told, "HANG the waiter is told: waiter waits for condition 1");
}

/* ---- What else fails. ---- */

static void lock_both(void *self)
{
    bool turned = self != NULL;
    pthread_mutex_lock(turned ? &other : &mutex);
    pthread_mutex_lock(turned ? &mutex : &other);
    pthread_mutex_unlock(&other);
    pthread_mutex_unlock(&mutex);
}

static void lock_crosswise(uint64_t seed)
{
    begin(seed);
    assert_int_equal(pthread_mutex_trylock(&mutex), 0); /* It is mutex 1. */
    assert_int_equal(pthread_mutex_trylock(&mutex), EBUSY);
    pthread_mutex_unlock(&mutex);
    loom_start("one", lock_both, NULL);
    loom_start("two", lock_both, &number);
    loom_finish("both end");
}

static void who_waits_for_ever_is_named(void **state)
{
    uint64_t seed = 1;
    (void)state;
    assert_in_range(count_failures(lock_crosswise), 1, SEEDS - 1);
    while (!failure_of(lock_crosswise, seed)[0])
        seed++;
    assert_string_equal(told, "HANG both end: one waits for mutex 2, which two "
                              "holds; two waits for mutex 1, which one holds");
}

static void lock_twice(uint64_t seed)
{
    begin(seed);
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
}

static void lock_and_end(void *self)
{
    pthread_mutex_lock(self);
}

static void end_with_a_mutex(uint64_t seed)
{
    begin(seed);
    loom_start("first", lock_and_end, &mutex);
    loom_settle();
    loom_start("second", lock_and_end, &mutex);
    loom_finish("the second has it");
}

static void unlock_another(void *self)
{
    pthread_mutex_unlock(self);
}

static void unlock_for_another(uint64_t seed)
{
    begin(seed);
    pthread_mutex_lock(&mutex);
    loom_start("stranger", unlock_another, &mutex);
    loom_settle();
}

static void wait_without_a_mutex(uint64_t seed)
{
    begin(seed);
    pthread_cond_wait(&condition, &mutex);
}

static void destroy_while_it_is_used(uint64_t seed)
{
    begin(seed);
    loom_start("waiter", wait_for_it, NULL);
    loom_settle();
    pthread_cond_destroy(&condition);
}

static void ask_and_ask(void *self)
{
    (void)self;
    while (number == 0)
        sched_yield();
}

static void never_wait(uint64_t seed)
{
    begin(seed);
    loom_start("asker", ask_and_ask, NULL);
    loom_settle();
}

static void what_must_not_be_is_told(void **state)
{
    static const struct {
        void (*test)(uint64_t seed);
        const char *told;
    } cases[] = {
        {lock_twice, "HANG the test's own call to come back: the test waits "
                     "for mutex 1, which it holds itself"},
        {end_with_a_mutex, "HANG the second has it: second waits for mutex 1, "
                           "which first holds, and it has ended"},
        {unlock_for_another,
         "WRONG who unlocks a mutex has locked it: stranger calls "
         "pthread_mutex_unlock, and mutex 1, which the test holds"},
        {wait_without_a_mutex,
         "WRONG who waits for a condition holds the mutex: the test calls "
         "pthread_cond_wait, and mutex 1, which nobody holds"},
        {destroy_while_it_is_used,
         "WRONG nobody uses what is destroyed: condition 1 is destroyed while "
         "somebody waits for it"},
        {never_wait, "HANG to wait until something has changed: asker calls on "
                     "and on, and does not wait"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        for (uint64_t seed = 1; seed <= 5; seed++)
            assert_string_equal(failure_of(cases[i].test, seed), cases[i].told);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_wake_up_is_found),
        cmocka_unit_test(who_waits_for_ever_is_named),
        cmocka_unit_test(what_must_not_be_is_told),
    };
    return test_run(argc, argv, tests);
}

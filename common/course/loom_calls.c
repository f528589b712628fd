/*
 * The calls that threads make of each other. Each first lets the seed pick who
 * runs; and who has let others in picks once more, lest what it does next seem
 * to be a part of the call. What POSIX leaves undefined fails the test. Threads
 * that are none of the loom's call the real ones.
 */
#include "common/course/loom_parts.h"
#include "common/course/loom_wraps.h"
#include <errno.h>

/* A semaphore's errors come by errno. */
static int answer(int error)
{
    errno = error;
    return error ? -1 : 0;
}

static void note_wait(const char *call, const struct loom_object *object)
{
    loom_note("%s(%s)   waits", call, object->name);
}

/* Others may wait for it no more. */
static int destroy(const void *address, enum loom_kind kind, const char *call)
{
    const struct loom_object *object = loom_object(address, kind);
    loom_pick();
    loom_note("%s(%s)", call, object->name);
    if (object->holder || loom_waiters(object) > 0)
        loom_fail(SHEET_WRONG, "nobody uses what is destroyed",
                  "%s is destroyed while %s", object->name,
                  object->holder ? "it is locked" : "somebody waits for it");
    loom_forget(address);
    return 0;
}

/* As new, whatever stood at the @p address before. */
static struct loom_object *make(const void *address, enum loom_kind kind)
{
    loom_forget(address);
    return loom_object(address, kind);
}

/* ---- Threads. ---- */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *self)
{
    if (!loom_self())
        return __real_pthread_create(thread, attributes, run, self);
    const struct loom_thread *created = loom_thread(NULL, run, self);
    *thread = created->real;
    loom_note("pthread_create()   %s", created->name);
    loom_pick();
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
    struct loom_thread *self = loom_self();
    if (!self)
        return __real_pthread_join(thread, result);
    struct loom_thread *joined = self->joined = loom_thread_of(thread);
    loom_wait(JOINS, NULL);
    loom_note("pthread_join(%s)", joined->name);
    if (result)
        *result = joined->result;
    return 0;
}

int __wrap_sched_yield(void)
{
    if (!loom_self())
        return __real_sched_yield();
    loom_note("sched_yield()");
    loom_pick();
    return 0;
}

/* ---- Mutexes. ---- */

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex,
                              const pthread_mutexattr_t *attributes)
{
    if (!loom_self())
        return __real_pthread_mutex_init(mutex, attributes);
    make(mutex, MUTEX);
    return 0;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    if (!loom_self())
        return __real_pthread_mutex_destroy(mutex);
    return destroy(mutex, MUTEX, "pthread_mutex_destroy");
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (!loom_self())
        return __real_pthread_mutex_lock(mutex);
    struct loom_object *object = loom_object(mutex, MUTEX);
    if (object->holder)
        note_wait("pthread_mutex_lock", object);
    loom_wait(LOCKS, object);
    loom_note("pthread_mutex_lock(%s)", object->name);
    return 0;
}

int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    struct loom_thread *self = loom_self();
    if (!self)
        return __real_pthread_mutex_trylock(mutex);
    struct loom_object *object = loom_object(mutex, MUTEX);
    loom_pick();
    bool free = !object->holder;
    loom_note("pthread_mutex_trylock(%s) = %s", object->name,
              free ? "0" : "EBUSY");
    if (free)
        object->holder = self;
    return free ? 0 : EBUSY;
}

/* Returns when the caller may give the mutex up. */
static void check_holder(const struct loom_object *object, const char *call,
                         const char *rule)
{
    const struct loom_thread *holder = object->holder;
    if (holder == loom_self())
        return;
    loom_note("%s(%s)", call, object->name);
    loom_fail(SHEET_WRONG, rule, "%s calls %s, and %s, which %s holds",
              loom_self()->name, call, object->name,
              holder ? holder->name : "nobody");
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (!loom_self())
        return __real_pthread_mutex_unlock(mutex);
    struct loom_object *object = loom_object(mutex, MUTEX);
    check_holder(object, "pthread_mutex_unlock",
                 "who unlocks a mutex has locked it");
    loom_pick();
    loom_note("pthread_mutex_unlock(%s)", object->name);
    object->holder = NULL;
    loom_pick();
    return 0;
}

/* ---- Conditions. ---- */

int __wrap_pthread_cond_init(pthread_cond_t *condition,
                             const pthread_condattr_t *attributes)
{
    if (!loom_self())
        return __real_pthread_cond_init(condition, attributes);
    make(condition, CONDITION);
    return 0;
}

int __wrap_pthread_cond_destroy(pthread_cond_t *condition)
{
    if (!loom_self())
        return __real_pthread_cond_destroy(condition);
    return destroy(condition, CONDITION, "pthread_cond_destroy");
}

/* Gives the mutex up and waits, in one step. */
static int await(pthread_cond_t *condition, pthread_mutex_t *mutex, bool timed)
{
    struct loom_thread *self = loom_self();
    struct loom_object *object = loom_object(condition, CONDITION);
    const char *call = timed ? "pthread_cond_timedwait" : "pthread_cond_wait";
    self->mutex = loom_object(mutex, MUTEX);
    check_holder(self->mutex, call,
                 "who waits for a condition holds the mutex");
    loom_pick();
    loom_note("%s(%s, %s)   waits", call, object->name, self->mutex->name);
    self->mutex->holder = NULL;
    self->timed = timed;
    int error = loom_wait(AWAITS, object);
    loom_note("goes on, with %s%s", self->mutex->name,
              error ? ": ETIMEDOUT" : "");
    return error;
}

int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    if (!loom_self())
        return __real_pthread_cond_wait(condition, mutex);
    return await(condition, mutex, false);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *condition,
                                  pthread_mutex_t *mutex,
                                  const struct timespec *until)
{
    if (!loom_self())
        return __real_pthread_cond_timedwait(condition, mutex, until);
    return await(condition, mutex, true);
}

int __wrap_pthread_cond_signal(pthread_cond_t *condition)
{
    if (!loom_self())
        return __real_pthread_cond_signal(condition);
    struct loom_object *object = loom_object(condition, CONDITION);
    loom_pick();
    const struct loom_thread *woken = loom_wake(object);
    loom_note("pthread_cond_signal(%s)   wakes %s", object->name,
              woken ? woken->name : "nobody");
    loom_pick();
    return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *condition)
{
    unsigned count = 0;
    if (!loom_self())
        return __real_pthread_cond_broadcast(condition);
    struct loom_object *object = loom_object(condition, CONDITION);
    loom_pick();
    while (loom_wake(object))
        count++;
    loom_note("pthread_cond_broadcast(%s)   wakes %u", object->name, count);
    loom_pick();
    return 0;
}

/* ---- Semaphores. ---- */

int __wrap_sem_init(sem_t *semaphore, int shared, unsigned value)
{
    if (!loom_self())
        return __real_sem_init(semaphore, shared, value);
    make(semaphore, SEMAPHORE)->value = value;
    return 0;
}

int __wrap_sem_destroy(sem_t *semaphore)
{
    if (!loom_self())
        return __real_sem_destroy(semaphore);
    return destroy(semaphore, SEMAPHORE, "sem_destroy");
}

static int down(sem_t *semaphore, bool timed)
{
    struct loom_object *object = loom_object(semaphore, SEMAPHORE);
    const char *call = timed ? "sem_timedwait" : "sem_wait";
    if (object->value == 0)
        note_wait(call, object);
    loom_self()->timed = timed;
    int error = loom_wait(DOWNS, object);
    loom_note("%s(%s) = %s", call, object->name,
              error ? strerrorname_np(error) : "0");
    return answer(error);
}

int __wrap_sem_wait(sem_t *semaphore)
{
    if (!loom_self())
        return __real_sem_wait(semaphore);
    return down(semaphore, false);
}

int __wrap_sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
    if (!loom_self())
        return __real_sem_timedwait(semaphore, until);
    return down(semaphore, true);
}

int __wrap_sem_trywait(sem_t *semaphore)
{
    if (!loom_self())
        return __real_sem_trywait(semaphore);
    struct loom_object *object = loom_object(semaphore, SEMAPHORE);
    loom_pick();
    bool taken = object->value > 0;
    loom_note("sem_trywait(%s) = %s", object->name, taken ? "0" : "EAGAIN");
    object->value -= taken;
    return answer(taken ? 0 : EAGAIN);
}

int __wrap_sem_post(sem_t *semaphore)
{
    if (!loom_self())
        return __real_sem_post(semaphore);
    struct loom_object *object = loom_object(semaphore, SEMAPHORE);
    loom_pick();
    object->value++;
    loom_note("sem_post(%s)   is %u", object->name, object->value);
    loom_pick();
    return 0;
}

int __wrap_sem_getvalue(sem_t *semaphore, int *value)
{
    if (!loom_self())
        return __real_sem_getvalue(semaphore, value);
    loom_pick();
    *value = (int)loom_object(semaphore, SEMAPHORE)->value;
    return 0;
}

/**
 * @file loom_wraps.h
 * The calls that are replaced: the linker's --wrap sends `sem_wait` to
 * `__wrap_sem_wait` (local.mk names them all), and `__real_sem_wait` is what
 * the system has.
 */
#ifndef COURSE_LOOM_WRAPS_H
#define COURSE_LOOM_WRAPS_H
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

/** @cond */
/* Both, with the same arguments. */
#define LOOM_WRAP(call, ...)        \
    int __real_##call(__VA_ARGS__); \
    int __wrap_##call(__VA_ARGS__)

LOOM_WRAP(pthread_create, pthread_t *thread, const pthread_attr_t *attributes,
          void *(*run)(void *), void *self);
LOOM_WRAP(pthread_join, pthread_t thread, void **result);
LOOM_WRAP(sched_yield, void);
LOOM_WRAP(pthread_mutex_init, pthread_mutex_t *mutex,
          const pthread_mutexattr_t *attributes);
LOOM_WRAP(pthread_mutex_destroy, pthread_mutex_t *mutex);
LOOM_WRAP(pthread_mutex_lock, pthread_mutex_t *mutex);
LOOM_WRAP(pthread_mutex_trylock, pthread_mutex_t *mutex);
LOOM_WRAP(pthread_mutex_unlock, pthread_mutex_t *mutex);
LOOM_WRAP(pthread_cond_init, pthread_cond_t *condition,
          const pthread_condattr_t *attributes);
LOOM_WRAP(pthread_cond_destroy, pthread_cond_t *condition);
LOOM_WRAP(pthread_cond_wait, pthread_cond_t *condition, pthread_mutex_t *mutex);
LOOM_WRAP(pthread_cond_timedwait, pthread_cond_t *condition,
          pthread_mutex_t *mutex, const struct timespec *until);
LOOM_WRAP(pthread_cond_signal, pthread_cond_t *condition);
LOOM_WRAP(pthread_cond_broadcast, pthread_cond_t *condition);
LOOM_WRAP(sem_init, sem_t *semaphore, int shared, unsigned value);
LOOM_WRAP(sem_destroy, sem_t *semaphore);
LOOM_WRAP(sem_wait, sem_t *semaphore);
LOOM_WRAP(sem_trywait, sem_t *semaphore);
LOOM_WRAP(sem_timedwait, sem_t *semaphore, const struct timespec *until);
LOOM_WRAP(sem_post, sem_t *semaphore);
LOOM_WRAP(sem_getvalue, sem_t *semaphore, int *value);
/** @endcond */

#endif

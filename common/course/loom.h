/**
 * @file loom.h
 * Threads on a loom: they are real, but only one runs at a time, and a seed
 * picks which. For tests of what threads share.
 *
 *     loom_begin(seed);
 *     loom_start("producer", produce, ring);   // Or pthread_create().
 *     loom_start("consumer", consume, ring);
 *     loom_finish("both come to their end");   // HANG: who waits for what.
 *
 * The linker's --wrap sends their calls here (local.mk): mutexes, conditions,
 * semaphores, creation and joining of threads. At each call another thread may
 * be picked, and that is all that decides: the same seed is the same schedule,
 * on any machine. Who locks a mutex, or is woken by a signal, is picked too.
 * Each call is noted on the sheet (sheet.h).
 *
 * The test itself is a thread as well. It alone may fail an expectation: the
 * others write down what they see, and the test looks when they have settled.
 *
 * What the seed does not pick is a moment between two calls: that is what
 * TSAN=1 is for.
 */
#ifndef COURSE_LOOM_H
#define COURSE_LOOM_H
#include <glib.h>
#include <stdint.h>

/** So many threads, with the test; and so many picks until all wait. */
enum { LOOM_THREADS = 16, LOOM_PICKS = 20000 };

/** Begin anew, with the test as the only thread; what others there were are
 * ended. The same @p seed is the same schedule. */
void loom_begin(uint64_t seed);
/** From now on who waits may be woken without a cause: a condition (spurious
 * wake-up), and sem_wait by a signal (EINTR). */
void loom_trouble(void);
/** A thread that runs @p run on @p self. The loom keeps a copy of @p name. */
void loom_start(const char *name, void (*run)(void *self), void *self);
/** Let the others run until each of them has ended or waits. Returns how many
 * wait. */
unsigned loom_settle(void);
/** Let them run until all have ended. Who waits for ever fails the test with
 * HANG: @p wanted is what was expected, in words. */
void loom_finish(const char *wanted);
/** A line among the calls, of whoever runs. */
void loom_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif

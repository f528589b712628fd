/**
 * @file loom_parts.h
 * The parts of the loom (loom.h). Who runs is decided in loom.c; the calls that
 * are replaced stand in loom_calls.c.
 */
#ifndef COURSE_LOOM_PARTS_H
#define COURSE_LOOM_PARTS_H
#include "common/course/loom.h"
#include "common/course/sheet.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

/** What threads share. */
enum loom_kind { MUTEX, CONDITION, SEMAPHORE };

/** One of these. */
struct loom_object {
    enum loom_kind kind;        /**< Which. */
    char name[24];              /**< "mutex 1", by order of first use. */
    struct loom_thread *holder; /**< Of a mutex; NULL: it is free. */
    unsigned value;             /**< Of a semaphore. */
};

/** What a thread is about. */
enum loom_state {
    RUNS,    /**< Or would, if it were picked. */
    LOCKS,   /**< Needs the mutex .object to be free. */
    AWAITS,  /**< Needs a signal of the condition .object; then LOCKS. */
    DOWNS,   /**< Needs the semaphore .object not to be 0. */
    JOINS,   /**< Needs the thread .joined to have ended. */
    SETTLES, /**< The test: needs all others to wait. */
    OVER     /**< It has ended. */
};

/** A thread. */
struct loom_thread {
    char name[16];              /**< Its name. */
    enum loom_state state;      /**< What it is about. */
    struct loom_object *object; /**< What it waits for. */
    struct loom_object *mutex;  /**< To be locked behind a condition. */
    struct loom_thread *joined; /**< Whose end it waits for. */
    bool timed;                 /**< It waits until a time. */
    int error;                  /**< Of a wait: 0, ETIMEDOUT, EINTR. */
    void *(*run)(void *self);   /**< What it runs, */
    void *self;                 /**< on what, */
    void *result;               /**< and what came of it. */
    pthread_t real;             /**< 0: it has been joined. */
    sem_t baton;                /**< The real one runs who has it. */
};

/** The thread that calls; NULL: it is none of the loom's. */
struct loom_thread *loom_self(void);
/** The object at @p address, of that @p kind. A new one is free, or 0. */
struct loom_object *loom_object(const void *address, enum loom_kind kind);
/** There is none at @p address any more. */
void loom_forget(const void *address);
/** How many wait for @p object? */
unsigned loom_waiters(const struct loom_object *object);
/** Let the seed pick who goes on; returns when it is the caller. */
void loom_pick(void);
/** The caller is in @p state, and goes on when it is able to, and picked. A
 * mutex that it waited for is its own, and it has taken 1 from a semaphore.
 * Returns 0; or why not, as an errno. */
int loom_wait(enum loom_state state, struct loom_object *object);
/** Wake one that awaits @p condition; the seed picks whom. Returns NULL when
 * there is none. */
struct loom_thread *loom_wake(const struct loom_object *condition);
/** A new thread, not picked before the next pick. @p name NULL: "thread 1". */
struct loom_thread *loom_thread(const char *name, void *(*run)(void *self),
                                void *self);
/** The loom's thread that is really @p real. */
struct loom_thread *loom_thread_of(pthread_t real);
/** The caller has made a call, as printf says it. */
void loom_note(const char *format, ...) G_GNUC_PRINTF(1, 2);
/** The test fails: @p wanted was expected, and not what the rest says. */
void loom_fail(enum sheet_state state, const char *wanted, const char *format,
               ...) G_GNUC_PRINTF(3, 4) G_GNUC_NORETURN;

#endif

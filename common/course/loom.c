/*
 * Who runs. Each thread has a real semaphore, its baton: who is picked gets a
 * post to his, and who has picked another one waits for his own. So all of this
 * is one thread at a time, whatever the machine does, and needs no lock.
 *
 *     in the model                        for real
 *     A needs mutex 1: it LOCKS
 *     of all that are able, the seed
 *     picks B                             post(B's baton), wait(A's baton)
 *     B goes on, unlocks mutex 1, ...
 *     the seed picks A                    post(A's baton), wait(B's baton)
 *     A holds mutex 1: it RUNS
 *
 * Mutexes, conditions and semaphores are models, known by their addresses; the
 * real ones are never used. When nobody is able to run the test goes on: it has
 * asked for that (SETTLES), or it waits itself, and has failed.
 */
#include "common/course/graded.h"
#include "common/course/loom_parts.h"
#include "common/course/loom_wraps.h"
#include "common/world/dice.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    struct dice dice;
    uint64_t steady;          /* In four picks so many change nothing. */
    bool trouble;             /* Some are woken without a cause. */
    bool impatient;           /* Who waits until a time has waited so long. */
    bool abandoned;           /* All but the test shall end. */
    unsigned picks;           /* Since the test let them run, */
    unsigned calls;           /* so many calls, */
    unsigned kinds[3];        /* and so many objects of each kind. */
    GPtrArray *objects;       /* struct loom_object: all there ever were. */
    GHashTable *table;        /* Those that there are, by address. */
    GPtrArray *threads;       /* struct loom_thread; the first is the test. */
    enum sheet_state failure; /* For the test to tell. */
    char wanted[SHEET_TEXT], got[SHEET_TEXT];
} loom;

static __thread struct loom_thread *self;

struct loom_thread *loom_self(void)
{
    return self;
}

static struct loom_thread *thread_at(guint i)
{
    return loom.threads->pdata[i];
}

static struct loom_thread *the_test(void)
{
    return thread_at(0);
}

/* ---- What is said. ---- */

static void note(const struct loom_thread *thread, const char *text)
{
    char line[SHEET_LINE];
    g_snprintf(line, sizeof line, "%4u  %-12s  %s", ++loom.calls, thread->name,
               text);
    sheet_note(line);
}

void loom_note(const char *format, ...)
{
    char text[SHEET_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    note(self, text);
}

void loom_say(const char *format, ...)
{
    char text[SHEET_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    loom_note("> %s", text);
}

/* "consumer waits for mutex 1, which producer holds". */
static void say_wait(GString *text, const struct loom_thread *thread)
{
    const struct loom_object *object = thread->object;
    const struct loom_thread *holder = object ? object->holder : NULL;
    g_string_append_printf(text, "%s%s waits for %s", text->len ? "; " : "",
                           thread->name,
                           object ? object->name : thread->joined->name);
    if (holder == thread)
        g_string_append(text, ", which it holds itself");
    else if (holder)
        g_string_append_printf(text, ", which %s holds%s", holder->name,
                               holder->state == OVER ? ", and it has ended"
                                                     : "");
}

/* All who wait, and for what. */
static const char *say_waits(void)
{
    static char all[SHEET_TEXT];
    g_autoptr(GString) text = g_string_new("");
    for (guint i = 0; i < loom.threads->len; i++)
        if (thread_at(i)->object || thread_at(i)->joined)
            say_wait(text, thread_at(i));
    g_strlcpy(all, text->str, sizeof all);
    return all;
}

/* ---- The baton. ---- */

static void wait_for_baton(void)
{
    while (__real_sem_wait(&self->baton) != 0)
        ; /* A signal, as the grader's. */
    if (loom.abandoned)
        pthread_exit(NULL);
}

/* Nobody but the test may jump out of where it is. */
static void tell_failure(void)
{
    enum sheet_state state = loom.failure;
    if (self != the_test() || state == SHEET_BLANK)
        return;
    loom.failure = SHEET_BLANK;
    graded_fail(state, "the stage", loom.wanted, "%s", loom.got);
}

/* Returns when the caller is picked again; or it has ended. */
static void hand_over(struct loom_thread *to)
{
    bool over = self->state == OVER; /* From the post on others write. */
    if (to != self)
        __real_sem_post(&to->baton);
    if (to != self && !over)
        wait_for_baton();
    if (!over)
        tell_failure();
}

void loom_fail(enum sheet_state state, const char *wanted, const char *format,
               ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(loom.got, sizeof loom.got, format, arguments);
    va_end(arguments);
    g_strlcpy(loom.wanted, wanted, sizeof loom.wanted);
    loom.failure = state;
    hand_over(the_test());
    g_assert_not_reached(); /* The test does not pick anybody after that. */
}

/* ---- Who is able to run. ---- */

typedef bool question(const struct loom_thread *thread,
                      const struct loom_object *object);

static bool is_able(const struct loom_thread *thread,
                    const struct loom_object *unused)
{
    (void)unused;
    switch (thread->state) {
    case RUNS:
        return true;
    case LOCKS:
        return !thread->object->holder;
    case DOWNS:
        return thread->object->value > 0;
    case JOINS:
        return thread->joined->state == OVER;
    case AWAITS:
    case SETTLES:
    case OVER:
        break;
    }
    return false;
}

static bool awaits(const struct loom_thread *thread,
                   const struct loom_object *condition)
{
    return thread->state == AWAITS && thread->object == condition;
}

/* Does it wait for somebody to wake it? */
static bool sleeps(const struct loom_thread *thread,
                   const struct loom_object *unused)
{
    return thread->state == AWAITS ||
           (thread->state == DOWNS && !is_able(thread, unused));
}

static bool sleeps_until_a_time(const struct loom_thread *thread,
                                const struct loom_object *unused)
{
    return thread->timed && sleeps(thread, unused);
}

/* One of those that are so, each as likely; NULL: there is none. */
static struct loom_thread *draw(question *is_so,
                                const struct loom_object *object)
{
    struct loom_thread *all[LOOM_THREADS];
    uint64_t count = 0;
    for (guint i = 0; i < loom.threads->len; i++)
        if (is_so(thread_at(i), object))
            all[count++] = thread_at(i);
    return count ? all[dice_between(&loom.dice, 0, count - 1)] : NULL;
}

/* ---- Waking. ---- */

/* Its wait is over, with @p error. Behind a condition it needs the mutex. */
static void wake(struct loom_thread *thread, int error)
{
    bool locks = thread->state == AWAITS;
    thread->state = locks ? LOCKS : RUNS;
    thread->object = locks ? thread->mutex : NULL;
    thread->error = error;
    thread->timed = false;
}

struct loom_thread *loom_wake(const struct loom_object *condition)
{
    struct loom_thread *thread = draw(awaits, condition);
    if (thread)
        wake(thread, 0);
    return thread;
}

/* Time passes only when there is nothing else to do, or for bad luck. */
static void time_out(struct loom_thread *thread)
{
    note(thread, "has waited until its time");
    wake(thread, ETIMEDOUT);
}

static void disturb(void)
{
    struct loom_thread *thread = NULL;
    if (loom.trouble && dice_between(&loom.dice, 0, 15) == 0)
        thread = draw(sleeps, NULL);
    if (thread && thread->timed) {
        time_out(thread);
    } else if (thread) {
        note(thread, "is woken without a cause");
        wake(thread, thread->state == DOWNS ? EINTR : 0);
    }
}

/* ---- Picking. ---- */

static struct loom_thread *pick_when_nobody_is_able(void)
{
    struct loom_thread *test = the_test(), *late;
    bool settled = test->state == SETTLES;
    while ((!settled || loom.impatient) &&
           (late = draw(sleeps_until_a_time, NULL))) {
        time_out(late);
        if (is_able(late, NULL))
            return late;
    }
    if (!settled) {
        loom.failure = SHEET_HANG;
        g_strlcpy(loom.wanted, "the test's own call to come back",
                  sizeof loom.wanted);
        g_strlcpy(loom.got, say_waits(), sizeof loom.got);
    }
    return test;
}

void loom_pick(void)
{
    struct loom_thread *next = self;
    if (++loom.picks > LOOM_PICKS && self->state != OVER)
        loom_fail(SHEET_HANG, "to wait until something has changed",
                  "%s calls on and on, and does not wait", self->name);
    disturb();
    if (!is_able(self, NULL) || dice_between(&loom.dice, 0, 3) >= loom.steady)
        next = draw(is_able, NULL);
    hand_over(next ? next : pick_when_nobody_is_able());
}

int loom_wait(enum loom_state state, struct loom_object *object)
{
    self->state = state;
    self->object = object;
    self->error = 0;
    loom_pick();
    if (self->state == LOCKS)
        self->object->holder = self;
    if (self->state == DOWNS)
        self->object->value--;
    self->state = RUNS;
    self->object = NULL;
    self->joined = NULL;
    self->timed = false;
    return self->error;
}

/* ---- What is shared. ---- */

struct loom_object *loom_object(const void *address, enum loom_kind kind)
{
    static const char *const names[] = {"mutex", "condition", "semaphore"};
    struct loom_object *object = g_hash_table_lookup(loom.table, address);
    (void)*(const volatile char *)address; /* A sanitizer looks, too. */
    if (object && object->kind == kind)
        return object;
    object = g_new0(struct loom_object, 1);
    object->kind = kind;
    g_snprintf(object->name, sizeof object->name, "%s %u", names[kind],
               ++loom.kinds[kind]);
    g_ptr_array_add(loom.objects, object);
    g_hash_table_insert(loom.table, (void *)address, object);
    return object;
}

void loom_forget(const void *address)
{
    g_hash_table_remove(loom.table, address);
}

unsigned loom_waiters(const struct loom_object *object)
{
    unsigned count = 0;
    for (guint i = 0; i < loom.threads->len; i++)
        count += thread_at(i)->object == object;
    return count;
}

/* ---- Threads. ---- */

static void *live(void *thread)
{
    self = thread;
    wait_for_baton();
    self->result = self->run(self->self);
    note(self, "ends");
    self->state = OVER;
    loom_pick();
    return NULL;
}

static struct loom_thread *add_thread(const char *name)
{
    struct loom_thread *thread = g_new0(struct loom_thread, 1);
    if (name)
        g_strlcpy(thread->name, name, sizeof thread->name);
    else
        g_snprintf(thread->name, sizeof thread->name, "thread %u",
                   loom.threads->len);
    g_assert(loom.threads->len < LOOM_THREADS);
    __real_sem_init(&thread->baton, 0, 0);
    g_ptr_array_add(loom.threads, thread);
    return thread;
}

struct loom_thread *loom_thread(const char *name, void *(*run)(void *self),
                                void *it)
{
    struct loom_thread *thread = add_thread(name);
    thread->run = run;
    thread->self = it;
    int error = __real_pthread_create(&thread->real, NULL, live, thread);
    g_assert(error == 0);
    return thread;
}

struct loom_thread *loom_thread_of(pthread_t real)
{
    guint i = loom.threads->len - 1;
    while (i > 0 && !pthread_equal(thread_at(i)->real, real))
        i--;
    return thread_at(i);
}

/* The real ones, whose threads have ended or are about to. */
static void join_all(void)
{
    for (guint i = 1; i < loom.threads->len; i++) {
        if (thread_at(i)->real)
            __real_pthread_join(thread_at(i)->real, NULL);
        thread_at(i)->real = 0;
    }
}

static void abandon_all(void)
{
    loom.abandoned = true;
    for (guint i = 1; i < loom.threads->len; i++)
        if (thread_at(i)->state != OVER)
            __real_sem_post(&thread_at(i)->baton);
    join_all();
    g_ptr_array_unref(loom.threads);
    g_ptr_array_unref(loom.objects);
    g_hash_table_unref(loom.table);
}

/* ---- For the test. ---- */

/* Who looks for leaks at the very end waits by sched_yield(), in earnest. */
static void leave(void)
{
    self = NULL;
}

void loom_begin(uint64_t seed)
{
    if (loom.threads)
        abandon_all();
    else
        atexit(leave);
    memset(&loom, 0, sizeof loom);
    loom.dice = dice_at(seed, dice_number("loom"), 0);
    loom.steady = dice_between(&loom.dice, 0, 3);
    loom.threads = g_ptr_array_new_with_free_func(g_free);
    loom.objects = g_ptr_array_new_with_free_func(g_free);
    loom.table = g_hash_table_new(NULL, NULL);
    self = add_thread("the test");
    sheet_begin();
    sheet_head("call  thread");
}

void loom_trouble(void)
{
    loom.trouble = true;
}

struct loom_errand {
    void (*run)(void *self);
    void *self;
};

static void *run_errand(void *it)
{
    struct loom_errand errand = *(struct loom_errand *)it;
    g_free(it);
    errand.run(errand.self);
    return NULL;
}

void loom_start(const char *name, void (*run)(void *), void *it)
{
    struct loom_errand *errand = g_new(struct loom_errand, 1);
    *errand = (struct loom_errand){run, it};
    loom_thread(name, run_errand, errand);
}

unsigned loom_settle(void)
{
    unsigned count = 0;
    loom.picks = 0;
    loom_wait(SETTLES, NULL);
    for (guint i = 1; i < loom.threads->len; i++)
        count += thread_at(i)->state != OVER;
    return count;
}

void loom_finish(const char *wanted)
{
    loom.impatient = true;
    if (loom_settle() > 0)
        loom_fail(SHEET_HANG, wanted, "%s", say_waits());
    loom.impatient = false;
    join_all();
}

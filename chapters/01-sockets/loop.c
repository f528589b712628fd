/*
 *            .--------------------------------------------.
 *            v                                            |
 *     wait (epoll) -> ready ... ready -> timers -> end: flush
 *
 * Epoll is level-triggered: what was not read this turn is ready again in the
 * next. So everybody reads once a turn, and a flood on one descriptor cannot
 * keep the others waiting.
 */
#include "01-sockets/loop.h"
#include "common/world/clock.h"
#include "common/world/timers.h"
#include <errno.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 512, PASSES = 4 };
#define FOR_EVER UINT64_MAX

struct loop {
    int fd;
    int count; /* Events of this turn, still to be told. */
    struct epoll_event events[BATCH];
    struct timers timers;
    GPtrArray *speaking; /* Borrowed outlets: [place - 1]. */
    void (*end)(void *self);
    void *end_self;
    bool stopped;
};

/* ---- Descriptors. ---- */

/* Its owner may free it now, so no event of this turn may reach it. */
static void forget(struct loop *loop, const struct watch *watch)
{
    for (int i = 0; i < loop->count; i++)
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
}

void loop_watch(struct loop *loop, struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    int action = EPOLL_CTL_MOD;
    if (events == watch->events)
        return;
    if (events == 0)
        action = EPOLL_CTL_DEL;
    else if (watch->events == 0)
        action = EPOLL_CTL_ADD;
    if (epoll_ctl(loop->fd, action, watch->fd, &event) < 0)
        g_error("epoll_ctl: %s", g_strerror(errno));
    watch->events = events;
    if (events == 0)
        forget(loop, watch);
}

/* Older kernels wait in milliseconds: then a little longer, never shorter. To
 * wait without end costs them no alarm clock. */
static int wait_for_events(struct loop *loop, nsec wait)
{
    if (wait == FOR_EVER)
        return epoll_wait(loop->fd, loop->events, BATCH, -1);
    struct timespec time = {(time_t)(wait / SEC), (long)(wait % SEC)};
    int count = epoll_pwait2(loop->fd, loop->events, BATCH, &time, NULL);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM))
        return count;
    nsec milliseconds = wait / MSEC + (wait % MSEC > 0);
    return epoll_wait(loop->fd, loop->events, BATCH,
                      (int)MIN(milliseconds, (nsec)G_MAXINT));
}

/* What it watches for now, which may have changed since this turn began. */
static void tell(const struct epoll_event *event)
{
    const struct watch *watch = event->data.ptr;
    uint32_t events = event->events;
    if (!watch)
        return;
    events &= watch->events | EPOLLERR | EPOLLHUP;
    if (events)
        watch->ready(watch->self, events);
}

static void serve_the_ready(struct loop *loop, nsec wait)
{
    loop->count = wait_for_events(loop, wait);
    if (loop->count < 0 && errno != EINTR)
        g_error("epoll_wait: %s", g_strerror(errno));
    for (int i = 0; i < loop->count; i++)
        tell(&loop->events[i]);
    loop->count = 0;
}

/* ---- Timers. ---- */

void loop_arm(struct loop *loop, struct timer *timer, nsec delay)
{
    timers_arm(&loop->timers, timer, timers_after(clock_monotonic(), delay));
}

void loop_disarm(struct loop *loop, struct timer *timer)
{
    timers_disarm(&loop->timers, timer);
}

/* Did any fire? What they arm is for the next pass. */
static bool fire_timers(struct loop *loop)
{
    uint64_t mark = timers_mark(&loop->timers);
    bool fired = false;
    if (!timers_first(&loop->timers))
        return false;
    nsec now = clock_monotonic();
    for (struct timer *due; (due = timers_due(&loop->timers, now, mark));) {
        due->fire(due->self);
        fired = true;
    }
    return fired;
}

static nsec time_to_wait(const struct loop *loop, nsec wait)
{
    const struct timer *first = timers_first(&loop->timers);
    if (!first || wait == 0)
        return wait;
    nsec now = clock_monotonic();
    return first->due <= now ? 0 : MIN(wait, first->due - now);
}

/* ---- The end of a turn. ---- */

void loop_speak(struct loop *loop, struct outlet *outlet)
{
    if (outlet->place > 0)
        return;
    g_ptr_array_add(loop->speaking, outlet);
    outlet->place = loop->speaking->len;
}

/* The last takes its place. */
void loop_hush(struct loop *loop, struct outlet *outlet)
{
    if (outlet->place == 0)
        return;
    struct outlet *last = loop->speaking->pdata[loop->speaking->len - 1];
    g_ptr_array_remove_index_fast(loop->speaking, outlet->place - 1);
    last->place = outlet->place;
    outlet->place = 0;
}

void loop_flush(struct loop *loop)
{
    for (unsigned i = loop->speaking->len; i > 0; i--) {
        struct outlet *outlet = loop->speaking->pdata[i - 1];
        if (outlet->flush(outlet->self))
            loop_hush(loop, outlet);
    }
}

void loop_on_end(struct loop *loop, void (*end)(void *self), void *self)
{
    loop->end = end;
    loop->end_self = self;
}

static void end_turn(struct loop *loop)
{
    if (loop->end)
        loop->end(loop->end_self);
    else
        loop_flush(loop);
}

/* ---- Turns. ---- */

/* A timer may arm another with no delay, which still belongs to this turn, and
 * so may that one; but a circle of them must not keep the turn from ending. */
void loop_turn(struct loop *loop, nsec wait)
{
    end_turn(loop); /* Of what was asked between turns. */
    serve_the_ready(loop, time_to_wait(loop, wait));
    for (int pass = 0; pass < PASSES && fire_timers(loop); pass++)
        continue;
    end_turn(loop);
}

void loop_run(struct loop *loop)
{
    for (loop->stopped = false; !loop->stopped;)
        loop_turn(loop, FOR_EVER);
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

/* ---- Life. ---- */

struct loop *loop_new(void)
{
    struct loop *loop = g_new0(struct loop, 1);
    loop->fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->fd < 0)
        g_error("epoll_create1: %s", g_strerror(errno));
    loop->speaking = g_ptr_array_new();
    return loop;
}

void loop_free(struct loop *loop)
{
    close(loop->fd);
    timers_clear(&loop->timers);
    g_ptr_array_unref(loop->speaking);
    g_free(loop);
}

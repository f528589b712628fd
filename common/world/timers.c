#include "common/world/timers.h"

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put(struct timers *timers, unsigned at, struct timer *timer)
{
    timers->heap[at] = timer;
    timer->place = at + 1;
}

/* Place @p timer at the hole @p at, or above it. */
static void rise(struct timers *timers, unsigned at, struct timer *timer)
{
    while (at > 0 && is_before(timer, timers->heap[(at - 1) / 2])) {
        put(timers, at, timers->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(timers, at, timer);
}

static unsigned sooner_child(const struct timers *timers, unsigned at)
{
    unsigned left = 2 * at + 1, right = left + 1;
    struct timer **heap = timers->heap;
    return right < timers->count && is_before(heap[right], heap[left]) ? right
                                                                       : left;
}

/* Place @p timer at the hole @p at, or below it. */
static void sink(struct timers *timers, unsigned at, struct timer *timer)
{
    while (2 * at + 1 < timers->count) {
        unsigned child = sooner_child(timers, at);
        if (!is_before(timers->heap[child], timer))
            break;
        put(timers, at, timers->heap[child]);
        at = child;
    }
    put(timers, at, timer);
}

static void make_room(struct timers *timers)
{
    if (timers->count < timers->room)
        return;
    timers->room = MAX(8, 2 * timers->room);
    timers->heap = g_renew(struct timer *, timers->heap, timers->room);
}

static void arm(struct timers *timers, struct timer *timer, nsec due,
                uint64_t order)
{
    timers_disarm(timers, timer);
    make_room(timers);
    timer->due = due;
    timer->order = order;
    rise(timers, timers->count++, timer);
}

void timers_disarm(struct timers *timers, struct timer *timer)
{
    if (timer->place == 0)
        return;
    unsigned hole = timer->place - 1;
    struct timer *last = timers->heap[--timers->count];
    timer->place = 0;
    if (last == timer)
        return;
    if (hole > 0 && is_before(last, timers->heap[(hole - 1) / 2]))
        rise(timers, hole, last);
    else
        sink(timers, hole, last);
}

void timers_arm(struct timers *timers, struct timer *timer, nsec due)
{
    arm(timers, timer, due, TIMERS_USUAL + timers->order++);
}

void timers_arm_first(struct timers *timers, struct timer *timer, nsec due)
{
    arm(timers, timer, due, timers->first++);
}

struct timer *timers_due(struct timers *timers, nsec now, uint64_t mark)
{
    struct timer *first = timers_first(timers);
    if (!first || first->due > now || first->order >= mark)
        return NULL;
    timers_disarm(timers, first);
    return first;
}

void timers_clear(struct timers *timers)
{
    while (timers->count)
        timers->heap[--timers->count]->place = 0;
    g_clear_pointer(&timers->heap, g_free);
    timers->room = 0;
}

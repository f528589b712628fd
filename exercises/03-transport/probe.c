/*
 * Two who wait for each other, and a word that was lost between them: whoever
 * can do nothing else must ask. It costs a byte now and then, and each time the
 * next one is further away, so that a receiver that is slow for an hour is not
 * asked 18000 times.
 *
 *                   window 0, and data           it is sent
 *     not begun  ---------------------->  wait  ------------>  twice the wait
 *         ^                                |                        |
 *         +-------- a window, or no data --+------------------------+
 */
#include "03-transport/probe.h"
#include "common/course/todo.h"

void probe_init(struct probe *probe, nsec first, nsec longest)
{
    *probe = (struct probe){.first = first, .longest = longest};
}

nsec probe_update(struct probe *probe, uint32_t window, size_t waiting,
                  size_t flying)
{
    /* TODO: what ends it, what begins it, and what only holds it up? */
    (void)probe, (void)window, (void)waiting;
    return todo(flying);
}

nsec probe_expire(struct probe *probe)
{
    /* TODO: the next wait. */
    return todo(probe->first);
}

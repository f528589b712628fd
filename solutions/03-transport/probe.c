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
    /* SOLUTION: what ends it, what begins it, and what only holds it up? */
    if (window > 0 || waiting == 0)
        probe->wait = 0;
    else if (flying == 0 && probe->wait == 0)
        probe->wait = probe->first;
    return flying == 0 ? probe->wait : 0;
    /* END SOLUTION: (void)probe, (void)window, (void)waiting;
     * return todo(flying); */
}

nsec probe_expire(struct probe *probe)
{
    /* SOLUTION: the next wait. */
    probe->wait = MIN(2 * probe->wait, probe->longest);
    return probe->wait;
    /* END SOLUTION: return todo(probe->first); */
}

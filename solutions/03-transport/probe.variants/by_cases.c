/* The cases in the order in which one would tell them. */
#include "03-transport/probe.h"

void probe_init(struct probe *probe, nsec first, nsec longest)
{
    probe->first = first;
    probe->longest = longest;
    probe->wait = 0;
}

nsec probe_update(struct probe *probe, uint32_t window, size_t waiting,
                  size_t flying)
{
    if (window != 0)
        return probe->wait = 0;
    if (waiting == 0)
        return probe->wait = 0;
    if (flying != 0)
        return 0;
    return probe->wait != 0 ? probe->wait : (probe->wait = probe->first);
}

nsec probe_expire(struct probe *probe)
{
    nsec rest = probe->longest - probe->wait;
    probe->wait = probe->wait < rest ? 2 * probe->wait : probe->longest;
    return probe->wait;
}

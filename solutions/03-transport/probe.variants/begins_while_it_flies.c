/* The wait begins with the need to probe, flying or not: nobody can tell the
 * difference, since what flies holds it up. */
#include "03-transport/probe.h"

void probe_init(struct probe *probe, nsec first, nsec longest)
{
    *probe = (struct probe){first, longest, 0};
}

nsec probe_update(struct probe *probe, uint32_t window, size_t waiting,
                  size_t flying)
{
    bool stuck = window == 0 && waiting > 0;
    nsec wait = probe->wait > 0 ? probe->wait : probe->first;
    probe->wait = stuck ? wait : 0;
    return flying > 0 ? 0 : probe->wait;
}

nsec probe_expire(struct probe *probe)
{
    nsec wait = 2 * probe->wait;
    return probe->wait = wait < probe->longest ? wait : probe->longest;
}

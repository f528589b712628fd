/* Each step is rounded to the nearest, and a wait is doubled by recursion. */
#include "03-transport/rto.h"

void rto_init(struct rto *rto, nsec floor)
{
    rto->floor = floor;
    rto->srtt = rto->rttvar = rto->latest = rto->least = 0;
    rto->doubled = 0;
}

static nsec blend(nsec old, nsec new, nsec parts)
{
    return ((parts - 1) * old + new + parts / 2) / parts;
}

static nsec distance(nsec a, nsec b)
{
    return a > b ? a - b : b - a;
}

void rto_sample(struct rto *rto, nsec rtt)
{
    bool first = rto->least == 0;
    rtt += rtt == 0;
    rto->rttvar =
        first ? rtt / 2 : blend(rto->rttvar, distance(rtt, rto->srtt), 4);
    rto->srtt = first ? rtt : blend(rto->srtt, rtt, 8);
    rto->least = first || rtt < rto->least ? rtt : rto->least;
    rto->latest = rtt;
    rto->doubled = 0;
}

void rto_expire(struct rto *rto)
{
    rto->doubled += 1;
}

static nsec twice(nsec wait, unsigned times)
{
    if (wait >= RTO_MOST)
        return RTO_MOST;
    return times == 0 ? wait : twice(2 * wait, times - 1);
}

nsec rto_value(const struct rto *rto)
{
    nsec wait = rto->srtt + 4 * rto->rttvar;
    if (wait < rto->srtt + RTO_GRANULE)
        wait = rto->srtt + RTO_GRANULE;
    if (rto->least == 0)
        wait = RTO_FIRST;
    return twice(wait > rto->floor ? wait : rto->floor, rto->doubled);
}

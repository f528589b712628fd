/* As Jacobson wrote it: how far the sample is off, with its sign, moves the
 * mean by an eighth of it. What is doubled is shifted. */
#include "03-transport/rto.h"

void rto_init(struct rto *rto, nsec floor)
{
    *rto = (struct rto){floor, 0, 0, 0, 0, 0};
}

void rto_sample(struct rto *rto, nsec rtt)
{
    rto->latest = rtt > 0 ? rtt : 1;
    rto->doubled = 0;
    if (rto->least == 0 || rto->latest < rto->least)
        rto->least = rto->latest;
    if (rto->srtt == 0) {
        rto->srtt = rto->latest;
        rto->rttvar = rto->latest >> 1;
        return;
    }
    int64_t error = (int64_t)rto->latest - (int64_t)rto->srtt;
    int64_t spread = (error < 0 ? -error : error) - (int64_t)rto->rttvar;
    rto->srtt = (nsec)((int64_t)rto->srtt + error / 8);
    rto->rttvar = (nsec)((int64_t)rto->rttvar + spread / 4);
}

void rto_expire(struct rto *rto)
{
    if (rto->doubled < 64)
        rto->doubled++;
}

nsec rto_value(const struct rto *rto)
{
    nsec spread = 4 * rto->rttvar;
    nsec wait = rto->srtt + (spread > RTO_GRANULE ? spread : RTO_GRANULE);
    wait = rto->srtt == 0 ? RTO_FIRST : wait;
    wait = wait < rto->floor ? rto->floor : wait;
    if (wait >= RTO_MOST || rto->doubled >= 36)
        return RTO_MOST;
    return wait << rto->doubled < RTO_MOST ? wait << rto->doubled : RTO_MOST;
}

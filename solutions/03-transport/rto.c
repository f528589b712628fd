/*
 * How long is too long? A wait that is too short sends again what is only late,
 * and loads a network that is slow already; one that is too long sleeps. The
 * mean alone is no answer: half of all answers take longer. So the deviation is
 * estimated as well, and four of them added (Jacobson 1988).
 *
 * Both are moving averages: each sample moves the mean by an eighth of how far
 * it is off, and the deviation by a quarter. Such a step in whole numbers
 * rounds off less than 1 ns, and the next step forgets an eighth of that: it
 * never adds up to more than 8 ns, nor in the deviation to more than 12.
 *
 * The doubled wait is not kept: how often it was doubled is. So a sample has
 * but to forget that number.
 */
#include "03-transport/rto.h"
#include "common/course/todo.h"

void rto_init(struct rto *rto, nsec floor)
{
    *rto = (struct rto){.floor = floor};
}

void rto_sample(struct rto *rto, nsec rtt)
{
    /* SOLUTION: the first sample sets SRTT and RTTVAR, each later one moves
     * them: in which order? A sample may be smaller than SRTT, and nsec has no
     * sign. Besides, it is the latest, perhaps the least, and ends the
     * doubling. */
    nsec sample = MAX(rtt, 1);
    if (rto->srtt == 0) {
        rto->srtt = sample;
        rto->rttvar = sample / 2;
        rto->least = sample;
    } else {
        nsec off = MAX(rto->srtt, sample) - MIN(rto->srtt, sample);
        rto->rttvar = (3 * rto->rttvar + off) / 4;
        rto->srtt = (7 * rto->srtt + sample) / 8;
        rto->least = MIN(rto->least, sample);
    }
    rto->latest = sample;
    rto->doubled = 0;
    /* END SOLUTION: (void)rto, (void)todo(rtt); */
}

void rto_expire(struct rto *rto)
{
    /* SOLUTION: from now on rto_value() is twice what it was. */
    rto->doubled++;
    /* END SOLUTION: (void)todo(rto); */
}

nsec rto_value(const struct rto *rto)
{
    /* SOLUTION: by the formula, or RTO_FIRST; from the floor up to RTO_MOST;
     * and then doubled, as often as it expired, up to RTO_MOST. */
    nsec wait = RTO_FIRST;
    if (rto->srtt > 0)
        wait = rto->srtt + MAX(RTO_GRANULE, 4 * rto->rttvar);
    wait = MAX(wait, rto->floor);
    for (unsigned i = 0; i < rto->doubled && wait < RTO_MOST; i++)
        wait *= 2;
    return MIN(wait, RTO_MOST);
    /* END SOLUTION: return todo(rto->floor); */
}

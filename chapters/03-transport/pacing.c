/*
 * The account is one time: until when all that was sent is paid for. It may lie
 * in the past, which is a credit, but not further than BURST, nor than two
 * segments cost; so after a pause no more than that leaves at once.
 */
#include "03-transport/pacing.h"

#define BURST (5 * MSEC) /* What a late timer may make up for. */

nsec pacing_cost(const struct controller *controller, size_t size, nsec rtt)
{
    bool starting = controller->window < controller->threshold;
    nsec cost = size * rtt / controller->window;
    return starting ? cost / 2 : cost * 4 / 5;
}

nsec pacing_wait(const struct pacing *pacing, nsec now)
{
    return pacing->paid > now ? pacing->paid - now : 0;
}

void pacing_spend(struct pacing *pacing, nsec cost, nsec now)
{
    nsec burst = MAX(BURST, 2 * cost);
    nsec oldest = now > burst ? now - burst : 0;
    pacing->paid = MAX(pacing->paid, oldest) + cost;
}

/*
 * How much credit keeps workers busy? In virtual time: four workers, each with a
 * credit of P messages, a queue that is never empty, and a round trip R that is
 * 2 or 10 times the mean work S on one message.
 *
 * The bound: of each worker, at most one message in S, and at most P in R + S.
 *
 * The model is exact, by mean value analysis (Reiser and Lavenberg 1980): P
 * messages go round between a worker, where one that comes finds as many others
 * as there are in the mean with P - 1 going round, and the trip, where nobody
 * waits:
 *
 *     X(P) = P / (R + S (1 + Q(P - 1))),   Q(P) = X(P) S (1 + Q(P - 1))
 *
 * It holds when each message that is completed is granted at once. Grants for
 * half a window are fewer messages, and have their price.
 *
 *     measure_credit [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "04-queues/deliveries/deliveries_scene.h"
#include "common/judge/part.h"
#include <stdio.h>

enum { WORKERS = 4, COUNT = 200000 };

/* All are shares of the workers' time. */

static double bound_of(unsigned trip, unsigned credit)
{
    return MIN(1, credit / (trip + 1.0));
}

static double model_of(unsigned trip, unsigned credit)
{
    double share = 0, there = 0;
    for (unsigned i = 1; i <= credit; i++) {
        double stay = 1 + there;
        share = i / (trip + stay);
        there = share * stay;
    }
    return share;
}

static double measure(unsigned trip, unsigned credit, bool by_halves)
{
    struct deliveries_plan plan = {.workers = WORKERS,
                                   .credit = credit,
                                   .by_halves = by_halves,
                                   .trip = trip * MSEC,
                                   .work = MSEC,
                                   .lease = DELIVERIES_FOR_EVER,
                                   .count = COUNT};
    struct deliveries seen = deliveries_run(&plan, 100 * trip + credit);
    return (double)seen.done * (double)MSEC / (double)seen.time / WORKERS;
}

int main(int argc, char **argv)
{
    static const unsigned trips[] = {2, 10};
    static const unsigned credits[] = {1, 2, 3, 4, 5, 6, 8, 11, 16, 24, 32, 48};
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: %d workers, until %d messages are done; shares of "
           "the workers' time\n",
           WORKERS, COUNT);
    printf("# trip\tcredit\tbound\tmodel\teach\thalves\n"
           "# claim: |each - model| / model <= 0.02\n"
           "# claim: each / bound <= 1.02\n"
           "# claim: halves / model <= 1.02\n"
           "# claim: halves / model >= 0.8\n"
           "# claim: halves / model >= 0.95 for trip <= 2 and credit >= 8\n"
           "# claim: halves / model >= 0.95 for credit >= 32\n");
    unsigned row = 0;
    for (unsigned t = 0; t < G_N_ELEMENTS(trips); t++)
        for (unsigned i = 0; i < G_N_ELEMENTS(credits); i++) {
            if (!part_has(part, row++))
                continue;
            printf("%u\t%u\t%.4f\t%.4f\t%.4f\t%.4f\n", trips[t], credits[i],
                   bound_of(trips[t], credits[i]),
                   model_of(trips[t], credits[i]),
                   measure(trips[t], credits[i], false),
                   measure(trips[t], credits[i], true));
            fflush(stdout);
        }
    return 0;
}

/*
 * How often is a message delivered twice, since its lease was too short? In
 * virtual time: workers whose work on a message takes exponentially distributed
 * times, 1 in the mean, against the visibility time-out V; with a credit of 1, 2
 * and 4.
 *
 * The model: with a credit of 1 the lease begins with the work, so it ends too
 * early with the chance that the work takes longer, e^-V. With a credit of P,
 * P - 1 others are to be worked on before, and the lease runs: it is the chance
 * that P works together take longer,
 *
 *     e^-V (1 + V + V^2 / 2! + ... + V^(P-1) / (P-1)!)
 *
 * which is exact, when the way takes no time.
 *
 *     measure_visibility [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "04-queues/deliveries/deliveries_scene.h"
#include "common/judge/part.h"
#include <math.h>
#include <stdio.h>

enum { WORKERS = 4, ENDS = 5000, LEAST = 40000, MOST = 1000000 };

static double model_of(unsigned credit, double lease)
{
    double term = 1, sum = 0;
    for (unsigned i = 0; i < credit; i++) {
        sum += term;
        term *= lease / (i + 1);
    }
    return sum * exp(-lease);
}

static void print_row(unsigned credit, double lease)
{
    double model = model_of(credit, lease);
    struct deliveries_plan plan = {
        .workers = WORKERS,
        .credit = credit,
        .trip = 2 * USEC,
        .work = 10 * SEC,
        .lease = (nsec)(lease * 10 * (double)SEC),
        .count = (unsigned)fmin(MOST, fmax(LEAST, ENDS / model))};
    struct deliveries seen =
        deliveries_run(&plan, 100 * credit + (uint64_t)(10 * lease));
    printf("%.1f\t%u\t%.5f\t%.5f\n", lease, credit, model,
           (double)seen.ended / (double)seen.delivered);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const unsigned credits[] = {1, 2, 4};
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: %d workers, until some %d leases have ended\n",
           WORKERS, ENDS);
    printf("# lease\tcredit\tmodel\tended\n"
           "# claim: |ended - model| / model <= 0.1\n"
           "# claim: |ended - model| <= 0.012\n");
    unsigned row = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(credits); i++)
        for (unsigned half = 1; half <= 14; half++) {
            double lease = half / 2.0;
            if (part_has(part, row++) && model_of(credits[i], lease) > 0.002)
                print_row(credits[i], lease);
        }
    return 0;
}

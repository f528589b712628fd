/*
 * What does the wait for an ack do, when the path changes? A packet is sent,
 * and answered a round trip later, and then comes the next; each has a number
 * of its own, so each answer is a sample. Nothing is lost: whenever the timer
 * fires, it fires in vain.
 *
 * First the path becomes twice as long, from one packet to the next. The model:
 * from R1 to R2, the mean after n samples is R2 - (R2 - R1) (7/8)^n.
 *
 * Then it trembles: round trips from a normal distribution of mean m and
 * deviation s. The model, from the means of both averages: RTO = m + 3.30 s;
 * and a round trip is longer than that, and the timer fires in vain, as the RTO
 * trembles too, in 6 of 1000.
 *
 *     measure_rto [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "03-transport/rto.h"
#include "common/judge/part.h"
#include "common/world/dice.h"
#include <math.h>
#include <stdio.h>

enum {
    SETTLED = 100, /* So many packets are not looked at. */
    BEFORE = 10,
    AFTER = 40,
    SHOWN = 300,
    PACKETS = 1000000,
    SEED = 5
};

static const double mean = 100, deviation = 10;

static double milliseconds(nsec time)
{
    return (double)time / (double)MSEC;
}

/* A packet is answered @rtt later. Returns how often the timer fired before. */
static unsigned pass(struct rto *rto, nsec rtt)
{
    unsigned fired = 0;
    for (nsec wait = rto_value(rto); wait < rtt; wait += rto_value(rto)) {
        rto_expire(rto);
        fired++;
    }
    rto_sample(rto, rtt);
    return fired;
}

/* ---- A step. ---- */

/* The wait is the one with which the packet was sent; the averages are those
 * behind its answer. */
static unsigned print_step(struct part part, unsigned row)
{
    struct rto rto;
    rto_init(&rto, 10 * MSEC);
    for (unsigned i = 0; i < SETTLED; i++)
        rto_sample(&rto, (nsec)mean * MSEC);
    printf("# n\trtt\tsrtt\tmodel\trttvar\trto\tfired\n"
           "# claim: |srtt - model| <= 0.01\n"
           "# claim: rttvar >= 55 for n == 5\n"
           "# claim: rto >= 370 for n == 7\n"
           "# claim: rto <= 230 for n >= 26\n"
           "# claim: fired == 1 for n == 1\n"
           "# claim: fired == 0 for n >= 2\n");
    for (int n = -BEFORE; n <= AFTER; n++) {
        double trip = n > 0 ? 2 * mean : mean;
        double wait = milliseconds(rto_value(&rto));
        unsigned fired = pass(&rto, (nsec)trip * MSEC);
        if (part_has(part, row++))
            printf("%d\t%.0f\t%.2f\t%.2f\t%.2f\t%.2f\t%u\n", n, trip,
                   milliseconds(rto.srtt),
                   n > 0 ? mean * (2 - pow(7 / 8.0, n)) : mean,
                   milliseconds(rto.rttvar), wait, fired);
    }
    return row;
}

/* ---- A path that trembles. ---- */

/* Above 0, up to 1. */
static double share_of(struct dice *dice)
{
    return 1 - (double)(dice_roll(dice) >> 11) * 0x1p-53;
}

/* Of a normal distribution (Box and Muller 1958). */
static nsec trip_of(unsigned packet)
{
    struct dice dice = dice_at(SEED, 0, packet);
    double radius = sqrt(-2 * log(share_of(&dice)));
    double far = radius * cos(2 * G_PI * share_of(&dice));
    return (nsec)((mean + deviation * far) * (double)MSEC);
}

static unsigned print_tremble(struct part part, unsigned row)
{
    struct rto rto;
    rto_init(&rto, 10 * MSEC);
    for (unsigned i = 0; i < SETTLED; i++)
        rto_sample(&rto, trip_of(i));
    double sum = 0;
    unsigned fired = 0;
    printf("\n\n# n\trtt\trto\tfired\n");
    for (unsigned i = 0; i < PACKETS; i++) {
        nsec wait = rto_value(&rto), trip = trip_of(SETTLED + i);
        bool vain = pass(&rto, trip) > 0;
        sum += milliseconds(wait);
        fired += vain;
        if (i < SHOWN && part_has(part, row++))
            printf("%u\t%.2f\t%.2f\t%d\n", i, milliseconds(trip),
                   milliseconds(wait), vain);
    }
    printf("\n\n# packets\trto\tmodel\tvain\n"
           "# claim: |rto - model| <= 0.2\n"
           "# claim: |vain - 0.0064| <= 0.0004\n");
    if (part_has(part, row++))
        printf("%d\t%.2f\t%.2f\t%.5f\n", PACKETS, sum / PACKETS,
               mean + 3.30 * deviation, (double)fired / PACKETS);
    return row;
}

int main(int argc, char **argv)
{
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time, in ms; the wait is never shorter than 10\n");
    print_tremble(part, print_step(part, 0));
    return 0;
}

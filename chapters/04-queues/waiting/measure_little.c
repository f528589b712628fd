/*
 * Little's law, L = lambda W (Little 1961): how many there are is how many come
 * a time, times how long each stays; whatever comes, in whatever order it is
 * done, and wherever one draws the boundary. In virtual time, at three
 * boundaries: round those that wait, round those in work, and round both.
 *
 * The three are measured apart. L: one looks at even times, and counts. Lambda:
 * how many went in, over the time. W: how long those that came out were inside.
 * Times are in units of mean work.
 *
 *     measure_little [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "04-queues/waiting/waiting_scene.h"
#include "common/judge/part.h"
#include <stdio.h>

enum { LOOKS = 200000 };

static const nsec between = 97 * WAITING_WORK / 50; /* Two looks. */

/* What comes: at random, evenly, in bursts; the work; a load; who works. */
static const struct waiting_load traffic[] = {
    {POISSON, EXPONENTIAL, 0.5, 1, NEVER_FULL, 0},
    {POISSON, EXPONENTIAL, 0.9, 1, NEVER_FULL, 0},
    {POISSON, CONSTANT, 0.9, 4, NEVER_FULL, 0},
    {EVEN, EXPONENTIAL, 0.3, 1, NEVER_FULL, 0},
    {EVEN, EXPONENTIAL, 0.8, 8, NEVER_FULL, 0},
    {EVEN, EXPONENTIAL, 0.95, 1, NEVER_FULL, 0},
    {BURSTS, CONSTANT, 0.2, 1, NEVER_FULL, 0},
    {BURSTS, EXPONENTIAL, 0.7, 1, NEVER_FULL, 0},
    {BURSTS, EXPONENTIAL, 1.2, 2, DROPS, 60},
};

/* Counted, over all looks. */
struct counted {
    double waiting, working;
};

static struct counted look_on(struct waiting *waiting)
{
    struct counted counted = {0, 0};
    for (unsigned i = 0; i < LOOKS; i++) {
        waiting_run(waiting, between);
        counted.waiting += waiting_queued(waiting);
        counted.working += waiting_in_work(waiting);
    }
    return counted;
}

static const char *name_of(enum waiting_arrivals arrivals)
{
    static const char *const names[] = {"random", "even", "bursts"};
    return names[arrivals];
}

/* One boundary: how many were counted, came in, and how long they stayed. */
static void print_boundary(const char *where, const struct waiting_load *load,
                           const double measured[3])
{
    printf("%s\t%s\t%.2f\t%u\t%.4f\t%.4f\t%.4f\t%.4f\n", where,
           name_of(load->arrivals), load->load, load->workers, measured[0],
           measured[1], measured[2], measured[1] * measured[2]);
}

static void print_rows(struct part part, unsigned row,
                       const struct waiting_load *load)
{
    if (!part_has(part, row) && !part_has(part, row + 1) &&
        !part_has(part, row + 2))
        return;
    struct waiting *waiting = waiting_new(*load, row + 1);
    waiting_run(waiting, 10000 * WAITING_WORK);
    waiting_forget(waiting);
    struct counted counted = look_on(waiting);
    struct waiting_seen seen = waiting_seen(waiting);
    waiting_free(waiting);
    double time = LOOKS * (double)between / (double)WAITING_WORK;
    double queued = counted.waiting / LOOKS, working = counted.working / LOOKS;
    if (part_has(part, row))
        print_boundary("waiting", load,
                       (double[]){queued, (double)seen.arrived / time,
                                  seen.waited / (double)seen.begun});
    if (part_has(part, row + 1))
        print_boundary("in work", load,
                       (double[]){working, (double)seen.begun / time,
                                  seen.worked / (double)seen.done});
    if (part_has(part, row + 2))
        print_boundary("whole", load,
                       (double[]){queued + working, (double)seen.arrived / time,
                                  seen.stayed / (double)seen.done});
}

int main(int argc, char **argv)
{
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: one looks %d times\n"
           "# where\ttraffic\tload\tworkers\tL\tlambda\tW\tproduct\n"
           "# claim: |L - product| / L <= 0.01\n"
           "# claim: L >= 0.01\n",
           LOOKS);
    for (unsigned i = 0; i < G_N_ELEMENTS(traffic); i++)
        print_rows(part, 3 * i, &traffic[i]);
    return 0;
}

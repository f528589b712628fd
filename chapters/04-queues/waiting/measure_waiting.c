/*
 * How long is one here, when much has to be done? In virtual time: messages
 * come at random (Poisson), one worker does them in order. A message's time in
 * the system, from its arrival until it is done, over the mean time of work.
 *
 * The model, at the load r: when the time of work is exponential, M/M/1, it is
 * 1 / (1 - r); when all work takes equally long, M/D/1, it is
 * 1 + r / (2 (1 - r)) (Pollaczek and Khinchine).
 *
 * Interval: where the mean lies with 99 % confidence, from runs of other seeds.
 *
 *     measure_waiting [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "04-queues/waiting/waiting_scene.h"
#include "common/judge/part.h"
#include "common/judge/stats.h"
#include <stdio.h>

enum { RUNS = 10, MESSAGES = 20000 };

static const double loads[] = {0.1, 0.2,  0.3, 0.4,  0.5, 0.6,
                               0.7, 0.75, 0.8, 0.85, 0.9, 0.95};

static double model(enum waiting_work work, double load)
{
    double half = work == CONSTANT ? 2 : 1;
    return 1 + load / (half * (1 - load));
}

/* The mean of one run, when it has settled. */
static double mean_stay(enum waiting_work work, double load, uint64_t seed)
{
    struct waiting_load what = {.work = work, .load = load, .workers = 1};
    struct waiting *waiting = waiting_new(what, seed);
    double messages = MESSAGES / (1 - load); /* The fuller, the slower. */
    nsec time = (nsec)(messages / load * (double)WAITING_WORK);
    waiting_run(waiting, time / 10);
    waiting_forget(waiting);
    waiting_run(waiting, time);
    struct waiting_seen seen = waiting_seen(waiting);
    waiting_free(waiting);
    return seen.stayed / (double)seen.done;
}

static void print_row(enum waiting_work work, double load)
{
    g_autoptr(stats) means = stats_new();
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        stats_add(means, mean_stay(work, load, seed));
    struct interval interval = stats_mean_interval(means, 0.99);
    printf("%.2f\t%.3f\t%.3f\t%.3f\t%.3f\n", load, stats_mean(means),
           interval.low, interval.high, model(work, load));
}

int main(int argc, char **argv)
{
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: %d runs of %d messages and more for each row\n",
           RUNS, MESSAGES);
    for (unsigned work = EXPONENTIAL, row = 0; work <= CONSTANT; work++) {
        printf("%s# load\tstay\tlow\thigh\tmodel\n"
               "# claim: |stay - model| / model <= 0.03 for load <= 0.8\n"
               "# claim: |stay - model| / model <= 0.08\n"
               "# claim: low <= model\n"
               "# claim: model <= high\n",
               work == CONSTANT ? "\n\n" : "");
        for (unsigned i = 0; i < G_N_ELEMENTS(loads); i++)
            if (part_has(part, row++))
                print_row(work, loads[i]);
    }
    return 0;
}

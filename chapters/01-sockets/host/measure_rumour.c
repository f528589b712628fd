/*
 * How long does a rumour take? Five nodes, in virtual time: the mean number of
 * periods until everyone has heard it, against the share of messages lost.
 *
 * The model is the Reed-Frost chain of epidemics (Abbey 1952). Within a period
 * everyone who knows speaks once, those who have just heard it too: if i
 * speak at a time, each of those who do not know stays ignorant with chance
 * p^i. What is known at the end of a period is where the next begins.
 *
 *     measure_rumour [--part=K/N]    // all rows, or every N-th from the K-th
 */
#include "01-sockets/host/rumour.h"
#include "common/judge/part.h"
#include "common/judge/stats.h"
#include "common/world/sim.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NODES = 5, RUNS = 2000, STEP = 50, LAST = 900 }; /* Loss, in 1/1000. */

static const nsec period = SEC;

/* ---- Measured. ---- */

static void *boot(struct env *env, void *context)
{
    (void)context;
    return rumour_new(env, NODES, period);
}

static void stop(void *rumour)
{
    rumour_free(rumour);
}

static bool all_heard(struct sim *sim)
{
    for (node_id id = 1; id <= NODES; id++)
        if (!rumour_heard(sim_protocol(sim, id)))
            return false;
    return true;
}

/* Whole periods begun until all had heard it; a message takes far less. */
static double run_once(unsigned loss, uint64_t seed)
{
    struct sim_weather weather = {
        .loss = loss, .delay_min = MSEC, .delay_max = MSEC};
    struct sim *sim = sim_new(NODES, seed, weather);
    for (node_id id = 1; id <= NODES; id++)
        sim_install(sim, id, (struct sim_program){boot, stop, NULL});
    rumour_start(sim_protocol(sim, 1), "ears");
    while (!all_heard(sim) && sim_step(sim))
        continue;
    double periods = (double)(sim_time(sim) / period + 1);
    sim_free(sim);
    return periods;
}

/* ---- The model. ---- */

static double choose(unsigned n, unsigned k)
{
    return round(exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)));
}

/* The chance that, of @p ignorant, when @p speaking speak now, @p left are
 * still ignorant when the talk of this period has died down. */
static double chance(double p, unsigned speaking, unsigned ignorant,
                     unsigned left)
{
    if (speaking == 0 || ignorant == 0)
        return ignorant == left;
    double stays = pow(p, speaking), sum = 0;
    for (unsigned hear = 0; hear + left <= ignorant; hear++)
        sum += choose(ignorant, hear) * pow(1 - stays, hear) *
               pow(stays, ignorant - hear) *
               chance(p, hear, ignorant - hear, left);
    return sum;
}

/* Periods until nobody is ignorant, from a state in which so many are. */
static double expected_periods(double p, unsigned ignorant)
{
    if (ignorant == 0)
        return 0;
    double sum = 1;
    for (unsigned left = 0; left < ignorant; left++)
        sum += chance(p, NODES - ignorant, ignorant, left) *
               expected_periods(p, left);
    return sum / (1 - chance(p, NODES - ignorant, ignorant, ignorant));
}

/* ---- Rows. ---- */

static void print_row(unsigned loss)
{
    g_autoptr(stats) periods = stats_new();
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        stats_add(periods, run_once(loss, seed));
    struct interval mean = stats_mean_interval(periods, 0.95);
    printf("%.2f\t%.4f\t%.4f\t%.4f\t%.4f\n", loss / 1000.0,
           expected_periods(loss / 1000.0, NODES - 1), stats_mean(periods),
           mean.low, mean.high);
}

int main(int argc, char **argv)
{
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: %d nodes, %d runs a row, seeds 1 to %d\n", NODES,
           RUNS, RUNS);
    printf("# loss\tmodel\tperiods\tlow\thigh\n");
    printf("# claim: |periods - model| / model <= 0.04\n");
    for (unsigned row = 0; row * STEP <= LAST; row++)
        if (part_has(part, row))
            print_row(row * STEP);
    return 0;
}

/*
 * Requests in two writes, with Nagle's algorithm: how long do 30 exchanges
 * (exchange.h) take? Beside them the same with TCP_NODELAY, and with one write
 * for the whole request. All over TCP on loopback; each run has a connection of
 * its own, and the three ways take turns.
 *
 * The model of the stair: the first exchanges are free, while the server
 * acknowledges at once, and each after them costs the delay of one
 * acknowledgment,
 *
 *     elapsed(k) = max(0, k - free) (delay + tick).
 *
 * The delay is Linux's least, 40 ms. It is counted in ticks of the kernel's
 * clock and must not end early, so it ends up to a tick late; and since each
 * exchange begins where the last one ended, just after a tick, it is a whole
 * tick each time. How many are free is the kernel's affair: it is taken from
 * the runs. (Where net.ipv4.tcp_pingpong_thresh is not 1, its default, there
 * are free exchanges between the others too.)
 */
#include "01-sockets/wrong/exchange.h"
#include "common/judge/stats.h"
#include "common/world/complain.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 30, RUNS = 9, WAYS = 3 };
enum { NAGLE, NODELAY, SINGLE };

static const struct exchange_way ways[WAYS] = {
    [NAGLE] = {.writes = 2},
    [NODELAY] = {.writes = 2, .nodelay = true},
    [SINGLE] = {.writes = 1},
};

/* All that was measured, over the runs, in milliseconds. */
struct results {
    struct stats *elapsed[WAYS][COUNT]; /* Until so many had ended. */
    struct stats *steps[COUNT];         /* Each alone, with Nagle. */
    struct stats *quick;                /* How many went before one was held. */
};

static double milliseconds(nsec time)
{
    return (double)time / (double)MSEC;
}

static double median(struct stats *sample)
{
    return stats_percentile(sample, 0.5);
}

/* ---- Measuring. ---- */

static void prepare(struct results *results)
{
    for (int k = 0; k < COUNT; k++) {
        for (int way = 0; way < WAYS; way++)
            results->elapsed[way][k] = stats_new();
        results->steps[k] = stats_new();
    }
    results->quick = stats_new();
}

static void add_steps(struct results *results,
                      const struct exchange_times *exchanges)
{
    int quick = 0;
    for (int k = 0; k < COUNT; k++)
        stats_add(results->steps[k],
                  milliseconds(exchanges[k].ended - exchanges[k].began));
    while (quick < COUNT && exchanges[quick].held == 0)
        quick++;
    stats_add(results->quick, quick);
}

static void run_way(int way, struct exchange_times *exchanges)
{
    unsigned packets;
    if (exchange_run(&ways[way], exchanges, COUNT, &packets) < 0)
        exit(complain(FAILED, "TCP on 127.0.0.1: %s", g_strerror(errno)));
}

static void measure(struct results *results, int way)
{
    struct exchange_times exchanges[COUNT];
    run_way(way, exchanges);
    for (int k = 0; k < COUNT; k++)
        stats_add(results->elapsed[way][k], milliseconds(exchanges[k].ended));
    if (way == NAGLE)
        add_steps(results, exchanges);
}

/* A run that is not counted: it finds the caches cold. */
static void warm_up(void)
{
    struct exchange_times exchanges[COUNT];
    run_way(SINGLE, exchanges);
}

/* ---- Printing. ---- */

static nsec tick(void)
{
    struct timespec time;
    clock_getres(CLOCK_MONOTONIC_COARSE, &time);
    return (nsec)time.tv_nsec;
}

/* The kernel's version, up to what a distribution adds; how many CPUs. */
static void print_machine(void)
{
    struct utsname system;
    uname(&system);
    printf("# real time, on %s %.*s, %ld CPUs, a tick of %g ms\n",
           system.sysname, (int)strcspn(system.release, "-"), system.release,
           sysconf(_SC_NPROCESSORS_ONLN), milliseconds(tick()));
}

static void print_head(const struct results *results)
{
    print_machine();
    printf("# %d runs of each way, in ms: the median, the least, the most\n",
           RUNS);
    printf("# the model: exchanges free: %g; each after them: %g ms and a "
           "tick\n",
           median(results->quick), milliseconds(EXCHANGE_DELAY));
    printf("# exchanges\tmodel\tnagle\tnagle_low\tnagle_high\tnodelay\t"
           "nodelay_low\tnodelay_high\tsingle\tsingle_low\tsingle_high\t"
           "step\n");
    printf("# claim: nagle / nodelay >= 20 for exchanges >= %d\n", COUNT);
    printf("# claim: nagle / single >= 20 for exchanges >= %d\n", COUNT);
    printf("# claim: step / %g >= 0.9 for model > 0\n",
           milliseconds(EXCHANGE_DELAY));
    printf("# claim: step / %g <= 1.3 for model > 0\n",
           milliseconds(EXCHANGE_DELAY));
    printf("# claim: |nagle - model| / model <= 0.2 for model > 0\n");
}

static void print_row(const struct results *results, int k)
{
    double paid = MAX(0, k + 1 - median(results->quick));
    printf("%d\t%.0f", k + 1, paid * milliseconds(EXCHANGE_DELAY + tick()));
    for (int way = 0; way < WAYS; way++) {
        struct stats *elapsed = results->elapsed[way][k];
        printf("\t%.4f\t%.4f\t%.4f", median(elapsed),
               stats_percentile(elapsed, 0), stats_percentile(elapsed, 1));
    }
    printf("\t%.4f\n", median(results->steps[k]));
}

static void clear(struct results *results)
{
    for (int k = 0; k < COUNT; k++) {
        for (int way = 0; way < WAYS; way++)
            stats_free(results->elapsed[way][k]);
        stats_free(results->steps[k]);
    }
    stats_free(results->quick);
}

int main(void)
{
    struct results results;
    prepare(&results);
    warm_up();
    for (int run = 0; run < RUNS; run++)
        for (int way = 0; way < WAYS; way++)
            measure(&results, way);
    print_head(&results);
    printf("0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t-\n");
    for (int k = 0; k < COUNT; k++)
        print_row(&results, k);
    clear(&results);
    return 0;
}

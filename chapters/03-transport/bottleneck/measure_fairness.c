/*
 * Who has little gets more? In virtual time: one flow of NewReno has a link for
 * itself, and then others join, each with the smallest window, and none starts
 * slowly: all that evens them out is that a loss takes a half from each, and a
 * round trip gives a segment to each (Chiu and Jain 1989). Jain's index of what
 * arrives in each second: 1 when all have the same, 1 / n when one has it all.
 *
 * The model: windows as a fluid, that is cut when the queue is full, all at
 * once. So what they are apart halves at each loss, and Jain's index at the
 * k-th is 1 / (1 + V / 4^k), where V is the squared deviation of the windows
 * at the first one over their squared mean.
 *
 * Mean, least and most are of runs in which the others join at different times.
 *
 *     measure_fairness [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "03-transport/bottleneck/bottleneck_scene.h"
#include "03-transport/newreno.h"
#include "common/judge/part.h"
#include "common/judge/stats.h"
#include <math.h>
#include <stdio.h>

enum {
    SEGMENT = 1400,
    PACKET = SEGMENT + 48, /* With its headers, those of UDP and IP too. */
    RATE = 20000000,
    MOST = 8, /* Flows. */
    RUNS = 6,
    ROWS = 20, /* Seconds. */
    LEAST = 2  /* Segments of those who join. */
};

static const nsec trip = 40 * MSEC;

/* ---- Windows, in segments. ---- */

static double seconds(nsec time)
{
    return (double)time / (double)SEC;
}

/* What the line holds; and its queue as many. */
static double held(void)
{
    return RATE / 8.0 * seconds(trip) / PACKET;
}

static double jain(const double *share, unsigned count)
{
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < count; i++) {
        sum += share[i];
        squares += share[i] * share[i];
    }
    return sum * sum / (count * squares);
}

/* ---- The model. ---- */

struct fluid {
    unsigned flows;
    double window[MOST], arrived[MOST]; /* Segments. */
};

/* Let a millisecond pass. */
static void flow_on(struct fluid *fluid)
{
    double sum = 0;
    for (unsigned i = 0; i < fluid->flows; i++)
        sum += fluid->window[i];
    bool cut = sum >= 2 * held();
    double rounds = 0.001 / (seconds(trip) * fmax(1, sum / held()));
    for (unsigned i = 0; i < fluid->flows; i++) {
        fluid->arrived[i] += fluid->window[i] * rounds;
        fluid->window[i] += rounds;
        if (cut)
            fluid->window[i] = fmax(LEAST, fluid->window[i] / 2);
    }
}

/* The index of each second, when the first begins with @share of the most. */
static void model(unsigned flows, double share, struct stats **index)
{
    struct fluid fluid = {.flows = flows, .window = {share * 2 * held()}};
    for (unsigned i = 1; i < flows; i++)
        fluid.window[i] = LEAST;
    for (unsigned row = 0; row < ROWS; row++) {
        for (unsigned i = 0; i < flows; i++)
            fluid.arrived[i] = 0;
        for (unsigned i = 0; i < 1000; i++)
            flow_on(&fluid);
        stats_add(index[row], jain(fluid.arrived, flows));
    }
}

/* ---- Measured. ---- */

static struct controller *begin_with(size_t segment, size_t window)
{
    struct controller *controller = newreno_new(segment);
    controller->window = controller->threshold = window * segment;
    return controller;
}

static struct controller *begin_rich(size_t segment)
{
    return begin_with(segment, (size_t)held());
}

static struct controller *begin_poor(size_t segment)
{
    return begin_with(segment, LEAST);
}

static struct bottleneck *open_scene(unsigned flows, nsec alone)
{
    struct bottleneck_link link = {
        .rate = RATE,
        .delay = trip / 2,
        .queue = (size_t)held() * PACKET,
    };
    struct bottleneck *scene = bottleneck_new(link, flows, 1);
    bottleneck_send(scene, 1, begin_rich, UINT64_MAX / 2);
    bottleneck_run(scene, alone);
    for (unsigned i = 2; i <= flows; i++)
        bottleneck_send(scene, i, begin_poor, UINT64_MAX / 2);
    return scene;
}

/* The index of what arrives until then, a time of the world. */
static double index_until(struct bottleneck *scene, unsigned flows, nsec time)
{
    double arrived[MOST];
    for (unsigned i = 0; i < flows; i++)
        arrived[i] = -(double)bottleneck_arrived(scene, i + 1);
    bottleneck_run(scene, time - bottleneck_time(scene));
    for (unsigned i = 0; i < flows; i++)
        arrived[i] += (double)bottleneck_arrived(scene, i + 1);
    return jain(arrived, flows);
}

static nsec alone_of(unsigned run)
{
    return 5 * SEC + run * 700 * MSEC;
}

/* ---- Rows. ---- */

static void print_second(unsigned flows, unsigned second,
                         const struct stats *expected, struct stats *measured)
{
    printf("%u\t%u\t%.3f\t%.3f\t%.3f\t%.3f\n", flows, second,
           stats_mean(expected), stats_mean(measured),
           stats_percentile(measured, 0), stats_percentile(measured, 1));
}

static unsigned print_seconds(struct part part, unsigned row, unsigned flows)
{
    struct stats *expected[ROWS], *measured[ROWS];
    for (unsigned i = 0; i < ROWS; i++) {
        expected[i] = stats_new();
        measured[i] = stats_new();
    }
    for (unsigned run = 0; run < RUNS; run++) {
        struct bottleneck *scene = open_scene(flows, alone_of(run));
        for (unsigned i = 0; i < ROWS; i++)
            stats_add(measured[i],
                      index_until(scene, flows, alone_of(run) + (i + 1) * SEC));
        bottleneck_free(scene);
        model(flows, (1 + (run + 0.5) / RUNS) / 2, expected);
    }
    for (unsigned i = 0; i < ROWS; i++) {
        if (part_has(part, row++))
            print_second(flows, i + 1, expected[i], measured[i]);
        stats_free(expected[i]);
        stats_free(measured[i]);
    }
    return row;
}

/* The index of the second half as one, not of each second. */
static unsigned print_whole(struct part part, unsigned row, unsigned flows)
{
    g_autoptr(stats) index = stats_new();
    if (!part_has(part, row++))
        return row;
    for (unsigned run = 0; run < RUNS; run++) {
        struct bottleneck *scene = open_scene(flows, alone_of(run));
        index_until(scene, flows, alone_of(run) + ROWS / 2 * SEC);
        stats_add(index, index_until(scene, flows, alone_of(run) + ROWS * SEC));
        bottleneck_free(scene);
    }
    printf("%u\t%.3f\t%.3f\n", flows, stats_mean(index),
           stats_percentile(index, 0));
    return row;
}

int main(int argc, char **argv)
{
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: %d runs, in which the others join at different "
           "times\n"
           "# flows\tsecond\tmodel\tmeasured\tlow\thigh\n"
           "# claim: |measured - model| <= 0.07 for flows == 2\n"
           "# claim: measured >= 0.95 for flows == 2 and second >= 6\n"
           "# claim: measured >= 0.83 for flows == 8 and second >= 3\n"
           "# claim: measured <= 0.97 for flows == 8 and second >= 6\n",
           RUNS);
    unsigned row = print_seconds(part, 0, 2);
    row = print_seconds(part, row, MOST);
    printf("\n\n# flows\twhole\tlow\n"
           "# claim: whole >= 0.95\n");
    print_whole(part, print_whole(part, row, 2), MOST);
    return 0;
}

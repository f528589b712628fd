/*
 * How fast is a stream over a path that loses segments, and nothing else? In
 * virtual time: NewReno and CUBIC over a link that does not bind, 20 ms there
 * and back, against the chance that a segment is lost.
 *
 * Two models, both for segments of which a share p is lost:
 *
 *  - the ceiling: a sawtooth whose period is 1 / p segments, so that its mean
 *    window is sqrt(3 / (2 p)) (Mathis and others 1997);
 *  - the floor: the same with what Reno's timer costs when too little flies to
 *    tell a loss by (Padhye and others 1998), with a timer of T0 = 200 ms and a
 *    round trip.
 *
 * Both are of NewReno. The losses of the ceiling come at equal distances, ours
 * by chance; then the mean is some 8 % higher. And CUBIC, where windows are
 * large, may be above it.
 *
 *     measure_goodput [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "03-transport/bottleneck/bottleneck_scene.h"
#include "03-transport/cubic.h"
#include "03-transport/newreno.h"
#include "common/judge/part.h"
#include "common/judge/stats.h"
#include <math.h>
#include <stdio.h>

enum { RUNS = 3, SEGMENT = 1400, LOSSES = 250, SEGMENTS = 30000 };

static const nsec trip = 20 * MSEC, timer = 220 * MSEC;

/* ---- The models, in Mbit/s. ---- */

static double seconds(nsec time)
{
    return (double)time / (double)SEC;
}

static double megabits(double segments)
{
    return segments * SEGMENT * 8 / 1e6;
}

static double ceiling_of(double p)
{
    return megabits(sqrt(3 / (2 * p)) / seconds(trip));
}

static double floor_of(double p)
{
    double sawtooth = seconds(trip) * sqrt(2 * p / 3);
    double waiting =
        seconds(timer) * fmin(1, 3 * sqrt(3 * p / 8)) * p * (1 + 32 * p * p);
    return megabits(1 / (sawtooth + waiting));
}

/* ---- Measured. ---- */

/* As long as the ceiling takes for so many segments, and so many losses. */
static nsec span_of(double p)
{
    double rate = sqrt(3 / (2 * p)) / seconds(trip);
    return (nsec)(fmax(LOSSES / p, SEGMENTS) / rate) * SEC;
}

static double run_once(struct controller *(*controller)(size_t segment),
                       unsigned loss, uint64_t seed)
{
    struct bottleneck_link link = {
        .rate = 1000000000, .delay = trip / 2, .queue = 4 << 20, .loss = loss};
    struct bottleneck *scene = bottleneck_new(link, 1, seed);
    bottleneck_send(scene, 1, controller, UINT64_MAX / 2);
    bottleneck_run(scene, 5 * SEC);
    uint64_t before = bottleneck_arrived(scene, 1);
    nsec span = span_of(loss / 1e6);
    bottleneck_run(scene, span);
    double bytes = (double)(bottleneck_arrived(scene, 1) - before);
    bottleneck_free(scene);
    return bytes * 8 / 1e6 / seconds(span);
}

static void print_runs(struct controller *(*controller)(size_t segment),
                       unsigned loss)
{
    g_autoptr(stats) goodput = stats_new();
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        stats_add(goodput, run_once(controller, loss, seed));
    printf("\t%.3f\t%.3f\t%.3f", stats_percentile(goodput, 0.5),
           stats_percentile(goodput, 0), stats_percentile(goodput, 1));
}

int main(int argc, char **argv)
{
    static const unsigned losses[] = {1000,  2000,  3000,  5000,
                                      7000,  10000, 15000, 20000,
                                      30000, 50000, 70000, 100000};
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: medians of %d runs, seeds 1 to %d, with the least "
           "and the most\n",
           RUNS, RUNS);
    printf("# loss\tceiling\tfloor\tnewreno\tnewreno_low\tnewreno_high\t"
           "cubic\tcubic_low\tcubic_high\n"
           "# claim: newreno / floor >= 0.93\n"
           "# claim: cubic / floor >= 0.93\n"
           "# claim: newreno > floor for loss >= 0.01\n"
           "# claim: cubic > floor for loss >= 0.01\n"
           "# claim: newreno / ceiling <= 1.15\n"
           "# claim: cubic / ceiling <= 1.3\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(losses); i++) {
        double p = losses[i] / 1e6;
        if (!part_has(part, i))
            continue;
        printf("%.4f\t%.3f\t%.3f", p, ceiling_of(p), floor_of(p));
        print_runs(newreno_new, losses[i]);
        print_runs(cubic_new, losses[i]);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}

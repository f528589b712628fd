/*
 * What does a window look like over time? In virtual time: one flow, NewReno's
 * and then CUBIC's, behind a link of 20 Mbit/s with 100 ms there and back. The
 * line itself holds 173 segments, and the queue half as many.
 *
 * The models say how the window grows from each loss on:
 *
 *     NewReno   a segment each round trip, and that is longer with a queue:
 *               dW / dt = 1 / max(RTT, W T), where T is the time of a segment
 *     CUBIC     W = C (t - K)^3 + Wmax (RFC 9438)
 *
 * and what that uses of the link, after a loss at 1 + d times what the line
 * holds: it stands idle while the window is less than that.
 *
 *     measure_sawtooth [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "03-transport/bottleneck/bottleneck_scene.h"
#include "03-transport/cubic.h"
#include "03-transport/newreno.h"
#include "common/judge/part.h"
#include <math.h>
#include <stdio.h>

enum {
    SEGMENT = 1400,
    PACKET = SEGMENT + 48, /* With its headers, those of UDP and IP too. */
    RATE = 20000000,
    QUEUE = 50, /* Percent of what the line holds. */
    STEPS = 8000,
    SETTLED = 1000, /* So many steps later it counts. */
    EVERY = 10      /* Of so many one is printed. */
};

static const nsec step = 10 * MSEC, trip = 100 * MSEC;

/* ---- The models, in segments and seconds. ---- */

/* Since the last loss. */
struct sawtooth {
    double least, most; /* Behind it, and Wmax. */
    double time;        /* Since the window grows again. */
};

static double seconds(nsec time)
{
    return (double)time / (double)SEC;
}

/* What the line holds. */
static double held(void)
{
    return RATE / 8.0 * seconds(trip) / PACKET;
}

static double newreno_at(const struct sawtooth *tooth)
{
    double least = tooth->least, start = fmax(held(), least);
    double before = (start - least) * seconds(trip); /* There is a queue. */
    if (tooth->time < before)
        return least + tooth->time / seconds(trip);
    return sqrt(start * start + 2 * (tooth->time - before) * RATE / 8 / PACKET);
}

static double cubic_at(const struct sawtooth *tooth)
{
    double k = cbrt(fmax(0, tooth->most - tooth->least) / 0.4);
    return 0.4 * pow(tooth->time - k, 3) + tooth->most;
}

/* The share of the link, after losses at @over times what the line holds. */
static double share_of(double over, double beta)
{
    if (beta * over >= 1)
        return 1;
    return over * over * (1 - beta * beta) /
           (2 - 2 * beta * over + over * over - 1);
}

/* ---- A run. ---- */

struct algorithm {
    const char *name;
    struct controller *(*begin)(size_t segment);
    double (*model)(const struct sawtooth *tooth);
    double beta;
    bool converges; /* Wmax is lower after a loss that came earlier. */
    double window[STEPS], expected[STEPS];
    double share;
};

/* A step later, the window is @window, and was @last. */
static void follow(const struct algorithm *algorithm, struct sawtooth *tooth,
                   double last, double window)
{
    if (window < last) {
        bool earlier = algorithm->converges && last < tooth->most;
        tooth->most = earlier ? last * (1 + algorithm->beta) / 2 : last;
        tooth->least = window;
    }
    tooth->time = window == tooth->least ? 0 : tooth->time + seconds(step);
}

static void watch(struct algorithm *algorithm, struct bottleneck *scene)
{
    const struct controller *controller =
        flow_controller(bottleneck_flow(scene, 1));
    struct sawtooth tooth = {0};
    double last = 0;
    for (unsigned i = 0; i < STEPS; i++) {
        double window = (double)controller_window(controller) / SEGMENT;
        follow(algorithm, &tooth, last, window);
        algorithm->window[i] = last = window;
        algorithm->expected[i] = tooth.most > 0 ? algorithm->model(&tooth) : 0;
        bottleneck_run(scene, (i + 1) * step - bottleneck_time(scene));
        if (i == SETTLED)
            algorithm->share = -(double)bottleneck_carried(scene, 1);
    }
    algorithm->share += (double)bottleneck_carried(scene, 1);
    algorithm->share /= RATE / 8 * seconds((STEPS - SETTLED - 1) * step);
}

static void run(struct algorithm *algorithm)
{
    struct bottleneck_link link = {
        .rate = RATE,
        .delay = trip / 2,
        .queue = (size_t)(RATE / 8 * seconds(trip) * QUEUE / 100),
    };
    struct bottleneck *scene = bottleneck_new(link, 1, 1);
    bottleneck_send(scene, 1, algorithm->begin, UINT64_MAX / 2);
    watch(algorithm, scene);
    bottleneck_free(scene);
}

/* ---- Rows. ---- */

static struct algorithm newreno = {
    .name = "newreno", .begin = newreno_new, .model = newreno_at, .beta = 0.5};
static struct algorithm cubic = {.name = "cubic",
                                 .begin = cubic_new,
                                 .model = cubic_at,
                                 .beta = 0.7,
                                 .converges = true};

static void print_share(const struct algorithm *algorithm)
{
    printf("%s\t%.3f\t%.3f\n", algorithm->name, algorithm->share,
           share_of(1 + QUEUE / 100.0, algorithm->beta));
}

static void print_window(const struct algorithm *algorithm, unsigned at)
{
    if (algorithm->expected[at] > 0)
        printf("\t%.1f\t%.1f", algorithm->window[at], algorithm->expected[at]);
    else
        printf("\t%.1f\t-", algorithm->window[at]);
}

int main(int argc, char **argv)
{
    struct part part;
    unsigned row = 0;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    run(&newreno);
    run(&cubic);
    printf("# virtual time: the line holds %.1f segments, the queue %.1f\n"
           "# name\tshare\tmodel\n"
           "# claim: |share - model| <= 0.02\n",
           held(), held() * QUEUE / 100);
    if (part_has(part, row++))
        print_share(&newreno);
    if (part_has(part, row++))
        print_share(&cubic);
    printf("\n\n# time\tnewreno\tnewreno_model\tcubic\tcubic_model\n"
           "# claim: |newreno - newreno_model| / newreno_model <= 0.03 "
           "for time >= 5\n"
           "# claim: |cubic - cubic_model| / cubic_model <= 0.02 "
           "for time >= 5\n");
    for (unsigned i = 0; i < STEPS; i += EVERY) {
        if (!part_has(part, row++))
            continue;
        printf("%.1f", seconds(i * step));
        print_window(&newreno, i);
        print_window(&cubic, i);
        printf("\n");
    }
    return 0;
}

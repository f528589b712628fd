/*
 * Two flows share one link; nobody tells them how much there is, or that there
 * is another. In virtual time: the same seed, the same losses.
 */
#include "03-transport/bottleneck/bottleneck_scene.h"
#include "03-transport/newreno.h"
#include "common/world/complain.h"
#include <stdio.h>

enum {
    SECONDS = 24,
    SECOND_FLOW = 5, /* Begins then. */
    RATE = 10000000,
    BAR = 18
};
#define DELAY (10 * MSEC)

static double jain(double one, double other)
{
    return (one + other) * (one + other) /
           (2 * (one * one + other * other) + 1e-9);
}

/* What the last second brought flow @p pair, in Mbit/s. */
static double share(const struct bottleneck *scene, unsigned pair,
                    uint64_t before[])
{
    uint64_t arrived = bottleneck_arrived(scene, pair);
    double rate = (double)(arrived - before[pair]) * 8e-6;
    before[pair] = arrived;
    return rate;
}

static void print_bar(double rate)
{
    int full = (int)(rate * BAR * 1e6 / RATE + 0.5);
    for (int i = 0; i < BAR; i++)
        putchar(i < full ? '#' : ' ');
    printf(" %4.1f  ", rate);
}

static size_t window(const struct bottleneck *scene, unsigned pair)
{
    const struct controller *controller =
        flow_controller(bottleneck_flow(scene, pair));
    return controller_window(controller) / controller->segment;
}

static void run(struct bottleneck *scene)
{
    uint64_t before[3] = {0};
    double both[3] = {0};
    for (unsigned second = 1; second <= SECONDS; second++) {
        if (second == SECOND_FLOW)
            bottleneck_send(scene, 2, newreno_new, (uint64_t)1 << 30);
        bottleneck_run(scene, second * SEC - bottleneck_time(scene));
        double one = share(scene, 1, before);
        double other = second >= SECOND_FLOW ? share(scene, 2, before) : 0;
        printf("%6u  ", second);
        print_bar(one);
        print_bar(other);
        if (second >= SECOND_FLOW)
            printf(" %.2f %5zu %4zu", jain(one, other), window(scene, 1),
                   window(scene, 2));
        printf("\n");
        both[1] += second > SECONDS - 10 ? one : 0;
        both[2] += second > SECONDS - 10 ? other : 0;
    }
    printf("\nOver the last ten seconds: %.1f and %.1f Mbit/s, Jain's index "
           "%.3f.\n",
           both[1] / 10, both[2] / 10, jain(both[1], both[2]));
}

int main(int argc, char **argv)
{
    struct bottleneck_link link = {
        .rate = RATE, .delay = DELAY, .queue = RATE / 8 * 2 * DELAY / SEC};
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    struct bottleneck *scene = bottleneck_new(link, 2, 1);
    printf("A link of 10 Mbit/s, 10 ms each way, and a queue before it. One "
           "flow has it for\nitself; in second %d another begins. Each adds a "
           "segment to its window in every\nround trip, and gives up half of "
           "it when the queue is full. Nobody tells them\nwhat is fair.\n\n",
           SECOND_FLOW);
    printf("second  %-25s%-26sJain   windows\n", "first, Mbit/s",
           "second, Mbit/s");
    bottleneck_send(scene, 1, newreno_new, (uint64_t)1 << 30);
    run(scene);
    bottleneck_free(scene);
    return 0;
}

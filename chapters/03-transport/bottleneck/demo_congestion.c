/*
 * Senders that share a link, in virtual time: with and without congestion
 * control; on a link that loses by chance; and behind a queue so long that
 * nothing is lost.
 */
#include "03-transport/bottleneck/bottleneck_scene.h"
#include "03-transport/cubic.h"
#include "03-transport/newreno.h"
#include "common/world/complain.h"
#include <stdio.h>

enum {
    RATE = 10 * 1000 * 1000,
    QUEUE = 25 * 1000, /* As much as the link itself holds. */
    LONG = 5 * 1000 * 1000,
    PAGE = 14 * 1000,
    PERCENT = 10000, /* Of a million. */
    CELLS = 40,      /* Of the picture of the link. */
    SEED = 1
};

#define WAY      (10 * MSEC)
#define RUN      (10 * SEC)
#define LONG_RUN (60 * SEC)

typedef struct controller *controller_maker(size_t segment);

/* ---- A window that nothing moves: flow control alone. ---- */

static void ignore_ack(struct controller *controller, struct controller_ack ack)
{
    (void)controller, (void)ack;
}

static void ignore_loss(struct controller *controller,
                        struct controller_loss loss)
{
    (void)controller, (void)loss;
}

static void ignore_expiry(struct controller *controller, size_t flying,
                          nsec now)
{
    (void)controller, (void)flying, (void)now;
}

static void free_window(struct controller *controller)
{
    g_free(controller);
}

static struct controller *window_of(size_t segment, size_t window)
{
    static const struct controller_ops ops = {.name = "window",
                                              .acked = ignore_ack,
                                              .lost = ignore_loss,
                                              .expired = ignore_expiry,
                                              .free = free_window};
    struct controller *controller = g_new0(struct controller, 1);
    *controller = (struct controller){
        .ops = &ops, .segment = segment, .window = window, .threshold = window};
    return controller;
}

/* As much as the receiver has room for. */
static struct controller *room_new(size_t segment)
{
    return window_of(segment, 1 << 20);
}

/* As much as the link and its queue hold: somebody has told us. */
static struct controller *told_new(size_t segment)
{
    return window_of(segment, 2 * QUEUE);
}

/* ---- What a sender got. ---- */

static double megabits(const struct bottleneck *scene, unsigned pair)
{
    return (double)bottleneck_arrived(scene, pair) * 8 /
           ((double)bottleneck_time(scene) / (double)SEC) / 1e6;
}

/* How many bytes were sent for each that arrived. */
static double effort(const struct bottleneck *scene, unsigned pair)
{
    const struct flow *flow = bottleneck_flow(scene, pair);
    return (double)flow_count(flow).segments *
           (double)flow_controller(flow)->segment /
           (double)bottleneck_arrived(scene, pair);
}

/* The link: a cell for each quarter of a megabit, with the sender's number. */
static void draw_link(const struct bottleneck *scene, unsigned pairs)
{
    unsigned drawn = 0;
    printf(" [");
    for (unsigned pair = 1; pair <= pairs; pair++)
        for (int i = (int)(4 * megabits(scene, pair) + 0.5); i > 0; i--)
            printf("%u", pair), drawn++;
    for (; drawn < CELLS; drawn++)
        putchar('.');
    printf("] ");
}

/* ---- Two neighbours. ---- */

static void show_two(const char *name, controller_maker *first,
                     controller_maker *second)
{
    struct bottleneck *scene = bottleneck_new(
        (struct bottleneck_link){.rate = RATE, .delay = WAY, .queue = QUEUE}, 2,
        SEED);
    bottleneck_send(scene, 1, first, UINT64_MAX);
    bottleneck_send(scene, 2, second, UINT64_MAX);
    bottleneck_run(scene, RUN);
    printf("%-16s", name);
    draw_link(scene, 2);
    printf("%4.1f  %5.1f\n", effort(scene, 1), effort(scene, 2));
    bottleneck_free(scene);
}

/* ---- Alone, and unlucky. ---- */

static void show_alone(const char *name, controller_maker *maker, unsigned loss)
{
    struct bottleneck *scene = bottleneck_new(
        (struct bottleneck_link){
            .rate = RATE, .delay = WAY, .queue = QUEUE, .loss = loss * PERCENT},
        1, SEED);
    bottleneck_send(scene, 1, maker, UINT64_MAX);
    bottleneck_run(scene, RUN);
    printf("%-10s%3u %% ", name, loss);
    draw_link(scene, 1);
    printf("%4.1f\n", megabits(scene, 1));
    bottleneck_free(scene);
}

/* ---- A long queue. ---- */

/* A download goes on, or not; then a neighbour asks for a page. */
static void show_page(size_t queue, uint64_t download)
{
    struct bottleneck *scene = bottleneck_new(
        (struct bottleneck_link){.rate = RATE, .delay = WAY, .queue = queue}, 2,
        SEED);
    bottleneck_send(scene, 1, cubic_new, download);
    bottleneck_run(scene, LONG_RUN);
    uint64_t lost = flow_count(bottleneck_flow(scene, 1)).repeats;
    nsec start = bottleneck_time(scene);
    bottleneck_send(scene, 2, newreno_new, PAGE);
    while (bottleneck_arrived(scene, 2) < PAGE &&
           bottleneck_time(scene) < start + LONG_RUN)
        bottleneck_run(scene, MSEC);
    printf("%6zu kB  %-12s %6.0f ms  %6llu lost\n", queue / 1000,
           download ? "a download" : "nothing",
           (double)(bottleneck_time(scene) - start) / (double)MSEC,
           (unsigned long long)lost);
    bottleneck_free(scene);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    printf("A link of 10 Mbit/s, %d ms each way, with a queue of %d kB: so "
           "much the link\nitself holds. Ten seconds each, of virtual time. A "
           "sign is a quarter of a Mbit/s\nthat arrived.\n\nTwo senders. One "
           "obeys NewReno, or only the window that its receiver tells, of\n1 "
           "MiB. On the right: bytes sent for each that arrived, of 1 and of "
           "2.\n\n",
           (int)(WAY / MSEC), QUEUE / 1000);
    show_two("NewReno, NewReno", newreno_new, newreno_new);
    show_two("NewReno, window", newreno_new, room_new);
    show_two("window, window", room_new, room_new);
    printf("\nOne sender, alone, and the link loses segments by chance. Below, "
           "the same with a\nwindow of just what link and queue hold.\n\n");
    for (unsigned loss = 0; loss <= 2; loss++)
        show_alone("NewReno", newreno_new, loss);
    for (unsigned loss = 0; loss <= 2; loss++)
        show_alone("CUBIC", cubic_new, loss);
    show_alone("as told", told_new, 2);
    printf("\nAnd a queue that holds so much that nothing is ever lost. How "
           "long does a page\nof %d kB take, beside a download of a "
           "minute, with CUBIC?\n\n",
           PAGE / 1000);
    show_page(QUEUE, 0);
    show_page(QUEUE, UINT64_MAX);
    show_page(LONG, UINT64_MAX);
    return 0;
}

/*
 * What a queue is between: a producer that does not wait for its consumer; a
 * slow worker, with and without credit; a queue with a limit, that makes its
 * producer wait.
 */
#include "04-queues/server/look.h"
#include "04-queues/server/supplier.h"
#include "common/judge/histogram.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAR = 18 };
#define PATIENCE (20 * SEC)

static struct {
    struct stage *stage;
    struct loop *loop;
    struct address address;
    const char *place;
    struct histogram *delays;
} show;

/* ---- Processes. ---- */

static void start_broker(const char *listen, const char *dir)
{
    struct actor *broker = stage_start(show.stage, "queue", listen, dir, NULL);
    g_autofree char *ready =
        broker ? actor_await(broker, "ready ", PATIENCE) : NULL;
    if (!ready)
        exit(complain(FAILED, "the broker did not start"));
}

static struct actor *start_worker(const char *queue, const char *pause,
                                  const char *window)
{
    return stage_start(show.stage, "work", show.place, queue, pause, window,
                       NULL);
}

static void stop_worker(struct actor *worker)
{
    actor_signal(worker, SIGKILL);
    actor_wait(worker, PATIENCE);
}

/* ---- Producers, here. ---- */

static void on_confirm(void *self, uint64_t number, nsec delay)
{
    (void)self, (void)number;
    histogram_add(show.delays, delay);
}

static struct supplier *start_producer(struct supplier_settings settings)
{
    settings.name = "m";
    settings.on_confirm = on_confirm;
    return supplier_new(show.loop, &show.address, &settings);
}

static void go_on(nsec time)
{
    nsec end = clock_monotonic() + time;
    while (clock_monotonic() < end)
        loop_turn(show.loop, 5 * MSEC);
}

static uint64_t fact(const char *queue, const char *name)
{
    g_autofree char *line = g_strdup_printf("QINFO %s", queue);
    g_autofree char *text = look_ask(&show.address, line);
    if (!text) {
        fflush(stdout);
        exit(complain(FAILED, "the broker is gone"));
    }
    return look_fact(text, name);
}

static void print_bar(uint64_t value, uint64_t full)
{
    g_autofree char *bar =
        g_strnfill((gsize)MIN(BAR, (value * BAR + full - 1) / full), '#');
    printf("%s%s\n", *bar ? " " : "", bar);
    fflush(stdout);
}

/* ---- Away. ---- */

static double percentile(double share)
{
    return (double)histogram_percentile(show.delays, share) / (double)MSEC;
}

static void print_phase(const char *what)
{
    uint64_t depth = fact("jobs", "ready");
    printf("  %-28s %7.2f ms %7.2f ms %7d", what, percentile(0.5),
           percentile(0.99), (int)depth);
    print_bar(depth, 800);
    histogram_free(show.delays);
    show.delays = histogram_new();
}

static void show_absence(void)
{
    printf("A producer publishes 400 messages a second; each is confirmed when "
           "it is synced.\nHow long does that take, and how many wait?\n\n"
           "  %-28s %10s %10s %7s\n",
           "", "median", "p99", "depth");
    struct supplier *supplier = start_producer((struct supplier_settings){
        .queue = "jobs", .rate = 400, .durability = DURABILITY_SYNCED});
    go_on(SEC / 2);
    struct actor *worker = start_worker("jobs", "--pause=0", "--window=50");
    go_on(SEC / 2);
    print_phase("the consumer is there");
    stop_worker(worker);
    go_on(SEC);
    print_phase("it is away");
    go_on(SEC);
    print_phase("still away");
    worker = start_worker("jobs", "--pause=0", "--window=50");
    go_on(SEC);
    print_phase("it is back");
    stop_worker(worker);
    supplier_free(supplier);
    printf("\nWho publishes waits for the broker's disk, never for the "
           "consumer.\n\n");
}

/* ---- Credit. ---- */

/* 500 messages, a slow worker; then a second one. */
static void show_window(const char *queue, const char *window, const char *what)
{
    struct supplier *supplier = start_producer((struct supplier_settings){
        .queue = queue, .count = 500, .durability = DURABILITY_WRITTEN});
    while (!supplier_is_done(supplier)) {
        go_on(10 * MSEC);
        fact(queue, "ready"); /* It ends all if the broker is gone. */
    }
    supplier_free(supplier);
    struct actor *one = start_worker(queue, "--pause=5", window);
    go_on(300 * MSEC);
    printf("  %-28s %5d %8d", what, (int)fact(queue, "ready"),
           (int)fact(queue, "taken"));
    struct actor *two = start_worker(queue, "--pause=5", window);
    nsec start = clock_monotonic();
    while (fact(queue, "ready") + fact(queue, "taken") > 0 &&
           clock_monotonic() < start + PATIENCE)
        go_on(20 * MSEC);
    printf(" %14.1f s\n", (double)(clock_monotonic() - start) / (double)SEC);
    fflush(stdout);
    stop_worker(one);
    stop_worker(two);
}

static void show_credit(void)
{
    printf("500 messages, 5 ms a job. After 0.3 s, where are they? Then a "
           "second worker\ncomes: when is all done?\n\n"
           "  %-28s %5s %8s %16s\n",
           "", "queue", "worker", "both need");
    show_window("eager", "--window=100000", "no credit: all is pushed");
    show_window("calm", "--window=10", "credit for ten");
    printf(
        "\nWhat was pushed to the first worker is no use to the second.\n\n");
}

/* ---- A limit. ---- */

static void show_flood(const char *queue, uint64_t limit, const char *what)
{
    struct supplier *supplier = start_producer(
        (struct supplier_settings){.queue = queue,
                                   .limit = limit,
                                   .durability = DURABILITY_WRITTEN,
                                   .rate = 2000,
                                   .window = 20});
    struct actor *worker = NULL;
    uint64_t deepest = 0;
    go_on(50 * MSEC);
    worker = start_worker(queue, "--pause=2", "--window=10");
    for (int i = 0; i < 15; i++) {
        go_on(100 * MSEC);
        deepest = MAX(deepest, fact(queue, "ready") + fact(queue, "taken"));
    }
    struct queue_client_counts counts = supplier_counts(supplier);
    printf("  %-28s %6d %9d %9d", what, (int)counts.confirmed,
           (int)counts.refused, (int)deepest);
    print_bar(deepest, 3000);
    supplier_free(supplier);
    stop_worker(worker);
}

static void show_limit(void)
{
    printf("A producer of 2000 a second, a worker that does 400, for 1.5 "
           "s:\n\n  %-28s %6s %9s %9s\n",
           "", "kept", "refused", "deepest");
    show_flood("endless", 0, "no limit");
    show_flood("bounded", 100, "at most 100 messages");
    printf("\nWhat is refused is told at once (FULL), and nothing is lost: the "
           "producer has\nit still, and tries again. A queue evens out bursts. "
           "It makes no worker faster.\n");
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    show.stage = stage_new();
    show.loop = loop_new();
    show.delays = histogram_new();
    const char *dir = stage_dir(show.stage);
    g_autofree char *listen = g_strdup_printf("--listen=unix:%s/socket", dir);
    g_autofree char *kept = g_strdup_printf("--dir=%s/broker", dir);
    show.place = strchr(listen, '=') + 1;
    if (!address_parse(&show.address, show.place, NULL))
        return complain(FAILED, "there is no place for a socket");
    start_broker(listen, kept);
    show_absence();
    show_credit();
    show_limit();
    histogram_free(show.delays);
    loop_free(show.loop);
    stage_free(show.stage);
    return 0;
}

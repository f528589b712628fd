/*
 * Our kv beside redis-server, which keeps nothing on a disk here. Each is a
 * process of its own, on one processor; the load comes from this process, on
 * another (burst.h). In each round each is measured once, first one and then the
 * other; a ratio is that of one round, and what is printed is its median, with
 * the tenth and the ninetieth percentile.
 *
 * A processor that is busy all the time is the limit. If it is the generator's,
 * the server could do more than is seen; then the aim is on the server's
 * processor time for each command.
 */
#include "01-sockets/echo/processors.h"
#include "02-framing/kv/burst.h"
#include "common/judge/stats.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9, CLIENTS = 64, PATIENCE = 10, TRIES = 500 };
#define WARMUP   (100 * MSEC)
#define DURATION (400 * MSEC)
#define REDIS    "/usr/bin/redis-server"

struct server {
    const char *name;
    struct address address;
    clockid_t clock;    /* Of its processor time. */
    nsec before, spent; /* By that clock: at the last mark, between the two. */
    double rate, cost;  /* In this round. */
    stats *rates, *costs, *busy, *generator;
};

static struct server ours = {.name = "kv"}, theirs = {.name = "redis-server"};

/* ---- Servers. ---- */

static bool find_clock(struct server *server)
{
    g_autofree char *info =
        burst_ask(&server->address, 1, (const char *const[]){"INFO"}, NULL);
    const char *id = info ? strstr(info, "process_id:") : NULL;
    return id &&
           clock_getcpuclockid(atoi(strchr(id, ':') + 1), &server->clock) == 0;
}

static void start_ours(struct stage *stage)
{
    struct actor *actor =
        stage_start(stage, "kv", "--listen=127.0.0.1:0", NULL);
    g_autofree char *ready = actor_await(actor, "ready ", PATIENCE * SEC);
    if (!ready || !address_parse(&ours.address, strchr(ready, ' ') + 1, NULL) ||
        !find_clock(&ours))
        exit(complain(FAILED, "kv did not start"));
}

static bool start_theirs(struct stage *stage)
{
    uint16_t port = stage_port(stage);
    g_autofree char *number = g_strdup_printf("%u", port);
    g_autofree char *text = g_strdup_printf("127.0.0.1:%u", port);
    if (!stage_start(stage, REDIS, "--port", number, "--bind", "127.0.0.1",
                     "--save", "", "--appendonly", "no", "--dir",
                     stage_dir(stage), NULL))
        return false;
    address_parse(&theirs.address, text, NULL);
    for (int i = 0; i < TRIES; i++) {
        if (find_clock(&theirs))
            return true;
        g_usleep(20000);
    }
    exit(complain(FAILED, "redis-server did not start"));
}

/* ---- Measuring. ---- */

static void look_at_clock(void *self)
{
    struct server *server = self;
    struct timespec time;
    clock_gettime(server->clock, &time);
    nsec now = (nsec)time.tv_sec * SEC + (nsec)time.tv_nsec;
    server->spent = now - server->before;
    server->before = now;
}

static void measure(struct server *server, unsigned depth)
{
    struct burst_plan plan = {.clients = CLIENTS,
                              .depth = depth,
                              .warmup = WARMUP,
                              .duration = DURATION,
                              .mark = look_at_clock,
                              .self = server};
    struct burst_result result;
    g_autoptr(GError) error = NULL;
    if (!burst_run(&server->address, &plan, &result, &error))
        exit(complain(FAILED, "%s: %s", server->name, error->message));
    double counted = (double)result.counted;
    double answered = (double)MAX(result.answered, 1);
    server->rate = answered * (double)SEC / counted;
    server->cost = (double)server->spent / answered;
    stats_add(server->rates, server->rate);
    stats_add(server->costs, server->cost);
    stats_add(server->busy, (double)server->spent / counted);
    stats_add(server->generator, (double)result.busy / counted);
}

static void each_sample(struct server *server, void (*each)(stats **sample))
{
    each(&server->rates);
    each(&server->costs);
    each(&server->busy);
    each(&server->generator);
}

static void begin_sample(stats **sample)
{
    *sample = stats_new();
}

static void end_sample(stats **sample)
{
    g_clear_pointer(sample, stats_free);
}

/* ---- What is seen. ---- */

static double median(stats *sample)
{
    return stats_percentile(sample, 0.5);
}

static void print_server(const struct server *server)
{
    printf("  %-15s %11.0f %12.2f %14.0f %% %10.0f %%\n", server->name,
           median(server->rates), median(server->costs) / (double)USEC,
           100 * median(server->busy), 100 * median(server->generator));
}

static void print_ratio(const char *what, stats *ratios, double aim)
{
    double ratio = median(ratios);
    printf("  %-24s %6.2f   %.2f to %.2f", what, ratio,
           stats_percentile(ratios, 0.1), stats_percentile(ratios, 0.9));
    if (aim > 0)
        printf("   aim %.1f: %s", aim, ratio >= aim ? "reached" : "MISSED");
    printf("\n");
}

/* Where the server's processor is not the limit, its time says what it could
 * do. */
static void print_all(stats *rates, stats *costs, double aim)
{
    bool bound = median(ours.busy) < 0.9;
    printf("  %-15s %11s %13s %16s %12s\n", "", "commands/s", "server µs",
           "server busy", "generator");
    print_server(&ours);
    print_server(&theirs);
    print_ratio("commands, ours / theirs", rates, bound ? 0 : aim);
    print_ratio("µs, theirs / ours", costs, bound ? aim : 0);
    if (!bound)
        printf("  The limit of ours: the server's processor.\n\n");
    else if (median(ours.generator) < 0.9)
        printf(
            "  The limit: this machine has other things to do. So the aim is "
            "on the\n  server's time.\n\n");
    else
        printf("  The limit of ours: the generator's processor. So the aim is "
               "on the\n  server's time.\n\n");
    fflush(stdout);
}

static void show_progress(unsigned round)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, round < ROUNDS ? "\r  round %u of %d " : "\r\033[K",
                round + 1, ROUNDS);
}

static void compare(unsigned depth, double aim)
{
    g_autoptr(stats) rates = stats_new(), costs = stats_new();
    printf("%d clients, %u command%s under way each\n", CLIENTS, depth,
           depth > 1 ? "s" : "");
    fflush(stdout);
    each_sample(&ours, begin_sample);
    each_sample(&theirs, begin_sample);
    for (unsigned round = 0; round < ROUNDS; round++) {
        show_progress(round);
        measure(round % 2 ? &ours : &theirs, depth);
        measure(round % 2 ? &theirs : &ours, depth);
        stats_add(rates, ours.rate / theirs.rate);
        stats_add(costs, theirs.cost / ours.cost);
    }
    show_progress(ROUNDS);
    print_all(rates, costs, aim);
    each_sample(&ours, end_sample);
    each_sample(&theirs, end_sample);
}

int main(void)
{
    struct stage *stage = stage_new();
    printf("A key-value server in memory: GET and SET in turn, of 1000 keys, "
           "64 bytes each,\nby TCP over loopback, closed loop, %d rounds\n",
           ROUNDS);
    processors_use(0);
    if (start_theirs(stage)) {
        start_ours(stage);
        processors_use(1);
        compare(1, 1.0);
        compare(16, 2.0);
    } else {
        printf("  redis-server is not installed here: nothing to compare "
               "with\n");
    }
    stage_free(stage);
    return 0;
}

/*
 * The echo on epoll beside others: the barest loop there is, libuv, libevent.
 * Each is a process of its own, on one processor; the load comes from this
 * process, on another. In each round everybody is measured once, first one and
 * then the other; a ratio is that of one round, and what is printed is its
 * median, with the tenth and the ninetieth percentile.
 *
 * A processor that is busy all the time is the limit. If it is not the server's
 * then the server could do more than is seen, and its processor time for each
 * message says more than the rate.
 */
#include "01-sockets/echo/echo.h"
#include "01-sockets/echo/echo_peers.h"
#include "01-sockets/echo/load.h"
#include "01-sockets/echo/processors.h"
#include "01-sockets/net.h"
#include "common/judge/stats.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 11, SIZE = 64, PATIENCE = 10 };
#define WARMUP (50 * MSEC)

/* ---- A server: this program, started once more. ---- */

/* Print where it is, and which process; then serve. */
static int serve(const char *name)
{
    static const int one = 1;
    const struct echo_peer *peer = echo_peer(name);
    struct address address;
    address_parse(&address, "127.0.0.1:0", NULL);
    int listener = net_listen(&address, SOMAXCONN);
    if (listener < 0)
        return complain(FAILED, "cannot listen: %s", g_strerror(errno));
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    address = address_of(listener);
    g_autofree char *text = address_text(&address);
    printf("ready %s %d\n", text, (int)getpid());
    fflush(stdout);
    return peer ? peer->serve(listener) : echo_epoll(listener);
}

struct server {
    const char *name, *option;
    double aim; /* Ours shall be so many times as fast; 0: it is ours. */
    bool absent;
    struct address address;
    clockid_t clock;    /* Of its processor time. */
    nsec before, spent; /* By that clock: at the last mark, between the two. */
    double rate;        /* In this round. */
    stats *rates, *ratios, *costs, *busy, *generator;
};

static struct server servers[] = {
    {.name = "ours", .option = "--serve=epoll"},
    {.name = "libuv", .option = "--serve=libuv", .aim = 1.0},
    {.name = "libevent", .option = "--serve=libevent", .aim = 1.2},
    {.name = "bare", .option = "--serve=bare", .aim = 0.8},
};
enum { SERVERS = G_N_ELEMENTS(servers) };

static void start(struct stage *stage, struct server *server)
{
    server->absent = server->aim > 0 && !echo_peer(server->name);
    if (server->absent) {
        printf("  %s is not installed here: left out\n", server->name);
        return;
    }
    struct actor *actor =
        stage_start(stage, "bench_echo", server->option, NULL);
    g_autofree char *ready = actor_await(actor, "ready ", PATIENCE * SEC);
    g_auto(GStrv) words = g_strsplit(ready ? ready : "", " ", 3);
    if (g_strv_length(words) != 3 ||
        !address_parse(&server->address, words[1], NULL) ||
        clock_getcpuclockid(atoi(words[2]), &server->clock) != 0)
        exit(complain(FAILED, "%s did not start", server->name));
}

/* ---- Measuring. ---- */

/* At both ends of the counting. */
static void look_at_clock(void *self)
{
    struct server *server = self;
    struct timespec time;
    clock_gettime(server->clock, &time);
    nsec now = (nsec)time.tv_sec * SEC + (nsec)time.tv_nsec;
    server->spent = now - server->before;
    server->before = now;
}

struct setting {
    unsigned connections;
    nsec duration;
    bool apart; /* Server and generator on a processor each. */
};

static void add(struct server *server, const struct load_result *result)
{
    double answered = (double)result->answered;
    double counted = (double)result->counted;
    server->rate = answered * (double)SEC / counted;
    stats_add(server->rates, server->rate);
    stats_add(server->costs, (double)server->spent / answered);
    stats_add(server->busy, (double)server->spent / counted);
    stats_add(server->generator, (double)result->busy / counted);
}

/* A busy machine may let neither side run: then again. */
static void measure(struct server *server, struct setting setting)
{
    struct load_plan plan = {.connections = setting.connections,
                             .size = SIZE,
                             .warmup = WARMUP,
                             .duration = setting.duration,
                             .mark = look_at_clock,
                             .self = server};
    g_autoptr(GError) error = NULL;
    bool answered = false;
    while (!answered) {
        struct load_result *result = load_run(&server->address, &plan, &error);
        if (!result)
            exit(complain(FAILED, "%s: %s", server->name, error->message));
        answered = result->answered > 0;
        if (answered)
            add(server, result);
        load_result_free(result);
    }
}

static void measure_all(struct setting setting, unsigned first)
{
    for (unsigned i = 0; i < SERVERS; i++) {
        struct server *server = &servers[(first + i) % SERVERS];
        if (!server->absent)
            measure(server, setting);
    }
    for (unsigned i = 1; i < SERVERS; i++)
        if (!servers[i].absent)
            stats_add(servers[i].ratios, servers[0].rate / servers[i].rate);
}

static void each_sample(void (*each)(stats **sample))
{
    for (unsigned i = 0; i < SERVERS; i++) {
        struct server *server = &servers[i];
        each(&server->rates);
        each(&server->ratios);
        each(&server->costs);
        each(&server->busy);
        each(&server->generator);
    }
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

static void print_ratio(const struct server *server, bool has_aim)
{
    double ratio = median(server->ratios);
    double cost = median(servers[0].costs) / median(server->costs);
    printf("  ours / %-8s %11.2f %12.2f       %.2f to %.2f", server->name,
           ratio, cost, stats_percentile(server->ratios, 0.1),
           stats_percentile(server->ratios, 0.9));
    if (has_aim)
        printf("   aim %.1f: %s", server->aim,
               ratio >= server->aim ? "reached" : "MISSED");
    printf("\n");
}

static void print_limit(struct setting setting)
{
    double server = median(servers[0].busy);
    double generator = median(servers[0].generator);
    if (!setting.apart)
        printf("  The limit: one processor does the work of both sides.\n\n");
    else if (setting.connections == 1)
        printf("  The limit: each side waits for the other, and is woken by "
               "it.\n\n");
    else if (MAX(server, generator) < 0.9)
        printf("  The limit: this machine has other things to do. The server's "
               "µs say more.\n\n");
    else if (server > generator)
        printf("  The limit of ours: the server's processor.\n\n");
    else
        printf("  The limit of ours: the generator's processor; the server "
               "could do more.\n\n");
}

static void print_all(struct setting setting)
{
    printf("  %-15s %11s %13s %16s %12s\n", "", "messages/s", "server µs",
           "server busy", "generator");
    for (unsigned i = 0; i < SERVERS; i++)
        if (!servers[i].absent)
            print_server(&servers[i]);
    for (unsigned i = 1; i < SERVERS; i++)
        if (!servers[i].absent)
            print_ratio(&servers[i], setting.connections > 1);
    print_limit(setting);
    fflush(stdout);
}

static void show_progress(unsigned round)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, round < ROUNDS ? "\r  round %u of %d " : "\r\033[K",
                round + 1, ROUNDS);
}

static void compare(const char *title, struct setting setting)
{
    processors_use(setting.apart ? 1 : 0);
    printf("%s\n", title);
    fflush(stdout);
    each_sample(begin_sample);
    for (unsigned round = 0; round < ROUNDS; round++) {
        show_progress(round);
        measure_all(setting, round);
    }
    show_progress(ROUNDS);
    print_all(setting);
    each_sample(end_sample);
}

static void print_circumstances(void)
{
    g_autofree char *control = NULL;
    g_file_get_contents("/proc/sys/net/ipv4/tcp_congestion_control", &control,
                        NULL, NULL);
    printf("An echo of %d bytes by TCP over loopback, closed loop, %d rounds; "
           "congestion\ncontrol on both sides: %s\n",
           SIZE, ROUNDS, control ? g_strstrip(control) : "unknown");
    if (processors_count() < 2)
        printf("There is one processor for both sides: the generator takes its "
               "share of it.\n\n");
}

int main(int argc, char **argv)
{
    if (argc == 2 && g_str_has_prefix(argv[1], "--serve="))
        return serve(argv[1] + strlen("--serve="));
    bool apart = processors_count() > 1;
    struct stage *stage = stage_new();
    print_circumstances();
    processors_use(0);
    for (unsigned i = 0; i < SERVERS; i++)
        start(stage, &servers[i]);
    compare("64 connections", (struct setting){64, 250 * MSEC, apart});
    compare("512 connections", (struct setting){512, 250 * MSEC, apart});
    compare("One connection, server and generator on one processor",
            (struct setting){1, 50 * MSEC, false});
    if (apart)
        compare("One connection, on a processor each",
                (struct setting){1, 50 * MSEC, true});
    stage_free(stage);
    return 0;
}

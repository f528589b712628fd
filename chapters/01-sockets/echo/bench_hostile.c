/*
 * What do honest clients notice of those who mean no good? The server is the
 * echo on epoll. Sixteen clients ask it two thousand times a second in all;
 * then again beside each kind of attack. What is printed is the delay that one
 * message in a hundred exceeds, and its ratio to that of the same round without
 * an attack: the median of the rounds.
 *
 *     processor 0   the server
 *     processor 1   this program, which measures; and the attackers, who get
 *                   what it leaves (SCHED_IDLE), or they would slow it down
 *                   by other means than through the server
 *
 * An attack begins when the honest are connected, and before the counting; who
 * never reads has filled all buffers by then.
 */
#include "01-sockets/echo/load.h"
#include "01-sockets/echo/processors.h"
#include "01-sockets/net.h"
#include "common/judge/stats.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ROUNDS = 5, HONEST = 16, RATE = 2000, SIZE = 64 };
enum { SILENT = 10000, FLOODERS = 4, DEAF = 64, KNOCKERS = 64 };
enum { OTHERS = 200 }; /* Descriptors that are not for the silent. */
#define FEW "32" /* Descriptors: for the honest, the server and some more. */
#define AIM 2.0

/* ---- Attackers: this program, started once more. ---- */

/* As much as is echoed. */
static void flood(const struct address *address)
{
    struct load_plan plan = {
        .connections = FLOODERS, .size = 1 << 14, .duration = 3600 * SEC};
    load_run(address, &plan, NULL);
}

/* Send as much as is taken, and never read. With small buffers of its own: so
 * those of the server are full soon. */
static void be_deaf(const struct address *address)
{
    static const char words[1 << 14];
    static const int little = 1 << 12;
    struct pollfd fds[DEAF];
    for (int i = 0; i < DEAF; i++) {
        fds[i] = (struct pollfd){net_connect(address), POLLOUT, 0};
        setsockopt(fds[i].fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
        setsockopt(fds[i].fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    }
    while (poll(fds, DEAF, -1) > 0)
        for (int i = 0; i < DEAF; i++)
            if (fds[i].revents & POLLOUT)
                send(fds[i].fd, words, sizeof words, MSG_NOSIGNAL);
}

/* Thousands a second, with a rest between: what a connection costs the kernel
 * it costs on our processor, and nobody interrupts a kernel. */
static void come_and_reset(const struct address *address)
{
    static const struct linger at_once = {.l_onoff = 1};
    for (int i = 0;; i++) {
        int fd = net_connect(address);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(fd);
        if (i % 8 == 0)
            g_usleep(1000);
    }
}

/* Who is turned away comes again. */
static void knock(const struct address *address)
{
    struct pollfd fds[KNOCKERS];
    for (int i = 0; i < KNOCKERS; i++)
        fds[i] = (struct pollfd){net_connect(address), POLLRDHUP, 0};
    while (poll(fds, KNOCKERS, -1) > 0)
        for (int i = 0; i < KNOCKERS; i++)
            if (fds[i].revents) {
                close(fds[i].fd);
                fds[i].fd = net_connect(address);
            }
}

static const struct attack {
    const char *name;
    void (*run)(const struct address *address);
} attacks[] = {
    {"flood", flood},
    {"deaf", be_deaf},
    {"reset", come_and_reset},
    {"knock", knock},
};

static int attack(const char *name, const char *where)
{
    static const struct sched_param none;
    struct address address;
    sched_setscheduler(0, SCHED_IDLE, &none);
    for (size_t i = 0; i < G_N_ELEMENTS(attacks); i++)
        if (strcmp(attacks[i].name, name) == 0 &&
            address_parse(&address, where, NULL))
            attacks[i].run(&address);
    return complain(FAILED, "the attack has ended");
}

/* ---- Servers: one with all descriptors it may have, one with few. ---- */

static struct stage *stage;

/* Returns new: its address. */
static char *start_server(const char *limit)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = g_path_get_dirname(self);
    g_autofree char *program = g_build_filename(dir, "echo", NULL);
    g_autofree char *script = g_strdup_printf(
        "ulimit -n %s; exec \"$0\" --model=epoll --listen=127.0.0.1:0", limit);
    struct actor *actor =
        stage_start(stage, "/bin/sh", "-c", script, program, NULL);
    g_autofree char *ready = actor_await(actor, "ready ", 10 * SEC);
    if (!ready)
        exit(complain(FAILED, "the server did not start"));
    return g_strdup(ready + strlen("ready "));
}

/* ---- A situation. ---- */

struct situation {
    const char *title;
    const char *attack; /* Or NULL. */
    unsigned silent;
    bool few; /* The server has few descriptors. */
    stats *typical, *slow, *ratios;
    unsigned broken;
};

static struct situation situations[] = {
    {.title = "nobody else"},
    {.title = "who say nothing", .silent = SILENT},
    {.title = "4 who flood it", .attack = "--attack=flood"},
    {.title = "64 who never read", .attack = "--attack=deaf"},
    {.title = "who come and reset", .attack = "--attack=reset"},
    {.title = "no descriptor left", .attack = "--attack=knock", .few = true},
};
enum { SITUATIONS = G_N_ELEMENTS(situations) };

struct attacker {
    const char *option, *where;
    struct actor *actor; /* Once it has begun. */
};

/* The honest are connected, and it is still the warm-up. */
static void begin_attack(void *self, const struct load_result *so_far)
{
    struct attacker *attacker = self;
    (void)so_far;
    if (attacker->option && !attacker->actor)
        attacker->actor = stage_start(stage, "bench_hostile", attacker->option,
                                      attacker->where, NULL);
}

static void end_attack(struct attacker *attacker)
{
    if (!attacker->actor)
        return;
    actor_signal(attacker->actor, SIGKILL);
    actor_wait(attacker->actor, 10 * SEC);
}

static struct load_result *measure(const struct situation *situation,
                                   const char *where)
{
    struct attacker attacker = {situation->attack, where, NULL};
    struct load_plan plan = {.connections = HONEST,
                             .silent = situation->silent,
                             .size = SIZE,
                             .rate = RATE,
                             .warmup = SEC,
                             .duration = 400 * MSEC,
                             .progress = begin_attack,
                             .self = &attacker};
    struct address address;
    g_autoptr(GError) error = NULL;
    address_parse(&address, where, NULL);
    struct load_result *result = load_run(&address, &plan, &error);
    end_attack(&attacker);
    if (!result)
        exit(complain(FAILED, "%s", error->message));
    return result;
}

/* Returns the delay that one in a hundred exceeds. */
static double add(struct situation *situation, struct load_result *result)
{
    double slow = (double)histogram_percentile(result->delays, 0.99);
    stats_add(situation->typical,
              (double)histogram_percentile(result->delays, 0.5));
    stats_add(situation->slow, slow);
    if (situation->silent == 0)
        situation->broken += result->broken;
    load_result_free(result);
    return slow;
}

static void measure_all(char *const servers[2])
{
    double alone = 1;
    for (int i = 0; i < SITUATIONS; i++) {
        struct situation *situation = &situations[i];
        struct load_result *result =
            measure(situation, servers[situation->few]);
        double slow = add(situation, result);
        if (i == 0)
            alone = slow;
        stats_add(situation->ratios, slow / alone);
    }
}

/* ---- What is seen. ---- */

static double median(stats *sample)
{
    return stats_percentile(sample, 0.5);
}

static void print_situation(const struct situation *situation)
{
    double ratio = median(situation->ratios);
    printf("  %5.0u %-24s %6.0f %7.0f", situation->silent, situation->title,
           median(situation->typical) / (double)USEC,
           median(situation->slow) / (double)USEC);
    if (situation != situations)
        printf("  %5.2f (%.1f to %.1f) %s", ratio,
               stats_percentile(situation->ratios, 0),
               stats_percentile(situation->ratios, 1),
               ratio < AIM ? "reached" : "MISSED");
    printf("\n");
    if (situation->broken > 0)
        printf("        (%u honest connections were broken)\n",
               situation->broken);
}

static bool is_restless(stats *alone)
{
    return stats_percentile(alone, 1) > 3 * stats_percentile(alone, 0);
}

static void print_all(void)
{
    printf(
        "%d honest clients ask the echo on epoll %d times a second, in all. "
        "Who else is\nthere? Delays in µs, medians of %d rounds; the p99 shall "
        "stay below %.0f times what\nit is alone.\n\n"
        "  %-30s %6s %7s   ratio of p99\n",
        HONEST, RATE, ROUNDS, AIM, "", "p50", "p99");
    for (int i = 0; i < SITUATIONS; i++)
        print_situation(&situations[i]);
    if (is_restless(situations[0].slow))
        printf("  This machine has other things to do: alone, the p99 was %.0f "
               "to %.0f µs. So the\n  ratios say little.\n",
               stats_percentile(situations[0].slow, 0) / (double)USEC,
               stats_percentile(situations[0].slow, 1) / (double)USEC);
}

static void begin_samples(void)
{
    for (int i = 0; i < SITUATIONS; i++) {
        situations[i].typical = stats_new();
        situations[i].slow = stats_new();
        situations[i].ratios = stats_new();
    }
}

static void end_samples(void)
{
    for (int i = 0; i < SITUATIONS; i++) {
        stats_free(situations[i].typical);
        stats_free(situations[i].slow);
        stats_free(situations[i].ratios);
    }
}

/* So many as both sides have descriptors for. */
static void limit_the_silent(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t most = limit.rlim_max > OTHERS ? limit.rlim_max - OTHERS : 0;
    for (int i = 0; i < SITUATIONS; i++)
        situations[i].silent = (unsigned)MIN(situations[i].silent, most);
}

static void show_progress(int round)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, round < ROUNDS ? "\r  round %d of %d " : "\r\033[K",
                round + 1, ROUNDS);
}

int main(int argc, char **argv)
{
    if (argc == 3 && g_str_has_prefix(argv[1], "--attack="))
        return attack(argv[1] + strlen("--attack="), argv[2]);
    stage = stage_new();
    limit_the_silent();
    begin_samples();
    processors_use(0);
    g_autofree char *all = start_server("$(ulimit -H -n)");
    g_autofree char *few = start_server(FEW);
    processors_use(1);
    for (int round = 0; round < ROUNDS; round++) {
        show_progress(round);
        measure_all((char *[]){all, few});
    }
    show_progress(ROUNDS);
    print_all();
    end_samples();
    stage_free(stage);
    return 0;
}

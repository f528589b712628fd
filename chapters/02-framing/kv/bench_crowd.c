/*
 * What does an honest client of kv notice of those who mean no good? Sixteen
 * connections ask for a small value two thousand times a second in all; then
 * again beside each kind of crowd. What is printed is the delay that one reply
 * in a hundred exceeds, and its ratio to that of the same round without a
 * crowd: the median of the rounds.
 *
 *     processor 0   the server
 *     processor 1   this program, which asks and measures
 *
 * A delay counts from when the question was due (load.h says why). A crowd only
 * has to be there: it has come, and sent what it sends, before the counting.
 */
#include "01-sockets/dial.h"
#include "01-sockets/echo/processors.h"
#include "01-sockets/io.h"
#include "common/judge/histogram.h"
#include "common/judge/stats.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 5, HONEST = 16, RATE = 2000, SMALL = 64 };
enum { HALF = 10000, DEAF = 64, LARGE = 1 << 18, ASKED = 8 };
enum { OTHERS = 200 }; /* Descriptors that are not for the crowd. */
#define AIM 2.0
static const nsec WARMUP = 300 * MSEC, COUNTED = SEC, PATIENCE = 30 * SEC;

static char *server;

static void give_up(const char *why)
{
    exit(complain(FAILED, "%s", why));
}

static nsec deadline(void)
{
    return clock_monotonic() + PATIENCE;
}

static int visit(void)
{
    g_autoptr(GArray) to = address_find(server, NULL);
    int fd = dial(to, deadline());
    if (fd < 0)
        give_up("a connection was refused");
    return fd;
}

static void say(int fd, const char *text)
{
    if (write_all(fd, text, strlen(text), deadline()) < 0)
        give_up("the server hung up");
}

/* ---- The honest. ---- */

struct honest {
    int fd;
    nsec due;     /* When its next question is, or was. */
    size_t heard; /* Bytes of the reply; SIZE_MAX: nothing is asked. */
};

static const size_t REPLY = sizeof "$64\r\n" - 1 + SMALL + 2;

static void open_honest(struct honest *all)
{
    nsec now = clock_monotonic(), between = HONEST * SEC / RATE;
    for (unsigned i = 0; i < HONEST; i++)
        all[i] = (struct honest){visit(), now + i * between / HONEST, SIZE_MAX};
}

static void close_honest(struct honest *all)
{
    for (unsigned i = 0; i < HONEST; i++)
        close(all[i].fd);
}

static void ask_if_due(struct honest *one)
{
    if (one->heard != SIZE_MAX || one->due > clock_monotonic())
        return;
    one->heard = 0;
    say(one->fd, "*2\r\n$3\r\nGET\r\n$5\r\nsmall\r\n");
}

static void hear(struct honest *one, struct histogram *delays)
{
    char reply[256];
    ssize_t count = recv(one->fd, reply, sizeof reply, MSG_DONTWAIT);
    if (count <= 0)
        give_up("the server hung up");
    one->heard += (size_t)count;
    if (one->heard < REPLY)
        return;
    if (delays)
        histogram_add(delays, clock_monotonic() - one->due);
    one->heard = SIZE_MAX;
    one->due += HONEST * SEC / RATE;
}

/* How long until somebody's question is due. */
static nsec until_next(const struct honest *all)
{
    nsec now = clock_monotonic(), next = now + SEC;
    for (unsigned i = 0; i < HONEST; i++)
        if (all[i].heard == SIZE_MAX)
            next = MIN(next, all[i].due);
    return next > now ? next - now : 0;
}

static void turn(struct honest *all, struct histogram *delays)
{
    struct pollfd fds[HONEST];
    for (unsigned i = 0; i < HONEST; i++) {
        ask_if_due(&all[i]);
        fds[i] = (struct pollfd){all[i].fd, POLLIN, 0};
    }
    nsec wait = until_next(all);
    struct timespec time = {(time_t)(wait / SEC), (long)(wait % SEC)};
    ppoll(fds, HONEST, &time, NULL);
    for (unsigned i = 0; i < HONEST; i++)
        if (fds[i].revents)
            hear(&all[i], delays);
}

/* Returns new: the delays. */
static struct histogram *measure(void)
{
    struct honest all[HONEST];
    struct histogram *delays = histogram_new();
    open_honest(all);
    nsec begin = clock_monotonic() + WARMUP;
    while (clock_monotonic() < begin)
        turn(all, NULL);
    while (clock_monotonic() < begin + COUNTED)
        turn(all, delays);
    close_honest(all);
    return delays;
}

/* ---- The crowds. ---- */

/* The number behind @p name in what INFO says. */
static unsigned info(int fd, const char *name)
{
    char text[1024] = "";
    say(fd, "INFO\r\n");
    while (!strstr(text, "\r\ncut:"))
        if (read_some(fd, text + strlen(text), sizeof text - strlen(text) - 1,
                      deadline()) <= 0)
            give_up("INFO has no end");
    const char *at = strstr(text, name);
    return at ? (unsigned)strtoul(at + strlen(name), NULL, 10) : 0;
}

/* Wait until the server has so many clients, one for this question included. */
static void await_clients(unsigned count)
{
    int fd = visit();
    nsec until = deadline();
    while (info(fd, "connected_clients:") != count) {
        if (clock_monotonic() > until)
            give_up("clients come and go as they like");
        g_usleep(1000);
    }
    close(fd);
}

/* Its memory is small, so that soon nothing more fits into it. */
static int visit_deaf(void)
{
    static const int little = 1 << 12;
    int fd = visit();
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    for (int i = 0; i < ASKED; i++)
        say(fd, "GET large\r\n");
    return fd;
}

static void come(GArray *crowd, unsigned half, unsigned deaf)
{
    for (unsigned i = 0; i < half + deaf; i++) {
        int fd = i < half ? visit() : visit_deaf();
        if (i < half)
            say(fd, "*2\r\n$3\r\nGET\r\n$5\r\nsm");
        g_array_append_val(crowd, fd);
    }
    await_clients(crowd->len + 1);
    for (unsigned i = half; i < crowd->len; i++) /* Not all is taken. */
        say(g_array_index(crowd, int, i), "GET large\r\nGET large\r\n");
}

static void go(GArray *crowd)
{
    for (unsigned i = 0; i < crowd->len; i++)
        close(g_array_index(crowd, int, i));
    g_array_set_size(crowd, 0);
    await_clients(1);
}

/* ---- Situations. ---- */

static struct kv_crowd {
    const char *title;
    unsigned half, deaf;
    stats *typical, *slow, *ratios;
} crowds[] = {
    {.title = "nobody else"},
    {.title = "with half a command", .half = HALF},
    {.title = "who never read", .deaf = DEAF},
    {.title = "both of them", .half = HALF, .deaf = DEAF},
};
enum { CROWDS = G_N_ELEMENTS(crowds) };

static double measure_beside(struct kv_crowd *crowd)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
    come(fds, crowd->half, crowd->deaf);
    struct histogram *delays = measure();
    double slow = (double)histogram_percentile(delays, 0.99);
    stats_add(crowd->typical, (double)histogram_percentile(delays, 0.5));
    stats_add(crowd->slow, slow);
    histogram_free(delays);
    go(fds);
    return slow;
}

static void measure_all(void)
{
    double alone = 1;
    for (int i = 0; i < CROWDS; i++) {
        double slow = measure_beside(&crowds[i]);
        if (i == 0)
            alone = slow;
        stats_add(crowds[i].ratios, slow / alone);
    }
}

/* ---- What is seen. ---- */

static double median(stats *sample)
{
    return stats_percentile(sample, 0.5);
}

static void print_crowd(const struct kv_crowd *crowd)
{
    double ratio = median(crowd->ratios);
    printf("  %5u %-21s %6.0f %6.0f", crowd->half + crowd->deaf, crowd->title,
           median(crowd->typical) / (double)USEC,
           median(crowd->slow) / (double)USEC);
    if (crowd != crowds)
        printf("  %5.2f (%.1f to %.1f) %s", ratio,
               stats_percentile(crowd->ratios, 0),
               stats_percentile(crowd->ratios, 1),
               ratio < AIM ? "reached" : "MISSED");
    printf("\n");
}

static void print_all(void)
{
    stats *alone = crowds[0].slow;
    printf("%d honest clients ask kv %d times a second, in all. Who else is "
           "there? Delays in\nµs, medians of %d rounds; the p99 shall stay "
           "below %.0f times what it is alone.\n\n  %-27s %6s %6s   ratio of "
           "p99\n",
           HONEST, RATE, ROUNDS, AIM, "", "p50", "p99");
    for (int i = 0; i < CROWDS; i++)
        print_crowd(&crowds[i]);
    if (crowds[1].half < HALF)
        printf("  No %d: both sides may have %u descriptors, no more.\n", HALF,
               crowds[1].half + OTHERS);
    if (stats_percentile(alone, 1) > 3 * stats_percentile(alone, 0))
        printf("  This machine has other things to do: alone, the p99 was %.0f "
               "to %.0f µs. So the\n  ratios say little.\n",
               stats_percentile(alone, 0) / (double)USEC,
               stats_percentile(alone, 1) / (double)USEC);
}

static void begin_samples(unsigned most)
{
    for (int i = 0; i < CROWDS; i++) {
        crowds[i].half = MIN(crowds[i].half, most);
        crowds[i].typical = stats_new();
        crowds[i].slow = stats_new();
        crowds[i].ratios = stats_new();
    }
}

static void end_samples(void)
{
    for (int i = 0; i < CROWDS; i++) {
        stats_free(crowds[i].typical);
        stats_free(crowds[i].slow);
        stats_free(crowds[i].ratios);
    }
}

/* Returns how many half commands there may be: so many as both sides, the
 * server is our child, have descriptors for. */
static unsigned raise_descriptors(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t most = limit.rlim_max;
    limit.rlim_cur = MIN(most, HALF + OTHERS);
    setrlimit(RLIMIT_NOFILE, &limit);
    return (unsigned)MIN(most > OTHERS ? most - OTHERS : 0, HALF);
}

static void start_server(struct stage *stage)
{
    g_autofree char *clients = g_strdup_printf("--clients=%d", HALF + OTHERS);
    g_autofree char *small = g_strnfill(SMALL, 's');
    g_autofree char *large = g_strnfill(LARGE, 'l');
    struct actor *actor =
        stage_start(stage, "kv", "--listen=127.0.0.1:0", clients, NULL);
    g_autofree char *ready = actor_await(actor, "ready ", PATIENCE);
    if (!ready)
        give_up("the server did not start");
    server = g_strdup(ready + strlen("ready "));
    g_autofree char *set =
        g_strdup_printf("*5\r\n$4\r\nMSET\r\n$5\r\nsmall\r\n$%d\r\n%s\r\n"
                        "$5\r\nlarge\r\n$%d\r\n%s\r\n",
                        SMALL, small, LARGE, large);
    int fd = visit();
    char ok[5];
    say(fd, set);
    if (read_all(fd, ok, sizeof ok, deadline()) <= 0 || ok[0] != '+')
        give_up("the values were not set");
    close(fd);
}

int main(void)
{
    struct stage *stage = stage_new();
    begin_samples(raise_descriptors());
    prctl(PR_SET_TIMERSLACK, 1);
    processors_use(0);
    start_server(stage);
    processors_use(1);
    for (int round = 0; round < ROUNDS; round++) {
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r  round %d of %d ", round + 1, ROUNDS);
        measure_all();
    }
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    print_all();
    end_samples();
    g_free(server);
    stage_free(stage);
    return 0;
}

/*
 * What does an idle connection cost? A server watches n TCP connections on
 * which nothing happens, and one that is used: a message comes, the server is
 * told, reads it, and answers. Timed is that pass, by poll and by epoll:
 *
 *     poll    a + b n    it is shown all descriptors, and looks at each
 *     epoll   c          it was shown them before, and is told of those in use
 *
 * The message is there before the server looks, so that nobody sleeps and no
 * CPU is woken: those take longer than all that is measured here (they are
 * alpha in measure_roundtrip.c). One thread plays both ends.
 *
 * In poll's list the used connection stands somewhere else each time. Where it
 * stands matters: up to the first that is ready poll also prepares to wait, and
 * from there on it only looks. At the end of the list a pass takes about twice
 * as long as at its beginning.
 *
 * The line is fitted (line.h) to at most FITTED connections and drawn on. What
 * rises above it is memory: poll touches every socket, and thousands of them do
 * not fit into a cache. With eventfds in their place, which are smaller, the
 * line was kept to until 4096.
 *
 *     measure_idle [--quick]
 */
#include "01-sockets/echo/pair.h"
#include "01-sockets/io.h"
#include "common/judge/line.h"
#include "common/judge/machine.h"
#include "common/judge/stats.h"
#include "common/world/complain.h"
#include "common/world/dice.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

static const int counts[] = {0,   16,   32,   64,   128, 256,
                             512, 1024, 2048, 4096, 8192};

enum { SITES = G_N_ELEMENTS(counts), MOST = 8192, FITTED = 512, SIZE = 64 };
enum { UNCOUNTED = 2, COUNTED = 8 }; /* Passes of a visit. */

enum way { POLL, EPOLL, WAYS };

/* A server with so many idle connections. */
struct site {
    int idle;
    int client, server;        /* The two ends of the one that is used. */
    struct pollfd *list;       /* All the server's ends. */
    int place;                 /* Where in the list the used one stands. */
    int epoll;                 /* It knows them all, too. */
    struct stats *times[WAYS]; /* Of a pass, in microseconds. */
};

static struct site sites[SITES];
static struct dice dice;

static void insist(bool done, const char *what)
{
    if (!done)
        exit(complain(FAILED, "%s: %s", what, g_strerror(errno)));
}

/* ---- A pass. ---- */

static int wait_by_poll(const struct site *site)
{
    const struct pollfd *ready = site->list;
    poll(site->list, (nfds_t)site->idle + 1, -1);
    while (!ready->revents)
        ready++;
    return ready->fd;
}

static int wait_by_epoll(const struct site *site)
{
    struct epoll_event event;
    epoll_wait(site->epoll, &event, 1, -1);
    return event.data.fd;
}

static void answer(int fd)
{
    char message[SIZE];
    ssize_t size = read_some(fd, message, sizeof message, NEVER);
    insist(size > 0 && write_all(fd, message, (size_t)size, NEVER) > 0,
           "a message was not answered");
}

static double time_pass(const struct site *site, enum way way)
{
    char message[SIZE] = {0};
    insist(write_all(site->client, message, SIZE, NEVER) > 0,
           "a message did not leave");
    nsec start = clock_monotonic();
    answer(way == POLL ? wait_by_poll(site) : wait_by_epoll(site));
    nsec end = clock_monotonic();
    insist(read_all(site->client, message, SIZE, NEVER) > 0,
           "an answer did not come");
    return (double)(end - start) / (double)USEC;
}

static void move_used(struct site *site)
{
    int place = (int)dice_between(&dice, 0, (uint64_t)site->idle);
    struct pollfd used = site->list[site->place];
    site->list[site->place] = site->list[place];
    site->list[place] = used;
    site->place = place;
}

static void visit_site(struct site *site, enum way way)
{
    for (int pass = 0; pass < UNCOUNTED + COUNTED; pass++) {
        move_used(site);
        double time = time_pass(site, way);
        if (pass >= UNCOUNTED)
            stats_add(site->times[way], time);
    }
}

/* ---- Connections. ---- */

static void raise_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* The server's ends of up to @p most connections: as many as there may be. */
static int open_idle(int listener, int *idle, int most)
{
    for (int i = 0; i < most; i++) {
        int ends[2];
        if (pair_open(listener, ends) < 0) {
            insist(errno == EMFILE || errno == ENFILE, "no connection");
            return i;
        }
        idle[i] = ends[1];
    }
    return most;
}

static void open_site(struct site *site, int listener, int count)
{
    int ends[2];
    insist(pair_open(listener, ends) == 0, "no TCP on 127.0.0.1");
    *site = (struct site){
        .idle = count, .client = ends[0], .server = ends[1], .place = count};
    site->epoll = epoll_create1(EPOLL_CLOEXEC);
    insist(site->epoll >= 0, "no epoll");
    site->list = g_new(struct pollfd, count + 1);
    for (enum way way = POLL; way < WAYS; way++)
        site->times[way] = stats_new();
}

static void fill_site(struct site *site, const int *idle)
{
    for (int i = 0; i <= site->idle; i++) {
        int fd = i < site->idle ? idle[i] : site->server;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        site->list[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        insist(epoll_ctl(site->epoll, EPOLL_CTL_ADD, fd, &event) == 0,
               "epoll cannot watch so many");
    }
}

/* Returns how many sites there are: fewer where descriptors are scarce. */
static int open_sites(void)
{
    static int idle[MOST];
    int listener = pair_listener(), filled = 0;
    insist(listener >= 0, "no TCP on 127.0.0.1");
    raise_limit();
    for (int i = 0; i < SITES; i++)
        open_site(&sites[i], listener, counts[i]);
    int opened = open_idle(listener, idle, MOST);
    while (filled < SITES && counts[filled] <= opened)
        fill_site(&sites[filled++], idle);
    return filled;
}

static void close_sites(void)
{
    for (int i = 0; i < SITES; i++) {
        g_free(sites[i].list);
        for (enum way way = POLL; way < WAYS; way++)
            stats_free(sites[i].times[way]);
    }
}

/* ---- Rows. ---- */

static double percentile(const struct site *site, enum way way, double share)
{
    return stats_percentile(site->times[way], share);
}

/* Through the medians of all sites with at most @p most. */
static size_t take_points(struct point *points, enum way way, int most)
{
    size_t count = 0;
    for (int i = 0; i < SITES && counts[i] <= most; i++)
        if (stats_count(sites[i].times[way]) > 0)
            points[count++] =
                (struct point){counts[i], percentile(&sites[i], way, 0.5)};
    return count;
}

static void print_way(const struct site *site, enum way way, struct line line)
{
    printf("\t%.3f\t%.3f\t%.3f\t%.3f", percentile(site, way, 0.5),
           percentile(site, way, 0.1), percentile(site, way, 0.9),
           line_at(line, site->idle));
}

static void print_rows(int filled)
{
    struct point points[SITES];
    struct line poll = line_fit(points, take_points(points, POLL, FITTED));
    struct line epoll =
        line_fit_level(points, take_points(points, EPOLL, MOST));
    printf("# a\tb\tc\n%.3f\t%.5f\t%.3f\n\n\n", poll.base, poll.slope,
           epoll.base);
    printf("# idle\tpoll\tpoll_low\tpoll_high\tpoll_model\t"
           "epoll\tepoll_low\tepoll_high\tepoll_model\n"
           "# claim: |poll - poll_model| / poll_model <= 0.5 for idle <= %d\n"
           "# claim: |epoll - epoll_model| / epoll_model <= 0.5\n"
           "# claim: poll >= 10 * epoll for idle >= 1024\n",
           FITTED);
    for (int i = 0; i < filled; i++) {
        printf("%d", sites[i].idle);
        print_way(&sites[i], POLL, poll);
        print_way(&sites[i], EPOLL, epoll);
        printf("\n");
    }
}

static void print_heading(int rounds, int cpu)
{
    g_autofree char *machine = machine_text();
    printf("# real time, on %s\n"
           "# A pass of a server that watches idle TCP connections and one "
           "that is used, in\n"
           "# microseconds: medians, and the 10th and 90th percentile, of %d "
           "passes, all on CPU %d.\n"
           "# The models are a + b idle, fitted up to %d, and c.\n",
           machine, rounds * COUNTED, cpu, FITTED);
}

int main(int argc, char **argv)
{
    bool quick = argc == 2 && strcmp(argv[1], "--quick") == 0;
    int rounds = quick ? 2 : 100;
    if (argc > 1 && !quick)
        return complain(USAGE, "the only option is --quick");
    int cpu = machine_pin(0);
    insist(cpu >= 0, "no CPU can be chosen");
    int filled = open_sites();
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < filled; i++)
            for (enum way way = POLL; way < WAYS; way++)
                visit_site(&sites[i], way);
    print_heading(rounds, cpu);
    print_rows(filled);
    close_sites();
    return 0;
}

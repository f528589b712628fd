/*
 * How long is a message on its way there and back, against its size? A client
 * sends n bytes over TCP on loopback; a server reads them all, and answers with
 * as many. The model is Hockney's (1994): a message costs alpha, whatever its
 * size, and beta for each of its bytes,
 *
 *     round trip = 2 (alpha + n beta).
 *
 * Both are taken from the measurement: the line of least squares of the
 * relative errors (line.h) through the medians of all sizes up to FITTED.
 * Beyond that it is only drawn on. Where the measurement leaves it, it tells of
 * something that the model leaves out.
 *
 * Measured in turns, so that what else this machine does meets all of them:
 *
 *     apart      client and server on two CPUs: a message wakes a CPU
 *     together   both on one: when one waits, the other runs
 *     copied     no socket at all: n bytes of memory are copied four times, as
 *                they are from client to kernel to server, and back
 *
 * Two suspects for what is left out are measured beside: how often client and
 * server gave up a CPU to wait, twice in a round trip if all goes well; and
 * what the copies cost when they no longer fit into the caches.
 *
 * A visit to a size is a connection of its own, for connections differ: on one
 * CPU some took 38 µs for 256 KiB, some 63, some 87, and each kept to it. Its
 * first messages do not count, since its buffers still grow.
 *
 *     measure_roundtrip [--quick]
 */
#include "01-sockets/echo/pair.h"
#include "01-sockets/io.h"
#include "common/judge/line.h"
#include "common/judge/machine.h"
#include "common/judge/stats.h"
#include "common/world/complain.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* 1, 2, 3, 4, 6, 8, 12 .. 4 MiB: powers of two, and what lies between. */
enum { SIZES = 44, MOST = 4 << 20, FITTED = 256 << 10 };
enum { UNCOUNTED = 16, COUNTED = 6 }; /* Messages of a visit. */

enum way { APART, TOGETHER, COPIED, WAYS };

/* What is known of a size. */
struct place {
    struct stats *times;    /* Of a round trip, in microseconds. */
    struct stats *switches; /* From a process to another, in a round trip. */
};

static struct place places[WAYS][SIZES];

static size_t size_at(int i)
{
    return i % 2 ? (size_t)1 << (i + 1) / 2 : ((size_t)3 << i / 2) / 2;
}

static void insist(bool done, const char *what)
{
    if (!done)
        exit(complain(FAILED, "%s: %s", what, g_strerror(errno)));
}

/* ---- The server, a thread. ---- */

/* A connection to serve. It comes through a pipe. */
struct visit {
    int fd;
    unsigned cpu;
    size_t size; /* Of its messages. */
};

static int visits[2];

static void *serve(void *bytes)
{
    struct visit visit;
    while (read(visits[0], &visit, sizeof visit) == sizeof visit) {
        machine_pin(visit.cpu);
        while (read_all(visit.fd, bytes, visit.size, NEVER) > 0)
            write_all(visit.fd, bytes, visit.size, NEVER);
        close(visit.fd);
    }
    return NULL;
}

/* ---- The client. ---- */

static char mine[MOST], theirs[MOST], kernel[MOST], beyond[MOST];

static int connect_for(enum way way, size_t size)
{
    static int listener = -1;
    int ends[2];
    if (listener < 0)
        listener = pair_listener();
    insist(listener >= 0 && pair_open(listener, ends) == 0,
           "no TCP on 127.0.0.1");
    struct visit visit = {ends[1], way == APART ? 1 : 0, size};
    insist(write(visits[1], &visit, sizeof visit) == sizeof visit,
           "the server is not told");
    return ends[0];
}

static void go_round(int fd, size_t size)
{
    insist(write_all(fd, mine, size, NEVER) > 0, "a message did not leave");
    insist(read_all(fd, mine, size, NEVER) > 0, "a message did not return");
}

/* A compiler may leave out a copy that nobody reads: it is told that somebody
 * does. */
static void copy(char *to, const char *from, size_t size)
{
    memcpy(to, from, size);
    __asm__ volatile("" : : "r"(to) : "memory");
}

static void copy_round(size_t size)
{
    copy(kernel, mine, size);
    copy(beyond, kernel, size);
    copy(kernel, beyond, size);
    copy(mine, kernel, size);
}

static double time_round(enum way way, int fd, size_t size)
{
    nsec start = clock_monotonic();
    if (way == COPIED)
        copy_round(size);
    else
        go_round(fd, size);
    return (double)(clock_monotonic() - start) / (double)USEC;
}

static double count_switches(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_nvcsw + usage.ru_nivcsw);
}

static void visit_size(enum way way, int i)
{
    const struct place *place = &places[way][i];
    size_t size = size_at(i);
    int fd = way == COPIED ? -1 : connect_for(way, size);
    for (int message = 0; message < UNCOUNTED; message++)
        time_round(way, fd, size);
    double before = count_switches();
    for (int message = 0; message < COUNTED; message++)
        stats_add(place->times, time_round(way, fd, size));
    stats_add(place->switches, (count_switches() - before) / COUNTED);
    if (fd >= 0)
        close(fd);
}

/* From the largest: it hardly feels that the other CPU has slept meanwhile. */
static void measure(int rounds)
{
    insist(pipe2(visits, O_CLOEXEC) == 0, "no pipe");
    GThread *server = g_thread_new("server", serve, theirs);
    memset(mine, 1, MOST); /* So that it is memory, not a promise of it. */
    memset(theirs, 1, MOST);
    for (int round = 0; round < rounds; round++)
        for (enum way way = APART; way < WAYS; way++)
            for (int i = SIZES - 1; i >= 0; i--)
                visit_size(way, i);
    close(visits[1]);
    g_thread_join(server);
}

/* ---- Rows. ---- */

static double median(enum way way, int i)
{
    return stats_percentile(places[way][i].times, 0.5);
}

/* Of a round trip: base is 2 alpha, slope 2 beta. */
static struct line fit(enum way way)
{
    struct point points[SIZES];
    size_t count = 0;
    for (int i = 0; i < SIZES && size_at(i) <= FITTED; i++)
        points[count++] = (struct point){(double)size_at(i), median(way, i)};
    return line_fit(points, count);
}

static void print_model(const char *name, struct line line)
{
    printf("%s\t%.3f\t%.4f\n", name, line.base / 2,
           line.slope / 2 * (double)USEC);
}

static void print_way(enum way way, int i, struct line line)
{
    const struct place *place = &places[way][i];
    printf("\t%.3f\t%.3f\t%.3f\t%.3f\t%.2f", median(way, i),
           stats_percentile(place->times, 0.1),
           stats_percentile(place->times, 0.9),
           line_at(line, (double)size_at(i)), stats_mean(place->switches));
}

static void print_rows(void)
{
    struct line apart = fit(APART), together = fit(TOGETHER);
    printf("# way\talpha\tbeta\n");
    print_model("apart", apart);
    print_model("together", together);
    printf("\n\n"
           "# bytes\tapart\tapart_low\tapart_high\tapart_model\tapart_switches"
           "\ttogether\ttogether_low\ttogether_high\ttogether_model\t"
           "together_switches\tcopied\n"
           "# claim: |apart - apart_model| / apart_model <= 0.5 "
           "for bytes <= %d\n"
           "# claim: |together - together_model| / together_model <= 0.5 "
           "for bytes <= %d\n"
           "# claim: together <= apart for bytes <= 1024\n"
           "# claim: copied <= apart\n",
           FITTED, FITTED / 2);
    for (int i = 0; i < SIZES; i++) {
        printf("%zu", size_at(i));
        print_way(APART, i, apart);
        print_way(TOGETHER, i, together);
        printf("\t%.3f\n", median(COPIED, i));
    }
}

static void print_heading(int rounds)
{
    g_autofree char *machine = machine_text();
    printf("# real time, on %s\n"
           "# Round trips over TCP on loopback, in microseconds: medians, and "
           "the 10th and 90th\n"
           "# percentile, of %d connections of %d messages. Alpha in "
           "microseconds, beta in\n"
           "# nanoseconds a byte, fitted to messages up to %d bytes. Server "
           "and client are bound\n"
           "# to CPUs %d and %d (apart), or to the latter (together).\n",
           machine, rounds, COUNTED, FITTED, machine_pin(1), machine_pin(0));
}

int main(int argc, char **argv)
{
    bool quick = argc == 2 && strcmp(argv[1], "--quick") == 0;
    int rounds = quick ? 1 : 40;
    if (argc > 1 && !quick)
        return complain(USAGE, "the only option is --quick");
    for (int i = 0; i < WAYS * SIZES; i++)
        places[i / SIZES][i % SIZES] = (struct place){stats_new(), stats_new()};
    insist(machine_pin(0) >= 0, "no CPU can be chosen");
    measure(rounds);
    print_heading(rounds);
    print_rows();
    for (int i = 0; i < WAYS * SIZES; i++) {
        stats_free(places[i / SIZES][i % SIZES].times);
        stats_free(places[i / SIZES][i % SIZES].switches);
    }
    return 0;
}

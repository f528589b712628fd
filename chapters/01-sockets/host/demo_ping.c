/*
 * Ping over UDP: node 1 asks, node 2 answers, each a host with a socket of its
 * own. Node 2 overlooks every fifth ping, so that you see what a lost datagram
 * looks like: like nothing at all.
 */
#include "01-sockets/host/crew.h"
#include "01-sockets/host/ping.h"
#include "common/judge/stats.h"
#include "common/spacetime/lanes.h"
#include <stdlib.h>

enum { COUNT = 10, OVERLOOKED = 5 };

struct forgetful {
    env_receiver *deliver;
    void *self;
    unsigned heard;
};

static void overlook_some(void *self, node_id from, GBytes *message)
{
    struct forgetful *forgetful = self;
    if (++forgetful->heard % OVERLOOKED != 0)
        forgetful->deliver(forgetful->self, from, message);
}

static void print_result(const struct ping *ping, unsigned number,
                         struct stats *rtts)
{
    struct ping_result result = ping_result(ping, number);
    double microseconds = (double)result.rtt / (double)USEC;
    if (result.lost) {
        printf("  ping %2u   lost: 100 ms have passed, and nobody says why\n",
               number);
        return;
    }
    printf("  ping %2u   answered after %5.0f µs\n", number, microseconds);
    stats_add(rtts, microseconds);
}

static void print_results(const struct ping *ping)
{
    g_autoptr(stats) rtts = stats_new();
    for (unsigned i = 0; i < COUNT; i++)
        print_result(ping, i, rtts);
    printf("\n  %d sent, %zu answered; round trip %.0f µs in the median, %.0f "
           "to %.0f\n",
           COUNT, stats_count(rtts), stats_percentile(rtts, 0.5),
           stats_percentile(rtts, 0), stats_percentile(rtts, 1));
}

static void on_report(void *self, unsigned number)
{
    g_async_queue_push(self, GUINT_TO_POINTER(number + 1));
}

static void wait_for_all(GAsyncQueue *reports)
{
    for (unsigned i = 0; i < COUNT; i++)
        g_async_queue_pop(reports);
}

int main(void)
{
    char *trace = NULL;
    size_t size;
    FILE *file = open_memstream(&trace, &size);
    g_autoptr(GAsyncQueue) reports = g_async_queue_new();
    struct crew *crew = crew_new(2, NULL, file);
    struct env *second = host_env(crew_host(crew, 2));
    struct ping *answering = ping_new(second, (struct ping_settings){.to = 0});
    struct forgetful forgetful = {second->deliver, second->self, 0};
    env_bind(second, overlook_some, &forgetful);
    struct ping *asking =
        ping_new(host_env(crew_host(crew, 1)),
                 (struct ping_settings){.to = 2,
                                        .count = COUNT,
                                        .interval = 30 * MSEC,
                                        .patience = 100 * MSEC,
                                        .report = on_report,
                                        .self = reports});

    printf("Node 1 asks, node 2 answers: datagrams over UDP, on loopback. Node "
           "2 was\ntold to overlook every fifth.\n\n");
    crew_start(crew);
    wait_for_all(reports);
    crew_stop(crew);
    print_results(asking);

    fclose(file);
    printf("\nThe trace, drawn. It notes when a message arrived, not when it "
           "was sent: from a\nping to its pong is the way back, and not the "
           "round trip.\n\n");
    lanes_draw(stdout, trace, 0);
    ping_free(asking);
    ping_free(answering);
    crew_free(crew);
    free(trace);
    return 0;
}

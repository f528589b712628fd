/*
 * How many times is a call sent? In virtual time: a client calls a server over
 * a link that loses messages, and tries again at most k times.
 *
 * The model: a try fails with chance p, when the request or the reply is lost;
 * the (i+1)-th is sent when i have failed. So the mean is
 * 1 + p + .. + p^k = (1 - p^(k+1)) / (1 - p).
 *
 * How many tries fit into a deadline is exact, whatever the jitter does: the
 * waits of k tries take at most (2^k - 1) times the first, and those of k + 1
 * tries at least (2^(k+1) - 1) / 2 times.
 *
 *     measure_amplification [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "02-framing/calls/meter.h"
#include "02-framing/rpc_sync.h"
#include "common/judge/part.h"
#include "common/judge/stats.h"
#include "common/world/sim.h"
#include <math.h>
#include <stdio.h>

enum { CALLS = 5000, STEP = 50, LAST = 650 }; /* Loss, in 1/1000. */

static const nsec first = SEC;

/* ---- A client and a server. ---- */

struct station {
    struct meter *meter;
    struct rpc *rpc;
};

static void echo(void *self, const struct rpc_request *request, GBytes *body)
{
    const struct station *station = self;
    rpc_reply(station->rpc, request, body);
}

static void *boot(struct env *env, void *context)
{
    (void)context;
    struct station *station = g_new0(struct station, 1);
    station->meter = meter_new(env);
    station->rpc =
        rpc_new(meter_env(station->meter),
                (struct rpc_settings){.wait = first, .longest = 1000 * first});
    rpc_serve(station->rpc, echo, station);
    return station;
}

static void stop(void *protocol)
{
    struct station *station = protocol;
    rpc_free(station->rpc);
    meter_free(station->meter);
    g_free(station);
}

static void turn(void *sim)
{
    sim_step(sim);
}

/* ---- Rows. ---- */

static double model(double p, unsigned retries)
{
    double sum = 0;
    for (unsigned i = 0; i <= retries; i++)
        sum += pow(p, i);
    return sum;
}

static void print_row(unsigned loss, unsigned retries)
{
    struct sim *sim =
        sim_new(2, 1 + loss,
                (struct sim_weather){
                    .loss = loss, .delay_min = MSEC, .delay_max = 2 * MSEC});
    for (node_id id = 1; id <= 2; id++)
        sim_install(sim, id, (struct sim_program){boot, stop, NULL});
    struct station *client = sim_protocol(sim, 1);
    nsec span =
        (first << retries) - 3 * first / 4; /* Between the two bounds. */
    g_autoptr(stats) sent = stats_new();
    g_autoptr(GBytes) body = g_bytes_new_static("hello", 5);
    g_autoptr(GBytes) answer = NULL;
    for (int i = 0; i < CALLS; i++) {
        uint64_t before = meter_sent(client->meter);
        struct rpc_patience patience = {.span = span};
        g_clear_pointer(&answer, g_bytes_unref);
        answer = rpc_ask(client->rpc, (struct rpc_world){turn, sim}, 2, body,
                         patience, NULL);
        stats_add(sent, (double)(meter_sent(client->meter) - before));
    }
    sim_free(sim);
    double kept = 1 - loss / 1000.0, p = 1 - kept * kept;
    struct interval mean = stats_mean_interval(sent, 0.95);
    printf("%.4f\t%u\t%.4f\t%.4f\t%.4f\t%.4f\n", p, retries, model(p, retries),
           stats_mean(sent), mean.low, mean.high);
}

int main(int argc, char **argv)
{
    static const unsigned retries[] = {1, 2, 4, 8};
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: %d calls a row, over a link that loses messages\n",
           CALLS);
    printf("# p\tretries\tmodel\tsent\tlow\thigh\n");
    printf("# claim: |sent - model| / model <= 0.04\n");
    unsigned row = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(retries); i++)
        for (unsigned loss = 0; loss <= LAST; loss += STEP)
            if (part_has(part, row++))
                print_row(loss, retries[i]);
    return 0;
}

/*
 * How many commands a second, with so many under way? In virtual time: a client
 * that keeps W commands on their way to a kv, whose machine serves one at a time.
 *
 * The bound: by Little's law the rate is W / R, and R is at least the round trip
 * of a command that meets no other; and no rate is above the capacity 1 / s. So
 * X <= min(W / R, 1 / s).
 *
 * The model: a closed network of a delay, the wire, and a queue with service
 * times drawn from an exponential distribution. Its mean values follow from those
 * with one command less (Reiser and Lavenberg 1980): a command finds on arrival
 * what the queue holds on average with W - 1.
 *
 *     measure_window [--part=K/N]   // rows, or every N-th from the K-th
 */
#include "02-framing/kv/kv.h"
#include "02-framing/resp_writer.h"
#include "common/judge/part.h"
#include "common/judge/stats.h"
#include "common/world/dice.h"
#include "common/world/sim.h"
#include <math.h>
#include <stdio.h>

enum { CLERK = 1, CLIENT = 2, WARMUP = 20000, COUNTED = 100000 };

static const nsec way = 5 * MSEC, service = 500 * USEC;

/* ---- A machine that takes its time: a layer below kv. ---- */

struct clerk {
    struct env env; /* First: it is one. */
    GQueue waiting; /* GBytes. */
    struct timer done;
    struct kv *kv;
};

static void begin_next(struct clerk *clerk)
{
    double share = (double)(env_random(clerk->env.below) >> 11) * 0x1p-53;
    env_arm(clerk->env.below, &clerk->done,
            (nsec)(-log1p(-share) * (double)service));
}

static void on_done(void *self)
{
    struct clerk *clerk = self;
    g_autoptr(GBytes) message = g_queue_pop_head(&clerk->waiting);
    env_deliver(&clerk->env, CLIENT, message);
    if (!g_queue_is_empty(&clerk->waiting))
        begin_next(clerk);
}

static void on_command(void *self, node_id from, GBytes *message)
{
    struct clerk *clerk = self;
    (void)from;
    g_queue_push_tail(&clerk->waiting, g_bytes_ref(message));
    if (clerk->waiting.length == 1)
        begin_next(clerk);
}

static void *boot_clerk(struct env *env, void *context)
{
    static const struct env_ops ops = {0};
    struct clerk *clerk = g_new0(struct clerk, 1);
    (void)context;
    clerk->env = (struct env){
        .ops = &ops, .below = env, .id = env->id, .most = env->most};
    clerk->done = (struct timer){.fire = on_done, .self = clerk};
    env_bind(env, on_command, clerk);
    clerk->kv = kv_new(&clerk->env, (struct kv_settings){0});
    return clerk;
}

static void stop_clerk(void *protocol)
{
    struct clerk *clerk = protocol;
    env_disarm(clerk->env.below, &clerk->done);
    kv_free(clerk->kv);
    g_queue_clear_full(&clerk->waiting, (GDestroyNotify)g_bytes_unref);
    g_free(clerk);
}

/* ---- A client with a window. ---- */

struct asker {
    struct env *env;
    GBytes *command;
    uint64_t answered;
};

static void on_reply(void *self, node_id from, GBytes *message)
{
    struct asker *asker = self;
    (void)message;
    asker->answered++;
    env_send(asker->env, from, asker->command);
}

static void *boot_asker(struct env *env, void *window)
{
    struct asker *asker = g_new0(struct asker, 1);
    struct wire_writer out = {.most = env->most};
    resp_put_command(&out, 2, (const char *const[]){"INCR", "n"});
    asker->env = env;
    asker->command = wire_finish(&out);
    env_bind(env, on_reply, asker);
    for (unsigned i = 0; i < *(const unsigned *)window; i++)
        env_send(env, CLERK, asker->command);
    return asker;
}

static void stop_asker(void *protocol)
{
    struct asker *asker = protocol;
    g_bytes_unref(asker->command);
    g_free(asker);
}

/* ---- Rows. ---- */

/* Run until so many more are answered; how many seconds that takes. */
static double time_of(struct sim *sim, const struct asker *asker, uint64_t more)
{
    uint64_t goal = asker->answered + more;
    nsec start = sim_time(sim);
    while (asker->answered < goal)
        sim_step(sim);
    return (double)(sim_time(sim) - start) / (double)SEC;
}

static double measure(unsigned window)
{
    struct sim *sim = sim_new(
        2, window, (struct sim_weather){.delay_min = way, .delay_max = way});
    sim_install(sim, CLERK, (struct sim_program){boot_clerk, stop_clerk, NULL});
    sim_install(sim, CLIENT,
                (struct sim_program){boot_asker, stop_asker, &window});
    const struct asker *asker = sim_protocol(sim, CLIENT);
    time_of(sim, asker, WARMUP);
    double rate = COUNTED / time_of(sim, asker, COUNTED);
    sim_free(sim);
    return rate;
}

static double model(unsigned window)
{
    double s = (double)service / (double)SEC, queue = 0, rate = 0;
    for (unsigned n = 1; n <= window; n++) {
        double stay = s * (1 + queue);
        rate = n / (2.0 * (double)way / (double)SEC + stay);
        queue = rate * stay;
    }
    return rate;
}

static double bound(unsigned window)
{
    double s = (double)service / (double)SEC;
    return fmin(window / (2.0 * (double)way / (double)SEC + s), 1 / s);
}

int main(int argc, char **argv)
{
    static const unsigned windows[] = {1,  2,  3,  4,  6,  8,  10,  12,  16, 20,
                                       24, 28, 32, 48, 64, 96, 128, 192, 256};
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: %d commands a row, 5 ms each way, 0.5 ms to serve "
           "one\n",
           COUNTED);
    printf("# window\tmeasured\tmodel\tbound\ttrip\n");
    printf("# claim: measured <= 1.01 * bound\n");
    printf("# claim: |measured - model| / model <= 0.01\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(windows); i++) {
        if (!part_has(part, i))
            continue;
        double rate = measure(windows[i]);
        printf("%u\t%.1f\t%.1f\t%.1f\t%.3f\n", windows[i], rate,
               model(windows[i]), bound(windows[i]), 1000 * windows[i] / rate);
    }
    return 0;
}

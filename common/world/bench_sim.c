/*
 * How fast is the simulator? Two figures, on one core, the trace off:
 *
 *     messages a second, five nodes that answer each message with one;
 *     storms a second: three nodes that keep a log and ten crashes.
 */
#include "common/world/sim.h"
#include <stdio.h>
#include <time.h>

enum { NODES = 5, FLYING = 20, SIZE = 64, MESSAGES = 2000000, STORMS = 2000 };

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Messages. ---- */

static void send_back(void *self, node_id from, GBytes *ball)
{
    size_t size;
    const void *data = g_bytes_get_data(ball, &size);
    g_autoptr(GBytes) fresh = g_bytes_new(data, size);
    env_send(self, from, fresh);
}

static double messages_a_second(void)
{
    static const char data[SIZE];
    struct sim_weather weather = {.delay_min = MSEC, .delay_max = 10 * MSEC};
    struct sim *sim = sim_new(NODES, 1, weather);
    g_autoptr(GBytes) ball = g_bytes_new_static(data, SIZE);
    for (node_id id = 1; id <= NODES; id++)
        env_bind(sim_env(sim, id), send_back, sim_env(sim, id));
    for (node_id i = 0; i < FLYING; i++)
        env_send(sim_env(sim, i % NODES + 1), (i + 1) % NODES + 1, ball);
    double start = processor_seconds();
    while (sim_delivered(sim) < MESSAGES)
        sim_step(sim);
    double spent = processor_seconds() - start;
    sim_free(sim);
    return MESSAGES / spent;
}

/* ---- Storms: a toy that counts, writes each number down, and tells. ---- */

struct toy {
    struct env *env;
    struct timer timer;
    uint64_t count;
};

static void on_tick(void *self)
{
    struct toy *toy = self;
    toy->count++;
    g_autoptr(GBytes) count = g_bytes_new(&toy->count, sizeof toy->count);
    env_append(toy->env, "toy.log", count);
    for (node_id id = 1; id <= 3; id++)
        if (id != toy->env->id)
            env_send(toy->env, id, count);
    env_arm(toy->env, &toy->timer, 50 * MSEC);
}

static void on_count(void *self, node_id from, GBytes *message)
{
    struct toy *toy = self;
    (void)from, (void)message;
    toy->count++;
}

static void *toy_boot(struct env *env, void *context)
{
    struct toy *toy = g_new0(struct toy, 1);
    g_autoptr(GBytes) log = env_recall(env, "toy.log");
    (void)context;
    toy->env = env;
    toy->count = log ? g_bytes_get_size(log) / sizeof toy->count : 0;
    toy->timer = (struct timer){.fire = on_tick, .self = toy};
    env_bind(env, on_count, toy);
    env_arm(env, &toy->timer, MSEC);
    return toy;
}

static void run_storm(uint64_t seed)
{
    struct sim_weather weather = {.loss = 100,
                                  .repeat = 50,
                                  .delay_min = MSEC,
                                  .delay_max = 9 * MSEC,
                                  .sync_min = MSEC,
                                  .sync_max = 5 * MSEC};
    struct sim *sim = sim_new(3, seed, weather);
    for (node_id id = 1; id <= 3; id++)
        sim_install(sim, id, (struct sim_program){toy_boot, g_free, NULL});
    for (unsigned i = 0; i < 10; i++) {
        node_id victim = i % 3 + 1;
        sim_run(sim, sim_time(sim) + 150 * MSEC);
        sim_crash(sim, victim);
        sim_run(sim, sim_time(sim) + 50 * MSEC);
        sim_boot(sim, victim);
    }
    sim_free(sim);
}

static double storms_a_second(void)
{
    double start = processor_seconds();
    for (uint64_t seed = 1; seed <= STORMS; seed++)
        run_storm(seed);
    return STORMS / (processor_seconds() - start);
}

int main(void)
{
    printf("The simulator, on one core, trace off\n");
    printf("  %6.2f million messages of %d bytes a second (aim: 4)\n",
           messages_a_second() / 1e6, SIZE);
    printf("  %6.0f storms a second: three nodes, ten crashes, two seconds "
           "of virtual time (aim: 1000)\n",
           storms_a_second());
    return 0;
}

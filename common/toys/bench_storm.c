/*
 * How fast is the judge? On one core:
 *
 *     storms a second, of five nodes that keep a counter, each event judged;
 *     messages a second, in a storm's world, with a fate decided for each.
 */
#include "common/storm/draw.h"
#include "common/storm/ordeal.h"
#include "common/toys/counter_scene.h"
#include <stdio.h>
#include <time.h>

enum { STORMS = 300, NODES = 5, FLYING = 20 };

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double storms_a_second(void)
{
    struct subject five = counter_subject;
    five.least = five.most = NODES;
    double start = processor_seconds();
    for (uint64_t seed = 1; seed <= STORMS; seed++) {
        struct ordeal_report report;
        struct storm *storm = storm_draw(&five, seed);
        ordeal_run(&five, storm, (struct ordeal_wish){0}, &report);
        ordeal_report_clear(&report);
        storm_free(storm);
    }
    return STORMS / (processor_seconds() - start);
}

/* ---- Messages that are sent on and on. ---- */

static void send_back(void *self, node_id from, GBytes *ball)
{
    env_send(self, from, ball);
}

static void *boot(struct env *env, void *checker)
{
    static const char data[64];
    g_autoptr(GBytes) ball = g_bytes_new_static(data, sizeof data);
    (void)checker;
    env_bind(env, send_back, env);
    for (node_id i = 0; i < FLYING / NODES; i++)
        env_send(env, env->id % NODES + 1, ball);
    return env;
}

static void stop(void *env)
{
    (void)env;
}

static double messages_a_second(void)
{
    static const struct subject ball = {.name = "ball",
                                        .least = NODES,
                                        .most = NODES,
                                        .boot = boot,
                                        .stop = stop};
    struct ordeal_report report;
    struct storm *storm = storm_new();
    storm->nodes = NODES;
    storm->until = 500 * SEC;
    storm->weather.spread = STORM_EXPONENTIAL;
    storm->weather.more = 4 * MSEC;
    storm->weather.repeat = 1 << 20;
    double start = processor_seconds();
    ordeal_run(&ball, storm, (struct ordeal_wish){0}, &report);
    double speed = (double)report.delivered / (processor_seconds() - start);
    ordeal_report_clear(&report);
    storm_free(storm);
    return speed;
}

int main(void)
{
    printf("The storm, on one core\n");
    printf("  %6.2f million messages of 64 bytes a second (aim: 1)\n",
           messages_a_second() / 1e6);
    printf("  %6.0f storms a second: five nodes that keep a counter, ten "
           "seconds\n         of virtual time, each event judged (aim: 50)\n",
           storms_a_second());
    return 0;
}

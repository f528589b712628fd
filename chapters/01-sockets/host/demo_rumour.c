/*
 * One protocol, two worlds. First the rumour spreads in a simulated network
 * that loses every other message: time is virtual, the seed decides, and the
 * same seed shows the same run for ever. Then the same lines run over UDP.
 */
#include "01-sockets/host/crew.h"
#include "01-sockets/host/rumour.h"
#include "common/spacetime/lanes.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/sim.h"
#include <stdlib.h>

enum { NODES = 5 };

static const nsec again = 20 * MSEC;
static const char text[] = "ears"; /* The king has donkey's ears. */

/* ---- In the simulator. ---- */

static void *boot(struct env *env, void *context)
{
    (void)context;
    return rumour_new(env, NODES, again);
}

static void stop(void *rumour)
{
    rumour_free(rumour);
}

static bool all_know(struct sim *sim)
{
    for (node_id id = 1; id <= NODES; id++)
        if (!rumour_heard(sim_protocol(sim, id)))
            return false;
    return true;
}

/* The trace of the run with this seed, until all know, and when that was.
 * Returns new, for free(). */
static char *simulate(uint64_t seed, nsec *time)
{
    char *trace = NULL;
    size_t size;
    FILE *file = open_memstream(&trace, &size);
    struct sim *sim =
        sim_new(NODES, seed,
                (struct sim_weather){
                    .loss = 500, .delay_min = MSEC, .delay_max = 5 * MSEC});
    sim_trace(sim, file);
    for (node_id id = 1; id <= NODES; id++)
        sim_install(sim, id, (struct sim_program){boot, stop, NULL});
    rumour_start(sim_protocol(sim, 1), text);
    while (!all_know(sim) && sim_step(sim))
        continue;
    *time = sim_time(sim);
    sim_trace(sim, NULL);
    sim_free(sim);
    fclose(file);
    return trace;
}

/* ---- Over UDP. ---- */

struct node {
    struct rumour *rumour;
    env_receiver *deliver; /* The rumour's own. */
    bool knew;
    GAsyncQueue *news;
    node_id id;
};

static void on_message(void *self, node_id from, GBytes *message)
{
    struct node *node = self;
    node->deliver(node->rumour, from, message);
    if (!node->knew && rumour_heard(node->rumour))
        g_async_queue_push(node->news, node);
    node->knew = rumour_heard(node->rumour) != NULL;
}

static void run_live(void)
{
    struct crew *crew = crew_new(NODES, NULL, NULL);
    g_autoptr(GAsyncQueue) news = g_async_queue_new();
    struct node nodes[NODES];
    for (node_id id = 1; id <= NODES; id++) {
        struct env *env = host_env(crew_host(crew, id));
        struct rumour *rumour = rumour_new(env, NODES, again);
        nodes[id - 1] = (struct node){rumour, env->deliver, id == 1, news, id};
        env_bind(env, on_message, &nodes[id - 1]);
    }
    rumour_start(nodes[0].rumour, text);
    nsec start = clock_monotonic();
    crew_start(crew);
    for (int i = 1; i < NODES; i++) {
        const struct node *node = g_async_queue_pop(news);
        printf("  node %d knows after %6.0f µs\n", (int)node->id,
               (double)(clock_monotonic() - start) / (double)USEC);
    }
    crew_stop(crew);
    for (int i = 0; i < NODES; i++)
        rumour_free(nodes[i].rumour);
    crew_free(crew);
}

int main(int argc, char **argv)
{
    uint64_t seed = 29;
    char *end = "";
    if (argc == 2)
        seed = g_ascii_strtoull(argv[1], &end, 0);
    if (argc > 2 || *end || (argc == 2 && !g_ascii_isdigit(argv[1][0])))
        return complain(USAGE, "the only argument is a seed, a number");
    printf(
        "Five nodes, and a network that loses every other message (seed "
        "%d).\nWhoever hears about the king's ears tells all others, and again "
        "every 20 ms\nthose who did not say that they know. An arrow stands "
        "where a message arrives,\n1 to 5 ms after it was sent; a cross where "
        "one was sent and lost.\n\n",
        (int)seed);
    nsec time;
    char *trace = simulate(seed, &time);
    lanes_draw(stdout, trace, 0);
    free(trace);
    printf(
        "\nAll five know after %.3f ms. The same lines, in five threads that "
        "share\nnothing, over UDP on loopback, which loses nothing:\n\n",
        (double)time / (double)MSEC);
    run_live();
    return 0;
}

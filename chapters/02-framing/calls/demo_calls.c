/*
 * Remote calls, one at a time and many at a time, in the simulator and over UDP;
 * and a call that is tried again: what it does twice without a key, and once
 * with one.
 */
#include "01-sockets/host/crew.h"
#include "02-framing/calls/caller.h"
#include "02-framing/calls/purse_scene.h"
#include "common/spacetime/lanes.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/sim.h"
#include <errno.h>
#include <semaphore.h>
#include <unistd.h>

enum { CALLS = 60, WIDTH = 16, BAR = 40, LIVE = 20000 };

#define WAY   (10 * MSEC) /* Of a message, one way, in the simulator. */
#define FRAME (20 * MSEC) /* Of the picture. */

static void echo(void *self, const struct rpc_request *request, GBytes *body)
{
    rpc_reply(self, request, body);
}

/* ---- In the simulator: two worlds, side by side. ---- */

struct race {
    struct sim *sim;
    struct caller *caller;
    nsec end; /* 0: not yet. */
};

static void *boot(struct env *env, void *context)
{
    (void)context;
    struct rpc *rpc = rpc_new(env, (struct rpc_settings){0});
    rpc_serve(rpc, echo, rpc);
    return rpc;
}

static void stop(void *rpc)
{
    rpc_free(rpc);
}

static struct race race_of(unsigned width)
{
    struct race race = {
        .sim = sim_new(
            2, 1, (struct sim_weather){.delay_min = WAY, .delay_max = WAY})};
    for (node_id id = 1; id <= 2; id++)
        sim_install(race.sim, id, (struct sim_program){boot, stop, NULL});
    race.caller = caller_new(sim_protocol(race.sim, 1), 2, width);
    caller_call(race.caller, CALLS);
    return race;
}

static void run_until(struct race *race, nsec time)
{
    while (race->end == 0 && sim_time(race->sim) < time && sim_step(race->sim))
        if (caller_answered(race->caller) == CALLS)
            race->end = sim_time(race->sim);
}

static void draw(const char *name, const struct race *race, nsec time)
{
    unsigned done = caller_answered(race->caller);
    printf("  %-15s [", name);
    for (unsigned i = 0; i < BAR; i++)
        putchar(i < done * BAR / CALLS ? '#' : '.');
    printf("] %2u of %d, %4.0f ms\n", done, CALLS,
           (double)(race->end ? race->end : time) / (double)MSEC);
}

static void free_race(struct race *race)
{
    caller_free(race->caller);
    sim_free(race->sim);
}

/* On a terminal virtual time passes as fast as ours. */
static void run_races(void)
{
    struct race one = race_of(1), many = race_of(WIDTH);
    bool terminal = isatty(STDOUT_FILENO);
    for (nsec time = 0; one.end == 0 || many.end == 0;) {
        time += FRAME;
        run_until(&one, time);
        run_until(&many, time);
        bool last = one.end && many.end;
        if (!terminal && !last)
            continue;
        draw("one at a time", &one, time);
        draw("16 at a time", &many, time);
        fflush(stdout);
        if (!last)
            g_usleep(FRAME / USEC);
        if (!last)
            printf("\033[2A");
    }
    free_race(&one);
    free_race(&many);
}

/* ---- Over UDP. ---- */

static void tell(void *ended)
{
    sem_post(ended);
}

/* How many calls a second, each node in a thread of its own. */
static double live(unsigned width)
{
    struct crew *crew = crew_new(2, NULL, NULL);
    sem_t ended;
    struct rpc *rpcs[2];
    for (node_id id = 1; id <= 2; id++)
        rpcs[id - 1] = boot(host_env(crew_host(crew, id)), NULL);
    struct caller *caller = caller_new(rpcs[0], 2, width);
    sem_init(&ended, 0, 0);
    caller_tell(caller, tell, &ended);
    caller_call(caller, LIVE);
    nsec start = clock_monotonic();
    crew_start(crew);
    while (sem_wait(&ended) < 0 && errno == EINTR)
        continue;
    double seconds = (double)(clock_monotonic() - start) / (double)SEC;
    crew_stop(crew);
    caller_free(caller);
    rpc_free(rpcs[0]);
    rpc_free(rpcs[1]);
    crew_free(crew);
    sem_destroy(&ended);
    return LIVE / seconds;
}

/* ---- The purse. ---- */

static void show_purse(bool key)
{
    int left;
    g_autofree char *trace = purse_run(key, &left);
    lanes_draw(stdout, trace, 0);
    printf("  %d were in the purse, %d are left: it was paid %s.\n\n",
           PURSE_BEGIN, left,
           left == PURSE_BEGIN - PURSE_PRICE ? "once" : "twice");
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    printf("%d calls, a round trip of %.0f ms each. One at a time, each waits "
           "for the answer\nto the one before; or %d are under way at any "
           "time.\n\n",
           CALLS, (double)(2 * WAY) / (double)MSEC, WIDTH);
    run_races();
    printf("\nThe same lines over UDP on loopback, %d calls each, in calls a "
           "second:\n\n",
           LIVE);
    double one = live(1), many = live(WIDTH);
    printf("  one at a time  %7.0f\n  16 at a time   %7.0f   (%.1f times as "
           "many)\n\n",
           one, many, many / one);
    printf("A call to pay 10 is served, and its answer is lost. So the client "
           "tries again,\nas it would if the request had been lost: it cannot "
           "know which.\n\n");
    show_purse(false);
    printf("Now the call has a key, and the server remembers what it said to "
           "it.\n\n");
    show_purse(true);
    return 0;
}

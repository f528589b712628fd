/*
 * The process is lost anyway: so the handlers look at what an orderly handler
 * would not, and then let the signal do what it does. A sanitizer has handlers of
 * its own, which know the line: it is asked to call us last.
 */
#include "common/storm/obituary.h"
#include "common/storm/ordeal.h"
#include "common/world/complain.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE = 5 }; /* Seconds of processor time in one event. */

static const char *program_name;

void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

static void say(const char *what)
{
    struct ordeal *ordeal = ordeal_under_way();
    char text[400];
    if (!ordeal)
        return;
    uint64_t seed = ordeal_storm(ordeal)->seed;
    uint64_t time = sim_time(ordeal_sim(ordeal));
    int size = snprintf(text, sizeof text,
                        "\n%s in the storm of seed %" PRIu64 ", at %" PRIu64
                        ".%03u ms.\nSee it again:\n    %s --seed=%" PRIu64
                        " --whole\n",
                        what, seed, time / MSEC, (unsigned)(time % MSEC / USEC),
                        program_name, seed);
    if (write(STDERR_FILENO, text, (size_t)size) < 0)
        return;
}

static void on_death(void)
{
    say("It died");
}

static void on_signal(int number)
{
    on_death();
    signal(number, SIG_DFL);
    raise(number);
}

/* No event has ended since the last time we looked. */
static void on_tick(int number)
{
    static uint64_t events, seed;
    struct ordeal *ordeal = ordeal_under_way();
    (void)number;
    if (!ordeal)
        return;
    if (ordeal_events(ordeal) == events && ordeal_storm(ordeal)->seed == seed) {
        say("A handler does not come to an end,");
        _exit(FAILED);
    }
    events = ordeal_events(ordeal);
    seed = ordeal_storm(ordeal)->seed;
}

void obituary_prepare(const char *program)
{
    static const int ours[] = {SIGABRT, SIGTRAP};
    static const int others[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    const char *given = g_getenv("STORM_SECONDS");
    int patience = given && atoi(given) > 0 ? atoi(given) : PATIENCE;
    struct itimerval ticks = {{patience, 0}, {patience, 0}};
    program_name = program;
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(on_death);
    for (unsigned i = 0; i < G_N_ELEMENTS(ours); i++)
        signal(ours[i], on_signal);
    for (unsigned i = 0;
         i < G_N_ELEMENTS(others) && !__sanitizer_set_death_callback; i++)
        signal(others[i], on_signal);
    signal(SIGPROF, on_tick);
    setitimer(ITIMER_PROF, &ticks, NULL);
}

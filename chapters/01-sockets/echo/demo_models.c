/*
 * Threads are slow, epoll is fast? Two servers that differ in nothing else
 * (echo.h) echo for the same clients: one with a thread for each, one with a
 * single thread that epoll tells who is ready.
 *
 * Each server is a process of its own, so the kernel can tell what it took:
 * its memory at the highest, and how often it left a processor to somebody else
 * (a *context switch*). A thread has another 16 KiB in the kernel, which this
 * does not show. The clients are on the same machine and take their share of
 * its processors. What is concluded in the end is computed from what was
 * measured: another machine may well say something else.
 */
#include "01-sockets/echo/load.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 64, LEVELS = 3 };

static const unsigned levels[LEVELS] = {1, 64, 1024};
static const nsec warmup = 50 * MSEC, duration = 250 * MSEC;
static const double notable = 1.25; /* Times as fast. */

struct server {
    pid_t pid;
    struct address address;
};

/* What was measured of one server. */
struct sample {
    unsigned clients;
    double rate;     /* Messages a second. */
    double p99;      /* Milliseconds. */
    double memory;   /* KiB, at the highest. */
    double switches; /* For each message. */
};

/* The two models, beside the same clients. */
struct pair {
    struct sample thread, epoll;
};

/* ---- A server. ---- */

static void die_with_parent(void *unused)
{
    (void)unused;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static pid_t spawn(const char *model, int *output)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = stage_program("echo");
    g_autofree char *option = g_strconcat("--model=", model, NULL);
    char *argv[] = {path, option, "--listen=127.0.0.1:0", NULL};
    pid_t pid;
    if (!g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                  die_with_parent, NULL, &pid, NULL, output,
                                  NULL, &error))
        exit(complain(FAILED, "%s", error->message));
    return pid;
}

static struct server start_server(const char *model)
{
    struct server server;
    char line[256] = "";
    int output;
    server.pid = spawn(model, &output);
    FILE *file = fdopen(output, "r");
    if (!fgets(line, sizeof line, file) || !g_str_has_prefix(line, "ready ") ||
        !address_parse(&server.address, g_strchomp(line) + strlen("ready "),
                       NULL))
        exit(complain(FAILED, "the server does not say where it is"));
    fclose(file);
    return server;
}

/* Its memory at the highest, in KiB; NAN where it is not told. */
static double memory_of(const struct server *server)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", server->pid);
    g_autofree char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    const char *found = text ? strstr(text, "VmHWM:") : NULL;
    return found ? g_ascii_strtod(found + strlen("VmHWM:"), NULL) : NAN;
}

/* Returns how often it was switched from. */
static double stop_server(const struct server *server)
{
    struct rusage usage;
    kill(server->pid, SIGKILL);
    wait4(server->pid, NULL, 0, &usage);
    return (double)(usage.ru_nvcsw + usage.ru_nivcsw);
}

/* ---- Measuring. ---- */

static struct sample measure(const char *model, unsigned clients)
{
    g_autoptr(GError) error = NULL;
    struct load_plan plan = {.connections = clients,
                             .size = SIZE,
                             .warmup = warmup,
                             .duration = duration};
    struct server server = start_server(model);
    struct load_result *result = load_run(&server.address, &plan, &error);
    if (!result || result->answered == 0)
        exit(complain(FAILED, "%s: %s", model,
                      error ? error->message : "not one message came back"));
    struct sample sample = {.clients = result->connected,
                            .memory = memory_of(&server)};
    double seconds = (double)result->counted / (double)SEC;
    sample.rate = (double)result->answered / seconds;
    sample.p99 =
        (double)histogram_percentile(result->delays, 0.99) / (double)MSEC;
    /* The server ran through the warm-up too. */
    sample.switches = stop_server(&server) /
                      (sample.rate * (seconds + (double)warmup / (double)SEC));
    load_result_free(result);
    return sample;
}

/* Both models in turn, twice, and the better of each: what else this machine
 * has to do only takes away. */
static struct pair measure_both(unsigned clients)
{
    struct pair best = {0};
    for (int round = 0; round < 2; round++) {
        struct sample thread = measure("thread", clients);
        struct sample epoll = measure("epoll", clients);
        if (thread.rate > best.thread.rate)
            best.thread = thread;
        if (epoll.rate > best.epoll.rate)
            best.epoll = epoll;
    }
    return best;
}

static void print_sample(const char *model, const struct sample *sample)
{
    printf("  %7u  %-6s  %12.0f  %6.2f ms  %8.0f KiB  %12.2f\n",
           sample->clients, model, sample->rate, sample->p99, sample->memory,
           sample->switches);
}

/* ---- What it says. ---- */

static double ratio(const struct pair *pair)
{
    return pair->thread.rate / pair->epoll.rate;
}

static void conclude(const struct pair pairs[LEVELS])
{
    int alike = 0, slower = 0;
    for (int i = 0; i < LEVELS; i++) {
        slower += ratio(&pairs[i]) < 1 / notable;
        alike += ratio(&pairs[i]) >= 1 / notable && ratio(&pairs[i]) <= notable;
    }
    if (slower == LEVELS)
        printf("Measured: a, epoll is faster each time\n");
    else if (alike == LEVELS)
        printf("Measured: b, the difference is never more than a quarter\n");
    else
        printf("Measured: c, it depends on how many clients there are\n");
}

static void compare(const struct pair pairs[LEVELS])
{
    const struct pair *most = &pairs[LEVELS - 1];
    double more = most->thread.memory - most->epoll.memory;
    printf("\nFor each message of epoll, threads echo %.2f with %u client, "
           "%.2f with %u and\n%.2f with %u. ",
           ratio(&pairs[0]), pairs[0].thread.clients, ratio(&pairs[1]),
           pairs[1].thread.clients, ratio(most), most->thread.clients);
    printf("Each of the last takes %.1f KiB more than a client of epoll\n"
           "does, and 16 KiB of the kernel, not counted here. They switch %.0f "
           "times as often:\na thread waits for each message, and epoll serves "
           "all who are ready before it\nwaits again.\n\n",
           more / most->thread.clients,
           most->thread.switches / most->epoll.switches);
}

int main(void)
{
    struct pair pairs[LEVELS];
    printf("Clients send %d bytes, and again as soon as they are echoed. "
           "Server and clients\nshare %u processors. Of two measurements the "
           "better counts.\n\n",
           SIZE, g_get_num_processors());
    printf("  %7s  %-6s  %12s  %9s  %12s  %12s\n", "clients", "model",
           "messages/s", "p99", "memory", "switches");
    for (int i = 0; i < LEVELS; i++) {
        pairs[i] = measure_both(levels[i]);
        print_sample("thread", &pairs[i].thread);
        print_sample("epoll", &pairs[i].epoll);
    }
    compare(pairs);
    conclude(pairs);
    return 0;
}

/*
 * One server, six ways (echo.h), against the number of its clients. Two
 * questions are asked of each:
 *
 *     throughput   how many messages a second, when everybody sends as soon as
 *                  they were answered?
 *     p99          how long does one message in a hundred take at least, when
 *                  RATE of them are due each second, whoever is slow?
 *
 * The server is bound to one CPU, with all its processes and threads; the
 * generator (load.h) to another. So they do not take each other's time, and no
 * model is better for using more CPUs. Each run has a server of its own; in a
 * round all models are tried with so many clients, then with more.
 *
 * The iterative server serves one client, and the others wait for that one to
 * end, which it does not. Its throughput is high: one client has it all. Its
 * p99 is as long as the run, for a message that was never answered counts with
 * what it has waited.
 *
 * A model that this machine does not have, or has no room for, is left out: its
 * cell is "-".
 *
 *     measure_connections [--quick]
 */
#include "01-sockets/echo/load.h"
#include "common/judge/machine.h"
#include "common/judge/stats.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const models[] = {"iterative", "fork",  "thread",
                                     "poll",      "epoll", "uring"};
static const unsigned counts[] = {1, 4, 16, 64, 256, 1024, 4096};

enum { MODELS = G_N_ELEMENTS(models), COUNTS = G_N_ELEMENTS(counts) };
enum { EPOLL = 4, SOME = 3, SIZE = 64, RATE = 5000, SETTLING = 250 };
enum question { THROUGHPUT, P99, QUESTIONS };

/* How much is done. */
struct effort {
    int rounds;
    int counts;  /* So many of them. */
    nsec warmup; /* For each client, which is a process perhaps. */
    nsec duration;
};

static struct stats *answers[QUESTIONS][MODELS][COUNTS];

static nsec warmup(const struct effort *effort, int count)
{
    return (nsec)(counts[count] + SETTLING) * effort->warmup;
}

/* ---- A run. ---- */

/* The server, on its CPU; NULL when there is no such model here. */
static struct actor *start_server(struct stage *stage, const char *model)
{
    g_autofree char *option = g_strconcat("--model=", model, NULL);
    machine_pin(0);
    struct actor *server =
        stage_start(stage, "echo", option, "--listen=127.0.0.1:0", NULL);
    machine_pin(1);
    if (!server)
        exit(complain(FAILED, "build/bin/echo is missing: make all"));
    return server;
}

static bool find_address(struct actor *server, struct address *address)
{
    g_autofree char *ready = actor_await(server, "ready ", 30 * SEC);
    return ready && address_parse(address, ready + strlen("ready "), NULL);
}

static double answer_to(enum question question,
                        const struct load_result *result)
{
    if (question == P99)
        return (double)histogram_percentile(result->delays, 0.99) /
               (double)USEC;
    return (double)result->answered * (double)SEC / (double)result->counted;
}

/* NAN when it cannot be known. */
static double ask(enum question question, struct actor *server,
                  struct load_plan plan)
{
    struct address address;
    double answer = NAN;
    if (!find_address(server, &address))
        return NAN;
    plan.rate = question == P99 ? RATE : 0;
    struct load_result *result = load_run(&address, &plan, NULL);
    if (!result)
        return NAN;
    if (result->broken == 0 && result->connected == plan.connections)
        answer = answer_to(question, result);
    load_result_free(result);
    return answer;
}

/* Thousands of processes take their time to end, on the CPU that the next
 * server needs. */
static void end_server(struct actor *server, unsigned clients)
{
    actor_signal(server, SIGKILL);
    actor_wait(server, 10 * SEC);
    g_usleep(clients * 100);
}

static void tell_progress(int round, const char *model, unsigned clients)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r  round %d: %-9s %4u clients ", round + 1, model,
                clients);
}

/* ---- All of them. ---- */

static void run_models(const struct effort *effort, int round, int count)
{
    struct stage *stage = stage_new();
    struct load_plan plan = {.connections = counts[count],
                             .size = SIZE,
                             .warmup = warmup(effort, count),
                             .duration = effort->duration};
    for (int i = 0; i < MODELS * QUESTIONS; i++) {
        int model = i / QUESTIONS;
        enum question question = (enum question)(i % QUESTIONS);
        tell_progress(round, models[model], counts[count]);
        struct actor *server = start_server(stage, models[model]);
        double answer = ask(question, server, plan);
        if (!isnan(answer))
            stats_add(answers[question][model][count], answer);
        end_server(server, counts[count]);
    }
    stage_free(stage);
}

static void run_all(const struct effort *effort)
{
    for (int round = 0; round < effort->rounds; round++)
        for (int count = 0; count < effort->counts; count++)
            run_models(effort, round, count);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%40s\r", "");
}

/* ---- Rows. ---- */

static void print_number(double number)
{
    if (isnan(number))
        printf("\t-");
    else
        printf("\t%.0f", number);
}

static double median(enum question question, int model, int count)
{
    return stats_percentile(answers[question][model][count], 0.5);
}

static void print_row(enum question question, int count, double last)
{
    printf("%u", counts[count]);
    for (int model = 0; model < MODELS; model++) {
        struct stats *sample = answers[question][model][count];
        print_number(median(question, model, count));
        print_number(stats_percentile(sample, 0));
        print_number(stats_percentile(sample, 1));
    }
    print_number(last);
    printf("\n");
}

static void print_names(const char *last, const char *claims)
{
    printf("\n\n# clients");
    for (int model = 0; model < MODELS; model++)
        printf("\t%s\t%s_low\t%s_high", models[model], models[model],
               models[model]);
    printf("\t%s\n%s", last, claims);
}

static void print_throughput(const struct effort *effort)
{
    print_names("epoll_64", "# claim: epoll >= epoll_64 / 4 for clients >= 64\n"
                            "# claim: epoll >= thread for clients >= 16\n");
    for (int count = 0; count < effort->counts; count++)
        print_row(THROUGHPUT, count, median(THROUGHPUT, EPOLL, SOME));
}

static void print_p99(const struct effort *effort)
{
    print_names("run", "# claim: iterative >= 10 * epoll for clients >= 4\n"
                       "# claim: fork >= 2 * epoll for clients >= 256\n");
    for (int count = 0; count < effort->counts; count++)
        print_row(P99, count,
                  (double)(warmup(effort, count) + effort->duration) /
                      (double)USEC);
}

static void print_all(const struct effort *effort)
{
    g_autofree char *machine = machine_text();
    printf("# real time, on %s\n"
           "# Echo servers and messages of %d bytes, over TCP on loopback; the "
           "server on CPU %d, the\n"
           "# generator on CPU %d. Medians of %d runs of %.2f s, and the "
           "lowest and highest of them.\n"
           "# First messages a second, in a closed loop; then the 99th "
           "percentile of the delay, in\n"
           "# microseconds, when %d messages a second are due.\n",
           machine, SIZE, machine_pin(0), machine_pin(1), effort->rounds,
           (double)effort->duration / (double)SEC, RATE);
    printf("# rate\trounds\n%d\t%d\n", RATE, effort->rounds);
    print_throughput(effort);
    print_p99(effort);
}

int main(int argc, char **argv)
{
    static const struct effort whole = {7, COUNTS, 200 * USEC, 500 * MSEC};
    static const struct effort little = {1, 2, 0, 10 * MSEC};
    bool quick = argc == 2 && strcmp(argv[1], "--quick") == 0;
    const struct effort *effort = quick ? &little : &whole;
    if (argc > 1 && !quick)
        return complain(USAGE, "the only option is --quick");
    for (int i = 0; i < QUESTIONS * MODELS * COUNTS; i++)
        (&answers[0][0][0])[i] = stats_new();
    run_all(effort);
    print_all(effort);
    for (int i = 0; i < QUESTIONS * MODELS * COUNTS; i++)
        stats_free((&answers[0][0][0])[i]);
    return 0;
}

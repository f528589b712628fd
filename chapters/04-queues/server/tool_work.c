/*
 * work: a worker for a queue of the broker. A job is to wait for a while, and
 * then to write one line to a file; only then the message is acknowledged.
 *
 *     work 127.0.0.1:6380 jobs --pause=10 --log=done.txt
 *
 * A line is the message up to its first blank, and "again" behind it if the
 * broker says that it may have come before.
 */
#include "01-sockets/signals.h"
#include "04-queues/server/queue_client.h"
#include "common/world/complain.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int window = 10;
static double wait_ms = 0;
static char *path = "/dev/stdout";

static const GOptionEntry entries[] = {
    {"window", 0, 0, G_OPTION_ARG_INT, &window,
     "So many messages at a time (10)", "N"},
    {"pause", 0, 0, G_OPTION_ARG_DOUBLE, &wait_ms, "How long a job takes (0)",
     "MS"},
    {"log", 0, 0, G_OPTION_ARG_FILENAME, &path,
     "Where to write the lines (the standard output)", "FILE"},
    G_OPTION_ENTRY_NULL,
};

/* A message, on its way to be done. */
struct job {
    uint64_t receipt;
    char *line;
};

struct worker {
    struct loop *loop;
    struct queue_client *client;
    GQueue jobs; /* The oldest is worked at. */
    struct timer done;
    int log;
};

static void job_free(struct job *job)
{
    g_free(job->line);
    g_free(job);
}

static void begin(struct worker *worker)
{
    if (!g_queue_is_empty(&worker->jobs))
        loop_arm(worker->loop, &worker->done, (nsec)(wait_ms * MSEC));
}

/* First the effect, then the ack: who dies in between does it twice. */
static void on_done(void *self)
{
    struct worker *worker = self;
    struct job *job = g_queue_pop_head(&worker->jobs);
    size_t size = strlen(job->line);
    if (write(worker->log, job->line, size) != (ssize_t)size)
        exit(complain(FAILED, "%s: %s", path, g_strerror(errno)));
    queue_client_ack(worker->client, job->receipt);
    job_free(job);
    begin(worker);
}

static void on_delivery(void *self, const struct delivery *delivery)
{
    struct worker *worker = self;
    struct job *job = g_new(struct job, 1);
    g_autofree char *text =
        g_strndup(delivery->payload.data, delivery->payload.size);
    text[strcspn(text, " ")] = '\0';
    job->receipt = delivery->receipt;
    job->line =
        g_strdup_printf("%s%s\n", text, delivery->again ? " again" : "");
    g_queue_push_tail(&worker->jobs, job);
    if (worker->jobs.length == 1)
        begin(worker);
}

/* What is not begun is the broker's again. */
static void on_connection(void *self, bool there)
{
    struct worker *worker = self;
    (void)there;
    while (!g_queue_is_empty(&worker->jobs))
        job_free(g_queue_pop_head(&worker->jobs));
    loop_disarm(worker->loop, &worker->done);
}

/* There is no such queue. */
static void on_refusal(void *self, const char *queue, const char *error)
{
    (void)self;
    exit(complain(FAILED, "%s: %s", queue, error));
}

static int work(const struct address *address, const char *queue)
{
    struct worker worker = {.loop = loop_new()};
    worker.log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (worker.log < 0)
        return complain(FAILED, "%s: %s", path, g_strerror(errno));
    worker.done = (struct timer){.fire = on_done, .self = &worker};
    worker.client = queue_client_new(
        worker.loop, address,
        (struct queue_client_settings){.on_delivery = on_delivery,
                                       .on_connection = on_connection,
                                       .on_refusal = on_refusal,
                                       .self = &worker});
    queue_client_consume(worker.client, queue, (unsigned)window);
    struct signals *signals = signals_that_stop(worker.loop);
    loop_run(worker.loop);
    on_connection(&worker, false);
    signals_free(signals);
    queue_client_free(worker.client);
    loop_free(worker.loop);
    close(worker.log);
    return 0;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new("HOST:PORT QUEUE");
    struct address address;
    if (!standard_is_open())
        return FAILED;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return complain(USAGE, "%s", error->message);
    if (argc != 3 || window < 1 || window > 1000000 || !(wait_ms >= 0) ||
        wait_ms > 1e6)
        return complain(USAGE, "this makes no sense: see work --help");
    if (!address_parse(&address, argv[1], &error))
        return complain(address_error_status(error), "%s", error->message);
    return work(&address, argv[2]);
}

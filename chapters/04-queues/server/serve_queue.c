/*
 * queue: a message broker, for every client that speaks the protocol of Redis.
 *
 *     queue --dir=DIR
 *     redis-cli -p 6380 qdeclare jobs
 *     redis-cli -p 6380 qpush jobs "paint the fence"
 *     redis-cli -p 6380 qtake jobs
 *
 *     loop -- host: clock, disk -- door: a client is a node -- office: the table
 *                                                              of commands
 *
 * Without a directory it keeps nothing, and has queues of DURABILITY none only.
 */
#include "01-sockets/net.h"
#include "01-sockets/signals.h"
#include "02-framing/door/door.h"
#include "04-queues/server/office.h"
#include "common/world/complain.h"
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MEGABYTE = 1 << 20, SPARE = 32 };

/* ---- Options. ---- */

static char *where = "127.0.0.1:6380", *dir;
static int clients = 10000, megabytes = 1024, largest = 64;
static double idle, patience = 60;
static gboolean inline_sync;

static const GOptionEntry entries[] = {
    {"listen", 0, 0, G_OPTION_ARG_STRING, &where,
     "Where to serve (127.0.0.1:6380)", "HOST:PORT|unix:PATH"},
    {"dir", 0, 0, G_OPTION_ARG_FILENAME, &dir,
     "Where to keep it; else nothing survives", "DIR"},
    {"inline-sync", 0, 0, G_OPTION_ARG_NONE, &inline_sync,
     "Sync between turns, not in a thread", NULL},
    {"clients", 0, 0, G_OPTION_ARG_INT, &clients, "So many at a time (10000)",
     "N"},
    {"memory", 0, 0, G_OPTION_ARG_INT, &megabytes,
     "Messages; as much on its way (1024)", "MB"},
    {"largest", 0, 0, G_OPTION_ARG_INT, &largest,
     "No command and no reply is longer (64)", "MB"},
    {"patience", 0, 0, G_OPTION_ARG_DOUBLE, &patience,
     "To end a command, and to read replies (60)", "SECONDS"},
    {"idle", 0, 0, G_OPTION_ARG_DOUBLE, &idle,
     "Who asks nothing so long is cut; 0: never (0)", "SECONDS"},
    G_OPTION_ENTRY_NULL,
};

static bool is_within(double value, double least, double most)
{
    return value >= least && value <= most;
}

static bool are_sensible(void)
{
    return is_within(clients, 1, 1e6) && is_within(megabytes, 1, 1 << 20) &&
           is_within(largest, 1, 800) && is_within(patience, 0.001, 1e6) &&
           is_within(idle, 0, 1e9);
}

static bool parse_options(int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(
        context, "Keep messages in queues, for clients of Redis.");
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is not expected: see queue --help", argv[1]);
    else if (!are_sensible())
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "a number is too small or too large: see "
                            "queue --help");
    else if (dir && !*dir)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "--dir needs the name of a directory");
    else
        return true;
    return false;
}

/* ---- The server. ---- */

/* A descriptor for each client; the soft limit is often 1024. Where even the
 * hard one is low, fewer clients may come: else they would take what the disk
 * needs, and a node that cannot write stops. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur =
        MIN(limit.rlim_max, MAX(limit.rlim_cur, (rlim_t)(clients + SPARE)));
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < (rlim_t)(clients + SPARE))
        clients = MAX((int)limit.rlim_cur - SPARE, 1);
}

static void tell_counts(void *self, GString *text)
{
    struct door_counts counts = door_counts(*(struct door **)self);
    g_string_append_printf(
        text,
        "process_id:%d\r\n"
        "connected_clients:%u\r\ntotal_connections_received:%" G_GUINT64_FORMAT
        "\r\nrejected_connections:%" G_GUINT64_FORMAT
        "\r\ntotal_commands_processed:%" G_GUINT64_FORMAT
        "\r\nmalformed:%" G_GUINT64_FORMAT "\r\ncut:%" G_GUINT64_FORMAT "\r\n",
        (int)getpid(), counts.clients, counts.visits, counts.refused,
        counts.commands, counts.malformed, counts.cut);
}

static struct door *open_door(struct host *host, int listener)
{
    return door_new(host, host_env(host), listener,
                    (struct door_settings){
                        .durable = dir != NULL,
                        .clients = (unsigned)clients,
                        .most = (size_t)MIN(largest, megabytes) * MEGABYTE,
                        .memory = (size_t)megabytes * MEGABYTE,
                        .patience = (nsec)(patience * (double)SEC),
                        .idle = (nsec)(idle * (double)SEC)});
}

static int serve(int listener)
{
    g_autoptr(GError) error = NULL;
    struct host *host = host_new((struct host_settings){
        .id = 1,
        .store = {
            .dir = dir, .thread = !inline_sync, .written = "queue-written."}});
    struct signals *signals = signals_that_stop(host_loop(host));
    struct door *door = open_door(host, listener);
    struct office_settings settings = {.most = (size_t)megabytes * MEGABYTE,
                                       .transient = dir == NULL,
                                       .info = tell_counts,
                                       .self = &door};
    struct office *office = office_open(door_env(door), settings, &error);
    int status = office ? 0 : complain(FAILED, "%s", error->message);
    if (office && net_announce(listener) < 0)
        status = FAILED;
    if (status == 0)
        loop_run(host_loop(host));
    g_clear_pointer(&office, office_free);
    door_free(door);
    signals_free(signals);
    host_free(host);
    return status;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct address address;
    if (!standard_is_open())
        return FAILED;
    setlocale(LC_ALL, "");
    signal(SIGXFSZ, SIG_IGN); /* A file too long is an error of the disk. */
    if (!parse_options(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    if (!address_parse(&address, where, &error))
        return complain(address_error_status(error), "%s", error->message);
    raise_descriptors();
    int listener = net_listen(&address, 1024);
    if (listener < 0)
        return complain(FAILED, "cannot listen on %s: %s", where,
                        g_strerror(errno));
    return serve(listener);
}

#include "02-framing/door/doorway.h"
#include "01-sockets/net.h"
#include "common/world/complain.h"
#include <errno.h>
#include <locale.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MEGABYTE = 1 << 20, SPARE = 32 };

/* ---- Options. ---- */

static char *where;
static int clients = 10000, megabytes = 1024, largest = 64;
static double idle, patience = 60;

static const GOptionEntry entries[] = {
    {"listen", 0, 0, G_OPTION_ARG_STRING, &where, "Where to serve",
     "HOST:PORT|unix:PATH"},
    {"clients", 0, 0, G_OPTION_ARG_INT, &clients, "So many at a time (10000)",
     "N"},
    {"memory", 0, 0, G_OPTION_ARG_INT, &megabytes,
     "What is kept; as much on its way (1024)", "MB"},
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

static bool parse_options(const struct doorway *doorway, int argc, char **argv,
                          GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autofree char *summary =
        g_strdup_printf("%s\nIt serves at %s, unless told otherwise.",
                        doorway->summary, doorway->where);
    g_option_context_add_main_entries(context, entries, NULL);
    if (doorway->more)
        g_option_context_add_main_entries(context, doorway->more, NULL);
    g_option_context_set_summary(context, summary);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is not expected: see %s --help", argv[1],
                    doorway->program);
    else if (!are_sensible())
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "a number is too small or too large: see %s --help",
                    doorway->program);
    return argc == 1 && are_sensible();
}

/* ---- The way in. ---- */

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

int doorway_open(const struct doorway *doorway, int argc, char **argv,
                 int *status)
{
    g_autoptr(GError) error = NULL;
    struct address address;
    int listener = -1;
    setlocale(LC_ALL, "");
    if (!parse_options(doorway, argc, argv, &error)) {
        *status = complain(USAGE, "%s", error->message);
        return -1;
    }
    const char *place = where ? where : doorway->where;
    raise_descriptors();
    if (!address_parse(&address, place, &error))
        *status = complain(address_error_status(error), "%s", error->message);
    else if ((listener = net_listen(&address, 1024)) < 0)
        *status = complain(FAILED, "cannot listen on %s: %s", place,
                           g_strerror(errno));
    return listener;
}

struct door_settings doorway_settings(void)
{
    return (struct door_settings){.clients = (unsigned)clients,
                                  .most = (size_t)largest * MEGABYTE,
                                  .memory = (size_t)megabytes * MEGABYTE,
                                  .patience = (nsec)(patience * (double)SEC),
                                  .idle = (nsec)(idle * (double)SEC)};
}

void doorway_info(const struct door *door, GString *text)
{
    struct door_counts counts = door_counts(door);
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

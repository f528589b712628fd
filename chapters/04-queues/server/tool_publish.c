/*
 * publish: numbered messages for a queue of the broker.
 *
 *     publish 127.0.0.1:6380 jobs --count=1000 --rate=100 --name=a
 *
 * At its end, or when it is told to stop, it says how many are confirmed. Told to
 * stop, it begins nothing new, and waits ten seconds for what is under way; told
 * again, no longer.
 */
#include "01-sockets/signals.h"
#include "04-queues/server/supplier.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include <inttypes.h>
#include <stdio.h>

#define LOOK (20 * MSEC)
#define LAST (10 * SEC)

static int count = 0, rate = 0, size = 0;
static char *name = "m", *durability = "synced";

static const GOptionEntry entries[] = {
    {"count", 0, 0, G_OPTION_ARG_INT, &count,
     "So many; 0: until it is stopped (0)", "N"},
    {"rate", 0, 0, G_OPTION_ARG_INT, &rate,
     "A second; 0: as they are confirmed (0)", "N"},
    {"size", 0, 0, G_OPTION_ARG_INT, &size, "Bytes of each, at least (0)", "N"},
    {"name", 0, 0, G_OPTION_ARG_STRING, &name, "Messages are NAME-1 .. (m)",
     "NAME"},
    {"durability", 0, 0, G_OPTION_ARG_STRING, &durability,
     "Of the queue: none, written, synced (synced)", "KIND"},
    G_OPTION_ENTRY_NULL,
};

static bool is_durability(enum durability *kind)
{
    static const char *const names[] = {"none", "written", "synced"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(durability, names[i]) == 0) {
            *kind = (enum durability)i;
            return true;
        }
    return false;
}

static nsec end = UINT64_MAX; /* So long it waits. */

static void on_signal(void *supplier, int signal)
{
    (void)signal;
    end = clock_monotonic() + (end == UINT64_MAX ? LAST : 0);
    supplier_stop(supplier);
}

/* All that was begun is confirmed; or not, and it says why. */
static int conclude(const struct supplier *supplier)
{
    struct queue_client_counts counts = supplier_counts(supplier);
    printf("confirmed %" PRIu64 "\nagain %" PRIu64 "\n", counts.confirmed,
           counts.repeated);
    if (fflush(stdout) != 0)
        return FAILED;
    if (supplier_is_done(supplier))
        return 0;
    const char *error = supplier_error(supplier);
    return complain(FAILED, "not all are confirmed: %s",
                    error ? error : "no answer came");
}

static int publish(const struct address *address,
                   const struct supplier_settings *settings)
{
    struct loop *loop = loop_new();
    struct supplier *supplier = supplier_new(loop, address, settings);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    struct signals *signals = signals_new(loop, &set, on_signal, supplier);
    while (!supplier_is_done(supplier) && !supplier_error(supplier) &&
           clock_monotonic() < end)
        loop_turn(loop, LOOK);
    int status = conclude(supplier);
    signals_free(signals);
    supplier_free(supplier);
    loop_free(loop);
    return status;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new("HOST:PORT QUEUE");
    struct address address;
    enum durability kind;
    if (!standard_is_open())
        return FAILED;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return complain(USAGE, "%s", error->message);
    if (argc != 3 || count < 0 || rate < 0 || size < 0 ||
        (size_t)size > MESSAGE_MOST || !is_durability(&kind))
        return complain(USAGE, "this makes no sense: see publish --help");
    if (!address_parse(&address, argv[1], &error))
        return complain(address_error_status(error), "%s", error->message);
    return publish(&address,
                   &(struct supplier_settings){.queue = argv[2],
                                               .name = name,
                                               .durability = kind,
                                               .count = (uint64_t)count,
                                               .rate = (uint64_t)rate,
                                               .size = (size_t)size});
}

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
#include "02-framing/door/doorway.h"
#include "04-queues/server/office.h"
#include "common/world/complain.h"
#include <signal.h>

static char *dir;
static gboolean inline_sync;

static const GOptionEntry entries[] = {
    {"dir", 0, 0, G_OPTION_ARG_FILENAME, &dir,
     "Where to keep it; else nothing survives", "DIR"},
    {"inline-sync", 0, 0, G_OPTION_ARG_NONE, &inline_sync,
     "Sync between turns, not in a thread", NULL},
    G_OPTION_ENTRY_NULL,
};

static const struct doorway doorway = {
    .program = "queue",
    .summary = "Keep messages in queues, for clients of Redis.",
    .where = "127.0.0.1:6380",
    .more = entries};

struct server {
    struct host *host;
    struct door *door;
    int listener;
    int status;
};

static void tell_counts(void *self, GString *text)
{
    const struct server *server = self;
    doorway_info(server->door, text);
}

static void on_ready(void *self)
{
    struct server *server = self;
    if (net_announce(server->listener) == 0)
        return;
    server->status = FAILED;
    loop_stop(host_loop(server->host));
}

static size_t count_unread(void *self, node_id client)
{
    const struct server *server = self;
    return door_unread(server->door, client);
}

/* A reply is no longer than the memory for all of them. */
static struct door *open_door(struct host *host, int listener)
{
    struct door_settings asked = doorway_settings();
    asked.durable = dir != NULL;
    asked.most = MIN(asked.most, asked.memory);
    return door_new(host, host_env(host), listener, asked);
}

static int serve(int listener)
{
    g_autoptr(GError) error = NULL;
    struct server server = {.listener = listener};
    struct host *host = host_new((struct host_settings){
        .id = 1,
        .store = {
            .dir = dir, .thread = !inline_sync, .written = "queue-written."}});
    struct signals *signals = signals_that_stop(host_loop(host));
    server.host = host;
    server.door = open_door(host, listener);
    struct office_settings settings = {.most = doorway_settings().memory,
                                       .transient = dir == NULL,
                                       .info = tell_counts,
                                       .ready = on_ready,
                                       .unread = count_unread,
                                       .self = &server};
    struct office *office =
        office_open(door_env(server.door), settings, &error);
    if (office)
        loop_run(host_loop(host));
    else
        server.status = complain(FAILED, "%s", error->message);
    g_clear_pointer(&office, office_free);
    door_free(server.door);
    signals_free(signals);
    host_free(host);
    return server.status;
}

int main(int argc, char **argv)
{
    int status;
    if (!standard_is_open())
        return FAILED;
    signal(SIGXFSZ, SIG_IGN); /* A file too long is an error of the disk. */
    int listener = doorway_open(&doorway, argc, argv, &status);
    if (listener < 0)
        return status;
    if (dir && !*dir)
        return complain(USAGE, "--dir needs the name of a directory");
    return serve(listener);
}

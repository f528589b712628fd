/*
 * relay: a TCP forwarder.
 *
 *     relay --listen=127.0.0.1:7000 --to=127.0.0.1:8080
 *
 *     loop ──┬─ acceptor ── call: a client, and our connection to the server
 *            ├─ call ..     for it, made one by a relay
 *            └─ signals     SIGTERM: finish what was begun, then leave
 *
 * Whatever goes wrong on one side of a call is told to the other: a server that
 * refuses, to a client that was accepted already, by a reset. There are no
 * deadlines: two who are silent are left alone.
 */
#include "01-sockets/acceptor.h"
#include "01-sockets/net.h"
#include "01-sockets/relay.h"
#include "01-sockets/signals.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include <errno.h>
#include <locale.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

#define GRACE (5 * SEC)

struct server {
    struct loop *loop;
    struct address to;
    struct acceptor *acceptor; /* NULL: nobody is accepted any more. */
    GQueue calls;              /* struct call, by their links. */
    struct timer grace;
    nsec complained; /* When it last did. */
};

struct call {
    struct server *server;
    struct relay *relay;
    GList link;
};

/* ---- Options. ---- */

static char *where = "127.0.0.1:7000", *whither;

static const GOptionEntry entries[] = {
    {"listen", 0, 0, G_OPTION_ARG_STRING, &where,
     "Where to accept (127.0.0.1:7000)", "HOST:PORT"},
    {"to", 0, 0, G_OPTION_ARG_STRING, &whither,
     "Where to connect to: the first address of this name", "HOST:PORT"},
    G_OPTION_ENTRY_NULL,
};

static bool parse_options(int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context,
                                 "Forward TCP connections to a server.");
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is not expected: see relay --help", argv[1]);
    else if (!whither)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--to=HOST:PORT is missing: see relay --help");
    else
        return true;
    return false;
}

/* ---- A call. ---- */

/* Once a second at most: a server that is down is down for everybody. */
static void complain_at_times(struct server *server, int error)
{
    nsec now = clock_monotonic();
    if (server->complained > 0 && now - server->complained < SEC)
        return;
    server->complained = now;
    complain(FAILED, "cannot relay to %s: %s", whither, g_strerror(error));
}

static void hang_up(struct call *call)
{
    g_queue_unlink(&call->server->calls, &call->link);
    relay_free(call->relay);
    g_free(call);
}

static void on_close(void *self, int error)
{
    struct call *call = self;
    struct server *server = call->server;
    hang_up(call);
    /* Clients come and go, and may go early. */
    if (error != 0 && error != ECONNRESET && error != EPIPE)
        complain_at_times(server, error);
    if (!server->acceptor && server->calls.length == 0)
        loop_stop(server->loop);
}

/* Nothing could be said to the client, so a plain close would be a lie. */
static void reset(int fd)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
}

static void on_connection(void *self, int client)
{
    struct server *server = self;
    int one = 1, there = net_connect(&server->to);
    if (there < 0) {
        complain_at_times(server, errno);
        reset(client);
        return;
    }
    setsockopt(there, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct call *call = g_new0(struct call, 1);
    call->server = server;
    call->relay =
        relay_new(server->loop, (int[]){client, there}, on_close, call);
    call->link.data = call;
    g_queue_push_tail_link(&server->calls, &call->link);
}

/* ---- The end. ---- */

static void leave(void *self)
{
    struct server *server = self;
    loop_stop(server->loop);
}

static void on_signal(void *self, int signal)
{
    struct server *server = self;
    bool again = !server->acceptor;
    (void)signal;
    g_clear_pointer(&server->acceptor, acceptor_free);
    loop_arm(server->loop, &server->grace, GRACE);
    if (again || server->calls.length == 0)
        leave(server);
}

/* ---- The program. ---- */

/* Whoever reads that it is ready may send a signal: it is for us by then. */
static int serve(int listener, const struct address *to)
{
    struct server server = {.loop = loop_new(), .to = *to};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    struct signals *signals =
        signals_new(server.loop, &set, on_signal, &server);
    server.acceptor =
        acceptor_new(server.loop, listener, on_connection, &server);
    server.grace = (struct timer){.fire = leave, .self = &server};
    if (net_announce(listener) < 0)
        return complain(FAILED, "cannot say it is ready: %s",
                        g_strerror(errno));
    loop_run(server.loop);

    while (server.calls.length > 0)
        hang_up(g_queue_peek_head(&server.calls));
    signals_free(signals);
    loop_free(server.loop);
    return 0;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct address address, to;
    setlocale(LC_CTYPE, "");
    if (!standard_is_open())
        return complain(FAILED,
                        "standard input, output and error must be open");
    if (!parse_options(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    if (!address_parse(&address, where, &error) ||
        !address_parse(&to, whither, &error))
        return complain(address_error_status(error), "%s", error->message);
    int listener = net_listen(&address, SOMAXCONN);
    if (listener < 0)
        return complain(FAILED, "cannot listen at %s: %s", where,
                        g_strerror(errno));
    return serve(listener, &to);
}

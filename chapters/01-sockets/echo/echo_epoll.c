/*
 * epoll: one thread is told which descriptors are ready, and asks about no
 * other. A thousand who say nothing cost memory and no time.
 *
 *     loop ──┬─ acceptor ── visit: a stream
 *            ├─ visit ..    what comes in is written out
 *            └─ signals     SIGTERM: finish what was begun, then leave
 *
 * Everything a client sends stays with it: what it does not read back is kept
 * in its own two buffers, and when these are full it is not read any more.
 *
 * To stop is to drain: nobody new is accepted, whatever had come by then is
 * echoed, each client is told that nothing will follow, and has a few seconds
 * to close. A second signal ends it at once.
 */
#include "01-sockets/acceptor.h"
#include "01-sockets/echo/echo.h"
#include "01-sockets/signals.h"
#include "01-sockets/stream.h"
#include <stdlib.h>

#define GRACE (5 * SEC)

struct server {
    struct loop *loop;
    struct acceptor *acceptor; /* NULL: nobody is accepted any more. */
    struct signals *signals;
    GQueue visits; /* struct visit, by their links. */
    struct timer goodbye, grace;
    bool leaving;
};

struct visit {
    struct server *server;
    struct stream *stream;
    bool ended; /* By us: nothing is echoed any more. */
    GList link;
};

/* ---- A visit. ---- */

static void end(struct visit *visit)
{
    visit->ended = true;
    stream_end(visit->stream);
}

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct visit *visit = self;
    if (visit->ended)
        return size;
    size_t used = stream_write(visit->stream, data, size);
    if (used == size && (ended || visit->server->leaving))
        end(visit);
    return used;
}

static void on_room(void *self)
{
    struct visit *visit = self;
    stream_again(visit->stream);
}

static void visit_free(struct visit *visit)
{
    g_queue_unlink(&visit->server->visits, &visit->link);
    stream_free(visit->stream);
    g_free(visit);
}

static void on_close(void *self, int error)
{
    struct visit *visit = self;
    struct server *server = visit->server;
    (void)error; /* Reset, or ended in peace: here it is the same. */
    visit_free(visit);
    if (server->leaving && server->visits.length == 0)
        loop_stop(server->loop);
}

static void on_connection(void *self, int fd)
{
    struct server *server = self;
    struct visit *visit = g_new0(struct visit, 1);
    visit->server = server;
    visit->stream = stream_new(server->loop, NULL, fd,
                               (struct stream_owner){.on_bytes = on_bytes,
                                                     .on_room = on_room,
                                                     .on_close = on_close,
                                                     .self = visit});
    visit->link.data = visit;
    g_queue_push_tail_link(&server->visits, &visit->link);
}

/* ---- The end. ---- */

/* The turn is over, so of what had come when the signal did a read has been
 * echoed; who has no room for its echo yet is told when it has. */
static void say_goodbye(void *self)
{
    struct server *server = self;
    server->leaving = true;
    for (GList *link = server->visits.head; link; link = link->next) {
        struct visit *visit = link->data;
        if (stream_unused(visit->stream) == 0)
            end(visit);
    }
    if (server->visits.length == 0)
        loop_stop(server->loop);
    loop_arm(server->loop, &server->grace, GRACE);
}

static void leave(void *self)
{
    struct server *server = self;
    loop_stop(server->loop);
}

static void on_signal(void *self, int signal)
{
    struct server *server = self;
    (void)signal;
    if (!server->acceptor) {
        leave(server);
        return;
    }
    g_clear_pointer(&server->acceptor, acceptor_free);
    loop_arm(server->loop, &server->goodbye, 0);
}

int echo_epoll(int listener)
{
    struct server server = {.loop = loop_new()};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    server.signals = signals_new(server.loop, &set, on_signal, &server);
    server.acceptor =
        acceptor_new(server.loop, listener, on_connection, &server);
    server.goodbye = (struct timer){.fire = say_goodbye, .self = &server};
    server.grace = (struct timer){.fire = leave, .self = &server};
    loop_run(server.loop);

    while (server.visits.length > 0)
        visit_free(g_queue_peek_head(&server.visits));
    signals_free(server.signals);
    loop_free(server.loop);
    return EXIT_SUCCESS;
}

/**
 * @file test_load.h
 * Servers for the load, of every kind: a function that serves one visitor, in a
 * thread of its own. What test_load.c and test_load_other.c share.
 *
 *     struct server *server = open_server(echo);
 *     ... load_run(&server->address, &plan, &error) ...
 *     close_server(server);
 */
#ifndef SOCKETS_TEST_LOAD_H
#define SOCKETS_TEST_LOAD_H
#include "01-sockets/echo/load.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/** Bytes in most messages. */
enum { SIZE = 64 };

struct server;

/** One visitor. */
struct visit {
    const struct server *server; /**< Whose. */
    int fd;                      /**< Closed when the behaviour returns. */
    unsigned number;             /**< They are counted from 0. */
};

/** What a server does with a visitor. */
typedef void behaviour(const struct visit *visit);

/** A server. */
struct server {
    int listener;           /**< Where it listens, ... */
    struct address address; /**< ... which is here. */
    behaviour *visit;       /**< What it does with each visitor. */
    GThread *host;          /**< Accepts them. */
    int over[2];            /**< A pipe: at its end when the load is over. */
};

/* ---- Its life. ---- */

static inline void *serve(void *data)
{
    g_autofree struct visit *visit = data;
    visit->server->visit(visit);
    close(visit->fd);
    return NULL;
}

static inline void *accept_all(void *data)
{
    static const int one = 1;
    struct server *server = data;
    g_autoptr(GPtrArray) visits = g_ptr_array_new();
    struct visit visit = {server, 0, 0};
    while ((visit.fd = net_accept(server->listener, NULL)) >= 0) {
        setsockopt(visit.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        g_ptr_array_add(visits, g_thread_new("visit", serve,
                                             g_memdup2(&visit, sizeof visit)));
        visit.number++;
    }
    for (unsigned i = 0; i < visits->len; i++)
        g_thread_join(visits->pdata[i]);
    return NULL;
}

static inline int listen_here(int backlog)
{
    struct address any;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    int listener = net_listen(&any, backlog);
    assert_return_code(listener, errno);
    return listener;
}

/* Returns new. */
static inline struct server *open_server(behaviour *visit)
{
    struct server *server = g_new0(struct server, 1);
    server->listener = listen_here(128);
    server->address = address_of(server->listener);
    server->visit = visit;
    assert_return_code(pipe(server->over), errno);
    server->host = g_thread_new("host", accept_all, server);
    return server;
}

/* When all visitors have gone. */
static inline void close_server(struct server *server)
{
    close(server->over[1]);
    shutdown(server->listener, SHUT_RD);
    g_thread_join(server->host);
    close(server->over[0]);
    close(server->listener);
    g_free(server);
}

/* ---- What it may do. ---- */

static inline bool receive(int fd, uint8_t *message)
{
    return read_all(fd, message, SIZE, NEVER) == SIZE;
}

static inline void echo(const struct visit *visit)
{
    uint8_t piece[4096];
    ssize_t count;
    while ((count = read_some(visit->fd, piece, sizeof piece, NEVER)) > 0)
        write_all(visit->fd, piece, (size_t)count, NEVER);
}

static inline void never_answer(const struct visit *visit)
{
    uint8_t piece[4096];
    while (read_some(visit->fd, piece, sizeof piece, NEVER) > 0)
        continue;
}

#endif

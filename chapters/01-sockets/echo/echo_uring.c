/*
 * One thread is told which operations are done.
 *
 *     .-> submit what was asked for, wait ─────────> kernel: receives, sends ..
 *     |                                                 |
 *     '-- for each that is done: ask for the next <─────'
 *
 * With poll and epoll the kernel says "you could receive now", and then one
 * receives: two calls. Here one asks for the operation itself, in a queue that
 * the kernel reads, and finds the result in another. One system call hands over
 * all that was asked for, and waits for the next results.
 *
 *     RECEIVING ── n bytes ──> SENDING ── all of them ──> RECEIVING
 *         |                     |   ^ ──── a part ───.
 *         '── end, error ──> gone   '────────────────'
 *
 * Each client has exactly one operation with the kernel, always. So nothing is
 * lost, and what belongs to a client can be freed when it is gone: nobody else
 * still writes to it.
 *
 * A silent client costs a piece: the kernel must know where to put the bytes
 * before they come. (Untouched pages of it take no memory.) Thousands cost only
 * that; the work is for those who speak. Buffers can be shared: the kernel
 * takes one from a common stock when bytes come. But who does not read its echo
 * keeps one, and when the stock is empty, everybody waits for them.
 *
 * Used of the kernel: 5.7, sockets that wait without a thread; where there is
 * more, 5.19, an accept that stays, and 6.1, results only when asked for.
 */
#include "01-sockets/echo/echo.h"
#include "common/world/complain.h"

#ifdef HAVE_LIBURING
#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <unistd.h>

/* What an older liburing does not name, one can do without. */
#ifndef IORING_ACCEPT_MULTISHOT
#define IORING_ACCEPT_MULTISHOT 0
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_SINGLE_ISSUER 0
#define IORING_SETUP_DEFER_TASKRUN 0
#endif

enum { ENTRIES = 1024 };

struct client {
    enum { RECEIVING, SENDING } state;
    int fd;
    size_t size, sent;
    char piece[ECHO_PIECE];
};

struct server {
    struct io_uring ring;
    int listener;
    bool pausing;       /* With the next accept. */
    uint16_t multishot; /* IORING_ACCEPT_MULTISHOT; 0: it knows none. */
    struct __kernel_timespec pause;
};

/* ---- What is asked for. ---- */

static void accept_some(struct server *server)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&server->ring);
    io_uring_prep_accept(sqe, server->listener, NULL, NULL, SOCK_CLOEXEC);
    sqe->ioprio |= server->multishot;
    io_uring_sqe_set_data(sqe, NULL);
    server->pausing = false;
}

static void accept_later(struct server *server)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&server->ring);
    io_uring_prep_timeout(sqe, &server->pause, 0, 0);
    io_uring_sqe_set_data(sqe, NULL);
    server->pausing = true;
}

static void receive(struct server *server, struct client *client)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&server->ring);
    io_uring_prep_recv(sqe, client->fd, client->piece, ECHO_PIECE, 0);
    io_uring_sqe_set_data(sqe, client);
    client->state = RECEIVING;
}

static void send_rest(struct server *server, struct client *client)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&server->ring);
    io_uring_prep_send(sqe, client->fd, client->piece + client->sent,
                       client->size - client->sent, MSG_NOSIGNAL);
    io_uring_sqe_set_data(sqe, client);
    client->state = SENDING;
}

/* ---- What is done: a result, or minus the error. ---- */

static bool passes(int result)
{
    return result == -EAGAIN || result == -EINTR || result == -ECONNABORTED;
}

static void leave(struct client *client)
{
    close(client->fd);
    g_free(client);
}

static void on_client(struct server *server, struct client *client, int result)
{
    size_t done = (size_t)MAX(result, 0);
    if (result <= 0 && !passes(result)) {
        leave(client);
        return;
    }
    switch (client->state) {
    case RECEIVING:
        client->size = done;
        client->sent = 0;
        break;
    case SENDING:
        client->sent += done;
        break;
    }
    if (client->sent < client->size)
        send_rest(server, client);
    else
        receive(server, client);
}

static void enter(struct server *server, int fd)
{
    struct client *client = g_new(struct client, 1);
    client->fd = fd;
    receive(server, client);
}

/* An accept that stays says that there is more; until something fails. */
static void on_accept(struct server *server, int result, bool more)
{
    bool unknown = result == -EINVAL && server->multishot;
    if (unknown)
        server->multishot = 0;
    if (result >= 0)
        enter(server, result);
    if (more)
        return;
    if (result >= 0 || passes(result) || unknown)
        accept_some(server);
    else
        accept_later(server);
}

static void on_done(struct server *server, const struct io_uring_cqe *cqe)
{
    struct client *client = io_uring_cqe_get_data(cqe);
    if (client)
        on_client(server, client, cqe->res);
    else if (server->pausing)
        accept_some(server);
    else
        on_accept(server, cqe->res, cqe->flags & IORING_CQE_F_MORE);
}

/* Each result asks for at most two operations: a newcomer's receive, and the
 * next accept. So there is room for what half as many ask for. */
static void take_results(struct server *server)
{
    unsigned head, count = 0;
    unsigned most = io_uring_sq_space_left(&server->ring) / 2;
    struct io_uring_cqe *cqe;
    io_uring_for_each_cqe(&server->ring, head, cqe)
    {
        if (count == most)
            break;
        on_done(server, cqe);
        count++;
    }
    io_uring_cq_advance(&server->ring, count);
}

/* ---- The ring. ---- */

static int open_ring(struct io_uring *ring)
{
    unsigned flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    int error = io_uring_queue_init(ENTRIES, ring, flags);
    if (error == -EINVAL)
        error = io_uring_queue_init(ENTRIES, ring, 0);
    if (error == 0 && !(ring->features & IORING_FEAT_FAST_POLL))
        error = -ENOSYS;
    if (error < 0)
        return complain(FAILED, "this kernel has no io_uring: %s",
                        g_strerror(-error));
    return 0;
}

int echo_uring_check(void)
{
    struct io_uring ring;
    if (open_ring(&ring) != 0)
        return FAILED;
    io_uring_queue_exit(&ring);
    return 0;
}

/* EBUSY: results first; then there is room for more. */
static void submit_and_wait(struct server *server)
{
    int error = -io_uring_submit_and_wait(&server->ring, 1);
    if (error > 0 && error != EINTR && error != EAGAIN && error != EBUSY)
        g_error("io_uring_enter: %s", g_strerror(error));
}

int echo_uring(int listener)
{
    struct server server = {
        .listener = listener,
        .multishot = IORING_ACCEPT_MULTISHOT,
        .pause = {.tv_nsec = ECHO_PAUSE * 1000000},
    };
    if (open_ring(&server.ring) != 0)
        return FAILED;
    accept_some(&server);
    for (;;) {
        submit_and_wait(&server);
        take_results(&server);
    }
}

#else

int echo_uring_check(void)
{
    return complain(FAILED, "io_uring needs liburing: install liburing-dev, "
                            "and make again");
}

int echo_uring(int listener)
{
    (void)listener;
    return echo_uring_check();
}

#endif

#include "01-sockets/echo/echo_peers.h"
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef HAVE_LIBUV
#include <uv.h>
#endif
#ifdef HAVE_LIBEVENT
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#endif

enum { PIECE = 1 << 16, BATCH = 512 };

/* ---- Bare: epoll_wait, recv, send. ----
 *
 * No server: a client that does not read stops it. But none is faster. */

static void add(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void welcome(int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        add(epoll, fd);
}

static void echo_once(int fd)
{
    static char data[PIECE];
    ssize_t count = recv(fd, data, sizeof data, 0);
    if (count <= 0 || send(fd, data, (size_t)count, MSG_NOSIGNAL) != count)
        close(fd);
}

static int serve_bare(int listener)
{
    struct epoll_event events[BATCH];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    add(epoll, listener);
    for (int count = 0; count >= 0;) {
        count = epoll_wait(epoll, events, BATCH, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                welcome(epoll, listener);
            else
                echo_once(events[i].data.fd);
        }
    }
    return 1;
}

/* ---- libuv: written at once if the kernel takes it, else queued. ---- */

#ifdef HAVE_LIBUV
static void lend_buffer(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    static char data[PIECE];
    (void)handle;
    (void)wanted;
    *buffer = uv_buf_init(data, sizeof data);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_written(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

/* The request, and behind it a copy of what is to be written. */
static void queue(uv_stream_t *stream, const char *data, size_t size)
{
    uv_write_t *request = malloc(sizeof *request + size);
    uv_buf_t copy = uv_buf_init((char *)(request + 1), (unsigned)size);
    memcpy(copy.base, data, size);
    uv_write(request, stream, &copy, 1, on_written);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    uv_buf_t data = uv_buf_init(buffer->base, (unsigned)count);
    if (count < 0)
        uv_close((uv_handle_t *)stream, on_closed);
    if (count <= 0)
        return;
    int taken = uv_try_write(stream, &data, 1);
    size_t done = taken > 0 ? (size_t)taken : 0;
    if (done < (size_t)count)
        queue(stream, buffer->base + done, (size_t)count - done);
}

static void on_uv_connection(uv_stream_t *listener, int status)
{
    uv_tcp_t *client = malloc(sizeof *client);
    (void)status;
    uv_tcp_init(listener->loop, client);
    if (uv_accept(listener, (uv_stream_t *)client) < 0) {
        uv_close((uv_handle_t *)client, on_closed);
        return;
    }
    uv_read_start((uv_stream_t *)client, lend_buffer, on_read);
}

static int serve_libuv(int fd)
{
    uv_tcp_t listener;
    uv_tcp_init(uv_default_loop(), &listener);
    uv_tcp_open(&listener, fd);
    uv_listen((uv_stream_t *)&listener, SOMAXCONN, on_uv_connection);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
#endif

/* ---- libevent: a bufferevent, whose input becomes its output. ---- */

#ifdef HAVE_LIBEVENT
static void on_input(struct bufferevent *stream, void *self)
{
    (void)self;
    evbuffer_add_buffer(bufferevent_get_output(stream),
                        bufferevent_get_input(stream));
}

static void on_event(struct bufferevent *stream, short what, void *self)
{
    (void)self;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(stream);
}

static void on_event_connection(struct evconnlistener *listener,
                                evutil_socket_t fd, struct sockaddr *from,
                                int size, void *base)
{
    (void)listener;
    (void)from;
    (void)size;
    struct bufferevent *stream =
        bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(stream, on_input, NULL, on_event, NULL);
    bufferevent_enable(stream, EV_READ | EV_WRITE);
}

static int serve_libevent(int fd)
{
    struct event_base *base = event_base_new();
    evutil_make_socket_nonblocking(fd);
    evconnlistener_new(base, on_event_connection, base, LEV_OPT_CLOSE_ON_FREE,
                       SOMAXCONN, fd);
    return event_base_dispatch(base);
}
#endif

/* ---- All of them. ---- */

static const struct echo_peer peers[] = {
    {"bare", serve_bare},
#ifdef HAVE_LIBUV
    {"libuv", serve_libuv},
#endif
#ifdef HAVE_LIBEVENT
    {"libevent", serve_libevent},
#endif
};

const struct echo_peer *echo_peer(const char *name)
{
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++)
        if (strcmp(peers[i].name, name) == 0)
            return &peers[i];
    return NULL;
}

/*
 * What does a turn of the host cost beside the barest loop there is? Both echo
 * a datagram: the one by epoll_wait, read and write, the other by one turn, in
 * which the datagram becomes a message, is answered, and leaves when the turn
 * ends. One thread, no waiting: the datagram is there before the turn begins.
 * Rounds of both are interleaved; each counts by its mean, and the figures are
 * the medians of the rounds.
 */
#include "01-sockets/host/host.h"
#include "01-sockets/net.h"
#include "common/judge/stats.h"
#include "common/world/clock.h"
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { SIZE = 64, TURNS = 2000, ROUNDS = 101 };

static struct address loopback(void)
{
    struct address address;
    if (!address_parse(&address, "127.0.0.1:0", NULL))
        g_error("127.0.0.1 is not an address here");
    return address;
}

static int udp_socket(void)
{
    struct address address = loopback();
    int fd = net_bind(&address);
    if (fd < 0)
        g_error("UDP on 127.0.0.1: %s", g_strerror(errno));
    return fd;
}

static void connect_to(int fd, const struct address *to)
{
    if (connect(fd, (const struct sockaddr *)&to->storage, to->size) < 0)
        g_error("connect: %s", g_strerror(errno));
}

/* ---- Two ways to echo one datagram. ---- */

struct bare {
    int epoll, fd;
};

static void bare_turn(void *self)
{
    const struct bare *bare = self;
    struct epoll_event event;
    char data[SIZE];
    if (epoll_wait(bare->epoll, &event, 1, 0) == 1 &&
        read(event.data.fd, data, SIZE) == SIZE)
        (void)!write(event.data.fd, data, SIZE);
}

static void host_turn(void *self)
{
    loop_turn(host_loop(self), 0);
}

static void echo(void *self, node_id from, GBytes *message)
{
    env_send(self, from, message);
}

/* ---- Rounds. ---- */

/* The mean time of a turn, in nanoseconds; @p client speaks to it. */
static double round_of(void (*turn)(void *self), void *self, int client)
{
    nsec spent = 0;
    char data[SIZE] = {0};
    for (int i = 0; i < TURNS; i++) {
        (void)!write(client, data, SIZE);
        nsec start = clock_monotonic();
        turn(self);
        spent += clock_monotonic() - start;
        if (read(client, data, SIZE) != SIZE)
            g_error("the echo is missing");
    }
    return (double)spent / TURNS;
}

static struct bare bare_echo(int client)
{
    struct bare bare = {epoll_create1(EPOLL_CLOEXEC), udp_socket()};
    struct epoll_event event = {.events = EPOLLIN, .data.fd = bare.fd};
    struct address there = address_of(client), here = address_of(bare.fd);
    epoll_ctl(bare.epoll, EPOLL_CTL_ADD, bare.fd, &event);
    connect_to(bare.fd, &there);
    connect_to(client, &here);
    return bare;
}

static struct host *host_echo(int client)
{
    struct host *host = host_new((struct host_settings){.id = 1});
    struct address any = loopback(), there = address_of(client);
    if (host_bind(host, &any) < 0)
        g_error("UDP on 127.0.0.1: %s", g_strerror(errno));
    struct address here = host_address(host);
    host_meet(host, 2, &there);
    connect_to(client, &here);
    env_bind(host_env(host), echo, host_env(host));
    return host;
}

int main(void)
{
    int clients[2] = {udp_socket(), udp_socket()};
    struct bare bare = bare_echo(clients[0]);
    struct host *host = host_echo(clients[1]);
    g_autoptr(stats) bares = stats_new(), hosts = stats_new();
    g_autoptr(stats) ratios = stats_new();
    for (int i = 0; i < ROUNDS; i++) {
        double b = round_of(bare_turn, &bare, clients[0]);
        double h = round_of(host_turn, host, clients[1]);
        stats_add(bares, b);
        stats_add(hosts, h);
        stats_add(ratios, h / b);
    }
    printf("A turn of the host beside a bare loop of epoll_wait, read, write\n"
           "  bare %5.0f ns   host %5.0f ns   ratio %.2f (%.2f to %.2f; "
           "aim: at most 1.30)\n",
           stats_percentile(bares, 0.5), stats_percentile(hosts, 0.5),
           stats_percentile(ratios, 0.5), stats_percentile(ratios, 0.1),
           stats_percentile(ratios, 0.9));
    host_free(host);
    return 0;
}

/*
 * The kernel accepts connections before the program does, into a queue. How
 * long it may get is the second argument of listen(), the *backlog*, but at
 * most net.core.somaxconn. Linux lets in one more than it was told.
 *
 *     client -- SYN --> kernel  [ # # # # # ] -- accept() --> program
 *                          '--> full: dropped, and nobody is told
 *
 * A SYN that finds the queue full is dropped, as if it had been lost. The
 * client sends it again after a second (RFC 6298, 2.1), and again if that is
 * dropped too. By then the program may have been idle for long: the client sees
 * a second that no log of the server explains.
 *
 * How often? If clients come independently of each other, rho times as many as
 * the program can serve, and K of them have room, waiting or being served, then
 * the kernel drops this share of them (the queue M/M/1/K):
 *
 *     (1 - rho) rho^K / (1 - rho^(K + 1))
 *
 * At half load that is one in 127 for K = 6, as here, and one in 10^39 for
 * K = 128. So it is not chance that fills a long queue, but a program that
 * pauses.
 */
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "common/world/complain.h"
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 4, CLIENTS = 10 };

static const nsec moment = 20 * MSEC;   /* Is long for a handshake here. */
static const nsec opening = 300 * MSEC; /* Of the server. */
static nsec start;

/* Times since the start; 0: not yet. */
struct client {
    int fd;
    nsec connected, greeted;
};

struct server {
    int listener;
    nsec accepted[CLIENTS];
};

static int need(ssize_t result, const char *what)
{
    if (result < 0)
        exit(complain(FAILED, "cannot %s: %s", what, g_strerror(errno)));
    return (int)result;
}

static nsec since_start(void)
{
    return clock_monotonic() - start;
}

static double ms(nsec time)
{
    return (double)time / (double)MSEC;
}

/* ---- What the kernel knows. ---- */

static struct tcp_info look_at(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    need(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), "read TCP_INFO");
    return info;
}

/* A counter of this network namespace: a line of names and a line of numbers,
 * each beginning with TcpExt. All programs here have their part in it. -1 when
 * it is not shown. */
static int64_t count_overflows(void)
{
    g_autofree char *text = NULL;
    g_file_get_contents("/proc/net/netstat", &text, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 3);
    if (!lines[0] || !lines[1])
        return -1;
    g_auto(GStrv) names = g_strsplit(lines[0], " ", -1);
    g_auto(GStrv) numbers = g_strsplit(lines[1], " ", -1);
    for (int i = 0; names[i] && numbers[i]; i++)
        if (strcmp(names[i], "ListenOverflows") == 0)
            return g_ascii_strtoll(numbers[i], NULL, 10);
    return -1;
}

/* ---- The server, in a thread. ---- */

static void *serve(void *self)
{
    struct server *server = self;
    while (since_start() < opening)
        g_usleep(1000);
    for (int i = 0; i < CLIENTS; i++) {
        int fd = need(net_accept(server->listener, NULL), "accept");
        server->accepted[i] = since_start();
        write_all(fd, "!", 1, NEVER);
        close(fd);
    }
    return NULL;
}

/* ---- The clients. ---- */

/* One after the other, and none waits for long. */
static void connect_all(struct client clients[CLIENTS],
                        const struct address *address)
{
    for (int i = 0; i < CLIENTS; i++) {
        int fd = clients[i].fd = need(net_connect(address), "connect");
        if (wait_ready(fd, POLLOUT, clock_monotonic() + moment) == 0)
            clients[i].connected = since_start();
    }
}

static bool is_ready(const struct client *client, short events)
{
    return wait_ready(client->fd, events, 0) == 0;
}

static void look_after(struct client *client)
{
    if (!client->connected && is_ready(client, POLLOUT))
        client->connected = since_start();
    if (client->connected && !client->greeted && is_ready(client, POLLIN))
        client->greeted = since_start();
}

static bool is_greeted(const struct client clients[CLIENTS])
{
    for (int i = 0; i < CLIENTS; i++)
        if (!clients[i].greeted)
            return false;
    return true;
}

static void wait_for_greetings(struct client clients[CLIENTS])
{
    while (!is_greeted(clients) && since_start() < 10 * SEC) {
        for (int i = 0; i < CLIENTS; i++)
            look_after(&clients[i]);
        g_usleep(200);
    }
}

/* ---- What is seen. ---- */

static void print_queue(int listener)
{
    struct tcp_info info = look_at(listener);
    printf("After listen(fd, %d) nobody accepts for %.0f ms. %d clients "
           "connect, one after the\nother. %u are connected at once: Linux "
           "queues one more than it was told to (%u).\n\n",
           BACKLOG, ms(opening), CLIENTS, info.tcpi_unacked, info.tcpi_sacked);
}

static void print_client(const struct client *client, int number)
{
    unsigned syns = 1 + look_at(client->fd).tcpi_total_retrans;
    printf("  %6d  %9u  %8.1f ms  %8.1f ms\n", number, syns,
           ms(client->connected), ms(client->greeted));
}

/* The longest time the server had to wait for its next client. */
static nsec longest_idle(const struct server *server)
{
    nsec longest = 0;
    for (int i = 1; i < CLIENTS; i++)
        longest = MAX(longest, server->accepted[i] - server->accepted[i - 1]);
    return longest;
}

static void print_overflows(int64_t before, int64_t after)
{
    if (before < 0 || after < 0)
        printf("Here the kernel does not tell what it dropped.\n");
    else
        printf("Only the kernel tells what it dropped:\nListenOverflows in "
               "/proc/net/netstat was %d, and is %d.\n",
               (int)before, (int)after);
}

/* ---- The story. ---- */

static void tell(struct client clients[CLIENTS], struct server *server)
{
    struct address address = address_of(server->listener);
    start = clock_monotonic();
    connect_all(clients, &address);
    print_queue(server->listener);
    GThread *thread = g_thread_new("server", serve, server);
    wait_for_greetings(clients);
    printf("  client  SYNs sent    connected      greeted\n");
    for (int i = 0; i < CLIENTS; i++)
        print_client(&clients[i], i + 1);
    if (!is_greeted(clients))
        exit(complain(FAILED, "some have not come in after ten seconds"));
    g_thread_join(thread);
}

int main(void)
{
    struct client clients[CLIENTS] = {0};
    struct server server = {0};
    struct address any;
    int64_t before = count_overflows();
    address_parse(&any, "127.0.0.1:0", NULL);
    server.listener = need(net_listen(&any, BACKLOG), "listen");
    tell(clients, &server);
    printf(
        "\nWho found the queue full had its SYN dropped, and sent it again "
        "after a second.\nThen the server had been idle for %.0f ms. Its log "
        "shows nothing of this: whoever\ncame was greeted at once. ",
        ms(longest_idle(&server)));
    print_overflows(before, count_overflows());
    return 0;
}

/*
 * The other side is gone and has not said so: a closed laptop, a pulled cable,
 * a machine without power. TCP tells when somebody *closes*; of one who is
 * silent it knows nothing. Such a connection is *half-open*.
 *
 * The cable is pulled here without privileges. The peer makes its sockets deaf
 * (hole.h), so that its kernel drops what comes before TCP sees it, and then it
 * stops itself. Neither its program nor its kernel hears or says anything: from
 * our side it is as good as unplugged.
 *
 * There are five connections to it. On two nothing is done about silence; on
 * three there is a cure. Keepalive: our kernel asks theirs. TCP_USER_TIMEOUT
 * (RFC 5482): what we send must be acknowledged in time. A heartbeat: our
 * program asks theirs, and wants an answer in time.
 */
#include "01-sockets/io.h"
#include "01-sockets/wrong/hole.h"
#include "01-sockets/wrong/tube.h"
#include "common/world/complain.h"
#include <errno.h>
#include <linux/tcp.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SILENT, PLAIN, KEEPALIVE, TIMEOUT, HEARTBEAT, COUNT };
enum { IDLE = 1, INTERVAL = 1, PROBES = 2 };   /* Of keepalive: seconds. */
enum { USER_TIMEOUT = 1500, PATIENCE = 1000 }; /* Milliseconds. */
enum { ESTABLISHED = 1 };                      /* As TCP_INFO has it. */

static const nsec watched = 3500 * MSEC;
static nsec gone; /* When the peer was. */

struct connection {
    const char *name;
    int fd;
    nsec deadline; /* Of the answer that is awaited; 0: none is. */
};

static int need(ssize_t result, const char *what)
{
    if (result < 0)
        exit(complain(FAILED, "cannot %s: %s", what, g_strerror(errno)));
    return (int)result;
}

static void set(int fd, int level, int option, int value)
{
    need(setsockopt(fd, level, option, &value, sizeof value), "set an option");
}

/* ---- The peer. ---- */

static void vanish(const int fds[COUNT])
{
    for (int i = 0; i < COUNT; i++)
        need(hole_open(fds[i]) ? 0 : -1, "make a socket deaf");
    raise(SIGSTOP);
}

/* A process with the other ends of all connections, that vanishes at once. */
static pid_t start_peer(struct connection *all)
{
    int theirs[COUNT];
    for (int i = 0; i < COUNT; i++) {
        struct tube tube;
        need(tube_open(&tube, (struct tube_settings){0}), "connect");
        all[i].fd = tube.client;
        theirs[i] = tube.server;
        set(all[i].fd, IPPROTO_IP, IP_TTL, 64);
    }
    pid_t child = need(fork(), "start a process");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        vanish(theirs);
        _exit(0);
    }
    for (int i = 0; i < COUNT; i++)
        close(theirs[i]);
    return child;
}

/* ---- Our side. ---- */

static void ask(struct connection *connection, nsec deadline)
{
    need(write_all(connection->fd, "?", 1, NEVER), "write");
    connection->deadline = deadline;
}

static void begin(struct connection *all)
{
    int fd = all[KEEPALIVE].fd;
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, IDLE);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, INTERVAL);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
    set(all[TIMEOUT].fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT);
    all[KEEPALIVE].deadline = NEVER;
    ask(&all[PLAIN], 0);
    ask(&all[TIMEOUT], NEVER);
    ask(&all[HEARTBEAT], gone + PATIENCE * MSEC);
}

/* ---- What is seen. ---- */

static void print_event(const struct connection *connection)
{
    double now = (double)(clock_monotonic() - gone) / (double)SEC;
    printf("  %5.3f s  %-12s  ", now, connection->name);
}

static struct tcp_info look_at(const struct connection *connection)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    need(getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size),
         "read TCP_INFO");
    return info;
}

/* Has our kernel sent again, more often than @p before? The first time it tries
 * the last segment alone (RFC 8985); then its waits double (RFC 6298). */
static unsigned watch_plain(const struct connection *plain, unsigned before)
{
    struct tcp_info info = look_at(plain);
    if (info.tcpi_total_retrans > before) {
        print_event(plain);
        printf("sent again (%u), and waits %.3f s\n", info.tcpi_total_retrans,
               info.tcpi_rto / 1e6);
    }
    return info.tcpi_total_retrans;
}

/* Is the wait for an answer over? The kernel says so, or our deadline. */
static void watch_cured(struct connection *connection)
{
    nsec deadline = connection->deadline;
    bool patient = clock_monotonic() < deadline;
    char byte;
    if (deadline == 0 || (patient && wait_ready(connection->fd, POLLIN, 0) < 0))
        return;
    ssize_t got = read_some(connection->fd, &byte, 1, deadline);
    print_event(connection);
    printf("NOTICED: %s\n", got < 0 ? g_strerror(errno) : "something came");
    connection->deadline = 0;
}

static void watch(struct connection *all)
{
    unsigned again = 0;
    do {
        g_usleep(1000);
        again = watch_plain(&all[PLAIN], again);
        for (int i = 0; i < COUNT; i++)
            watch_cured(&all[i]);
    } while (clock_monotonic() < gone + watched);
}

static void print_state(const struct connection *connection)
{
    bool open = look_at(connection).tcpi_state == ESTABLISHED;
    print_event(connection);
    printf("%s\n", open ? "still ESTABLISHED" : "closed");
}

/* Linux's own patience: it sends again so many times, and its waits begin with
 * 0.2 s and double, up to two minutes. */
static void print_default(void)
{
    g_autofree char *text = NULL;
    double sum = 0;
    g_file_get_contents("/proc/sys/net/ipv4/tcp_retries2", &text, NULL, NULL);
    int retries = text ? (int)g_ascii_strtoll(text, NULL, 10) : 15;
    for (int i = 0; i <= retries; i++)
        sum += MIN(ldexp(0.2, i), 120);
    printf("By itself Linux sends again %d times (tcp_retries2) and gives up "
           "after %.1f\nminutes. RFC 1122 (4.2.3.5) asks for at least 100 "
           "seconds.\n",
           retries, sum / 60);
}

/* ---- The story. ---- */

int main(void)
{
    struct connection all[COUNT] = {{.name = "silent"},
                                    {.name = "plain"},
                                    {.name = "keepalive"},
                                    {.name = "user timeout"},
                                    {.name = "heartbeat"}};
    int status;
    pid_t peer = start_peer(all);
    waitpid(peer, &status, WUNTRACED);
    if (!WIFSTOPPED(status))
        return FAILED; /* And it has said why. */
    printf(
        "There are five connections to a peer. Then it is gone, like a closed "
        "laptop: its\nprogram stands still, its kernel neither hears nor says "
        "anything.\n\n"
        "  silent        we say nothing\n"
        "  plain         we ask something\n"
        "  keepalive     our kernel asks after %d s of silence, %d times, %d s "
        "apart\n"
        "  user timeout  we ask; TCP has %.1f s from when it sends again\n"
        "  heartbeat     we ask; the program has %.1f s to answer\n\n",
        IDLE, PROBES, INTERVAL, USER_TIMEOUT / 1e3, PATIENCE / 1e3);
    gone = clock_monotonic();
    begin(all);
    printf("  0.000 s                the peer is gone; send() has taken what "
           "we ask\n");
    watch(all);
    ask(&all[PLAIN], 0);
    print_event(&all[PLAIN]);
    printf("asks again: send() succeeds\n");
    print_state(&all[PLAIN]);
    print_state(&all[SILENT]);
    printf("\nWho asks, and sets a deadline for the answer, finds out in "
           "time.\n");
    print_default();
    kill(peer, SIGKILL);
    return 0;
}

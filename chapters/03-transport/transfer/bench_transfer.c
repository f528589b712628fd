/*
 * How fast do send and recv carry a file over loopback, and what does it cost
 * beside the kernel's own transport? Both carry the same bytes between two
 * processes; rounds of both alternate, and the figures are medians.
 */
#include "01-sockets/net.h"
#include "common/judge/stats.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 50000000, ROUNDS = 7, PIECE = 1440, AIM = 300 };
#define PATIENCE (60 * SEC)

static double megabits(nsec time)
{
    return SIZE * 8e-6 / ((double)time / (double)SEC);
}

/* ---- Ours. ---- */

static struct actor *start(struct stage *stage, const char *program,
                           const char *rest)
{
    g_autofree char *path = stage_program(program);
    g_autofree char *script =
        g_strdup_printf("cd %s && exec %s %s", stage_dir(stage), path, rest);
    return stage_start(stage, "/bin/sh", "-c", script, NULL);
}

/* "50000000 bytes in 0.912 s, 438.6 Mbit/s". */
static double speed_in(const char *line)
{
    const char *comma = line ? strstr(line, "s, ") : NULL;
    return comma ? g_ascii_strtod(comma + 3, NULL) : 0;
}

static double ours(struct stage *stage, const char *options)
{
    g_autofree char *receive =
        g_strdup_printf("%s 127.0.0.1:0 2>&1 >/dev/null", options);
    struct actor *receiver = start(stage, "recv", receive);
    g_autofree char *ready = actor_await(receiver, "ready ", PATIENCE);
    if (!ready)
        return 0;
    g_autofree char *send = g_strdup_printf("%s 127.0.0.1 %s 2>&1 <in", options,
                                            strrchr(ready, ':') + 1);
    struct actor *sender = start(stage, "send", send);
    g_autofree char *line = actor_await(sender, "", PATIENCE);
    bool well = actor_wait(receiver, PATIENCE) == 0;
    return well && actor_wait(sender, PATIENCE) == 0 ? speed_in(line) : 0;
}

/* ---- The kernel's, in pieces of the same size, and in large ones. ---- */

static void drain(int listener)
{
    static char room[65536];
    int fd = net_accept(listener, NULL);
    while (fd < 0 && errno == EAGAIN)
        fd = net_accept(listener, NULL);
    ssize_t size = 1;
    while (size != 0) {
        size = read(fd, room, sizeof room);
        if (size < 0 && errno != EAGAIN && errno != EINTR)
            _exit(1);
    }
    _exit(0);
}

static bool fill(int fd, size_t piece)
{
    static char data[65536];
    size_t left = SIZE;
    while (left > 0) {
        ssize_t size = write(fd, data, MIN(left, piece));
        if (size < 0 && errno != EAGAIN)
            return false;
        left -= (size_t)MAX(size, 0);
    }
    return true;
}

static double kernel(size_t piece)
{
    struct address any;
    int status = 1;
    if (!address_parse(&any, "127.0.0.1:0", NULL))
        return 0;
    int listener = net_listen(&any, 1);
    struct address there = address_of(listener);
    pid_t child = fork();
    if (child == 0)
        drain(listener);
    int fd = socket(there.storage.ss_family, SOCK_STREAM, 0);
    nsec begun = clock_monotonic();
    bool well =
        connect(fd, (const struct sockaddr *)&there.storage, there.size) == 0 &&
        fill(fd, piece);
    close(fd);
    waitpid(child, &status, 0);
    close(listener);
    return well && status == 0 ? megabits(clock_monotonic() - begun) : 0;
}

/* ---- Rounds. ---- */

static bool make_file(const struct stage *stage)
{
    g_autofree char *path = g_build_filename(stage_dir(stage), "in", NULL);
    g_autofree char *data = g_malloc0(SIZE);
    return g_file_set_contents(path, data, SIZE, NULL);
}

int main(void)
{
    struct stage *stage = stage_new();
    g_autoptr(stats) flows = stats_new(), kernels = stats_new();
    g_autoptr(stats) larges = stats_new(), ratios = stats_new();
    bool well = make_file(stage);
    for (int i = 0; i < ROUNDS && well; i++) {
        double flow = ours(stage, ""), tcp = kernel(PIECE);
        well = flow > 0 && tcp > 0;
        stats_add(flows, flow);
        stats_add(kernels, tcp);
        stats_add(larges, kernel(65536));
        stats_add(ratios, tcp / MAX(flow, 1));
    }
    stage_free(stage);
    if (!well)
        return complain(FAILED, "a file has not arrived");
    double speed = stats_percentile(flows, 0.5);
    printf("A file of %d MB over loopback, Mbit/s, medians of %d\n"
           "  send and recv, datagrams of %d bytes    %6.0f  (aim: at least "
           "%d)\n"
           "  TCP, written in pieces of %d bytes      %6.0f  (%.1f x)\n"
           "  TCP, written in pieces of 65536 bytes     %6.0f\n",
           SIZE / 1000000, ROUNDS, PIECE, speed, AIM, PIECE,
           stats_percentile(kernels, 0.5), stats_percentile(ratios, 0.5),
           stats_percentile(larges, 0.5));
    return 0; /* How fast this machine is says nothing of the code. */
}

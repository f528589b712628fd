/*
 * Our www beside nginx (one worker, no log, else as it comes): a file of 1 KiB,
 * 64 connections that stay, asked for by wrk. Each server is a process of its
 * own, on one processor; wrk runs on another. In each round each is measured
 * once, first one and then the other; a ratio is that of one round, and what is
 * printed is its median, with the tenth and the ninetieth percentile.
 *
 * A server that is not busy all the time could do more than is seen: then the
 * aim is on its processor time for each request.
 */
#include "01-sockets/echo/processors.h"
#include "common/judge/stats.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 7, PATIENCE = 20, TRIES = 500, SIZE = 1024 };
#define AIM      0.8
#define DURATION "1s"
#define NGINX    "/usr/sbin/nginx"
#define WRK      "/usr/bin/wrk"

struct server {
    const char *name;
    char *url;
    clockid_t clock;         /* Of its processor time. */
    double rate, cost, busy; /* In this round. */
    stats *rates, *costs, *shares;
};

static struct server ours = {.name = "www"}, theirs = {.name = "nginx"};

/* ---- Servers. ---- */

/* Of the child of @p parent, which is the process itself without any. */
static int find_worker(int parent)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%d/task/%d/children", parent, parent);
    g_autofree char *children = NULL;
    if (!g_file_get_contents(path, &children, NULL, NULL))
        return 0;
    return atoi(children);
}

static bool find_clock(struct server *server, int id)
{
    return id > 0 && clock_getcpuclockid(id, &server->clock) == 0;
}

/* The number in a file, once it is there. */
static int await_number(const char *path)
{
    for (int i = 0; i < TRIES; i++) {
        g_autofree char *text = NULL;
        if (g_file_get_contents(path, &text, NULL, NULL) && atoi(text) > 0)
            return atoi(text);
        g_usleep(20000);
    }
    return 0;
}

static char *put_in(struct stage *stage, const char *name, const char *text)
{
    char *path = g_build_filename(stage_dir(stage), name, NULL);
    if (!g_file_set_contents(path, text, -1, NULL))
        exit(complain(FAILED, "cannot write %s", path));
    return path;
}

/* A shell tells its number, and becomes the server. */
static void start_ours(struct stage *stage)
{
    g_autofree char *program = stage_program("www");
    g_autofree char *root = g_strdup_printf("--root=%s", stage_dir(stage));
    struct actor *actor =
        stage_start(stage, "/bin/sh", "-c",
                    "echo pid $$; exec \"$0\" --listen=127.0.0.1:0 \"$1\"",
                    program, root, NULL);
    g_autofree char *id = actor_await(actor, "pid ", PATIENCE * SEC);
    g_autofree char *ready = actor_await(actor, "ready ", PATIENCE * SEC);
    if (!id || !ready || !find_clock(&ours, atoi(id + strlen("pid "))))
        exit(complain(FAILED, "www did not start"));
    ours.url = g_strdup_printf("http://%s/file.html", ready + strlen("ready "));
}

static void start_theirs(struct stage *stage)
{
    const char *dir = stage_dir(stage);
    uint16_t port = stage_port(stage);
    g_autofree char *text = g_strdup_printf(
        "worker_processes 1; daemon off; pid %s/pid; error_log %s/error;\n"
        "%s"
        "events { worker_connections 1024; }\n"
        "http { access_log off; keepalive_requests 100000000;\n"
        "  client_body_temp_path %s/1; proxy_temp_path %s/2;\n"
        "  fastcgi_temp_path %s/3; uwsgi_temp_path %s/4; scgi_temp_path %s/5;\n"
        "  types { text/html html; }\n"
        "  server { listen 127.0.0.1:%u; root %s; } }\n",
        dir, dir, geteuid() == 0 ? "user root;\n" : "", dir, dir, dir, dir, dir,
        port, dir);
    g_autofree char *config = put_in(stage, "nginx.conf", text);
    g_autofree char *pid = g_build_filename(dir, "pid", NULL);
    stage_start(stage, NGINX, "-c", config, "-p", dir, NULL);
    int parent = await_number(pid);
    for (int i = 0; i < TRIES && !find_clock(&theirs, find_worker(parent)); i++)
        g_usleep(20000);
    if (!find_clock(&theirs, find_worker(parent)))
        exit(complain(FAILED, "nginx did not start"));
    theirs.url = g_strdup_printf("http://127.0.0.1:%u/file.html", port);
}

/* ---- Measuring. ---- */

static double now_by(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The number behind @p label in what wrk says. */
static double number_of(const char *text, const char *label)
{
    const char *at = text ? strstr(text, label) : NULL;
    return at ? g_ascii_strtod(at + strlen(label), NULL) : 0;
}

static void measure(struct stage *stage, struct server *server)
{
    double before = now_by(server->clock), begin = now_by(CLOCK_MONOTONIC);
    struct actor *wrk = stage_start(stage, WRK, "-t1", "-c64", "-d" DURATION,
                                    server->url, NULL);
    g_autofree char *rate = actor_await(wrk, "Requests/sec:", PATIENCE * SEC);
    double spent = now_by(server->clock) - before;
    double took = now_by(CLOCK_MONOTONIC) - begin;
    actor_wait(wrk, PATIENCE * SEC);
    server->rate = number_of(rate, "Requests/sec:");
    if (server->rate <= 0)
        exit(complain(FAILED, "wrk got nothing from %s", server->name));
    server->busy = spent / took;
    server->cost = server->busy / server->rate;
    stats_add(server->rates, server->rate);
    stats_add(server->costs, server->cost);
    stats_add(server->shares, server->busy);
}

/* ---- What is seen. ---- */

static double median(stats *sample)
{
    return stats_percentile(sample, 0.5);
}

static void print_server(const struct server *server)
{
    printf("  %-8s %12.0f %12.2f %14.0f %%\n", server->name,
           median(server->rates), median(server->costs) * 1e6,
           100 * median(server->shares));
}

static void print_ratio(const char *what, stats *ratios, bool aimed)
{
    double ratio = median(ratios);
    printf("  %-24s %6.2f   %.2f to %.2f", what, ratio,
           stats_percentile(ratios, 0.1), stats_percentile(ratios, 0.9));
    if (aimed)
        printf("   aim %.1f: %s", AIM, ratio >= AIM ? "reached" : "MISSED");
    printf("\n");
}

static void print_all(stats *rates, stats *costs)
{
    bool bound = median(ours.shares) < 0.95;
    printf("  %-8s %12s %13s %15s\n", "", "requests/s", "server µs",
           "server busy");
    print_server(&ours);
    print_server(&theirs);
    print_ratio("requests, ours / theirs", rates, !bound);
    print_ratio("µs, theirs / ours", costs, bound);
    if (bound)
        printf(
            "  Ours had time to spare: so the aim is on the server's time.\n");
}

static void begin_samples(struct server *server)
{
    server->rates = stats_new();
    server->costs = stats_new();
    server->shares = stats_new();
}

static void end_samples(struct server *server)
{
    stats_free(server->rates);
    stats_free(server->costs);
    stats_free(server->shares);
    g_free(server->url);
}

static void compare(struct stage *stage)
{
    g_autoptr(stats) rates = stats_new(), costs = stats_new();
    begin_samples(&ours);
    begin_samples(&theirs);
    for (unsigned round = 0; round < ROUNDS; round++) {
        measure(stage, round % 2 ? &ours : &theirs);
        measure(stage, round % 2 ? &theirs : &ours);
        stats_add(rates, ours.rate / theirs.rate);
        stats_add(costs, theirs.cost / ours.cost);
    }
    print_all(rates, costs);
    end_samples(&ours);
    end_samples(&theirs);
}

static bool is_installed(const char *program)
{
    if (access(program, X_OK) == 0)
        return true;
    printf("  %s is not installed here: nothing to compare with\n",
           strrchr(program, '/') + 1);
    return false;
}

int main(void)
{
    struct stage *stage = stage_new();
    g_autofree char *text = g_strnfill(SIZE, 'x');
    g_free(put_in(stage, "file.html", text));
    printf("A web server: a file of 1 KiB, 64 connections, by TCP over "
           "loopback, %d rounds\n",
           ROUNDS);
    fflush(stdout);
    if (is_installed(NGINX) && is_installed(WRK)) {
        processors_use(0);
        start_ours(stage);
        start_theirs(stage);
        processors_use(1);
        compare(stage);
    }
    stage_free(stage);
    return 0;
}

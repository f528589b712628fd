/**
 * @file test_hosts.h
 * Two real machines on trial, for conform_run(): hosts that speak UDP over
 * loopback, without and with a disk thread, and what stands on them.
 */
#ifndef SOCKETS_TEST_HOSTS_H
#define SOCKETS_TEST_HOSTS_H
#include "01-sockets/host/host.h"
#include "common/judge/conform.h"
#include "common/judge/test.h"
#include "common/world/clock.h"
#include <pthread.h>

struct hosts;

/* A layer, put on each host when it boots. None of it: the hosts themselves. */
struct hosts_layer {
    void *(*raise)(struct hosts *hosts, unsigned which);
    struct env *(*env)(void *layer);
    void (*meet)(struct hosts *hosts); /* Both are up, one perhaps anew. */
    void (*lower)(void *layer);
};

struct hosts {
    char *dir[2];
    bool threads;
    struct host *host[2];
    struct hosts_layer kind;
    void *layer[2];
    /* A stalled disk: whom to call, and how often it was. */
    void (*during)(void *self, int sync);
    void *self;
    int syncs;
    /* A held disk thread: it needs a permit for each sync. */
    pthread_mutex_t mutex;
    pthread_cond_t permitted;
    bool held;
    int permits;
};

static void pass_hosts(void *world, nsec time);

/* ---- Their disks. ---- */

/* In the loop's own thread: only the other machine can do anything now. */
static void pause_loop(struct hosts *hosts)
{
    if (!hosts->during)
        return;
    for (int i = 0; i < 20; i++)
        loop_turn(host_loop(hosts->host[1]), 0);
    hosts->during(hosts->self, ++hosts->syncs);
}

static void pause_thread(struct hosts *hosts)
{
    pthread_mutex_lock(&hosts->mutex);
    while (hosts->held && hosts->permits == 0)
        pthread_cond_wait(&hosts->permitted, &hosts->mutex);
    hosts->permits -= hosts->held;
    pthread_mutex_unlock(&hosts->mutex);
}

static void pause_disk(void *self)
{
    struct hosts *hosts = self;
    if (hosts->threads)
        pause_thread(hosts);
    else
        pause_loop(hosts);
}

static void hold(struct hosts *hosts, bool held, int permits)
{
    pthread_mutex_lock(&hosts->mutex);
    hosts->held = held;
    hosts->permits = permits;
    pthread_cond_broadcast(&hosts->permitted);
    pthread_mutex_unlock(&hosts->mutex);
}

static void stall_loop(void *world, void (*during)(void *, int), void *self)
{
    struct hosts *hosts = world;
    hosts->during = during;
    hosts->self = self;
    hosts->syncs = 0;
    loop_turn(host_loop(hosts->host[0]), 0);
    loop_turn(host_loop(hosts->host[0]), 0);
    hosts->during = NULL;
}

static void stall_thread(void *world, void (*during)(void *, int), void *self)
{
    struct hosts *hosts = world;
    hold(hosts, true, 0);
    pass_hosts(world, 20 * MSEC);
    during(self, 1);
    hold(hosts, true, 1);
    pass_hosts(world, 20 * MSEC);
    during(self, 2);
    hold(hosts, false, 0);
}

/* ---- Two machines. ---- */

static void boot(struct hosts *hosts, unsigned which)
{
    struct address any;
    struct store_settings store = {.dir = hosts->dir[which],
                                   .thread = hosts->threads};
    if (which == 0) {
        store.pause = pause_disk;
        store.self = hosts;
    }
    hosts->host[which] =
        host_new((struct host_settings){.id = which + 1, .store = store});
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    assert_int_equal(host_bind(hosts->host[which], &any), 0);
    if (hosts->kind.raise)
        hosts->layer[which] = hosts->kind.raise(hosts, which);
}

static void introduce(struct hosts *hosts)
{
    struct address first = host_address(hosts->host[0]);
    struct address second = host_address(hosts->host[1]);
    host_meet(hosts->host[0], 2, &second);
    host_meet(hosts->host[1], 1, &first);
    if (hosts->kind.meet)
        hosts->kind.meet(hosts);
}

/* A crash; boot() may follow. */
static void halt(struct hosts *hosts, unsigned which)
{
    if (hosts->kind.lower)
        hosts->kind.lower(hosts->layer[which]);
    host_free(hosts->host[which]);
}

static struct hosts *open_hosts(bool threads, struct hosts_layer kind)
{
    struct hosts *hosts = g_new0(struct hosts, 1);
    hosts->threads = threads;
    hosts->kind = kind;
    pthread_mutex_init(&hosts->mutex, NULL);
    pthread_cond_init(&hosts->permitted, NULL);
    for (unsigned i = 0; i < 2; i++) {
        hosts->dir[i] = test_dir_make();
        boot(hosts, i);
    }
    introduce(hosts);
    return hosts;
}

static struct env *env_of_hosts(void *world, node_id id)
{
    struct hosts *hosts = world;
    return hosts->kind.env ? hosts->kind.env(hosts->layer[id - 1])
                           : host_env(hosts->host[id - 1]);
}

static void pass_hosts(void *world, nsec time)
{
    struct hosts *hosts = world;
    nsec end = clock_monotonic() + time;
    do {
        loop_turn(host_loop(hosts->host[0]), 50 * USEC);
        loop_turn(host_loop(hosts->host[1]), 50 * USEC);
    } while (clock_monotonic() < end);
    loop_turn(host_loop(hosts->host[0]), 0); /* What fell due meanwhile. */
}

static void crash_host(void *world)
{
    struct hosts *hosts = world;
    halt(hosts, 0);
    boot(hosts, 0);
    introduce(hosts);
}

static void close_hosts(void *world)
{
    struct hosts *hosts = world;
    hold(hosts, false, 0);
    for (unsigned i = 0; i < 2; i++) {
        halt(hosts, i);
        test_dir_remove(hosts->dir[i]);
    }
    g_free(hosts);
}

/* Two worlds for conform_run(), without and with disk threads. */
#define HOSTS_WORLDS(title, open_simple, open_threaded)                     \
    {.name = title, .open = open_simple, .stall = stall_loop, HOSTS_WORLD}, \
    {                                                                       \
        .name = title " with disk threads", .open = open_threaded,          \
        .stall = stall_thread, .overlaps = true, HOSTS_WORLD                \
    }
#define HOSTS_WORLD                                                          \
    .connected = true, .rounds = 1, .env = env_of_hosts, .pass = pass_hosts, \
    .crash = crash_host, .close = close_hosts

#endif

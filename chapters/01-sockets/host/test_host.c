/*
 * The contract, judged for real machines: two hosts that speak UDP over
 * loopback, without and with a disk thread. And what only a host promises.
 */
#include "01-sockets/host/host.h"
#include "01-sockets/net.h"
#include "common/judge/conform.h"
#include "common/judge/test.h"
#include "common/world/clock.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct hosts {
    char *dir[2];
    bool threads;
    struct host *host[2];
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
}

static void introduce(struct hosts *hosts)
{
    struct address first = host_address(hosts->host[0]);
    struct address second = host_address(hosts->host[1]);
    host_meet(hosts->host[0], 2, &second);
    host_meet(hosts->host[1], 1, &first);
}

static struct hosts *open_hosts(bool threads)
{
    struct hosts *hosts = g_new0(struct hosts, 1);
    hosts->threads = threads;
    pthread_mutex_init(&hosts->mutex, NULL);
    pthread_cond_init(&hosts->permitted, NULL);
    for (unsigned i = 0; i < 2; i++) {
        hosts->dir[i] = test_dir_make();
        boot(hosts, i);
    }
    introduce(hosts);
    return hosts;
}

static void *open_simple(uint64_t seed)
{
    (void)seed;
    return open_hosts(false);
}

static void *open_threaded(uint64_t seed)
{
    (void)seed;
    return open_hosts(true);
}

static struct env *env_of_hosts(void *world, node_id id)
{
    return host_env(((struct hosts *)world)->host[id - 1]);
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
    host_free(hosts->host[0]);
    boot(hosts, 0);
    introduce(hosts);
}

static void close_hosts(void *world)
{
    struct hosts *hosts = world;
    hold(hosts, false, 0);
    for (unsigned i = 0; i < 2; i++) {
        host_free(hosts->host[i]);
        test_dir_remove(hosts->dir[i]);
    }
    g_free(hosts);
}

/* ---- What only a host promises. ---- */

static void count_message(void *self, node_id from, GBytes *message)
{
    (void)from, (void)message;
    ++*(unsigned *)self;
}

static void expect_strangers(struct hosts *hosts, uint64_t count)
{
    for (int i = 0; i < 1000 && host_strangers(hosts->host[0]) < count; i++)
        pass_hosts(hosts, MSEC);
    assert_int_equal(host_strangers(hosts->host[0]), count);
}

static void strangers_and_empty_datagrams_are_dropped_and_counted(void **state)
{
    (void)state;
    struct hosts *hosts = open_hosts(false);
    struct address to = host_address(hosts->host[0]), any;
    unsigned count = 0;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    int other = net_bind(&any);
    env_bind(host_env(hosts->host[0]), count_message, &count);
    connect(other, (struct sockaddr *)&to.storage, to.size);
    assert_int_equal(send(other, "hello", 5, 0), 5);
    expect_strangers(hosts, 1);
    struct address its = address_of(other);
    host_meet(hosts->host[0], 3, &its);
    assert_int_equal(send(other, "", 0, 0), 0);
    expect_strangers(hosts, 2);
    assert_int_equal(count, 0);
    assert_int_equal(send(other, "hello", 5, 0), 5);
    for (int i = 0; i < 1000 && count == 0; i++)
        pass_hosts(hosts, MSEC);
    assert_int_equal(count, 1);
    close(other);
    close_hosts(hosts);
}

/* A hundred fit into the kernel's queue; more at once might be lost. */
static void a_hundred_messages_of_one_turn_all_arrive(void **state)
{
    (void)state;
    struct hosts *hosts = open_hosts(false);
    unsigned count = 0;
    g_autoptr(GBytes) message = g_bytes_new_static("hello", 5);
    env_bind(host_env(hosts->host[1]), count_message, &count);
    for (unsigned sent = 100; sent <= 1000; sent += 100) {
        for (int i = 0; i < 100; i++)
            env_send(host_env(hosts->host[0]), 2, message);
        for (int i = 0; i < 1000 && count < sent; i++)
            pass_hosts(hosts, MSEC);
        assert_int_equal(count, sent);
    }
    close_hosts(hosts);
}

static void set_flag(void *self)
{
    *(bool *)self = true;
}

struct batch {
    struct env *env;
    struct timer timer;
};

static void end_batch(void *self, node_id from, GBytes *message)
{
    struct batch *batch = self;
    (void)from, (void)message;
    env_arm(batch->env, &batch->timer, 0);
}

static void a_delay_of_zero_is_over_before_the_turn_ends(void **state)
{
    (void)state;
    struct hosts *hosts = open_hosts(false);
    bool fired = false;
    struct batch batch = {.env = host_env(hosts->host[0]),
                          .timer = {.fire = set_flag, .self = &fired}};
    g_autoptr(GBytes) message = g_bytes_new_static("hello", 5);
    env_bind(batch.env, end_batch, &batch);
    env_send(batch.env, 1, message);
    loop_turn(host_loop(hosts->host[0]), 0);
    assert_true(fired);
    close_hosts(hosts);
}

static void write_home_again(void *self)
{
    struct batch *batch = self;
    g_autoptr(GBytes) message = g_bytes_new_static("hello", 5);
    env_arm(batch->env, &batch->timer, 0);
    env_send(batch->env, batch->env->id, message);
}

static void timers_without_delay_do_not_starve_messages_home(void **state)
{
    (void)state;
    struct hosts *hosts = open_hosts(false);
    struct batch batch = {.env = host_env(hosts->host[0])};
    unsigned count = 0;
    batch.timer = (struct timer){.fire = write_home_again, .self = &batch};
    env_bind(batch.env, count_message, &count);
    env_arm(batch.env, &batch.timer, 0);
    for (int turn = 0; turn < 100; turn++)
        loop_turn(host_loop(hosts->host[0]), 0);
    assert_true(count >= 99);
    env_disarm(batch.env, &batch.timer);
    close_hosts(hosts);
}

static void a_port_in_use_is_refused(void **state)
{
    (void)state;
    struct hosts *hosts = open_hosts(false);
    struct host *third = host_new((struct host_settings){.id = 3});
    struct address taken = host_address(hosts->host[0]);
    assert_int_equal(host_bind(third, &taken), -1);
    host_free(third);
    close_hosts(hosts);
}

#define HOSTS                                                                \
    .connected = true, .rounds = 1, .env = env_of_hosts, .pass = pass_hosts, \
    .crash = crash_host, .close = close_hosts

int main(int argc, char **argv)
{
    static const struct conform_world worlds[] = {
        {.name = "hosts", .open = open_simple, .stall = stall_loop, HOSTS},
        {.name = "hosts with disk threads",
         .open = open_threaded,
         .stall = stall_thread,
         .overlaps = true,
         HOSTS},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_and_empty_datagrams_are_dropped_and_counted),
        cmocka_unit_test(a_hundred_messages_of_one_turn_all_arrive),
        cmocka_unit_test(a_delay_of_zero_is_over_before_the_turn_ends),
        cmocka_unit_test(timers_without_delay_do_not_starve_messages_home),
        cmocka_unit_test(a_port_in_use_is_refused),
    };
    return conform_run(argc, argv, worlds, G_N_ELEMENTS(worlds)) |
           test_run(argc, argv, tests);
}

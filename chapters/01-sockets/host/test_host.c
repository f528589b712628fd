/*
 * The contract, judged for real machines: two hosts that speak UDP over
 * loopback, without and with a disk thread. And what only a host promises.
 */
#include "01-sockets/host/test_hosts.h"
#include "01-sockets/net.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *open_simple(uint64_t seed)
{
    (void)seed;
    return open_hosts(false, (struct hosts_layer){0});
}

static void *open_threaded(uint64_t seed)
{
    (void)seed;
    return open_hosts(true, (struct hosts_layer){0});
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

static void answer(void *self, node_id from, GBytes *message)
{
    assert_int_equal(from, 65536);
    env_send(self, from, message);
}

static void a_welcome_stranger_is_a_client_and_is_answered(void **state)
{
    (void)state;
    char text[8] = "";
    struct hosts *hosts = open_simple(0);
    struct host *host = hosts->host[0];
    struct address to = host_address(host), any;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    int other = net_bind(&any);
    env_bind(host_env(host), answer, host_env(host));
    host_welcome(host, 10);
    assert_int_equal(
        sendto(other, "hello", 5, 0, (struct sockaddr *)&to.storage, to.size),
        5);
    for (int i = 0; i < 1000 && text[0] == '\0'; i++) {
        pass_hosts(hosts, MSEC);
        recv(other, text, sizeof text, MSG_DONTWAIT);
    }
    assert_string_equal(text, "hello");
    assert_int_equal(host_strangers(host), 0);
    close(other);
    close_hosts(hosts);
}

static void strangers_and_empty_datagrams_are_dropped_and_counted(void **state)
{
    (void)state;
    struct hosts *hosts = open_simple(0);
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
    struct hosts *hosts = open_simple(0);
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
    struct hosts *hosts = open_simple(0);
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
    struct hosts *hosts = open_simple(0);
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
    struct hosts *hosts = open_simple(0);
    struct host *third = host_new((struct host_settings){.id = 3});
    struct address taken = host_address(hosts->host[0]);
    assert_int_equal(host_bind(third, &taken), -1);
    host_free(third);
    close_hosts(hosts);
}

int main(int argc, char **argv)
{
    static const struct conform_world worlds[] = {
        HOSTS_WORLDS("hosts", open_simple, open_threaded)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_welcome_stranger_is_a_client_and_is_answered),
        cmocka_unit_test(strangers_and_empty_datagrams_are_dropped_and_counted),
        cmocka_unit_test(a_hundred_messages_of_one_turn_all_arrive),
        cmocka_unit_test(a_delay_of_zero_is_over_before_the_turn_ends),
        cmocka_unit_test(timers_without_delay_do_not_starve_messages_home),
        cmocka_unit_test(a_port_in_use_is_refused),
    };
    return conform_run(argc, argv, worlds, G_N_ELEMENTS(worlds)) |
           test_run(argc, argv, tests);
}

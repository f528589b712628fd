/*
 * The contract, judged for framed TCP over two real machines. And what only
 * peers promise: one connection, again and again; a bound; a farewell.
 */
#include "01-sockets/host/test_hosts.h"
#include "01-sockets/net.h"
#include "02-framing/links/peers.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Two machines with peers. ---- */

static struct address places[2];

static void *raise_peers_with(struct hosts *hosts, unsigned which,
                              struct peers_settings settings)
{
    struct address any;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    int listener = net_listen(&any, 16);
    assert_true(listener >= 0);
    places[which] = address_of(listener);
    return peers_new(hosts->host[which], listener, settings);
}

static void *raise_peers(struct hosts *hosts, unsigned which)
{
    return raise_peers_with(hosts, which, (struct peers_settings){0});
}

static void *raise_small_peers(struct hosts *hosts, unsigned which)
{
    return raise_peers_with(
        hosts, which,
        (struct peers_settings){.most = 100000, .backlog = 1000000});
}

static void *raise_strange_peers(struct hosts *hosts, unsigned which)
{
    return raise_peers_with(hosts, which,
                            (struct peers_settings){.cluster = which});
}

static void meet(struct hosts *hosts)
{
    peers_meet(hosts->layer[0], 2, &places[1]);
    peers_meet(hosts->layer[1], 1, &places[0]);
}

static void lower_peers(void *layer)
{
    peers_free(layer);
}

static struct env *env_of_peers(void *layer)
{
    return peers_env(layer);
}

static struct hosts *open_peers(bool threads,
                                void *(*raise)(struct hosts *, unsigned))
{
    return open_hosts(threads, (struct hosts_layer){.raise = raise,
                                                    .env = env_of_peers,
                                                    .meet = meet,
                                                    .lower = lower_peers});
}

static void *open_simple(uint64_t seed)
{
    (void)seed;
    return open_peers(false, raise_peers);
}

static void *open_threaded(uint64_t seed)
{
    (void)seed;
    return open_peers(true, raise_peers);
}

/* ---- What node 1 hears. ---- */

struct ear {
    uint64_t count, bytes, farewells;
    uint8_t last;
    bool in_order;
};

static void hear(void *self, node_id from, GBytes *message)
{
    struct ear *ear = self;
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    assert_true(from == 1 || from == 2);
    if (size == 0) {
        ear->farewells++;
        return;
    }
    ear->in_order = ear->count == 0 || data[0] == (uint8_t)(ear->last + 1);
    ear->last = data[0];
    ear->count++;
    ear->bytes += size;
}

static struct ear listen_at(struct hosts *hosts, struct ear *ear)
{
    env_bind(env_of_hosts(hosts, 1), hear, ear);
    return (struct ear){0};
}

static void send_numbered(struct hosts *hosts, node_id from, node_id to,
                          size_t size, unsigned count)
{
    g_autofree uint8_t *data = g_malloc0(size);
    for (unsigned i = 0; i < count; i++) {
        data[0] = (uint8_t)i;
        g_autoptr(GBytes) message = g_bytes_new(data, size);
        env_send(env_of_hosts(hosts, from), to, message);
    }
}

/* Let things happen until @p condition holds. */
#define AWAIT(hosts, condition)                            \
    do {                                                   \
        for (int i_ = 0; i_ < 20000 && !(condition); i_++) \
            pass_hosts(hosts, USEC);                       \
        assert_true(condition);                            \
    } while (0)

static bool connected(struct hosts *hosts)
{
    return peers_are_connected(hosts->layer[0], 2) &&
           peers_are_connected(hosts->layer[1], 1);
}

static void a_thousand_messages_arrive_once_and_in_order(void **state)
{
    (void)state;
    struct hosts *hosts = open_simple(0);
    struct ear ear = listen_at(hosts, &ear);
    send_numbered(hosts, 2, 1, 1000, 1000);
    AWAIT(hosts, ear.count >= 1000);
    assert_true(ear.in_order);
    pass_hosts(hosts, MSEC);
    assert_int_equal(ear.count, 1000);
    close_hosts(hosts);
}

static void the_longest_message_arrives_also_at_home(void **state)
{
    (void)state;
    struct hosts *hosts = open_simple(0);
    struct ear ear = listen_at(hosts, &ear);
    size_t most = env_of_hosts(hosts, 1)->most;
    assert_int_equal(most, 4 << 20);
    send_numbered(hosts, 2, 1, most, 3);
    AWAIT(hosts, ear.bytes == 3 * most && ear.in_order);
    ear = (struct ear){0};
    send_numbered(hosts, 1, 1, most, 3);
    AWAIT(hosts, ear.bytes == 3 * most && ear.in_order);
    close_hosts(hosts);
}

static void a_crash_of_the_other_is_heard_and_mended(void **state)
{
    (void)state;
    struct hosts *hosts = open_simple(0);
    struct ear ear = listen_at(hosts, &ear);
    AWAIT(hosts, connected(hosts));
    for (unsigned crash = 1; crash <= 3; crash++) {
        halt(hosts, 1);
        boot(hosts, 1);
        introduce(hosts);
        AWAIT(hosts, ear.farewells == crash && connected(hosts));
        send_numbered(hosts, 2, 1, 10, 1);
        AWAIT(hosts, ear.count == crash);
    }
    close_hosts(hosts);
}

static void who_crashed_finds_the_others_again(void **state)
{
    (void)state;
    struct hosts *hosts = open_simple(0);
    AWAIT(hosts, connected(hosts));
    crash_host(hosts);
    struct ear ear = listen_at(hosts, &ear);
    AWAIT(hosts, connected(hosts));
    send_numbered(hosts, 2, 1, 10, 5);
    AWAIT(hosts, ear.count == 5);
    close_hosts(hosts);
}

static void what_waits_for_a_dead_node_is_bounded(void **state)
{
    (void)state;
    struct hosts *hosts = open_peers(false, raise_small_peers);
    AWAIT(hosts, connected(hosts));
    halt(hosts, 0);
    for (int i = 0; i < 100; i++)
        loop_turn(host_loop(hosts->host[1]), 0);
    send_numbered(hosts, 2, 1, 10000, 256);
    uint64_t dropped = peers_dropped(hosts->layer[1]);
    assert_true(dropped > 156 && dropped < 160); /* A megabyte of frames. */
    boot(hosts, 0);
    introduce(hosts);
    struct ear ear = listen_at(hosts, &ear);
    AWAIT(hosts, ear.count == 256 - dropped);
    assert_true(ear.in_order && ear.last == 255); /* The newest are left. */
    close_hosts(hosts);
}

static void who_does_not_read_costs_a_bounded_memory(void **state)
{
    (void)state;
    struct hosts *hosts = open_peers(false, raise_small_peers);
    AWAIT(hosts, connected(hosts));
    for (int i = 0; i < 4000; i++) { /* 40 MB, and node 1 does nothing. */
        send_numbered(hosts, 2, 1, 10000, 1);
        loop_turn(host_loop(hosts->host[1]), 0);
    }
    uint64_t dropped = peers_dropped(hosts->layer[1]);
    assert_true(dropped > 0);
    struct ear ear = listen_at(hosts, &ear);
    AWAIT(hosts, ear.count == 4000 - dropped);
    close_hosts(hosts);
}

/* ---- Strangers. ---- */

static int call_from_outside(void)
{
    int fd = net_connect(&places[0]);
    assert_true(fd >= 0);
    return fd;
}

/* Has the other end closed it? */
static bool is_closed(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static void a_stranger_is_turned_away(void **state)
{
    (void)state;
    static const char *const words[] = {"GET / HTTP/1.1\r\n\r\n", "\xc3", ""};
    struct hosts *hosts = open_simple(0);
    struct ear ear = listen_at(hosts, &ear);
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        int fd = call_from_outside();
        pass_hosts(hosts, MSEC);
        send(fd, words[i], strlen(words[i]), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        AWAIT(hosts, is_closed(fd));
        close(fd);
    }
    AWAIT(hosts, peers_strangers(hosts->layer[0]) == 3 && connected(hosts));
    assert_int_equal(ear.count + ear.farewells, 0);
    close_hosts(hosts);
}

static void callers_who_say_nothing_keep_nobody_out(void **state)
{
    (void)state;
    int silent[200];
    struct hosts *hosts = open_simple(0);
    struct ear ear = listen_at(hosts, &ear);
    for (unsigned i = 0; i < G_N_ELEMENTS(silent); i++) {
        silent[i] = call_from_outside();
        pass_hosts(hosts, USEC);
    }
    AWAIT(hosts, peers_strangers(hosts->layer[0]) >= 100);
    AWAIT(hosts, connected(hosts));
    send_numbered(hosts, 2, 1, 10, 5);
    AWAIT(hosts, ear.count == 5);
    for (unsigned i = 0; i < G_N_ELEMENTS(silent); i++)
        close(silent[i]);
    close_hosts(hosts);
}

static void another_cluster_is_not_let_in(void **state)
{
    (void)state;
    struct hosts *hosts = open_peers(false, raise_strange_peers);
    AWAIT(hosts, peers_strangers(hosts->layer[0]) >= 2);
    assert_false(connected(hosts));
    close_hosts(hosts);
}

int main(int argc, char **argv)
{
    static const struct conform_world worlds[] = {
        HOSTS_WORLDS("peers over hosts", open_simple, open_threaded)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_messages_arrive_once_and_in_order),
        cmocka_unit_test(the_longest_message_arrives_also_at_home),
        cmocka_unit_test(a_crash_of_the_other_is_heard_and_mended),
        cmocka_unit_test(who_crashed_finds_the_others_again),
        cmocka_unit_test(what_waits_for_a_dead_node_is_bounded),
        cmocka_unit_test(who_does_not_read_costs_a_bounded_memory),
        cmocka_unit_test(a_stranger_is_turned_away),
        cmocka_unit_test(callers_who_say_nothing_keep_nobody_out),
        cmocka_unit_test(another_cluster_is_not_let_in),
    };
    return conform_run(argc, argv, worlds, G_N_ELEMENTS(worlds)) |
           test_run(argc, argv, tests);
}

/*
 * The contract, judged for a door over real machines, and for one over peers.
 * And what concerns the door itself: ids that are never used twice, and replies
 * that wait for the disk when they must, and only then.
 */
#include "01-sockets/host/test_hosts.h"
#include "01-sockets/net.h"
#include "02-framing/door/door.h"
#include "02-framing/links/peers.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Machines with doors. ---- */

struct storey {
    struct peers *peers; /* NULL: the door stands on the host. */
    struct door *door;
};

static struct address doors[2], links[2];

static int listen_anywhere(struct address *place)
{
    struct address any;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    int listener = net_listen(&any, 16);
    assert_true(listener >= 0);
    *place = address_of(listener);
    return listener;
}

/* Messages that the env below takes, too, for they are judged as well. */
static struct door *door_over(struct host *host, struct env *below,
                              unsigned which)
{
    return door_new(
        host, below, listen_anywhere(&doors[which]),
        (struct door_settings){.durable = true, .most = below->most});
}

static void *raise_door(struct hosts *hosts, unsigned which)
{
    struct host *host = hosts->host[which];
    struct storey *storey = g_new0(struct storey, 1);
    storey->door = door_over(host, host_env(host), which);
    return storey;
}

static void *raise_both(struct hosts *hosts, unsigned which)
{
    struct host *host = hosts->host[which];
    struct storey *storey = g_new0(struct storey, 1);
    storey->peers = peers_new(host, listen_anywhere(&links[which]),
                              (struct peers_settings){0});
    storey->door = door_over(host, peers_env(storey->peers), which);
    return storey;
}

static void meet(struct hosts *hosts)
{
    for (unsigned i = 0; i < 2; i++) {
        struct storey *storey = hosts->layer[i];
        if (storey->peers)
            peers_meet(storey->peers, 2 - i, &links[1 - i]);
    }
}

static void lower(void *layer)
{
    struct storey *storey = layer;
    door_free(storey->door);
    g_clear_pointer(&storey->peers, peers_free);
    g_free(storey);
}

static struct env *env_of_storey(void *layer)
{
    return door_env(((struct storey *)layer)->door);
}

static struct hosts *open_with(bool threads,
                               void *(*raise)(struct hosts *, unsigned))
{
    return open_hosts(threads, (struct hosts_layer){.raise = raise,
                                                    .env = env_of_storey,
                                                    .meet = meet,
                                                    .lower = lower});
}

static void *open_simple(uint64_t seed)
{
    (void)seed;
    return open_with(false, raise_door);
}

static void *open_threaded(uint64_t seed)
{
    (void)seed;
    return open_with(true, raise_door);
}

static void *open_both(uint64_t seed)
{
    (void)seed;
    return open_with(false, raise_both);
}

static void *open_both_threaded(uint64_t seed)
{
    (void)seed;
    return open_with(true, raise_both);
}

/* ---- Clients of node 1. ---- */

/* What stands on the door of node 1. */
static struct {
    struct hosts *hosts;
    node_id last;
    unsigned heard;
    void (*serve)(node_id from); /* NULL: do nothing. */
} service;

static void on_message(void *self, node_id from, GBytes *message)
{
    (void)self;
    if (g_bytes_get_size(message) == 0)
        return;
    service.last = from;
    service.heard++;
    if (service.serve)
        service.serve(from);
}

static void serve_at(struct hosts *hosts, void (*serve)(node_id from))
{
    service.hosts = hosts;
    service.heard = 0;
    service.serve = serve;
    env_bind(env_of_hosts(hosts, 1), on_message, NULL);
}

static int come(void)
{
    int fd = net_connect(&doors[0]);
    assert_true(fd >= 0);
    return fd;
}

static bool tell(int fd, const char *text)
{
    ssize_t size = (ssize_t)strlen(text);
    return send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) == size;
}

/* How many bytes are there to be read? */
static size_t readable(int fd)
{
    char data[64];
    ssize_t size = recv(fd, data, sizeof data, MSG_DONTWAIT | MSG_PEEK);
    return size > 0 ? (size_t)size : 0;
}

/* Let things happen until @p condition holds. */
#define AWAIT(hosts, condition)                                      \
    do {                                                             \
        bool held_ = false;                                          \
        for (int i_ = 0; i_ < 20000 && !(held_ = (condition)); i_++) \
            pass_hosts(hosts, USEC);                                 \
        assert_true(held_);                                          \
    } while (0)

/* ---- Who they are. ---- */

static void note_id(GHashTable *ids, node_id id)
{
    assert_int_equal(id >> 48, 1);
    assert_true(id >= DOOR_CLIENT);
    node_id *key = g_new(node_id, 1);
    *key = id;
    assert_true(g_hash_table_add(ids, key));
}

static void no_id_is_used_twice(void **state)
{
    (void)state;
    struct hosts *hosts = open_simple(0);
    g_autoptr(GHashTable) ids =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (unsigned boots = 0; boots < 4; boots++) {
        serve_at(hosts, NULL);
        for (unsigned i = 0; i < 5; i++) {
            int fd = come();
            AWAIT(hosts, tell(fd, "one\r\n"));
            AWAIT(hosts, service.heard == i + 1);
            note_id(ids, service.last);
            close(fd);
        }
        crash_host(hosts);
    }
    assert_int_equal(g_hash_table_size(ids), 20);
    close_hosts(hosts);
}

static void boots_are_counted_from_one_to_the_next(void **state)
{
    (void)state;
    struct hosts *hosts = open_simple(0);
    for (node_id boots = 1; boots <= 3; boots++) {
        serve_at(hosts, NULL);
        int fd = come();
        AWAIT(hosts, tell(fd, "one\r\n"));
        AWAIT(hosts, service.heard == 1);
        assert_int_equal(service.last, (node_id)1 << 48 | boots << 32 | 1);
        close(fd);
        crash_host(hosts);
    }
    close_hosts(hosts);
}

/* ---- The output rule. ---- */

static int asker;
static size_t
    seen[3]; /* What could be read during the first sync, and so on. */

static void reply(node_id to)
{
    g_autoptr(GBytes) message = g_bytes_new_static("+OK\r\n", 5);
    env_send(env_of_hosts(service.hosts, 1), to, message);
}

static void write_down(void)
{
    g_autoptr(GBytes) value = g_bytes_new_static("value", 5);
    env_persist(env_of_hosts(service.hosts, 1), "key", value);
}

static void reply_twice_and_write_between(node_id to)
{
    reply(to);
    write_down();
    reply(to);
}

static void look(void *self, int sync)
{
    (void)self;
    seen[sync] = readable(asker);
}

/* A client asks two things; the service answers one, writes, answers the other.
 * @p stall is how a sync is held. */
static void the_disk_holds_back_what_it_must(
    struct hosts *hosts, void (*stall)(void *, void (*)(void *, int), void *))
{
    serve_at(hosts, NULL);
    asker = come();
    AWAIT(hosts, tell(asker, "first\r\n"));
    AWAIT(hosts, service.heard == 1);
    service.serve = reply_twice_and_write_between;
    reply(service.last);
    AWAIT(hosts, readable(asker) == 5);
    assert_true(tell(asker, "one\r\ntwo\r\n"));
    stall(hosts, look, NULL);
    assert_int_equal(service.heard, 2);
    assert_int_equal(seen[1], 10); /* Not 15, though all three were sent. */
    AWAIT(hosts, readable(asker) == 15);
    close(asker);
    close_hosts(hosts);
}

static void a_reply_waits_for_what_was_written_before(void **state)
{
    (void)state;
    the_disk_holds_back_what_it_must(open_simple(0), stall_loop);
}

static void it_does_so_with_a_disk_thread(void **state)
{
    (void)state;
    the_disk_holds_back_what_it_must(open_threaded(0), stall_thread);
}

static void it_does_so_over_peers(void **state)
{
    (void)state;
    the_disk_holds_back_what_it_must(open_both(0), stall_loop);
}

int main(int argc, char **argv)
{
    static const struct conform_world worlds[] = {
        HOSTS_WORLDS("door over hosts", open_simple, open_threaded),
        HOSTS_WORLDS("door over peers over hosts", open_both,
                     open_both_threaded)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_id_is_used_twice),
        cmocka_unit_test(boots_are_counted_from_one_to_the_next),
        cmocka_unit_test(a_reply_waits_for_what_was_written_before),
        cmocka_unit_test(it_does_so_with_a_disk_thread),
        cmocka_unit_test(it_does_so_over_peers),
    };
    return conform_run(argc, argv, worlds, G_N_ELEMENTS(worlds)) |
           test_run(argc, argv, tests);
}

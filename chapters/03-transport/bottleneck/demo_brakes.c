/*
 * Two brakes: the other's window, which is about the reader, and the
 * congestion window, which is about the network. Left a slow reader behind an
 * idle net, right a fast one behind a slow link. In virtual time.
 */
#include "03-transport/endpoint.h"
#include "common/world/complain.h"
#include "common/world/sim.h"
#include "common/world/sim_faults.h"
#include <stdio.h>
#include <string.h>

enum { ROWS = 16, WINDOW = 64 << 10, QUEUE = 12000, HEADERS = 28 };
#define STEP  (250 * MSEC)
#define DELAY (10 * MSEC)
#define GULP  (10 * MSEC) /* The reader takes something so often. */

/* A sender, 1, a link, and a reader, 2. */
struct net {
    struct sim *sim;
    uint64_t link, reader; /* Bits a second. */
    nsec free;             /* What is in the queue has left then. */
    unsigned dropped;
    uint32_t window; /* What the reader said last. */
    struct endpoint *endpoints[3];
    struct connection *sender, *receiver;
    struct timer gulp;
    uint64_t taken;
};

/* ---- The link. ---- */

static struct sim_fate decide(void *self, const struct sim_message *message)
{
    struct net *net = self;
    struct sim_fate fate = {.delay = DELAY};
    size_t bits = (g_bytes_get_size(message->bytes) + HEADERS) * 8;
    nsec now = sim_time(net->sim), start = MAX(net->free, now);
    struct segment segment;
    if (message->from == 2 && segment_of(message->bytes, &segment) &&
        segment.flags & SEGMENT_ACK)
        net->window = segment.window;
    if (message->from == 2)
        return fate;
    fate.lost = start - now > (nsec)QUEUE * 8 * SEC / net->link;
    net->dropped += fate.lost;
    if (!fate.lost)
        net->free = start + bits * SEC / net->link;
    fate.delay += net->free - now;
    return fate;
}

/* ---- The two ends. ---- */

static void push(void *self)
{
    static const uint8_t data[16384];
    struct net *net = self;
    while (connection_room(net->sender) >= sizeof data)
        connection_push(net->sender, data, sizeof data);
}

static void on_gulp(void *self)
{
    static uint8_t data[1 << 20];
    struct net *net = self;
    size_t size = (size_t)(net->reader / 8 * GULP / SEC);
    net->taken += connection_take(net->receiver, data, MIN(size, sizeof data));
    env_arm(sim_env(net->sim, 2), &net->gulp, GULP);
}

static bool on_accept(void *self, node_id peer, struct connection *connection,
                      struct connection_owner *owner)
{
    struct net *net = self;
    (void)peer, (void)owner;
    net->receiver = connection;
    net->gulp = (struct timer){.fire = on_gulp, .self = net};
    env_arm(sim_env(net->sim, 2), &net->gulp, GULP);
    return true;
}

static void open_net(struct net *net, uint64_t link, uint64_t reader)
{
    struct endpoint_settings settings = {.incoming = WINDOW};
    *net = (struct net){.link = link, .reader = reader};
    net->sim = sim_new(2, 1, (struct sim_weather){0});
    sim_set_watch(net->sim, (struct sim_watch){.decide = decide, .self = net});
    for (node_id id = 1; id <= 2; id++)
        net->endpoints[id] = endpoint_new(sim_env(net->sim, id), settings);
    endpoint_listen(net->endpoints[2], on_accept, net);
    net->sender =
        endpoint_connect(net->endpoints[1], 2,
                         (struct connection_owner){
                             .opened = push, .writable = push, .self = net});
}

static void close_net(struct net *net)
{
    env_disarm(sim_env(net->sim, 2), &net->gulp);
    connection_free(net->sender);
    connection_free(net->receiver);
    endpoint_free(net->endpoints[1]);
    endpoint_free(net->endpoints[2]);
    sim_free(net->sim);
}

/* ---- What is seen. ---- */

static void print_step(struct net *net)
{
    uint64_t before = net->taken;
    unsigned dropped = net->dropped;
    sim_run(net->sim, sim_time(net->sim) + STEP);
    const struct controller *controller =
        flow_controller(connection_flow(net->sender));
    printf("  %5.2f %6u %7zu %6u",
           (double)(net->taken - before) * 8e-6 * SEC / STEP,
           net->window / 1000, controller_window(controller) / 1000,
           net->dropped - dropped);
}

int main(int argc, char **argv)
{
    struct net slow_reader, slow_link;
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    printf("Two windows hold a sender back; it may send what the smaller "
           "allows. The one is\nwhat the reader has room for, and the reader "
           "says it. The other is what the\nnetwork seems to carry, and nobody "
           "says it: it is guessed from losses.\n\n");
    printf("          reader 2, link 100 Mbit/s      reader 100, link 2 "
           "Mbit/s\n"
           "     s  Mbit/s reader network   lost  Mbit/s reader network   "
           "lost\n");
    open_net(&slow_reader, 100000000, 2000000);
    open_net(&slow_link, 2000000, 100000000);
    for (int row = 1; row <= ROWS; row++) {
        printf("%6.2f", row * (double)STEP / SEC);
        print_step(&slow_reader);
        printf(" ");
        print_step(&slow_link);
        printf("\n");
    }
    printf(
        "\nWindows in kB. Left the reader's is used up, nothing is lost, and "
        "the network's\ndoes not grow, since it holds nobody back. Right the "
        "reader's says nothing of the\nlink: without the other one the "
        "sender would fill the queue for ever.\n");
    close_net(&slow_reader);
    close_net(&slow_link);
    return 0;
}

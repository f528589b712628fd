/*
 * Three nodes, and a connection for each pair. One goes down and comes back:
 * who hears of it, what waits for it, what is dropped, and what arrives.
 */
#include "01-sockets/host/crew.h"
#include "01-sockets/net.h"
#include "02-framing/links/peers.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 3, WAITING = 300, SIZE = 10000, BACKLOG = 1000000 };
#define PATIENCE (10 * SEC)

struct node {
    node_id id;
    struct peers *peers; /* NULL: down. */
    struct address address;
    unsigned arrived, first, last;
    bool in_order;
    nsec farewell; /* When it came; 0: it did not. */
};

static struct crew *crew;
static struct node nodes[NODES];
static nsec began;

/* ---- Nodes. ---- */

static void on_message(void *self, node_id from, GBytes *message)
{
    struct node *node = self;
    uint32_t number;
    (void)from;
    if (g_bytes_get_size(message) == 0) {
        node->farewell = clock_monotonic();
        return;
    }
    memcpy(&number, g_bytes_get_data(message, NULL), sizeof number);
    if (node->arrived++ == 0)
        node->first = number;
    else
        node->in_order = node->in_order && number > node->last;
    node->last = number;
}

static void meet_all(struct node *node)
{
    for (unsigned i = 0; i < NODES; i++)
        if (nodes[i].id != node->id && nodes[i].peers) {
            peers_meet(node->peers, nodes[i].id, &nodes[i].address);
            peers_meet(nodes[i].peers, node->id, &node->address);
        }
}

static void come_up(struct node *node, node_id id)
{
    struct address any;
    address_parse(&any, "127.0.0.1:0", NULL);
    int listener = net_listen(&any, 16);
    if (listener < 0)
        exit(complain(FAILED, "cannot listen: %s", g_strerror(errno)));
    *node = (struct node){
        .id = id, .address = address_of(listener), .in_order = true};
    node->peers = peers_new(
        crew_host(crew, id), listener,
        (struct peers_settings){.most = BACKLOG / 4, .backlog = BACKLOG});
    env_bind(peers_env(node->peers), on_message, node);
    meet_all(node);
}

static void go_down(struct node *node)
{
    g_clear_pointer(&node->peers, peers_free);
}

static void send_many(struct node *node, node_id to, size_t size,
                      unsigned count)
{
    g_autofree uint8_t *data = g_malloc0(size);
    for (uint32_t number = 1; number <= count; number++) {
        memcpy(data, &number, sizeof number);
        g_autoptr(GBytes) message = g_bytes_new(data, size);
        env_send(peers_env(node->peers), to, message);
    }
}

/* ---- Time. ---- */

/* Let them work until @p done says so. Returns how long it took. */
static double await(bool (*done)(void))
{
    nsec start = clock_monotonic();
    while (!done())
        if (clock_monotonic() > start + PATIENCE)
            exit(complain(FAILED, "it takes too long"));
        else
            crew_turn(crew);
    return (double)(clock_monotonic() - start) / (double)MSEC;
}

static void at(void)
{
    printf("  %7.1f ms  ", (double)(clock_monotonic() - began) / (double)MSEC);
}

static bool all_connected(void)
{
    for (unsigned i = 0; i < NODES; i++)
        for (unsigned j = 0; j < NODES; j++)
            if (i != j && !peers_are_connected(nodes[i].peers, nodes[j].id))
                return false;
    return true;
}

static bool one_heard(void)
{
    return nodes[0].farewell && nodes[1].farewell;
}

static bool two_has_all(void)
{
    return nodes[1].arrived == 1000;
}

static bool three_has_the_last(void)
{
    return nodes[2].last == WAITING;
}

/* ---- The story. ---- */

static void show_death(void)
{
    at();
    printf("node 3 goes down\n");
    go_down(&nodes[2]);
    await(one_heard);
    at();
    printf("nodes 1 and 2 have had a farewell from it\n");
    send_many(&nodes[0], 3, SIZE, WAITING);
    at();
    printf("node 1 sends it %d messages of 10 kB; a megabyte may wait:\n",
           WAITING);
    printf("              the newest %d do, and the oldest %d were dropped\n",
           WAITING - (int)peers_dropped(nodes[0].peers),
           (int)peers_dropped(nodes[0].peers));
}

static void show_return(void)
{
    come_up(&nodes[2], 3);
    at();
    printf("node 3 is back, at another port, and connects anew\n");
    await(three_has_the_last);
    at();
    printf("it has %u messages, numbers %u to %u, %s\n", nodes[2].arrived,
           nodes[2].first, nodes[2].last,
           nodes[2].in_order ? "in order" : "NOT IN ORDER");
}

int main(void)
{
    crew = crew_new(NODES, NULL, NULL);
    printf("Three nodes, each with one connection to each other. They speak in "
           "frames over\nTCP; a protocol sees neither, only messages that "
           "come, and farewells.\n\n");
    began = clock_monotonic();
    for (unsigned i = 0; i < NODES; i++)
        come_up(&nodes[i], i + 1);
    await(all_connected);
    at();
    printf("three pairs, three connections: 2 called 1, and 3 called both\n");
    send_many(&nodes[0], 2, 100, 1000);
    await(two_has_all);
    at();
    printf("1000 messages from 1 to 2 in one turn have arrived, %s\n",
           nodes[1].in_order ? "in order" : "NOT IN ORDER");
    show_death();
    show_return();
    printf("\nSo a short break costs nothing, and a long one a bounded memory. "
           "What had\nleft already when node 3 went down is lost: a connection "
           "promises nothing\nbeyond its own end. Protocols that need more ask "
           "for answers.\n");
    for (unsigned i = 0; i < NODES; i++)
        go_down(&nodes[i]);
    crew_free(crew);
    return 0;
}

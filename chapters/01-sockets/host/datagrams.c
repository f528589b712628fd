#include "01-sockets/host/datagrams.h"
#include "01-sockets/host/guests.h"
#include "01-sockets/net.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 1 << 16 };

struct datagram {
    uint64_t stamp;
    node_id to;
    GBytes *message;
};

struct peer {
    node_id id;
    struct address address;
};

struct datagrams {
    struct loop *loop;
    const struct gate *gate;
    struct watch watch;
    struct outlet outlet;
    env_receiver *deliver;
    void *self;
    GPtrArray *peers;      /* struct peer. */
    struct guests *guests; /* NULL: there are none. */
    uint64_t strangers;
    GArray *queue; /* struct datagram, oldest first: on its way out. */
    unsigned want; /* How many to ask for in a turn. */
    uint8_t room[ROOM];
};

/* ---- Peers. ---- */

static struct peer *peer_of(const struct datagrams *datagrams, node_id id)
{
    for (unsigned i = 0; i < datagrams->peers->len; i++) {
        struct peer *peer = datagrams->peers->pdata[i];
        if (peer->id == id)
            return peer;
    }
    return NULL;
}

static const struct address *where_is(const struct datagrams *datagrams,
                                      node_id id)
{
    const struct peer *peer = peer_of(datagrams, id);
    if (!peer && datagrams->guests)
        return guests_address(datagrams->guests, id);
    return peer ? &peer->address : NULL;
}

/* 0: nobody we know. */
static node_id who_is_at(const struct datagrams *datagrams,
                         const struct address *address)
{
    for (unsigned i = 0; i < datagrams->peers->len; i++) {
        const struct peer *peer = datagrams->peers->pdata[i];
        if (address_equal(&peer->address, address))
            return peer->id;
    }
    return datagrams->guests ? guests_id(datagrams->guests, address) : 0;
}

void datagrams_meet(struct datagrams *datagrams, node_id id,
                    const struct address *address)
{
    struct peer *peer = peer_of(datagrams, id);
    g_assert(id >= 1 && id <= UINT16_MAX);
    if (!peer) {
        peer = g_new0(struct peer, 1);
        g_ptr_array_add(datagrams->peers, peer);
    }
    peer->id = id;
    peer->address = *address;
}

void datagrams_welcome(struct datagrams *datagrams, unsigned most)
{
    g_assert(!datagrams->guests);
    datagrams->guests = guests_new(most);
}

void datagrams_keep(struct datagrams *datagrams, node_id id)
{
    if (datagrams->guests)
        guests_keep(datagrams->guests, id);
}

/* ---- In: a batch a turn. ---- */

/* An empty datagram is legal UDP, but an empty message would be a farewell. */
static void take(struct datagrams *datagrams, const struct address *from,
                 const void *data, size_t size)
{
    node_id id = who_is_at(datagrams, from);
    if (id == 0 || size == 0) {
        datagrams->strangers++;
        return;
    }
    g_autoptr(GBytes) message = g_bytes_new(data, size);
    datagrams->deliver(datagrams->self, id, message);
}

/* One more, if there is one. */
static bool take_one(struct datagrams *datagrams)
{
    struct address from = {.size = sizeof from.storage};
    ssize_t size =
        recvfrom(datagrams->watch.fd, datagrams->room, ROOM, MSG_DONTWAIT,
                 (struct sockaddr *)&from.storage, &from.size);
    if (size >= 0)
        take(datagrams, &from, datagrams->room, (size_t)size);
    return size >= 0;
}

/* To ask once more than there is costs a system call in vain. So we ask for as
 * many as came last time, and for twice that when they all came. */
static void on_ready(void *self, uint32_t events)
{
    struct datagrams *datagrams = self;
    unsigned taken = 0;
    (void)events;
    while (taken < datagrams->want && take_one(datagrams))
        taken++;
    if (taken == datagrams->want)
        datagrams->want = MIN(2 * taken, BATCH);
    else
        datagrams->want = MAX(taken, 1);
}

/* ---- Out: at the end of a turn. ---- */

static void datagram_clear(void *data)
{
    g_bytes_unref(((struct datagram *)data)->message);
}

void datagrams_send(struct datagrams *datagrams, node_id to, GBytes *message)
{
    struct datagram datagram = {.stamp = gate_stamp(datagrams->gate),
                                .to = to,
                                .message = g_bytes_ref(message)};
    g_array_append_val(datagrams->queue, datagram);
    loop_speak(datagrams->loop, &datagrams->outlet);
}

/* If the kernel will not take it, or nobody knows where, it is lost. */
static void transmit(const struct datagrams *datagrams,
                     const struct datagram *datagram)
{
    size_t size;
    const void *data = g_bytes_get_data(datagram->message, &size);
    const struct address *to = where_is(datagrams, datagram->to);
    if (to)
        sendto(datagrams->watch.fd, data, size, MSG_DONTWAIT,
               (const struct sockaddr *)&to->storage, to->size);
}

static bool flush(void *self)
{
    struct datagrams *datagrams = self;
    unsigned gone = 0;
    for (; gone < datagrams->queue->len; gone++) {
        const struct datagram *datagram =
            &g_array_index(datagrams->queue, struct datagram, gone);
        if (!gate_passes(datagrams->gate, datagram->stamp))
            break;
        transmit(datagrams, datagram);
    }
    if (gone > 0)
        g_array_remove_range(datagrams->queue, 0, gone);
    return datagrams->queue->len == 0;
}

/* ---- Life. ---- */

struct datagrams *datagrams_new(struct loop *loop, const struct gate *gate,
                                const struct address *address)
{
    int fd = net_bind(address);
    if (fd < 0)
        return NULL;
    struct datagrams *datagrams = g_new0(struct datagrams, 1);
    datagrams->loop = loop;
    datagrams->gate = gate;
    datagrams->watch =
        (struct watch){.fd = fd, .ready = on_ready, .self = datagrams};
    datagrams->outlet = (struct outlet){.flush = flush, .self = datagrams};
    datagrams->want = 1;
    datagrams->peers = g_ptr_array_new_with_free_func(g_free);
    datagrams->queue = g_array_new(FALSE, FALSE, sizeof(struct datagram));
    g_array_set_clear_func(datagrams->queue, datagram_clear);
    loop_watch(loop, &datagrams->watch, EPOLLIN);
    return datagrams;
}

void datagrams_bind(struct datagrams *datagrams, env_receiver *deliver,
                    void *self)
{
    datagrams->deliver = deliver;
    datagrams->self = self;
}

struct address datagrams_address(const struct datagrams *datagrams)
{
    return address_of(datagrams->watch.fd);
}

uint64_t datagrams_strangers(const struct datagrams *datagrams)
{
    return datagrams->strangers;
}

void datagrams_free(struct datagrams *datagrams)
{
    loop_hush(datagrams->loop, &datagrams->outlet);
    loop_watch(datagrams->loop, &datagrams->watch, 0);
    close(datagrams->watch.fd);
    g_array_unref(datagrams->queue);
    g_ptr_array_unref(datagrams->peers);
    guests_free(datagrams->guests);
    g_free(datagrams);
}

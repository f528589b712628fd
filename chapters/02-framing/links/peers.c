/*
 *     protocol -- peers_send --> queue of frames -- pump --> channel --> kernel
 *                                (of each peer)             (its stream)
 *
 * A frame leaves the queue when the stream has taken the last byte of it, so a
 * connection that breaks in the middle of a frame loses none that was not whole.
 */
#include "02-framing/links/peers.h"
#include "01-sockets/acceptor.h"
#include "01-sockets/net.h"
#include "02-framing/frame.h"
#include "02-framing/links/channel.h"
#include <string.h>

enum { MOST = 4 << 20, BACKLOG = 16 << 20, CALLERS = 64 };
#define RETRY_FIRST   (10 * MSEC)
#define RETRY_LONGEST SEC

/* Another node. */
struct peer {
    struct peers *peers;
    node_id id;
    struct address address;
    struct channel
        *channel; /* Open; or, if we call them, being made; or NULL. */
    struct timer retry;
    nsec wait;    /* Before the next attempt. */
    GQueue queue; /* GBytes, frames. */
    size_t queued;
    size_t begun; /* Bytes of the first frame that the channel has taken. */
};

struct peers {
    struct env env; /* First: it is one. */
    struct host *host;
    struct peers_settings settings;
    struct acceptor *acceptor;
    GPtrArray *peers;   /* struct peer. */
    GPtrArray *callers; /* struct channel, not open yet: who called us. */
    GQueue home;        /* GBytes, on the way to ourselves. */
    uint64_t dropped;
    uint64_t strangers;
};

static struct peer *peer_of(const struct peers *peers, node_id id)
{
    for (unsigned i = 0; i < peers->peers->len; i++) {
        struct peer *peer = peers->peers->pdata[i];
        if (peer->id == id)
            return peer;
    }
    return NULL;
}

/* ---- Out. ---- */

static void pop(struct peer *peer, unsigned nth)
{
    GBytes *frame = g_queue_pop_nth(&peer->queue, nth);
    peer->queued -= g_bytes_get_size(frame);
    g_bytes_unref(frame);
}

static void pump(struct peer *peer)
{
    while (peer->channel && !g_queue_is_empty(&peer->queue)) {
        size_t size;
        const uint8_t *data =
            g_bytes_get_data(g_queue_peek_head(&peer->queue), &size);
        peer->begun += channel_write(peer->channel, data + peer->begun,
                                     size - peer->begun);
        if (peer->begun < size)
            return;
        peer->begun = 0;
        pop(peer, 0);
    }
}

/* One that is begun must be finished. */
static void make_room(struct peer *peer, size_t size)
{
    unsigned first = peer->begun > 0;
    while (peer->queued + size > peer->peers->settings.backlog &&
           peer->queue.length > first) {
        pop(peer, first);
        peer->peers->dropped++;
    }
}

static void send_to_peer(struct peer *peer, GBytes *message)
{
    GBytes *frame = channel_frame(message);
    make_room(peer, g_bytes_get_size(frame));
    g_queue_push_tail(&peer->queue, frame);
    peer->queued += g_bytes_get_size(frame);
    pump(peer);
}

/* Our messages may be longer than those of the env below. So the message stays
 * here, and a token goes its way, in whose place it arrives. */
static void send_home(struct peers *peers, GBytes *message)
{
    g_autoptr(GBytes) token = g_bytes_new_static("", 1);
    g_queue_push_tail(&peers->home, g_bytes_ref(message));
    env_send(peers->env.below, peers->env.id, token);
}

static void peers_send(struct env *env, node_id to, GBytes *message)
{
    struct peers *peers = (struct peers *)env;
    struct peer *peer = peer_of(peers, to);
    if (to == env->id)
        send_home(peers, message);
    else if (peer)
        send_to_peer(peer, message);
}

/* ---- Connections. ---- */

static void call_later(struct peer *peer)
{
    struct env *below = peer->peers->env.below;
    nsec half = peer->wait / 2;
    env_arm(below, &peer->retry, half + env_random(below) % (half + 1));
    peer->wait = MIN(2 * peer->wait, RETRY_LONGEST);
}

/* The peer's connection, open or being made, is over. */
static void lose(struct peer *peer)
{
    bool was_open = channel_to(peer->channel) != 0;
    g_clear_pointer(&peer->channel, channel_free);
    peer->begun = 0;
    if (peer->id < peer->peers->env.id)
        call_later(peer);
    if (was_open) {
        g_autoptr(GBytes) farewell = g_bytes_new(NULL, 0);
        env_deliver(&peer->peers->env, peer->id, farewell);
    }
}

static void on_close(void *self, struct channel *channel)
{
    struct peers *peers = self;
    for (unsigned i = 0; i < peers->peers->len; i++) {
        struct peer *peer = peers->peers->pdata[i];
        if (peer->channel == channel) {
            lose(peer);
            return;
        }
    }
    peers->strangers++;
    g_ptr_array_remove(peers->callers, channel);
}

/* They called us: a node of ours that we do not call ourselves. */
static bool let_in(struct peers *peers, struct channel *channel, node_id id)
{
    struct peer *peer = peer_of(peers, id);
    if (!peer || id < peers->env.id)
        return false;
    if (peer->channel)
        lose(peer);
    for (unsigned i = 0; i < peers->callers->len; i++)
        if (peers->callers->pdata[i] == channel)
            peer->channel = g_ptr_array_steal_index(peers->callers, i);
    return true;
}

static bool on_hello(void *self, struct channel *channel, node_id id)
{
    struct peers *peers = self;
    struct peer *peer = peer_of(peers, id);
    bool called = peer && peer->channel == channel;
    if (!called && !let_in(peers, channel, id))
        return false;
    peer = peer_of(peers, id);
    peer->wait = RETRY_FIRST;
    pump(peer);
    return true;
}

static void on_message(void *self, struct channel *channel, GBytes *message)
{
    struct peers *peers = self;
    env_deliver(&peers->env, channel_to(channel), message);
}

static void on_room(void *self, struct channel *channel)
{
    struct peers *peers = self;
    pump(peer_of(peers, channel_to(channel)));
}

static struct channel *make_channel(struct peers *peers, int fd, node_id to)
{
    return channel_new(
        host_loop(peers->host), host_gate(peers->host), fd,
        (struct channel_ends){peers->settings.cluster, peers->env.id, to},
        (struct channel_owner){.on_hello = on_hello,
                               .on_message = on_message,
                               .on_room = on_room,
                               .on_close = on_close,
                               .self = peers,
                               .most = peers->settings.most});
}

static void call(void *self)
{
    struct peer *peer = self;
    int fd = net_connect(&peer->address);
    if (fd < 0)
        call_later(peer);
    else
        peer->channel = make_channel(peer->peers, fd, peer->id);
}

/* Who calls and says nothing must not keep the others out. */
static void on_connection(void *self, int fd)
{
    struct peers *peers = self;
    if (peers->callers->len == CALLERS) {
        peers->strangers++;
        g_ptr_array_remove_index(peers->callers, 0);
    }
    g_ptr_array_add(peers->callers, make_channel(peers, fd, 0));
}

/* ---- In. ---- */

static void on_below(void *self, node_id from, GBytes *message)
{
    struct peers *peers = self;
    bool home = from == peers->env.id && !g_queue_is_empty(&peers->home);
    g_autoptr(GBytes) kept = home ? g_queue_pop_head(&peers->home) : NULL;
    env_deliver(&peers->env, from, home ? kept : message);
}

/* ---- Life. ---- */

static void channel_clear(void *channel)
{
    channel_free(channel);
}

static void peer_free(void *data)
{
    struct peer *peer = data;
    env_disarm(peer->peers->env.below, &peer->retry);
    g_clear_pointer(&peer->channel, channel_free);
    while (!g_queue_is_empty(&peer->queue))
        pop(peer, 0);
    g_free(peer);
}

struct peers *peers_new(struct host *host, int listener,
                        struct peers_settings settings)
{
    static const struct env_ops ops = {.send = peers_send};
    struct peers *peers = g_new0(struct peers, 1);
    struct env *below = host_env(host);
    settings.most = settings.most ? settings.most : MOST;
    settings.backlog = settings.backlog ? settings.backlog : BACKLOG;
    g_assert(settings.backlog >= 2 * (settings.most + FRAME_HEADER));
    peers->env = (struct env){
        .ops = &ops, .below = below, .id = below->id, .most = settings.most};
    peers->host = host;
    peers->settings = settings;
    peers->peers = g_ptr_array_new_with_free_func(peer_free);
    peers->callers = g_ptr_array_new_with_free_func(channel_clear);
    peers->acceptor =
        acceptor_new(host_loop(host), listener, on_connection, peers);
    env_bind(below, on_below, peers);
    return peers;
}

void peers_meet(struct peers *peers, node_id id, const struct address *address)
{
    struct peer *peer = peer_of(peers, id);
    g_assert(id >= 1 && id <= UINT16_MAX && id != peers->env.id);
    if (!peer) {
        peer = g_new0(struct peer, 1);
        *peer = (struct peer){.peers = peers, .id = id, .wait = RETRY_FIRST};
        peer->retry = (struct timer){.fire = call, .self = peer};
        g_ptr_array_add(peers->peers, peer);
    }
    peer->address = *address;
    if (!peer->channel && id < peers->env.id)
        env_arm(peers->env.below, &peer->retry, 0);
}

struct env *peers_env(struct peers *peers)
{
    return &peers->env;
}

bool peers_are_connected(const struct peers *peers, node_id id)
{
    const struct peer *peer = peer_of(peers, id);
    return peer && peer->channel && channel_to(peer->channel) != 0;
}

uint64_t peers_dropped(const struct peers *peers)
{
    return peers->dropped;
}

uint64_t peers_strangers(const struct peers *peers)
{
    return peers->strangers;
}

void peers_free(struct peers *peers)
{
    env_bind(peers->env.below, NULL, NULL);
    acceptor_free(peers->acceptor);
    g_ptr_array_unref(peers->callers);
    g_ptr_array_unref(peers->peers);
    while (!g_queue_is_empty(&peers->home))
        g_bytes_unref(g_queue_pop_head(&peers->home));
    g_free(peers);
}

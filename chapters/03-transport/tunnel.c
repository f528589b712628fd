/*
 *     protocol -- tunnel_send --> queue of frames -- pump --> connection
 *        ^                        (of each peer)                  |
 *        '------- frame_next <-- decoder <-- on_readable ---------'
 *
 * A frame leaves the queue when the connection has taken the last byte of it.
 * So a connection that breaks in the midst of a frame loses none that was not
 * whole, and a frame that was whole is never sent again.
 *
 * The output rule holds of itself, and it is worth seeing why. To push is not
 * to send: a byte waits in the flow, and leaves in a segment that is sent
 * later, perhaps again and again. The env below stamps a segment when that is
 * sent, so never earlier than its bytes were pushed: it waits for all that was
 * written before the push, and may wait for more.
 *
 * Messages to oneself take no connection. A token goes through the env below,
 * which holds it back as long as it must, and where it arrives the message is
 * taken up.
 */
#include "03-transport/tunnel.h"
#include "02-framing/frame.h"

enum { LONGEST = 4 << 20, BACKLOG = 16 << 20, PIECE = 4096 };
#define RETRY_FIRST   (10 * MSEC)
#define RETRY_LONGEST SEC
#define KEEPALIVE     SEC
#define PATIENCE      (20 * SEC)

/* So long an opening may take. Its own repeats come later and later: a new one
 * finds a node that was away sooner. */
#define ATTEMPT (10 * SEC)

/* Another node. */
struct tunnel_peer {
    struct tunnel *tunnel;
    node_id id;
    struct connection *connection; /* Or NULL. */
    bool open;                     /* It is: not only asked for. */
    struct frame_decoder *decoder; /* Of what it has brought. */
    struct timer retry;
    nsec wait;    /* Before the next attempt. */
    GQueue queue; /* GBytes, frames. */
    size_t queued;
    size_t begun; /* Bytes of the first frame that the connection has taken. */
};

struct tunnel {
    struct env env;   /* First: it is one. */
    struct env floor; /* The env below, less what is not the endpoint's. */
    struct tunnel_settings settings;
    struct endpoint *endpoint;
    GPtrArray *peers; /* struct tunnel_peer. */
    GQueue home;      /* GBytes, on the way to ourselves. */
    uint64_t dropped;
};

static struct tunnel_peer *peer_of(const struct tunnel *tunnel, node_id id)
{
    for (unsigned i = 0; i < tunnel->peers->len; i++) {
        struct tunnel_peer *peer = tunnel->peers->pdata[i];
        if (peer->id == id)
            return peer;
    }
    return NULL;
}

static struct env *below_of(const struct tunnel_peer *peer)
{
    return peer->tunnel->env.below;
}

/* ---- Out. ---- */

static void pop(struct tunnel_peer *peer, unsigned nth)
{
    GBytes *frame = g_queue_pop_nth(&peer->queue, nth);
    peer->queued -= g_bytes_get_size(frame);
    g_bytes_unref(frame);
}

static void pump(struct tunnel_peer *peer)
{
    while (peer->open && !g_queue_is_empty(&peer->queue)) {
        size_t size;
        const uint8_t *data =
            g_bytes_get_data(g_queue_peek_head(&peer->queue), &size);
        peer->begun += connection_push(peer->connection, data + peer->begun,
                                       size - peer->begun);
        if (peer->begun < size)
            return;
        peer->begun = 0;
        pop(peer, 0);
    }
}

/* One that is begun must be finished. */
static void make_room(struct tunnel_peer *peer, size_t size)
{
    unsigned first = peer->begun > 0;
    while (peer->queued + size > peer->tunnel->settings.backlog &&
           peer->queue.length > first) {
        pop(peer, first);
        peer->tunnel->dropped++;
    }
}

static void send_to_peer(struct tunnel_peer *peer, GBytes *message)
{
    struct frame frame = {.size = g_bytes_get_size(message)};
    frame.payload = g_bytes_get_data(message, NULL);
    GBytes *bytes = frame_bytes(&frame);
    make_room(peer, g_bytes_get_size(bytes));
    g_queue_push_tail(&peer->queue, bytes);
    peer->queued += g_bytes_get_size(bytes);
    pump(peer);
}

static void send_home(struct tunnel *tunnel, GBytes *message)
{
    g_autoptr(GBytes) token = g_bytes_new_static("", 1);
    g_queue_push_tail(&tunnel->home, g_bytes_ref(message));
    env_send(tunnel->env.below, tunnel->env.id, token);
}

static void tunnel_send(struct env *env, node_id to, GBytes *message)
{
    struct tunnel *tunnel = (struct tunnel *)env;
    struct tunnel_peer *peer = peer_of(tunnel, to);
    if (to == env->id)
        send_home(tunnel, message);
    else if (peer)
        send_to_peer(peer, message);
}

/* ---- In. ---- */

/* An empty message would be a farewell, which nobody can send. What is damaged,
 * though each segment was right, is skipped: one message more is lost. */
static void on_readable(void *self)
{
    struct tunnel_peer *peer = self;
    uint8_t piece[PIECE];
    struct frame frame;
    size_t size;
    while ((size = connection_take(peer->connection, piece, sizeof piece)) >
           0) {
        frame_feed(peer->decoder, piece, size);
        while (frame_next(peer->decoder, &frame)) {
            if (frame.size == 0)
                continue;
            g_autoptr(GBytes) message = g_bytes_new(frame.payload, frame.size);
            env_deliver(&peer->tunnel->env, peer->id, message);
        }
    }
}

/* What comes home, and farewells, are not for the endpoint. */
static void on_below(void *self, node_id from, GBytes *message)
{
    struct tunnel *tunnel = self;
    bool home = from == tunnel->env.id;
    g_autoptr(GBytes) kept = home ? g_queue_pop_head(&tunnel->home) : NULL;
    if (home || g_bytes_get_size(message) == 0)
        env_deliver(&tunnel->env, from, kept ? kept : message);
    else
        env_deliver(&tunnel->floor, from, message);
}

/* ---- Connections. ---- */

static void deliver_farewell(const struct tunnel_peer *peer)
{
    g_autoptr(GBytes) farewell = g_bytes_new(NULL, 0);
    env_deliver(&peer->tunnel->env, peer->id, farewell);
}

static void call_later(struct tunnel_peer *peer)
{
    nsec half = peer->wait / 2;
    env_arm(below_of(peer), &peer->retry,
            half + env_random(below_of(peer)) % (half + 1));
    peer->wait = MIN(2 * peer->wait, RETRY_LONGEST);
}

/* A frame that is half sent begins anew, and so does one that has half come. */
static void start(struct tunnel_peer *peer)
{
    g_clear_pointer(&peer->decoder, frame_decoder_free);
    peer->decoder = frame_decoder_new(peer->tunnel->settings.most);
    peer->begun = 0;
    peer->open = true;
    env_disarm(below_of(peer), &peer->retry);
}

static void on_opened(void *self)
{
    struct tunnel_peer *peer = self;
    start(peer);
    pump(peer);
}

/* Something has arrived, so we are welcome. */
static void on_writable(void *self)
{
    struct tunnel_peer *peer = self;
    peer->wait = RETRY_FIRST;
    pump(peer);
}

/* Whoever refuses us was never there. */
static void on_closed(void *self, enum connection_end end)
{
    struct tunnel_peer *peer = self;
    bool farewell = peer->open && end != CONNECTION_REFUSED;
    g_clear_pointer(&peer->connection, connection_free);
    peer->open = false;
    if (peer->id < peer->tunnel->env.id)
        call_later(peer);
    if (farewell)
        deliver_farewell(peer);
}

static struct connection_owner owner_of(struct tunnel_peer *peer)
{
    return (struct connection_owner){.opened = on_opened,
                                     .readable = on_readable,
                                     .writable = on_writable,
                                     .closed = on_closed,
                                     .self = peer};
}

/* There may be one already, which was never answered. */
static void call(void *self)
{
    struct tunnel_peer *peer = self;
    g_clear_pointer(&peer->connection, connection_free);
    peer->connection =
        endpoint_connect(peer->tunnel->endpoint, peer->id, owner_of(peer));
    env_arm(below_of(peer), &peer->retry, ATTEMPT);
}

/* They called us: a node of ours that we do not call ourselves. Whoever has one
 * already does not know it any more. */
static bool let_in(void *self, node_id from, struct connection *connection,
                   struct connection_owner *owner)
{
    struct tunnel *tunnel = self;
    struct tunnel_peer *peer = peer_of(tunnel, from);
    if (!peer || from < tunnel->env.id)
        return false;
    bool was_open = peer->open;
    g_clear_pointer(&peer->connection, connection_free);
    peer->connection = connection;
    *owner = owner_of(peer);
    start(peer);
    if (was_open)
        deliver_farewell(peer);
    pump(peer);
    return true;
}

/* ---- Life. ---- */

static void peer_free(void *data)
{
    struct tunnel_peer *peer = data;
    env_disarm(below_of(peer), &peer->retry);
    g_clear_pointer(&peer->decoder, frame_decoder_free);
    while (!g_queue_is_empty(&peer->queue))
        pop(peer, 0);
    g_free(peer);
}

/* Whoever has nothing to say asks often: for the smaller of two, which has come
 * back, cannot call the larger. */
static void set_defaults(struct tunnel_settings *settings)
{
    if (settings->most == 0)
        settings->most = LONGEST;
    if (settings->backlog == 0)
        settings->backlog = BACKLOG;
    if (settings->endpoint.keepalive == 0)
        settings->endpoint.keepalive = KEEPALIVE;
    if (settings->endpoint.patience == 0)
        settings->endpoint.patience = PATIENCE;
    g_assert(settings->backlog >= 2 * (settings->most + FRAME_HEADER));
}

struct tunnel *tunnel_new(struct env *below, struct tunnel_settings settings)
{
    static const struct env_ops ops = {.send = tunnel_send}, same = {0};
    struct tunnel *tunnel = g_new0(struct tunnel, 1);
    set_defaults(&settings);
    tunnel->env = (struct env){
        .ops = &ops, .below = below, .id = below->id, .most = settings.most};
    tunnel->floor = (struct env){
        .ops = &same, .below = below, .id = below->id, .most = below->most};
    tunnel->settings = settings;
    tunnel->peers = g_ptr_array_new_with_free_func(peer_free);
    tunnel->endpoint = endpoint_new(&tunnel->floor, settings.endpoint);
    endpoint_listen(tunnel->endpoint, let_in, tunnel);
    env_bind(below, on_below, tunnel);
    return tunnel;
}

void tunnel_meet(struct tunnel *tunnel, node_id id)
{
    g_assert(id >= 1 && id <= UINT16_MAX && id != tunnel->env.id);
    if (peer_of(tunnel, id))
        return;
    struct tunnel_peer *peer = g_new0(struct tunnel_peer, 1);
    *peer =
        (struct tunnel_peer){.tunnel = tunnel, .id = id, .wait = RETRY_FIRST};
    peer->retry = (struct timer){.fire = call, .self = peer};
    g_ptr_array_add(tunnel->peers, peer);
    if (id < tunnel->env.id)
        env_arm(tunnel->env.below, &peer->retry, 0);
}

struct env *tunnel_env(struct tunnel *tunnel)
{
    return &tunnel->env;
}

bool tunnel_is_open(const struct tunnel *tunnel, node_id id)
{
    const struct tunnel_peer *peer = peer_of(tunnel, id);
    return peer && peer->open;
}

uint64_t tunnel_dropped(const struct tunnel *tunnel)
{
    return tunnel->dropped;
}

void tunnel_free(struct tunnel *tunnel)
{
    env_bind(tunnel->env.below, NULL, NULL);
    endpoint_free(tunnel->endpoint);
    g_ptr_array_unref(tunnel->peers);
    while (!g_queue_is_empty(&tunnel->home))
        g_bytes_unref(g_queue_pop_head(&tunnel->home));
    g_free(tunnel);
}

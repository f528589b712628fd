/*
 * Two tables find a connection: by our id of it, which segments carry, and by
 * the other's, which resets return. Openings come first, and of these only one
 * kind costs memory: the one with a right cookie.
 *
 * Such an opening may come twice. While its connection lives, it is known by
 * its id; afterwards the id is kept until its cookie is too old. For that there
 * are two sets of ids, the one of this span of time and the one of the span
 * before: each span the older one is thrown away whole.
 */
#include "02-framing/kv/siphash.h"
#include "02-framing/wire.h"
#include "03-transport/connection_parts.h"
#include "03-transport/newreno.h"

/* Who was answered shows its cookie again and again, for as long as its
 * patience lasts. It may not ask for another: the first may have begun a
 * connection, and what that has delivered would come twice. */
#define COOKIE_LIFE (100 * SEC)

enum {
    OPENING_DATA = 20,   /* An id and a cookie. */
    FIRST_DATA = 32,     /* The first opening has no ack, but is as long. */
    USED_MOST = 1 << 17, /* Ids of one span. */
    SEGMENT_SIZE = 1440,
    BUFFER = 1 << 20,
    MOST = 4096
};

struct endpoint {
    struct env *env;
    struct endpoint_settings settings;
    endpoint_acceptor *accept;
    void *self;
    GHashTable *mine;   /* By name.mine: all that are not dead. */
    GHashTable *others; /* By name.peer and name.other. */
    struct siphash_key key;
    GHashTable *used[2]; /* Ids whose cookie is not too old. */
    uint64_t span;       /* Which COOKIE_LIFE this is. */
};

/* What an opening carries besides its segment. */
struct opening {
    uint32_t id; /* The sender's. */
    struct cookie cookie;
};

const struct endpoint_settings *
endpoint_settings(const struct endpoint *endpoint)
{
    return &endpoint->settings;
}

struct env *endpoint_env(const struct endpoint *endpoint)
{
    return endpoint->env;
}

/* ---- The tables. ---- */

static guint name_hash(gconstpointer key)
{
    const struct connection_name *name = key;
    return (guint)(name->other ^ name->peer * 0x9e3779b1u);
}

static gboolean name_equal(gconstpointer a, gconstpointer b)
{
    const struct connection_name *one = a, *two = b;
    return one->peer == two->peer && one->other == two->other;
}

static struct connection *find_mine(const struct endpoint *endpoint,
                                    node_id peer, uint32_t id)
{
    struct connection *connection =
        g_hash_table_lookup(endpoint->mine, GUINT_TO_POINTER(id));
    return connection && connection->name.peer == peer ? connection : NULL;
}

/* Another one may have the same name, if the other side draws badly: then this
 * one takes its place, with its own copy of the name. */
void endpoint_name(struct endpoint *endpoint, struct connection *connection)
{
    g_hash_table_replace(endpoint->others, &connection->name, connection);
}

static void add(struct endpoint *endpoint, struct connection *connection)
{
    g_hash_table_insert(endpoint->mine, GUINT_TO_POINTER(connection->name.mine),
                        connection);
}

void endpoint_forget(struct endpoint *endpoint, struct connection *connection)
{
    const struct connection_name *name = &connection->name;
    if (g_hash_table_lookup(endpoint->others, name) == connection)
        g_hash_table_remove(endpoint->others, name);
    if (find_mine(endpoint, name->peer, name->mine) == connection)
        g_hash_table_remove(endpoint->mine, GUINT_TO_POINTER(name->mine));
}

/* ---- Ids that were used. ---- */

static void turn_spans(struct endpoint *endpoint)
{
    uint64_t span = env_now(endpoint->env) / COOKIE_LIFE;
    for (unsigned i = 0; i < 2 && endpoint->span < span; i++) {
        GHashTable *older = endpoint->used[1];
        endpoint->used[1] = endpoint->used[0];
        endpoint->used[0] = older;
        g_hash_table_remove_all(older);
        endpoint->span++;
    }
    endpoint->span = span;
}

static bool is_used(const struct endpoint *endpoint, uint32_t id)
{
    gpointer key = GUINT_TO_POINTER(id);
    return g_hash_table_contains(endpoint->mine, key) ||
           g_hash_table_contains(endpoint->used[0], key) ||
           g_hash_table_contains(endpoint->used[1], key);
}

static uint32_t draw_id(struct endpoint *endpoint)
{
    uint32_t id = 0;
    while (id == 0 || is_used(endpoint, id))
        id = (uint32_t)env_random(endpoint->env);
    return id;
}

static bool is_full(const struct endpoint *endpoint)
{
    return g_hash_table_size(endpoint->mine) >= endpoint->settings.most ||
           g_hash_table_size(endpoint->used[0]) >= USED_MOST;
}

/* ---- Sending. ---- */

void endpoint_send(struct endpoint *endpoint, node_id peer,
                   const struct segment *segment)
{
    g_autoptr(GBytes) bytes = segment_bytes(segment);
    env_send(endpoint->env, peer, bytes);
}

void endpoint_send_opening(struct endpoint *endpoint, node_id peer,
                           struct segment *segment, uint32_t id,
                           struct cookie cookie)
{
    static const uint8_t padding[FIRST_DATA - OPENING_DATA];
    struct wire_writer out = {.most = FIRST_DATA};
    wire_put_u32(&out, id);
    wire_put_u64(&out, cookie.when);
    wire_put_u64(&out, cookie.hash);
    if (segment->flags == SEGMENT_OPEN)
        wire_put_raw(&out, padding, sizeof padding);
    segment->data = out.data;
    segment->size = out.size;
    endpoint_send(endpoint, peer, segment);
    wire_clear(&out);
}

/* No to an opening, whose packet proves that we have heard it. */
static void refuse(struct endpoint *endpoint, node_id peer,
                   const struct segment *segment, struct opening opening)
{
    struct segment no = {.flags = SEGMENT_OPEN | SEGMENT_RESET,
                         .connection = opening.id,
                         .packet = segment->packet};
    endpoint_send_opening(endpoint, peer, &no, 0, (struct cookie){0});
}

/* ---- Openings. ---- */

/* Of all that the opening and its answer say: @p peer asks; its id, its number,
 * and ours. */
static uint64_t hash_of(const struct endpoint *endpoint, node_id peer,
                        const uint32_t numbers[4], uint64_t when)
{
    struct wire_writer out = {.most = 32};
    wire_put_u64(&out, peer);
    wire_put_u64(&out, when);
    for (unsigned i = 0; i < 4; i++)
        wire_put_u32(&out, numbers[i]);
    uint64_t hash = siphash(endpoint->key, out.data, out.size);
    wire_clear(&out);
    return hash;
}

/* The answer to a first opening: all that we would have to remember is in it.
 * */
static void challenge(struct endpoint *endpoint, node_id peer,
                      const struct segment *segment, struct opening opening)
{
    struct segment answer = {.flags =
                                 SEGMENT_OPEN | SEGMENT_ACK | SEGMENT_COOKIE,
                             .connection = opening.id,
                             .packet = segment->packet,
                             .seq = (uint32_t)env_random(endpoint->env),
                             .ack = segment->seq + 1,
                             .window = (uint32_t)endpoint->settings.incoming};
    uint32_t id = draw_id(endpoint);
    struct cookie cookie = {.when = env_now(endpoint->env)};
    uint32_t numbers[] = {opening.id, segment->seq, id, answer.seq};
    cookie.hash = hash_of(endpoint, peer, numbers, cookie.when);
    endpoint_send_opening(endpoint, peer, &answer, id, cookie);
}

/* Did we give this cookie, to this peer, for this connection, and not long ago?
 * */
static bool is_right(const struct endpoint *endpoint, node_id peer,
                     const struct segment *segment, struct opening opening)
{
    nsec now = env_now(endpoint->env);
    uint64_t when = opening.cookie.when;
    uint32_t numbers[] = {opening.id, segment->seq, segment->connection,
                          segment->ack - 1};
    return when <= now && now - when < COOKIE_LIFE &&
           hash_of(endpoint, peer, numbers, when) == opening.cookie.hash;
}

/* The owner may use it before it says whether it wants it. */
static bool offer(struct endpoint *endpoint, struct connection *connection)
{
    struct connection_owner owner = {0};
    bool wanted = endpoint->accept(endpoint->self, connection->name.peer,
                                   connection, &owner);
    connection->owner = owner;
    return wanted;
}

static void accept_one(struct endpoint *endpoint, node_id peer,
                       const struct segment *segment, struct opening opening)
{
    turn_spans(endpoint);
    if (!endpoint->accept || is_full(endpoint) ||
        is_used(endpoint, segment->connection) ||
        !is_right(endpoint, peer, segment, opening)) {
        refuse(endpoint, peer, segment, opening);
        return;
    }
    struct connection_name name = {peer, segment->connection, opening.id};
    struct connection *connection = connection_new(endpoint, name);
    add(endpoint, connection);
    endpoint_name(endpoint, connection);
    g_hash_table_add(endpoint->used[0], GUINT_TO_POINTER(name.mine));
    connection_accept(connection, segment, opening.cookie.when);
    if (offer(endpoint, connection)) {
        connection_confirm(connection);
    } else {
        connection_destroy(connection);
        refuse(endpoint, peer, segment, opening);
    }
}

/* An answer to our opening, or the cookie that comes back; or one of them once
 * more. The answer to a second opening, with another id, comes in vain. */
static void on_cookie(struct endpoint *endpoint, node_id peer,
                      const struct segment *segment, struct opening opening)
{
    struct connection *connection =
        find_mine(endpoint, peer, segment->connection);
    if (!connection)
        accept_one(endpoint, peer, segment, opening);
    else if (connection->state == CONNECTION_OPENING)
        connection_on_answer(connection, segment, opening.id, opening.cookie);
    else if (connection->name.other == opening.id)
        connection_confirm(connection);
}

static void on_opening(struct endpoint *endpoint, node_id peer,
                       const struct segment *segment)
{
    struct wire_reader in = wire_read(segment->data, segment->size);
    struct opening opening = {.id = wire_get_u32(&in)};
    opening.cookie.when = wire_get_u64(&in);
    opening.cookie.hash = wire_get_u64(&in);
    struct connection *connection =
        find_mine(endpoint, peer, segment->connection);
    if (segment->size < OPENING_DATA)
        return;
    if (segment->flags == (SEGMENT_OPEN | SEGMENT_ACK | SEGMENT_COOKIE))
        on_cookie(endpoint, peer, segment, opening);
    else if (segment->flags == (SEGMENT_OPEN | SEGMENT_RESET) && connection)
        connection_on_refusal(connection, segment->packet);
    else if (segment->flags != SEGMENT_OPEN || segment->size < FIRST_DATA)
        return;
    else if (endpoint->accept)
        challenge(endpoint, peer, segment, opening);
    else
        refuse(endpoint, peer, segment, opening);
}

/* ---- Other segments. ---- */

static void on_reset(struct endpoint *endpoint, node_id peer,
                     const struct segment *segment)
{
    struct connection_name name = {.peer = peer, .other = segment->connection};
    struct connection *connection =
        g_hash_table_lookup(endpoint->others, &name);
    if (connection)
        connection_on_reset(connection, segment->packet,
                            segment->flags & SEGMENT_FIN);
}

static void on_segment(struct endpoint *endpoint, node_id peer,
                       const struct segment *segment)
{
    struct connection *connection =
        find_mine(endpoint, peer, segment->connection);
    struct segment reset = {.flags = SEGMENT_RESET,
                            .connection = segment->connection,
                            .packet = segment->packet};
    if (connection)
        connection_on_segment(connection, segment);
    else
        endpoint_send(endpoint, peer, &reset);
}

/* A farewell is none of ours, and says nothing: it may be mistaken. */
static void on_message(void *self, node_id from, GBytes *message)
{
    struct endpoint *endpoint = self;
    struct segment segment;
    if (!segment_of(message, &segment))
        return;
    if (segment.flags & SEGMENT_OPEN)
        on_opening(endpoint, from, &segment);
    else if (segment.flags & SEGMENT_RESET)
        on_reset(endpoint, from, &segment);
    else
        on_segment(endpoint, from, &segment);
}

/* ---- Life. ---- */

static void set_defaults(struct endpoint_settings *settings)
{
    if (settings->segment == 0)
        settings->segment = SEGMENT_SIZE;
    if (settings->outgoing == 0)
        settings->outgoing = BUFFER;
    if (settings->incoming == 0)
        settings->incoming = BUFFER;
    if (settings->most == 0)
        settings->most = MOST;
    if (settings->floor == 0)
        settings->floor = 10 * MSEC;
    if (settings->keepalive == 0)
        settings->keepalive = 15 * SEC;
    if (settings->patience == 0)
        settings->patience = 100 * SEC;
    if (!settings->controller)
        settings->controller = newreno_new;
}

struct endpoint *endpoint_new(struct env *env,
                              struct endpoint_settings settings)
{
    struct endpoint *endpoint = g_new0(struct endpoint, 1);
    set_defaults(&settings);
    g_assert(SEGMENT_HEADER + SEGMENT_ACK_SIZE +
                 MAX(settings.segment, SEGMENT_RANGES * SEGMENT_RANGE_SIZE) <=
             env->most);
    endpoint->env = env;
    endpoint->settings = settings;
    endpoint->mine = g_hash_table_new(NULL, NULL);
    endpoint->others = g_hash_table_new(name_hash, name_equal);
    for (unsigned i = 0; i < 2; i++)
        endpoint->used[i] = g_hash_table_new(NULL, NULL);
    endpoint->span = env_now(env) / COOKIE_LIFE;
    endpoint->key.low = env_random(env);
    endpoint->key.high = env_random(env);
    env_bind(env, on_message, endpoint);
    return endpoint;
}

void endpoint_listen(struct endpoint *endpoint, endpoint_acceptor *accept,
                     void *self)
{
    endpoint->accept = accept;
    endpoint->self = self;
}

struct connection *endpoint_connect(struct endpoint *endpoint, node_id peer,
                                    struct connection_owner owner)
{
    if (g_hash_table_size(endpoint->mine) >= endpoint->settings.most)
        return NULL;
    struct connection_name name = {.peer = peer, .mine = draw_id(endpoint)};
    struct connection *connection = connection_new(endpoint, name);
    connection->owner = owner;
    add(endpoint, connection);
    connection_open(connection);
    return connection;
}

unsigned endpoint_connections(const struct endpoint *endpoint)
{
    return g_hash_table_size(endpoint->mine);
}

void endpoint_free(struct endpoint *endpoint)
{
    g_autoptr(GList) rest = g_hash_table_get_values(endpoint->mine);
    for (GList *each = rest; each; each = each->next)
        connection_destroy(each->data);
    g_hash_table_unref(endpoint->mine);
    g_hash_table_unref(endpoint->others);
    for (unsigned i = 0; i < 2; i++)
        g_hash_table_unref(endpoint->used[i]);
    env_bind(endpoint->env, NULL, NULL);
    g_free(endpoint);
}

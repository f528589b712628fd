/*
 * The last stage: a connection, on an endpoint of its own. When it has closed
 * it is left to the endpoint, which answers until nobody can ask any more.
 */
#include "03-transport/endpoint.h"
#include "03-transport/transfer/way.h"

struct flow_way {
    struct way way; /* First: it is one. */
    struct way_owner owner;
    struct endpoint *endpoint;
    struct connection *connection; /* NULL: nobody has come, or it is over. */
    struct flow_count count;       /* Of one that is over. */
    bool sends, over;
};

static struct flow_way *way_of(struct way *way)
{
    return (struct flow_way *)way;
}

static const struct flow_way *const_way_of(const struct way *way)
{
    return (const struct flow_way *)way;
}

/* ---- What the connection says. ---- */

static void on_readable(void *self)
{
    struct flow_way *way = self;
    way->owner.readable(way->owner.self);
}

static void on_writable(void *self)
{
    struct flow_way *way = self;
    way->owner.writable(way->owner.self);
}

static void on_closed(void *self, enum connection_end end)
{
    static const char *const problems[] = {
        [CONNECTION_RESET] = "the other side has given up, or was restarted",
        [CONNECTION_REFUSED] = "the other side does not want it",
        [CONNECTION_SILENT] = "nothing is heard of the other side"};
    struct flow_way *way = self;
    if (connection_flow(way->connection))
        way->count = flow_count(connection_flow(way->connection));
    connection_free(way->connection);
    way->connection = NULL;
    way->over = true;
    way->owner.closed(way->owner.self, problems[end]);
}

static struct connection_owner owner_of(struct flow_way *way)
{
    return (struct connection_owner){.opened = on_writable,
                                     .readable = on_readable,
                                     .writable = on_writable,
                                     .closed = on_closed,
                                     .self = way};
}

static bool on_accept(void *self, node_id peer, struct connection *connection,
                      struct connection_owner *owner)
{
    struct flow_way *way = self;
    if (way->connection || way->over)
        return false;
    way->connection = connection;
    way->owner.met(way->owner.self, peer);
    *owner = owner_of(way);
    return true;
}

/* ---- What the way is asked. ---- */

static struct way *flow_way_open(const struct way_ops *ops, struct env *env,
                                 node_id to, struct way_settings settings,
                                 struct way_owner owner)
{
    struct flow_way *way = g_new0(struct flow_way, 1);
    way->way.ops = ops;
    way->owner = owner;
    way->sends = to != 0;
    way->endpoint = endpoint_new(
        env, (struct endpoint_settings){.outgoing = settings.buffer,
                                        .incoming = settings.buffer,
                                        .patience = settings.patience,
                                        .keepalive = settings.patience / 4,
                                        .controller = settings.controller});
    if (to == 0)
        endpoint_listen(way->endpoint, on_accept, way);
    else
        way->connection = endpoint_connect(way->endpoint, to, owner_of(way));
    return &way->way;
}

static size_t flow_way_room(const struct way *way)
{
    const struct connection *connection = const_way_of(way)->connection;
    return connection ? connection_room(connection) : 0;
}

static void flow_way_push(struct way *way, const void *data, size_t size)
{
    if (way_of(way)->connection)
        connection_push(way_of(way)->connection, data, size);
}

static void flow_way_end(struct way *way)
{
    if (way_of(way)->connection)
        connection_end(way_of(way)->connection);
}

static size_t flow_way_take(struct way *way, void *buffer, size_t size)
{
    struct connection *connection = way_of(way)->connection;
    return connection ? connection_take(connection, buffer, size) : 0;
}

static bool flow_way_is_over(const struct way *way)
{
    const struct connection *connection = const_way_of(way)->connection;
    return connection && connection_is_over(connection);
}

static bool flow_way_is_idle(const struct way *way)
{
    return endpoint_connections(const_way_of(way)->endpoint) == 0;
}

static void flow_way_count(const struct way *way, GString *text)
{
    const struct connection *connection = const_way_of(way)->connection;
    const struct flow *flow = connection ? connection_flow(connection) : NULL;
    struct flow_count count =
        flow ? flow_count(flow) : const_way_of(way)->count;
    if (const_way_of(way)->sends)
        g_string_append_printf(text,
                               "%" G_GUINT64_FORMAT
                               " segments, %" G_GUINT64_FORMAT " of them again",
                               count.segments, count.repeats);
    else
        g_string_append_printf(text, "%" G_GUINT64_FORMAT " acks", count.acks);
}

static void flow_way_free(struct way *way)
{
    if (way_of(way)->connection)
        connection_free(way_of(way)->connection);
    endpoint_free(way_of(way)->endpoint);
    g_free(way);
}

const struct way_ops way_flow = {
    .name = "flow",
    .open = flow_way_open,
    .room = flow_way_room,
    .push = flow_way_push,
    .end = flow_way_end,
    .take = flow_way_take,
    .is_over = flow_way_is_over,
    .is_idle = flow_way_is_idle,
    .count = flow_way_count,
    .free = flow_way_free,
};

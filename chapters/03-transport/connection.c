/*
 * The life of a connection:
 *
 *     OPENING --cookie came--> ANSWERED --anything came--> OPEN <-- accepted
 *                                                           |
 *       CLOSED: both ended, all acknowledged  <-------------+
 *       (it answers what is asked again)                    |
 *       DEAD: reset, refused, or silence      <-------------'
 *
 * One timer, the watch, counts silence. It is not armed anew with each segment
 * that comes: it fires, looks when something was heard last, and waits for the
 * rest.
 */
#include "03-transport/connection_parts.h"
#include "03-transport/rto.h"

/* Whoever has ended first has the last word, an ack, and does not learn whether
 * it came: so long it answers, when the other says its end again. */
#define LINGER SEC

static struct env *env_of(const struct connection *connection)
{
    return endpoint_env(connection->endpoint);
}

static bool is_alive(const struct connection *connection)
{
    return connection->state < CONNECTION_CLOSED;
}

/* ---- What the flow asks for. ---- */

static void send_segment(void *self, struct segment *segment)
{
    struct connection *connection = self;
    if (connection->state == CONNECTION_DEAD)
        return;
    segment->connection = connection->name.other;
    endpoint_send(connection->endpoint, connection->name.peer, segment);
}

static void on_readable(void *self)
{
    struct connection *connection = self;
    if (connection->owner.readable)
        connection->owner.readable(connection->owner.self);
}

static void on_writable(void *self)
{
    struct connection *connection = self;
    if (connection->owner.writable)
        connection->owner.writable(connection->owner.self);
}

/* Ours begins at @p first_out, theirs behind @p segment, an opening. */
static void start(struct connection *connection, uint32_t first_out,
                  const struct segment *segment, nsec rtt)
{
    const struct endpoint_settings *settings =
        endpoint_settings(connection->endpoint);
    struct flow_options options = {.first_out = first_out,
                                   .first_in = segment->seq + 1,
                                   .window = segment->window,
                                   .segment = settings->segment,
                                   .outgoing = settings->outgoing,
                                   .incoming = settings->incoming,
                                   .floor = settings->floor,
                                   .rtt = rtt,
                                   .controller =
                                       settings->controller(settings->segment)};
    struct flow_owner owner = {send_segment, on_readable, on_writable,
                               connection};
    connection->heard = env_now(env_of(connection));
    connection->newest = 1; /* None has come: it would be the first. */
    connection->flow = flow_new(env_of(connection), options, owner);
    env_arm(env_of(connection), &connection->watch,
            MIN(settings->keepalive, settings->patience));
}

/* ---- Opening. ---- */

static nsec silence(const struct connection *connection)
{
    return env_now(env_of(connection)) - connection->heard;
}

/* An answer is waited for as if it were an ack, but no longer than patience
 * lasts. */
static void set_opening(struct connection *connection)
{
    nsec wait = MIN(RTO_FIRST << MIN(connection->tries, 6), RTO_MOST);
    nsec left =
        endpoint_settings(connection->endpoint)->patience - silence(connection);
    env_arm(env_of(connection), &connection->opening, MIN(wait, left));
    connection->tries++;
}

static void send_opening(struct connection *connection)
{
    struct segment segment = {.flags = SEGMENT_OPEN,
                              .packet = connection->packet,
                              .seq = connection->first};
    if (connection->state == CONNECTION_ANSWERED) {
        segment.flags |= SEGMENT_ACK | SEGMENT_COOKIE;
        segment.connection = connection->name.other;
        segment.ack = connection->ack;
        segment.window =
            (uint32_t)endpoint_settings(connection->endpoint)->incoming;
    }
    endpoint_send_opening(connection->endpoint, connection->name.peer, &segment,
                          connection->name.mine, connection->cookie);
    set_opening(connection);
}

/* ---- Its end. ---- */

/* The last thing that is done with it: the owner may free it. */
static void finish(struct connection *connection, enum connection_end end)
{
    connection->state =
        end == CONNECTION_DONE ? CONNECTION_CLOSED : CONNECTION_DEAD;
    env_disarm(env_of(connection), &connection->opening);
    env_disarm(env_of(connection), &connection->watch);
    if (connection->state == CONNECTION_DEAD)
        endpoint_forget(connection->endpoint, connection);
    if (connection->owner.closed)
        connection->owner.closed(connection->owner.self, end);
}

static bool has_closed(const struct connection *connection)
{
    return connection->ended && flow_is_whole(connection->flow) &&
           flow_is_delivered(connection->flow);
}

/* Whoever is told this has sent something to the other, of which no ack has
 * come. Either the other has @p given it up, or it does not know of it; but
 * then what came before our cookie says nothing. */
void connection_on_reset(struct connection *connection, uint32_t packet,
                         bool given_up)
{
    bool early =
        connection->state == CONNECTION_ANSWERED || packet < connection->sure;
    if (is_alive(connection) && connection->flow && (given_up || !early) &&
        flow_may_have_sent(connection->flow, packet))
        finish(connection, CONNECTION_RESET);
}

void connection_on_refusal(struct connection *connection, uint32_t packet)
{
    if (connection->state <= CONNECTION_ANSWERED &&
        connection->packet == packet)
        finish(connection, CONNECTION_REFUSED);
}

static void watch(struct connection *connection)
{
    const struct endpoint_settings *settings =
        endpoint_settings(connection->endpoint);
    nsec silent = silence(connection), wait = settings->keepalive;
    if (silent >= settings->keepalive)
        flow_ask(connection->flow);
    else
        wait -= silent;
    env_arm(env_of(connection), &connection->watch,
            MIN(wait, settings->patience - silent));
}

static bool is_silent(const struct connection *connection)
{
    return silence(connection) >=
           endpoint_settings(connection->endpoint)->patience;
}

static void on_watch(void *self)
{
    struct connection *connection = self;
    if (connection->freed)
        connection_destroy(connection);
    else if (!is_silent(connection))
        watch(connection);
    else
        finish(connection, CONNECTION_SILENT);
}

static void on_opening(void *self)
{
    struct connection *connection = self;
    if (is_silent(connection))
        finish(connection, CONNECTION_SILENT);
    else
        send_opening(connection);
}

void connection_open(struct connection *connection)
{
    connection->first = (uint32_t)env_random(env_of(connection));
    connection->packet = (uint32_t)env_random(env_of(connection));
    connection->heard = env_now(env_of(connection));
    send_opening(connection);
}

/* The other has answered, and wants to hear its cookie again. */
void connection_on_answer(struct connection *connection,
                          const struct segment *segment, uint32_t id,
                          struct cookie cookie)
{
    nsec now = env_now(env_of(connection));
    if (segment->ack != connection->first + 1)
        return;
    nsec rtt = connection->tries == 1 ? now - connection->heard : 0;
    connection->state = CONNECTION_ANSWERED;
    connection->name.other = id;
    connection->ack = segment->seq + 1;
    connection->cookie = cookie;
    connection->tries = 0;
    endpoint_name(connection->endpoint, connection);
    start(connection, connection->first + 1, segment, rtt);
    send_opening(connection);
    if (connection->owner.opened)
        connection->owner.opened(connection->owner.self);
}

/* ---- Accepting. ---- */

/* The cookie says when it was given: it came back after a round trip, unless it
 * was sent again, which is not done within RTO_FIRST (Karn's rule). */
void connection_accept(struct connection *connection,
                       const struct segment *segment, nsec given)
{
    nsec rtt = env_now(env_of(connection)) - given;
    connection->state = CONNECTION_OPEN;
    start(connection, segment->ack, segment, rtt < RTO_FIRST ? rtt : 0);
}

/* Any word of the flow does. */
void connection_confirm(struct connection *connection)
{
    if (connection->flow)
        flow_ask(connection->flow);
}

/* ---- While it is open. ---- */

void connection_on_segment(struct connection *connection,
                           const struct segment *segment)
{
    if (connection->state == CONNECTION_OPENING)
        return;
    if (connection->state == CONNECTION_ANSWERED) {
        connection->state = CONNECTION_OPEN;
        connection->sure = flow_packet(connection->flow);
        env_disarm(env_of(connection), &connection->opening);
    }
    connection->heard = env_now(env_of(connection));
    if (sequence_is_before(connection->newest, segment->packet))
        connection->newest = segment->packet;
    flow_on_segment(connection->flow, segment);
    if (is_alive(connection) && has_closed(connection))
        finish(connection, CONNECTION_DONE);
}

size_t connection_push(struct connection *connection, const void *data,
                       size_t size)
{
    bool open = is_alive(connection) && connection->flow && !connection->ended;
    return open ? flow_push(connection->flow, data, size) : 0;
}

size_t connection_room(const struct connection *connection)
{
    bool open = is_alive(connection) && connection->flow && !connection->ended;
    return open ? flow_room(connection->flow) : 0;
}

void connection_end(struct connection *connection)
{
    if (connection->ended || !is_alive(connection))
        return;
    g_assert(connection->flow); /* It is open. */
    connection->ended = true;
    connection->lingers = !flow_is_whole(connection->flow);
    flow_end(connection->flow);
}

size_t connection_take(struct connection *connection, void *buffer, size_t size)
{
    return connection->flow ? flow_take(connection->flow, buffer, size) : 0;
}

bool connection_is_over(const struct connection *connection)
{
    return connection->flow && flow_is_over(connection->flow);
}

bool connection_is_delivered(const struct connection *connection)
{
    return connection->flow && flow_is_delivered(connection->flow);
}

node_id connection_peer(const struct connection *connection)
{
    return connection->name.peer;
}

const struct flow *connection_flow(const struct connection *connection)
{
    return connection->flow;
}

/* ---- Life. ---- */

struct connection *connection_new(struct endpoint *endpoint,
                                  struct connection_name name)
{
    struct connection *connection = g_new0(struct connection, 1);
    connection->endpoint = endpoint;
    connection->name = name;
    connection->opening =
        (struct timer){.fire = on_opening, .self = connection};
    connection->watch = (struct timer){.fire = on_watch, .self = connection};
    return connection;
}

void connection_destroy(struct connection *connection)
{
    env_disarm(env_of(connection), &connection->opening);
    env_disarm(env_of(connection), &connection->watch);
    endpoint_forget(connection->endpoint, connection);
    g_clear_pointer(&connection->flow, flow_free);
    g_free(connection);
}

/* As the other would be told that we do not know of it; but that this is the
 * end of it, and not before its beginning. */
static void send_reset(struct connection *connection)
{
    struct segment segment = {.flags = SEGMENT_RESET | SEGMENT_FIN,
                              .connection = connection->name.mine,
                              .packet = connection->newest};
    endpoint_send(connection->endpoint, connection->name.peer, &segment);
}

void connection_free(struct connection *connection)
{
    if (connection->state == CONNECTION_CLOSED && connection->lingers) {
        connection->freed = true;
        connection->owner = (struct connection_owner){0};
        env_arm(env_of(connection), &connection->watch, LINGER);
        return;
    }
    if (is_alive(connection) && connection->flow)
        send_reset(connection);
    connection_destroy(connection);
}

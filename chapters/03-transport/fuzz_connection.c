/*
 * Fuzzing endpoint.c and connection.c, with segments that are nearly right.
 * Node 1 is attacked. First it has a connection with an honest node 2, which is
 * stopped after some events: so it is met in each state. Then node 2 is another
 * one, that knows all that the honest one knew, and says what the input says;
 * so does node 3, who knows as much, but is nobody. What must hold:
 *
 *   While there is no connection, no answer is longer than what it answers.
 *   There are never more connections than may be, and memory has a bound. When
 *   all is over, all memory is given back.
 */
#include "02-framing/wire.h"
#include "03-transport/endpoint.h"
#include "common/course/allocated.h"
#include "common/judge/fuzz.h"
#include "common/world/sim_faults.h"
#include <stdlib.h>
#include <string.h>

enum {
    NODES = 3,
    MOST = 4,          /* Connections. */
    BUFFER = 2000,     /* Of each, both ways. */
    SLACK = 20000,     /* Bytes that GLib may keep for later. */
    PER_STATE = 80000, /* More than a connection may need. */
};

/* A connection, as its owner sees it. */
struct grip {
    struct connection *connection; /* NULL: none. */
    bool dead;
};

struct assault {
    struct sim *sim;
    struct endpoint *endpoints[NODES + 1];
    struct grip grips[NODES + 1][MOST];
    bool attacked;
    struct segment honest; /* The last that 2 sent to 1, without its data, */
    struct segment mine;   /* and the last that 1 sent. */
    uint8_t answer[20];    /* Data of 1's last answer to an opening. */
    uint32_t answer_ack;
    size_t said;         /* Bytes that 1 has sent. */
    const uint8_t *data; /* The rest of the input. */
    size_t size;
};

/* Not an assertion of GLib's, which would print before it stops. */
static void expect(bool condition)
{
    if (!condition)
        abort();
}

static uint8_t next(struct assault *assault)
{
    if (assault->size == 0)
        return 0;
    assault->size--;
    return *assault->data++;
}

/* ---- The owners. ---- */

static void on_readable(void *self)
{
    struct grip *grip = self;
    char data[100];
    connection_take(grip->connection, data, sizeof data);
}

/* It is kept for a while. */
static void on_closed(void *self, enum connection_end end)
{
    struct grip *grip = self;
    (void)end;
    expect(!grip->dead);
    grip->dead = true;
}

static void let_go(struct grip *grip)
{
    g_clear_pointer(&grip->connection, connection_free);
    grip->dead = false;
}

/* A free one, or NULL. */
static struct grip *free_grip(struct assault *assault, node_id id)
{
    for (unsigned i = 0; i < MOST; i++)
        if (!assault->grips[id][i].connection)
            return &assault->grips[id][i];
    return NULL;
}

static struct connection_owner owner_of(struct grip *grip)
{
    return (struct connection_owner){
        .readable = on_readable, .closed = on_closed, .self = grip};
}

static bool on_accept(void *self, node_id peer, struct connection *connection,
                      struct connection_owner *owner)
{
    struct assault *assault = self;
    struct grip *grip = free_grip(assault, peer == 1 ? 2 : 1);
    if (!grip)
        return false;
    grip->connection = connection;
    *owner = owner_of(grip);
    return true;
}

static void dial(struct assault *assault, node_id from, node_id to)
{
    struct grip *grip = free_grip(assault, from);
    if (grip)
        grip->connection =
            endpoint_connect(assault->endpoints[from], to, owner_of(grip));
}

/* ---- The world. ---- */

static void *boot(struct env *env, void *self)
{
    struct assault *assault = self;
    if (env->id == 3 || assault->attacked)
        return assault;
    assault->endpoints[env->id] =
        endpoint_new(env, (struct endpoint_settings){.segment = 500,
                                                     .outgoing = BUFFER,
                                                     .incoming = BUFFER,
                                                     .most = MOST});
    endpoint_listen(assault->endpoints[env->id], on_accept, assault);
    return assault;
}

static void stop(void *self)
{
    (void)self;
}

/* What one must know of 1 to be believed: its id is in its opening, or in what
 * the honest one sends it. */
static void learn(struct assault *assault, const struct segment *segment)
{
    struct wire_reader in = wire_read(segment->data, segment->size);
    assault->mine = *segment;
    if (segment->flags == SEGMENT_OPEN)
        assault->honest.connection = wire_get_u32(&in);
    if (segment->flags & SEGMENT_COOKIE) {
        memcpy(assault->answer, segment->data, sizeof assault->answer);
        assault->answer_ack = segment->seq + 1;
    }
}

static void on_left(void *self, const struct sim_message *message)
{
    struct assault *assault = self;
    struct segment segment;
    bool intact = segment_of(message->bytes, &segment);
    if (message->from == 1) {
        expect(intact);
        assault->said += g_bytes_get_size(message->bytes);
        learn(assault, &segment);
    } else if (!assault->attacked) {
        assault->honest = segment;
    }
}

static void open_world(struct assault *assault)
{
    struct sim_weather weather = {.delay_min = MSEC, .delay_max = MSEC};
    assault->sim = sim_new(NODES, 1, weather);
    sim_set_watch(assault->sim,
                  (struct sim_watch){.left = on_left, .self = assault});
    for (node_id id = 1; id <= NODES; id++)
        sim_install(assault->sim, id,
                    (struct sim_program){boot, stop, assault});
}

static void close_world(struct assault *assault)
{
    for (unsigned i = 0; i < MOST; i++)
        let_go(&assault->grips[1][i]);
    endpoint_free(assault->endpoints[1]);
    sim_free(assault->sim);
}

static void pass(struct assault *assault, nsec time)
{
    sim_run(assault->sim, sim_time(assault->sim) + time);
}

/* ---- Before the attack. ---- */

static void say(struct grip *grip)
{
    static const uint8_t words[700];
    if (grip->connection)
        connection_push(grip->connection, words, sizeof words);
}

static void end(struct grip *grip)
{
    if (grip->connection && connection_flow(grip->connection))
        connection_end(grip->connection);
}

/* Both say something, and end, one after the other. */
static void act(struct assault *assault, unsigned scene, unsigned events)
{
    node_id first = 1 + scene % 2;
    dial(assault, first, 3 - first);
    for (unsigned i = 0; i < events && sim_step(assault->sim); i++) {
        if (i == 8)
            say(&assault->grips[first][0]);
        if (i == 12)
            say(&assault->grips[3 - first][0]);
        if (i == 20)
            end(&assault->grips[1 + scene / 2 % 2][0]);
        if (i == 30)
            end(&assault->grips[2 - scene / 2 % 2][0]);
    }
}

/* The honest node is gone, and another one has its name. */
static void take_over(struct assault *assault)
{
    assault->attacked = true;
    for (unsigned i = 0; i < MOST; i++)
        if (assault->grips[2][i].dead)
            let_go(&assault->grips[2][i]);
    endpoint_free(assault->endpoints[2]);
    pass(assault, MSEC); /* What was on its way. */
}

/* ---- The attack. ---- */

/* Near to what it should be, as a rule. */
static uint32_t number(struct assault *assault, uint32_t right)
{
    uint8_t byte = next(assault);
    if (byte == 255)
        return (uint32_t)next(assault) << 24 | next(assault);
    return byte < 128 ? right + byte % 8 : right - byte % 8;
}

static void put_numbers(struct assault *assault, struct segment *segment)
{
    const struct segment *honest = &assault->honest;
    segment->connection = number(assault, honest->connection);
    segment->packet = number(assault, honest->packet);
    segment->seq = number(assault, honest->seq + (uint32_t)honest->size);
    segment->ack = number(assault, assault->mine.seq);
    segment->window = number(assault, 1000);
    segment->echo = number(assault, assault->mine.packet);
    if (!(segment->flags & SEGMENT_ACK))
        return;
    segment->ranges = next(assault) % (SEGMENT_RANGES + 1);
    for (unsigned i = 0; i < segment->ranges; i++) {
        segment->range[i].first = number(assault, segment->ack + 8 * i);
        segment->range[i].end = number(assault, segment->ack + 8 * i + 4);
    }
}

/* It says which of 1's packets it is for. */
static void put_reset(struct assault *assault, struct segment *segment)
{
    segment->packet = number(assault, assault->mine.packet);
    if (segment->flags & SEGMENT_OPEN)
        segment->connection = assault->honest.connection;
    else
        segment->connection = assault->mine.connection;
}

/* A first opening; or an answer to 1's; or the second, which 1's last answer
 * lets in. */
static void put_opening(struct assault *assault, struct segment *segment,
                        uint8_t data[32])
{
    struct wire_reader in = wire_read(assault->answer, 4);
    bool first = segment->flags == SEGMENT_OPEN;
    bool answers = next(assault) < 64;
    memcpy(data + 4, assault->answer + 4, 16);
    data[3] = 7 + next(assault) % 2; /* Its id: few of them. */
    data[4 + next(assault) % 16] ^= (uint8_t)(next(assault) / 255);
    segment->ranges = 0;
    segment->data = data;
    segment->size = first ? 32 : 20;
    segment->ack = number(assault, assault->mine.seq + 1);
    if (answers)
        return;
    segment->connection = first ? 0 : wire_get_u32(&in);
    segment->seq = 1000;
    segment->ack = assault->answer_ack;
}

static GBytes *nearly_right(struct assault *assault)
{
    static const uint8_t usual[] = {SEGMENT_ACK,
                                    SEGMENT_OPEN,
                                    SEGMENT_ACK | SEGMENT_FIN,
                                    SEGMENT_RESET,
                                    SEGMENT_OPEN | SEGMENT_ACK | SEGMENT_COOKIE,
                                    SEGMENT_OPEN | SEGMENT_RESET};
    static uint8_t zeros[512];
    uint8_t byte = next(assault), opening[32] = {0};
    struct segment segment = {.flags = byte & 31};
    if (byte >= 32)
        segment.flags = usual[byte % G_N_ELEMENTS(usual)];
    put_numbers(assault, &segment);
    segment.data = zeros;
    segment.size = 2u * next(assault);
    if (segment.flags & SEGMENT_OPEN && next(assault) < 250)
        put_opening(assault, &segment, opening);
    if (segment.flags & SEGMENT_RESET)
        put_reset(assault, &segment);
    return segment_bytes(&segment);
}

/* So many bytes of the input, as they are. */
static GBytes *anything(struct assault *assault)
{
    size_t wish = next(assault) + 1u, size = MIN(wish, assault->size);
    GBytes *bytes = g_bytes_new(assault->data, size);
    assault->data += size;
    assault->size -= size;
    return bytes;
}

static void attack(struct assault *assault)
{
    uint8_t byte = next(assault);
    node_id from = byte % 16 == 0 ? 3 : 2;
    bool stranger = endpoint_connections(assault->endpoints[1]) == 0;
    g_autoptr(GBytes) bytes =
        byte < 16 ? anything(assault) : nearly_right(assault);
    size_t size = g_bytes_get_size(bytes), said = assault->said;
    if (size == 0)
        return;
    env_send(sim_env(assault->sim, from), 1, bytes);
    pass(assault, MSEC);
    if (stranger && endpoint_connections(assault->endpoints[1]) == 0)
        expect(assault->said <= said + size);
}

/* Meanwhile it does what one does. */
static void live(struct assault *assault)
{
    struct grip *grip = &assault->grips[1][next(assault) % MOST];
    uint8_t choice = next(assault) % 8;
    if (choice == 0)
        pass(assault, MSEC << next(assault) % 16);
    else if (choice == 1)
        dial(assault, 1, 2);
    else if (choice == 2)
        let_go(grip);
    else if (choice == 3)
        say(grip);
    else if (choice == 4)
        end(grip);
    else if (choice == 5 && grip->connection)
        on_readable(grip);
}

static void expect_bounds(struct assault *assault, size_t before)
{
    expect(endpoint_connections(assault->endpoints[1]) <= MOST);
    expect(allocated_bytes() < before + 2 * MOST * PER_STATE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t before = allocated_bytes();
    struct assault assault = {.data = data + 2, .size = size - 2};
    open_world(&assault);
    act(&assault, data[0], data[1] % 80);
    take_over(&assault);
    while (assault.size > 0) {
        if (next(&assault) % 4 > 0)
            attack(&assault);
        else
            live(&assault);
        expect_bounds(&assault, before);
    }
    pass(&assault, 1000 * SEC);
    close_world(&assault);
    expect(allocated_bytes() < before + SLACK);
    return 0;
}

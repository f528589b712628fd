/*
 * Each side of a connection is numbered, and these numbers never come again.
 * What a side says begins with its number, and byte n of the rest is a function
 * of both: so whoever hears it knows whose it is, and two sides that hear each
 * other's numbers are the two sides of one connection. If one hears anything
 * else, something of another connection, or of an old one, has come to it.
 *
 * To give old segments a chance, each node keeps what has left it, over all its
 * boots, and says some of it again.
 */
#include "03-transport/storms/connection_scene.h"
#include "03-transport/endpoint.h"
#include "common/storm/ordeal.h"
#include "common/world/dice.h"
#include <stdio.h>
#include <string.h>

enum {
    NODES = 3,
    WINDOW = 1500,
    SEGMENT = 300,
    ROOM = 2000,
    HEAD = 4,
    SIDES = 8
};

/* What became of a side. */
enum fortune { LIVES, CLOSED, LEFT, CRASHED };

/* One side of a connection. */
struct half {
    struct exchange *exchange;
    struct connection *connection; /* While it lives. */
    uint32_t number;
    node_id at, peer;
    enum fortune fortune;
    enum connection_end end; /* When it is closed. */
    struct half *other;      /* Whose number it has heard. */
    uint32_t heard;          /* As much of that as has come. */
    uint64_t wanted;         /* Bytes that shall be pushed. */
    uint64_t pushed, taken;
    bool open, lazy;
    bool ends, ended; /* It shall end, when all is pushed; it has. */
    bool over;        /* The other's stream has. */
};

/* A node. */
struct outpost {
    struct exchange *exchange;
    struct env *env;
    struct endpoint *endpoint;
};

struct exchange {
    struct ordeal *ordeal;
    GPtrArray *halves;          /* All there ever were, by number. */
    GPtrArray *said[NODES + 1]; /* GBytes, the first that left each node. */
    node_id to[NODES + 1][1000];
};

#define BREAK(half, rule, ...) \
    ordeal_break((half)->exchange->ordeal, (half)->at, rule, __VA_ARGS__)

static uint8_t byte_at(uint32_t number, uint64_t place)
{
    if (place < HEAD)
        return (uint8_t)(number >> 8 * place);
    return (uint8_t)((place * 197 >> 4) + number * 73);
}

/* ---- What a side says. ---- */

static void push(void *self)
{
    struct half *half = self;
    uint8_t data[512];
    while (half->wanted > 0 && connection_room(half->connection) > 0) {
        size_t size = MIN(half->wanted, sizeof data);
        for (size_t i = 0; i < size; i++)
            data[i] = byte_at(half->number, half->pushed + i);
        size = connection_push(half->connection, data, size);
        half->wanted -= size;
        half->pushed += size;
    }
    if (half->ends && half->wanted == 0 && half->open && !half->ended) {
        half->ended = true;
        connection_end(half->connection);
    }
}

/* ---- What it hears. ---- */

/* It has heard the other's number. */
static void meet(struct half *half)
{
    GPtrArray *halves = half->exchange->halves;
    if (half->heard >= halves->len) {
        BREAK(half, "RT6", "there is no side %u", half->heard);
        return;
    }
    half->other = halves->pdata[half->heard];
    if (half->other->at != half->peer || half->other->peer != half->at ||
        (half->other->other && half->other->other != half))
        BREAK(half, "RT6", "side %u hears side %u, which is another's",
              half->number, half->heard);
}

static void hear(struct half *half, uint8_t byte)
{
    uint64_t place = half->taken++;
    if (half->over)
        BREAK(half, "RT2", "a byte comes behind the end");
    if (place < HEAD)
        half->heard |= (uint32_t)byte << 8 * place;
    if (place == HEAD - 1)
        meet(half);
    if (half->other && byte != byte_at(half->heard, place))
        BREAK(half, "RT1", "byte %" G_GUINT64_FORMAT " of side %u is wrong",
              place, half->heard);
    if (half->other && half->taken > half->other->pushed)
        BREAK(half, "RT1", "side %u has not said so much", half->heard);
}

static void look_for_end(struct half *half)
{
    if (half->over || !connection_is_over(half->connection))
        return;
    half->over = true;
    if (!half->other || !half->other->ended ||
        half->taken != half->other->pushed)
        BREAK(half, "RT2", "side %u hears an end that was not said",
              half->number);
}

static void take(struct half *half)
{
    uint8_t data[300];
    size_t size;
    while ((size = connection_take(half->connection, data, sizeof data)) > 0)
        for (size_t i = 0; i < size; i++)
            hear(half, data[i]);
    look_for_end(half);
}

/* Some end when the other does. */
static void on_readable(void *self)
{
    struct half *half = self;
    if (half->lazy)
        return;
    take(half);
    half->ends |= half->over && half->number % 4 < 3;
    push(half);
}

/* ---- How it ends. ---- */

static void mark(const struct half *half, const char *words)
{
    ordeal_mark(half->exchange->ordeal, words);
}

/* One side says that all is done: so nothing is missing at the other. */
static void look_at_both(const struct half *done, const struct half *other)
{
    if (other->fortune == CLOSED && other->taken != done->pushed)
        BREAK(done, "RT-DONE", "side %u is done, and %u has not heard all",
              done->number, other->number);
    if (other->fortune == CLOSED && other->end == CONNECTION_DONE)
        mark(done, "both are done");
    else if (other->fortune == CLOSED)
        mark(done, "one is done, and the other in doubt");
}

/* Whoever says that it knows no such connection must have lost it. */
static void look_at_reset(const struct half *half)
{
    const GPtrArray *halves = half->exchange->halves;
    for (unsigned i = 0; i < halves->len; i++) {
        const struct half *other = halves->pdata[i];
        if (other->fortune == LIVES &&
            (half->other == other || other->other == half))
            BREAK(half, "RT-RESET", "side %u is reset, and side %u lives",
                  half->number, other->number);
    }
}

static void mark_end(const struct half *half)
{
    static const char *const words[] = {
        [CONNECTION_RESET] = "one is reset",
        [CONNECTION_REFUSED] = "one is refused",
        [CONNECTION_SILENT] = "one has heard nothing for too long"};
    if (half->end != CONNECTION_DONE)
        mark(half, words[half->end]);
    if (half->end == CONNECTION_RESET && half->other &&
        half->other->fortune == CRASHED)
        mark(half, "a half of one is found");
}

static void on_closed(void *self, enum connection_end end)
{
    struct half *half = self;
    half->end = end;
    take(half);
    half->fortune = CLOSED;
    if (end == CONNECTION_DONE && (!half->over || !half->ended))
        BREAK(half, "RT-DONE", "side %u is done before its end", half->number);
    mark_end(half);
    if (end == CONNECTION_RESET)
        look_at_reset(half);
    if (end == CONNECTION_DONE && half->other)
        look_at_both(half, half->other);
    else if (half->other && half->other->fortune == CLOSED &&
             half->other->end == CONNECTION_DONE)
        look_at_both(half->other, half);
    g_clear_pointer(&half->connection, connection_free);
}

/* ---- How it begins. ---- */

static void on_opened(void *self)
{
    struct half *half = self;
    half->open = true;
    push(half);
}

static struct half *new_half(struct exchange *exchange, node_id at,
                             node_id peer)
{
    struct half *half = g_new0(struct half, 1);
    *half = (struct half){.exchange = exchange,
                          .number = exchange->halves->len,
                          .at = at,
                          .peer = peer,
                          .wanted = HEAD};
    g_ptr_array_add(exchange->halves, half);
    return half;
}

static struct connection_owner owner_of(struct half *half)
{
    return (struct connection_owner){on_opened, on_readable, push, on_closed,
                                     half};
}

/* The @p choice-th of those that live at this node. NULL: there are none. */
static struct half *pick(struct exchange *exchange, node_id at, unsigned choice)
{
    struct half *alive[SIDES + 1];
    unsigned count = 0;
    for (unsigned i = 0; i < exchange->halves->len; i++) {
        struct half *half = exchange->halves->pdata[i];
        if (half->at == at && half->fortune == LIVES && count < SIDES)
            alive[count++] = half;
    }
    return count > 0 ? alive[choice % count] : NULL;
}

static bool on_accept(void *self, node_id peer, struct connection *connection,
                      struct connection_owner *owner)
{
    struct outpost *outpost = self;
    struct half *half = new_half(outpost->exchange, outpost->env->id, peer);
    half->connection = connection;
    *owner = owner_of(half);
    on_opened(half);
    return true;
}

/* ---- A node. ---- */

static void *boot(struct env *env, void *self)
{
    struct outpost *outpost = g_new0(struct outpost, 1);
    struct endpoint_settings settings = {.segment = SEGMENT,
                                         .outgoing = ROOM,
                                         .incoming = WINDOW,
                                         .most = SIDES,
                                         .keepalive = SEC,
                                         .patience = 4 * SEC};
    outpost->exchange = self;
    outpost->env = env;
    outpost->endpoint = endpoint_new(env, settings);
    endpoint_listen(outpost->endpoint, on_accept, outpost);
    return outpost;
}

static void stop(void *self)
{
    struct outpost *outpost = self;
    GPtrArray *halves = outpost->exchange->halves;
    for (unsigned i = 0; i < halves->len; i++) {
        struct half *half = halves->pdata[i];
        if (half->at == outpost->env->id && half->fortune == LIVES)
            half->fortune = CRASHED, half->connection = NULL;
    }
    endpoint_free(outpost->endpoint);
    g_free(outpost);
}

/* ---- What must come. ---- */

/* Nothing is missing, on one of two sides that live. */
static bool is_settled(const struct half *half)
{
    const struct half *other = half->other;
    return other && other->fortune == LIVES && other->other == half &&
           half->wanted == 0 && half->taken == other->pushed &&
           !(half->ended && other->ended);
}

static void let_all_take(const struct exchange *exchange)
{
    for (unsigned i = 0; i < exchange->halves->len; i++) {
        struct half *half = exchange->halves->pdata[i];
        if (half->fortune == LIVES && half->lazy)
            half->lazy = false, take(half);
    }
}

static bool all_is_settled(void *self, GString *why)
{
    const struct exchange *exchange = self;
    let_all_take(exchange);
    for (unsigned i = 0; i < exchange->halves->len; i++) {
        const struct half *half = exchange->halves->pdata[i];
        if (half->fortune != LIVES || is_settled(half))
            continue;
        g_string_append_printf(why, "side %u, at node %u, hears side %u",
                               half->number, (unsigned)half->at, half->heard);
        return false;
    }
    return true;
}

static const struct invariant rules[] = {
    {.id = "RT1", .text = "What is taken is the beginning of what was pushed."},
    {.id = "RT2", .text = "The end comes behind all bytes, and nothing after."},
    {.id = "RT6", .text = "Nothing of another connection is heard, or an old."},
    {.id = "RT-DONE",
     .text = "When one side is done, the other has heard all."},
    {.id = "RT-RESET",
     .text = "Nothing is reset that the other side still has."},
    {.id = "RL3",
     .text = "When all has healed, a connection is whole, or it is no more.",
     .comes = all_is_settled},
    {0},
};

/* ---- What leaves a node. ---- */

static void on_left(void *self, const struct sim_message *message)
{
    struct exchange *exchange = self;
    GPtrArray *said = exchange->said[message->from];
    if (said->len == G_N_ELEMENTS(exchange->to[0]))
        return;
    exchange->to[message->from][said->len] = message->to;
    g_ptr_array_add(said, g_bytes_ref(message->bytes));
}

static void describe(GString *text, GBytes *message)
{
    static const char *const names[] = {"ack", "open", "fin", "reset",
                                        "cookie"};
    struct segment segment;
    if (!segment_of(message, &segment)) {
        g_string_append(text, "damaged");
        return;
    }
    g_string_append_printf(text, "to %x:", segment.connection);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (segment.flags >> i & 1)
            g_string_append_printf(text, " %s", names[i]);
    g_string_append_printf(text, " %u+%zu", segment.seq, segment.size);
}

/* ---- Operations. ---- */

static void draw(struct dice *dice, node_id node, GString *operation)
{
    static const char *const others[] = {"end",   "end",   "end",  "rest",
                                         "go on", "reset", "again"};
    uint64_t choice = dice_between(dice, 0, 14);
    uint64_t some = dice_between(dice, 0, 999);
    if (choice < 4)
        g_string_append_printf(operation, "connect %u",
                               (unsigned)(node + some % 2) % NODES + 1);
    else if (choice < 8)
        g_string_append_printf(operation, "push %u %u", (unsigned)some % SIDES,
                               1u << dice_between(dice, 0, 12));
    else
        g_string_append_printf(operation, "%s %u", others[choice - 8],
                               (unsigned)some);
}

static void connect_to(struct exchange *exchange, node_id at, node_id peer)
{
    struct outpost *outpost = ordeal_node(exchange->ordeal, at);
    struct half *half = new_half(exchange, at, peer);
    half->connection =
        endpoint_connect(outpost->endpoint, peer, owner_of(half));
    half->fortune = half->connection ? LIVES : LEFT;
}

/* It says again what it has said some time ago. */
static void say_again(struct exchange *exchange, node_id at, unsigned choice)
{
    struct outpost *outpost = ordeal_node(exchange->ordeal, at);
    GPtrArray *said = exchange->said[at];
    for (unsigned i = 0; i < MIN(said->len, 20); i++) {
        unsigned place = (choice + i) % said->len;
        env_send(outpost->env, exchange->to[at][place], said->pdata[place]);
    }
}

static void do_with(struct half *half, const char *word, unsigned size)
{
    if (strcmp(word, "push") == 0 && !half->ends)
        half->wanted += size;
    half->ends |= strcmp(word, "end") == 0;
    half->lazy =
        strcmp(word, "rest") == 0 || (half->lazy && strcmp(word, "go") != 0);
    if (strcmp(word, "reset") == 0) {
        half->fortune = LEFT;
        g_clear_pointer(&half->connection, connection_free);
        return;
    }
    push(half);
    on_readable(half);
}

static void ask(void *self, node_id node, const char *operation)
{
    struct exchange *exchange = self;
    char word[16] = "";
    unsigned number = 0, size = 0;
    if (sscanf(operation, "%15s %u %u", word, &number, &size) < 2)
        sscanf(operation, "%15s on %u", word, &number);
    struct half *half = pick(exchange, node, number);
    ordeal_answer(exchange->ordeal, node, operation);
    if (strcmp(word, "connect") == 0)
        connect_to(exchange, node, number);
    else if (strcmp(word, "again") == 0)
        say_again(exchange, node, number);
    else if (half)
        do_with(half, word, size);
}

/* ---- A run. ---- */

static void *open_exchange(struct ordeal *ordeal)
{
    struct exchange *exchange = g_new0(struct exchange, 1);
    exchange->ordeal = ordeal;
    exchange->halves = g_ptr_array_new_with_free_func(g_free);
    for (node_id id = 1; id <= NODES; id++)
        exchange->said[id] =
            g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    return exchange;
}

static void close_exchange(void *self)
{
    struct exchange *exchange = self;
    g_ptr_array_unref(exchange->halves);
    for (node_id id = 1; id <= NODES; id++)
        g_ptr_array_unref(exchange->said[id]);
    g_free(exchange);
}

static const char *const marks[] = {"both are done",
                                    "one is done, and the other in doubt",
                                    "one is reset",
                                    "one is refused",
                                    "one has heard nothing for too long",
                                    "a half of one is found",
                                    NULL};

const struct subject connection_subject = {
    .name = "connection",
    .least = NODES,
    .most = NODES,
    .quorum = NODES,
    .calm = 20 * SEC,
    .questions = 64,
    .boot = boot,
    .stop = stop,
    .describe = describe,
    .open = open_exchange,
    .close = close_exchange,
    .left = on_left,
    .rules = rules,
    .draw = draw,
    .ask = ask,
    .marks = marks,
};

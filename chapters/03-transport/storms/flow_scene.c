/*
 * The checker has its own copy of each stream: byte n is a function of n. It
 * sees every segment that leaves, and knows from these what was promised: the
 * highest number each side has sent, and the furthest window it was ever told.
 */
#include "03-transport/storms/flow_scene.h"
#include "03-transport/flow.h"
#include "03-transport/newreno.h"
#include "common/storm/ordeal.h"
#include <stdlib.h>
#include <string.h>

enum { NODES = 2, WINDOW = 4000, SEGMENT = 500, ROOM = 6000 };

/* One end: it takes what comes, at once or only when it is asked to. */
struct peer {
    struct checker *checker;
    struct env *env;
    struct flow *flow;
    node_id id;
    uint64_t pushed; /* Bytes that flow_push() took. */
    uint64_t wanted; /* Bytes that shall be pushed, and do not fit yet. */
    uint64_t taken;  /* Bytes that came, in order. */
    bool lazy;       /* It takes nothing. */
    bool ending;     /* It shall end when all that is wanted is pushed ... */
    bool ended;      /* ... and has. */
};

/* What a side has told the other, seen from outside. */
struct told {
    uint32_t next;   /* The number behind the last byte it sent. */
    uint32_t ack;    /* The highest ack it gave. */
    uint32_t window; /* The end of the furthest window it gave. */
    bool ended;      /* It said that its stream ends ... */
    uint32_t end;    /* ... here. */
};

struct checker {
    struct ordeal *ordeal;
    struct peer peers[NODES + 1];
    struct told told[NODES + 1];
};

static uint32_t first_of(node_id id)
{
    return id == 1 ? 0xfffff000u : 17; /* One wraps soon, and one does not. */
}

static uint8_t byte_at(uint64_t place)
{
    return (uint8_t)(place * 197 >> 4);
}

/* ---- The ends. ---- */

static void send_segment(void *self, struct segment *segment)
{
    struct peer *peer = self;
    g_autoptr(GBytes) bytes = segment_bytes(segment);
    env_send(peer->env, 3 - peer->id, bytes);
}

static void take(void *self)
{
    struct peer *peer = self;
    uint8_t data[300];
    size_t size;
    while (!peer->lazy && (size = flow_take(peer->flow, data, sizeof data)) > 0)
        for (size_t i = 0; i < size; i++)
            if (data[i] != byte_at(peer->taken++))
                ordeal_break(peer->checker->ordeal, peer->id, "RT1",
                             "byte %" G_GUINT64_FORMAT " is wrong",
                             peer->taken - 1);
}

static void push(void *self)
{
    struct peer *peer = self;
    uint8_t data[512];
    while (peer->wanted > 0 && flow_room(peer->flow) > 0) {
        size_t size = MIN(peer->wanted, sizeof data);
        size = MIN(size, flow_room(peer->flow));
        for (size_t i = 0; i < size; i++)
            data[i] = byte_at(peer->pushed + i);
        peer->wanted -= size;
        peer->pushed += size;
        g_assert(flow_push(peer->flow, data, size) == size);
    }
    if (peer->ending && !peer->ended && peer->wanted == 0) {
        peer->ended = true;
        flow_end(peer->flow);
    }
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct peer *peer = self;
    struct segment segment;
    (void)from;
    if (g_bytes_get_size(message) > 0 && segment_of(message, &segment))
        flow_on_segment(peer->flow, &segment);
}

static void *boot(struct env *env, void *self)
{
    struct checker *checker = self;
    struct peer *peer = &checker->peers[env->id];
    struct flow_options options = {.first_out = first_of(env->id),
                                   .first_in = first_of(3 - env->id),
                                   .window = WINDOW,
                                   .segment = SEGMENT,
                                   .outgoing = ROOM,
                                   .incoming = WINDOW,
                                   .floor = 10 * MSEC,
                                   .controller = newreno_new(SEGMENT)};
    *peer = (struct peer){.checker = checker, .env = env, .id = env->id};
    peer->flow = flow_new(env, options,
                          (struct flow_owner){send_segment, take, push, peer});
    env_bind(env, on_message, peer);
    return peer;
}

static void stop(void *self)
{
    struct peer *peer = self;
    flow_free(peer->flow);
    peer->flow = NULL;
}

/* ---- What must be so. ---- */

static bool nothing_is_invented(void *self, GString *why)
{
    const struct checker *checker = self;
    for (node_id id = 1; id <= NODES; id++) {
        const struct peer *peer = &checker->peers[id];
        const struct peer *other = &checker->peers[3 - id];
        if (peer->taken <= other->pushed)
            continue;
        g_string_append_printf(why, "node %u has taken more than was pushed",
                               (unsigned)id);
        return false;
    }
    return true;
}

static bool ends_where_it_ended(void *self, GString *why)
{
    const struct checker *checker = self;
    for (node_id id = 1; id <= NODES; id++) {
        const struct peer *peer = &checker->peers[id];
        const struct peer *other = &checker->peers[3 - id];
        if (!flow_is_over(peer->flow) ||
            (other->ended && peer->taken == other->pushed))
            continue;
        g_string_append_printf(why, "node %u thinks that all is over",
                               (unsigned)id);
        return false;
    }
    return true;
}

static bool has_arrived(const struct peer *sender, const struct peer *receiver)
{
    return receiver->taken == sender->pushed && sender->wanted == 0 &&
           flow_is_over(receiver->flow) == sender->ending;
}

static bool all_arrives(void *self, GString *why)
{
    struct checker *checker = self;
    bool all = true;
    for (node_id id = 1; id <= NODES; id++) {
        struct peer *peer = &checker->peers[id];
        if (peer->lazy)
            peer->lazy = false, take(peer);
        const struct peer *other = &checker->peers[3 - id];
        all &= has_arrived(other, peer);
    }
    if (!all)
        g_string_append_printf(
            why,
            "1 has taken %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
            ", 2 %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
            checker->peers[1].taken,
            checker->peers[2].pushed + checker->peers[2].wanted,
            checker->peers[2].taken,
            checker->peers[1].pushed + checker->peers[1].wanted);
    return all;
}

static const struct invariant rules[] = {
    {.id = "RT1",
     .text = "What is taken is the beginning of what was pushed.",
     .holds = nothing_is_invented},
    {.id = "RT2",
     .text = "It is over when all is taken that was pushed before the end.",
     .holds = ends_where_it_ended},
    {.id = "RT3", .text = "An ack is for what was sent, and never goes back."},
    {.id = "RT4", .text = "Nothing but a probe is sent beyond the window."},
    {.id = "RL1",
     .text = "When all has healed, all arrives, and the end.",
     .comes = all_arrives},
    {0},
};

/* ---- What leaves a node. ---- */

static void look_at_ack(struct checker *checker, node_id id,
                        const struct segment *segment)
{
    struct told *told = &checker->told[id];
    uint32_t sent = checker->told[3 - id].next;
    uint32_t end = segment->ack + segment->window;
    if (sequence_is_before(sent, segment->ack))
        ordeal_break(checker->ordeal, id, "RT3",
                     "ack %u is for what was never sent", segment->ack);
    if (sequence_is_before(segment->ack, told->ack))
        ordeal_break(checker->ordeal, id, "RT3", "ack %u comes after %u",
                     segment->ack, told->ack);
    told->ack = segment->ack;
    if (sequence_is_before(told->window, end))
        told->window = end;
}

static void look_at_data(struct checker *checker, node_id id,
                         const struct segment *segment)
{
    struct told *told = &checker->told[id];
    uint32_t end = segment->seq + (uint32_t)segment->size;
    uint32_t limit = checker->told[3 - id].window;
    bool beyond = sequence_is_before(limit, end);
    bool fin = segment->flags & SEGMENT_FIN;
    if (told->ended &&
        (sequence_is_before(told->end, end) || (fin && end != told->end)))
        ordeal_break(checker->ordeal, id, "RT2", "the end was at %u",
                     told->end);
    if (beyond && segment->size > 1)
        ordeal_break(checker->ordeal, id, "RT4",
                     "%u is sent, and the window ends at %u", end, limit);
    if (beyond)
        ordeal_mark(checker->ordeal, "a window of 0 is probed");
    if (sequence_is_before(segment->seq, told->next))
        ordeal_mark(checker->ordeal, "something is sent again");
    if (fin) {
        told->ended = true;
        told->end = end++; /* The end has a number, too. */
        ordeal_mark(checker->ordeal, "a stream ends");
    }
    if (sequence_is_before(told->next, end))
        told->next = end;
}

static void on_left(void *self, const struct sim_message *message)
{
    struct segment segment;
    if (!segment_of(message->bytes, &segment))
        return;
    if (segment.flags & SEGMENT_ACK)
        look_at_ack(self, message->from, &segment);
    if (segment.size > 0 || segment.flags & SEGMENT_FIN)
        look_at_data(self, message->from, &segment);
}

static void describe(GString *text, GBytes *message)
{
    struct segment segment;
    if (!segment_of(message, &segment)) {
        g_string_append(text, "damaged");
        return;
    }
    if (segment.size > 0)
        g_string_append_printf(text, "%u+%zu ", segment.seq, segment.size);
    if (segment.flags & SEGMENT_FIN)
        g_string_append(text, "end ");
    if (segment.flags & SEGMENT_ACK)
        g_string_append_printf(text, "ack %u win %u", segment.ack,
                               segment.window);
}

/* ---- Operations. ---- */

static void draw(struct dice *dice, node_id node, GString *operation)
{
    static const char *const others[] = {"end", "rest", "rest", "go on",
                                         "go on"};
    uint64_t choice = dice_between(dice, 0, 19);
    (void)node;
    if (choice < G_N_ELEMENTS(others))
        g_string_append(operation, others[choice]);
    else
        g_string_append_printf(operation, "push %u",
                               1u << dice_between(dice, 0, 14));
}

static void ask(void *self, node_id node, const char *operation)
{
    struct checker *checker = self;
    struct peer *peer = &checker->peers[node];
    if (!peer->ending && g_str_has_prefix(operation, "push "))
        peer->wanted += strtoul(operation + 5, NULL, 10);
    peer->ending |= strcmp(operation, "end") == 0;
    peer->lazy = strcmp(operation, "rest") == 0 ||
                 (peer->lazy && strcmp(operation, "go on") != 0);
    ordeal_answer(checker->ordeal, node, operation);
    push(peer);
    take(peer);
}

static void *open_checker(struct ordeal *ordeal)
{
    struct checker *checker = g_new0(struct checker, 1);
    checker->ordeal = ordeal;
    for (node_id id = 1; id <= NODES; id++)
        checker->told[id] = (struct told){.next = first_of(id),
                                          .ack = first_of(3 - id),
                                          .window = first_of(3 - id) + WINDOW};
    return checker;
}

static const char *const marks[] = {"a window of 0 is probed",
                                    "something is sent again", "a stream ends",
                                    NULL};

const struct subject flow_subject = {
    .name = "flow",
    .least = NODES,
    .most = NODES,
    .quorum = NODES,
    .calm = 200 * SEC,
    .spared = 1 << CLASS_CRASH | 1 << CLASS_POINT | 1 << CLASS_TORN |
              1 << CLASS_ALL_DOWN, /* A connection does not survive it. */
    .boot = boot,
    .stop = stop,
    .describe = describe,
    .open = open_checker,
    .close = g_free,
    .left = on_left,
    .rules = rules,
    .draw = draw,
    .ask = ask,
    .marks = marks,
};

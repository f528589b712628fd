/*
 * The simulator's network. A packet on its way is a timer of the world whose
 * firing delivers it. Three stations:
 *
 *     network_send  -- stamped; held until the gate lets it pass
 *     launch        -- it leaves: its fate is rolled from its place on its link
 *     on_arrival    -- unless the node is down or the link cut: delivered
 *
 * What a node sends itself takes the first two stations, with no fate: it
 * arrives at once, in order, after what is already there; unless the node has
 * crashed meanwhile.
 */
#include "common/world/sim_parts.h"

struct packet {
    struct timer timer;
    struct sim *sim;
    node_id from, to;
    uint64_t number; /* On its link. */
    uint64_t boot;   /* Of its sender. */
    uint64_t stamp;
    GBytes *message; /* Empty: a farewell. */
};

static void packet_free(void *data)
{
    struct packet *packet = data;
    g_bytes_unref(packet->message);
    g_free(packet);
}

static void record_packet(const struct packet *packet, const char *event,
                          node_id node)
{
    if (!packet->sim->trace)
        return;
    struct trace_line line = {.time = packet->sim->now,
                              .node = node,
                              .event = event,
                              .peer = packet->from + packet->to - node,
                              .number = packet->number};
    const struct sim_watch *watch = &packet->sim->watch;
    if (!watch->describe || g_bytes_get_size(packet->message) == 0) {
        trace_message(packet->sim->trace, line, packet->message);
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    watch->describe(text, packet->message);
    trace_write(packet->sim->trace, line, text->str);
}

/* ---- Arrival. ---- */

static bool arrives(const struct packet *packet)
{
    struct sim *sim = packet->sim;
    const struct node *node = &sim->nodes[packet->to - 1];
    if (packet->from == packet->to)
        return node->up && node->boots == packet->boot;
    bool farewell = g_bytes_get_size(packet->message) == 0;
    return node->up &&
           (farewell || !link_of(sim, packet->from, packet->to)->cut);
}

static void on_arrival(void *self)
{
    struct packet *packet = self;
    struct node *node = &packet->sim->nodes[packet->to - 1];
    if (postpone(node, &packet->timer))
        return;
    if (arrives(packet)) {
        bool farewell = g_bytes_get_size(packet->message) == 0;
        record_packet(packet, farewell ? "farewell" : "receive", packet->to);
        packet->sim->delivered++;
        touch(node);
        env_deliver(&node->env, packet->from, packet->message);
    } else {
        record_packet(packet, "lose", packet->from);
    }
    packet_free(packet);
}

static struct packet *packet_new(struct sim *sim, node_id from, node_id to,
                                 GBytes *message)
{
    struct packet *packet = g_new(struct packet, 1);
    *packet = (struct packet){
        .timer = {.fire = on_arrival, .self = packet},
        .sim = sim,
        .from = from,
        .to = to,
        .boot = sim->nodes[from - 1].boots,
        .message = g_bytes_ref(message),
    };
    return packet;
}

/* ---- Departure. ---- */

static void arrive_after(struct packet *packet, nsec delay)
{
    struct sim *sim = packet->sim;
    timers_arm(&sim->events, &packet->timer, timers_after(sim->now, delay));
}

static void repeat(const struct packet *packet, nsec delay)
{
    struct packet *twin =
        packet_new(packet->sim, packet->from, packet->to, packet->message);
    twin->number = packet->number;
    record_packet(twin, "repeat", packet->from);
    arrive_after(twin, delay);
}

/* Always the same four rolls, so that no chance depends on another. */
static struct sim_fate roll_fate(const struct packet *packet)
{
    const struct sim_weather *weather = &packet->sim->weather;
    uint64_t place = LINKS | packet->from << 16 | packet->to << 32;
    struct dice dice = dice_at(packet->sim->seed, place, packet->number);
    struct sim_fate fate;
    fate.lost = dice_roll(&dice) % 1000 < weather->loss;
    fate.repeated = dice_roll(&dice) % 1000 < weather->repeat;
    fate.delay = dice_between(&dice, weather->delay_min, weather->delay_max);
    fate.later = dice_between(&dice, weather->delay_min, weather->delay_max);
    fate.turned = 0;
    return fate;
}

static struct sim_fate fate_of(const struct packet *packet)
{
    const struct sim_watch *watch = &packet->sim->watch;
    struct sim_message message = {packet->from, packet->to, packet->number,
                                  packet->message};
    return watch->decide ? watch->decide(watch->self, &message)
                         : roll_fate(packet);
}

/* Turn one bit of a copy: the sender's own bytes stay as they are. */
static void turn_bit(struct packet *packet, uint64_t bit)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(packet->message, &size);
    uint8_t *copy = g_memdup2(data, size);
    bit %= 8 * size;
    copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    g_bytes_unref(packet->message);
    packet->message = g_bytes_new_take(copy, size);
    record_packet(packet, "turn", packet->from);
}

static void meet_fate(struct packet *packet, struct sim_fate fate)
{
    if (fate.lost) {
        record_packet(packet, "lose", packet->from);
        packet_free(packet);
        return;
    }
    if (fate.repeated)
        repeat(packet, fate.later);
    if (fate.turned > 0)
        turn_bit(packet, fate.turned - 1);
    arrive_after(packet, fate.delay);
}

static void tell_watcher(const struct packet *packet)
{
    const struct sim_watch *watch = &packet->sim->watch;
    struct sim_message message = {packet->from, packet->to, packet->number,
                                  packet->message};
    if (watch->left)
        watch->left(watch->self, &message);
}

static void launch(struct packet *packet)
{
    struct sim *sim = packet->sim;
    packet->number = link_of(sim, packet->from, packet->to)->sent++;
    record_packet(packet, "send", packet->from);
    tell_watcher(packet);
    if (packet->from == packet->to)
        arrive_after(packet, 0);
    else
        meet_fate(packet, fate_of(packet));
}

void network_send(struct node *node, node_id to, GBytes *message)
{
    struct sim *sim = node->sim;
    if (to == 0 || to > sim->count)
        return; /* Nobody there: a lost message. */
    struct packet *packet = packet_new(sim, node->env.id, to, message);
    packet->stamp = gate_stamp(&node->gate);
    if (gate_passes(&node->gate, packet->stamp))
        launch(packet);
    else
        g_queue_push_tail(&node->held, packet);
}

void network_release(struct node *node)
{
    const struct packet *first;
    while ((first = g_queue_peek_head(&node->held)) &&
           gate_passes(&node->gate, first->stamp))
        launch(g_queue_pop_head(&node->held));
}

void network_forget(struct node *node)
{
    g_queue_clear_full(&node->held, packet_free);
}

void network_farewell(struct node *node, node_id from)
{
    g_autoptr(GBytes) nothing = g_bytes_new_static("", 0);
    arrive_after(packet_new(node->sim, from, node->env.id, nothing), 0);
}

void network_drop(struct timer *timer)
{
    if (timer->fire == on_arrival)
        packet_free(timer->self);
}

#include "03-transport/bottleneck/bottleneck_scene.h"
#include "common/world/dice.h"
#include "common/world/sim_faults.h"

enum {
    SEGMENT = BOTTLENECK_SEGMENT,
    BELOW = 28, /* UDP and IP. */
    BUFFER = 4 << 20,
    LOSSES = 301, /* Where dice are rolled. */
    TREMBLES = 302,
    PAIRS = 64
};

/* One end of a flow. */
struct party {
    struct bottleneck *scene;
    struct env *env;
    node_id peer;
    struct flow *flow;
    uint64_t size, pushed, taken; /* Bytes. */
    uint64_t carried;
};

struct bottleneck {
    struct bottleneck_link link;
    unsigned pairs;
    uint64_t seed;
    struct sim *sim;
    nsec free;         /* The link has sent what is in its queue. */
    nsec last[2];      /* The latest arrival each way: nothing overtakes it. */
    bool dark;         /* It carries nothing. */
    struct timer bell; /* Where a run ends. */
    struct party parties[2 * PAIRS + 1];
};

/* ---- The link. ---- */

static nsec time_of(const struct bottleneck *scene, size_t bytes)
{
    return (nsec)bytes * 8 * SEC / scene->link.rate;
}

static bool is_lost(const struct bottleneck *scene,
                    const struct sim_message *message)
{
    if (scene->dark)
        return true;
    uint64_t place = LOSSES | message->from << 16 | message->to << 32;
    struct dice dice = dice_at(scene->seed, place, message->number);
    return dice_roll(&dice) % 1000000 < scene->link.loss;
}

/* For some milliseconds the way is longer by the same. */
static nsec trembled(struct bottleneck *scene, bool back, nsec arrival)
{
    nsec now = sim_time(scene->sim);
    if (scene->link.tremble == 0)
        return arrival;
    uint64_t place = TREMBLES | (uint64_t)back << 16;
    struct dice dice = dice_at(scene->seed, place, now / (5 * MSEC));
    arrival += dice_roll(&dice) % scene->link.tremble;
    scene->last[back] = MAX(scene->last[back], arrival);
    return scene->last[back];
}

/* Only what goes to a receiver has to queue. */
static struct sim_fate decide(void *self, const struct sim_message *message)
{
    struct bottleneck *scene = self;
    struct sim_fate fate = {.lost = is_lost(scene, message),
                            .delay = scene->link.delay};
    nsec now = sim_time(scene->sim);
    size_t size = g_bytes_get_size(message->bytes) + BELOW;
    if (message->to <= scene->pairs) {
        fate.delay = trembled(scene, true, now + fate.delay) - now;
        return fate;
    }
    nsec start = MAX(scene->free, now);
    if (start - now > time_of(scene, scene->link.queue)) {
        fate.lost = true;
        return fate;
    }
    scene->free = start + time_of(scene, size);
    scene->parties[message->from].carried += size;
    fate.delay = trembled(scene, false, scene->free + fate.delay) - now;
    return fate;
}

/* ---- The two ends. ---- */

static uint8_t byte_at(uint64_t place)
{
    return (uint8_t)(place * 131 >> 3);
}

static void push_more(void *self)
{
    struct party *party = self;
    uint8_t data[16384];
    for (;;) {
        size_t size = (size_t)MIN(party->size - party->pushed, sizeof data);
        size = MIN(size, flow_room(party->flow));
        if (size == 0)
            return;
        for (size_t i = 0; i < size; i++)
            data[i] = byte_at(party->pushed + i);
        party->pushed += size;
        g_assert(flow_push(party->flow, data, size) == size);
    }
}

static void take_all(void *self)
{
    struct party *party = self;
    uint8_t data[16384];
    size_t size;
    while ((size = flow_take(party->flow, data, sizeof data)) > 0)
        for (size_t i = 0; i < size; i++)
            g_assert(data[i] == byte_at(party->taken++));
}

static void send_segment(void *self, struct segment *segment)
{
    struct party *party = self;
    g_autoptr(GBytes) bytes = segment_bytes(segment);
    env_send(party->env, party->peer, bytes);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct party *party = self;
    struct segment segment;
    if (from == party->peer && segment_of(message, &segment))
        flow_on_segment(party->flow, &segment);
}

static void open_party(struct bottleneck *scene, node_id id, node_id peer,
                       struct controller *controller)
{
    struct party *party = &scene->parties[id];
    struct flow_options options = {
        .first_out = (uint32_t)(scene->seed * 0x9e3779b9u + id),
        .first_in = (uint32_t)(scene->seed * 0x9e3779b9u + peer),
        .window = BUFFER,
        .segment = SEGMENT,
        .outgoing = BUFFER,
        .incoming = BUFFER,
        .floor = 10 * MSEC,
        .controller = controller,
    };
    struct flow_owner owner = {send_segment, take_all, push_more, party};
    *party = (struct party){
        .scene = scene, .env = sim_env(scene->sim, id), .peer = peer};
    party->flow = flow_new(party->env, options, owner);
    env_bind(party->env, on_message, party);
}

/* ---- From outside. ---- */

static void ring(void *self)
{
    (void)self; /* It is an event: that is all. */
}

struct bottleneck *bottleneck_new(struct bottleneck_link link, unsigned pairs,
                                  uint64_t seed)
{
    struct bottleneck *scene = g_new0(struct bottleneck, 1);
    g_assert(pairs >= 1 && pairs <= PAIRS);
    scene->link = link;
    scene->pairs = pairs;
    scene->seed = seed;
    scene->bell.fire = ring;
    scene->sim = sim_new(2 * pairs, seed, (struct sim_weather){0});
    sim_set_watch(scene->sim,
                  (struct sim_watch){.decide = decide, .self = scene});
    return scene;
}

void bottleneck_send(struct bottleneck *scene, unsigned pair,
                     struct controller *(*controller)(size_t segment),
                     uint64_t size)
{
    node_id sender = pair, receiver = pair + scene->pairs;
    open_party(scene, receiver, sender, controller(SEGMENT));
    open_party(scene, sender, receiver, controller(SEGMENT));
    scene->parties[sender].size = size;
    push_more(&scene->parties[sender]);
}

static bool has_all(const struct bottleneck *scene)
{
    for (unsigned pair = 1; pair <= scene->pairs; pair++)
        if (scene->parties[pair].flow &&
            bottleneck_arrived(scene, pair) < scene->parties[pair].size)
            return false;
    return true;
}

void bottleneck_run(struct bottleneck *scene, nsec time)
{
    nsec until = sim_time(scene->sim) + time;
    sim_at(scene->sim, &scene->bell, until);
    while (sim_time(scene->sim) < until && !has_all(scene) &&
           sim_step(scene->sim))
        continue;
}

void bottleneck_darken(struct bottleneck *scene, bool dark)
{
    scene->dark = dark;
}

nsec bottleneck_time(const struct bottleneck *scene)
{
    return sim_time(scene->sim);
}

uint64_t bottleneck_arrived(const struct bottleneck *scene, unsigned pair)
{
    return scene->parties[pair + scene->pairs].taken;
}

uint64_t bottleneck_carried(const struct bottleneck *scene, unsigned pair)
{
    return scene->parties[pair].carried;
}

const struct flow *bottleneck_flow(const struct bottleneck *scene,
                                   unsigned pair)
{
    return scene->parties[pair].flow;
}

void bottleneck_free(struct bottleneck *scene)
{
    for (unsigned id = 1; id <= 2 * scene->pairs; id++)
        if (scene->parties[id].flow)
            flow_free(scene->parties[id].flow);
    sim_free(scene->sim);
    g_free(scene);
}

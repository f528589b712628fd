#include "03-transport/bottleneck/pipeline_scene.h"
#include "03-transport/arq.h"
#include "03-transport/flow.h"
#include "03-transport/gobackn.h"
#include "common/world/dice.h"
#include "common/world/sim_faults.h"

enum { SENDER = 1, RECEIVER = 2, SEGMENT = 1024, SPARE = 32 };

struct pipeline {
    struct pipeline_line line;
    uint64_t seed;
    struct sim *sim;
    nsec free;        /* The line has sent what waits. */
    uint64_t arrived; /* Frames, or, of a flow, bytes. */

    /* At either end one of these; a layer sends what it is given. */
    struct arq *arq[RECEIVER + 1];
    struct gobackn *gobackn[RECEIVER + 1];
    struct flow *flow[RECEIVER + 1];
    struct env *layer;
    uint64_t given, ahead; /* Frames, and so many before they arrive. */
};

/* ---- The line. ---- */

static bool is_lost(const struct pipeline *scene, uint64_t number)
{
    struct dice dice = dice_at(scene->seed, RECEIVER, number);
    return dice_roll(&dice) % 1000000 < scene->line.loss;
}

static struct sim_fate decide(void *self, const struct sim_message *message)
{
    struct pipeline *scene = self;
    nsec now = sim_time(scene->sim);
    if (message->to == SENDER)
        return (struct sim_fate){.delay = scene->line.way};
    scene->free = MAX(scene->free, now) + scene->line.frame;
    return (struct sim_fate){
        .lost = is_lost(scene, message->number),
        .delay = scene->free - now + scene->line.way,
    };
}

/* ---- Layers: arq and gobackn. ---- */

static void on_frame(void *self, node_id from, GBytes *message)
{
    struct pipeline *scene = self;
    (void)from, (void)message;
    scene->arrived++;
}

/* There shall always be one more to be sent. */
static void give(struct pipeline *scene)
{
    g_autoptr(GBytes) frame = g_bytes_new_static("a frame", 7);
    for (; scene->given < scene->arrived + scene->ahead; scene->given++)
        env_send(scene->layer, RECEIVER, frame);
}

static void begin(struct pipeline *scene, struct env *sender,
                  struct env *receiver, unsigned window)
{
    scene->layer = sender;
    scene->ahead = window + SPARE;
    env_bind(receiver, on_frame, scene);
    give(scene);
}

void pipeline_arq(struct pipeline *scene, nsec timeout)
{
    for (node_id id = SENDER; id <= RECEIVER; id++)
        scene->arq[id] = arq_new(sim_env(scene->sim, id), timeout);
    begin(scene, arq_env(scene->arq[SENDER]), arq_env(scene->arq[RECEIVER]), 1);
}

void pipeline_gobackn(struct pipeline *scene, unsigned window, nsec timeout)
{
    for (node_id id = SENDER; id <= RECEIVER; id++)
        scene->gobackn[id] =
            gobackn_new(sim_env(scene->sim, id), window, timeout);
    begin(scene, gobackn_env(scene->gobackn[SENDER]),
          gobackn_env(scene->gobackn[RECEIVER]), window);
}

/* ---- A flow, with a window that does not change. ---- */

static void on_acked(struct controller *controller, struct controller_ack ack)
{
    (void)controller, (void)ack;
}

static void on_lost(struct controller *controller, struct controller_loss loss)
{
    (void)controller, (void)loss;
}

static void on_expired(struct controller *controller, size_t flying, nsec now)
{
    (void)controller, (void)flying, (void)now;
}

static void free_controller(struct controller *controller)
{
    g_free(controller);
}

static struct controller *constant_new(size_t window)
{
    static const struct controller_ops ops = {
        .name = "constant",
        .acked = on_acked,
        .lost = on_lost,
        .expired = on_expired,
        .free = free_controller,
    };
    struct controller *controller = g_new0(struct controller, 1);
    *controller =
        (struct controller){.ops = &ops, .segment = SEGMENT, .window = window};
    return controller;
}

static void push_more(void *self)
{
    static const uint8_t zeros[16 * SEGMENT];
    struct pipeline *scene = self;
    struct flow *flow = scene->flow[SENDER];
    while (flow_push(flow, zeros, sizeof zeros) == sizeof zeros)
        continue;
}

static void take_all(void *self)
{
    struct pipeline *scene = self;
    uint8_t data[16 * SEGMENT];
    size_t size;
    while ((size = flow_take(scene->flow[RECEIVER], data, sizeof data)) > 0)
        scene->arrived += size;
}

static void send_data(void *self, struct segment *segment)
{
    struct pipeline *scene = self;
    g_autoptr(GBytes) bytes = segment_bytes(segment);
    env_send(sim_env(scene->sim, SENDER), RECEIVER, bytes);
}

static void send_ack(void *self, struct segment *segment)
{
    struct pipeline *scene = self;
    g_autoptr(GBytes) bytes = segment_bytes(segment);
    env_send(sim_env(scene->sim, RECEIVER), SENDER, bytes);
}

static void on_segment(void *self, node_id from, GBytes *message)
{
    struct segment segment;
    (void)from;
    if (segment_of(message, &segment))
        flow_on_segment(self, &segment);
}

void pipeline_flow(struct pipeline *scene, unsigned flying, unsigned window)
{
    const struct flow_owner owner[] = {
        [SENDER] = {send_data, NULL, push_more, scene},
        [RECEIVER] = {send_ack, take_all, NULL, scene},
    };
    for (node_id id = SENDER; id <= RECEIVER; id++) {
        struct flow_options options = {
            .window = window * SEGMENT,
            .segment = SEGMENT,
            .outgoing = 4096 * SEGMENT,
            .incoming = window * SEGMENT,
            .floor = 10 * MSEC,
            .rtt = scene->line.frame + 2 * scene->line.way,
            .controller = constant_new(flying * SEGMENT),
        };
        scene->flow[id] = flow_new(sim_env(scene->sim, id), options, owner[id]);
        env_bind(sim_env(scene->sim, id), on_segment, scene->flow[id]);
    }
    push_more(scene);
}

/* ---- From outside. ---- */

struct pipeline *pipeline_new(struct pipeline_line line, uint64_t seed)
{
    struct pipeline *scene = g_new0(struct pipeline, 1);
    scene->line = line;
    scene->seed = seed;
    scene->sim = sim_new(RECEIVER, seed, (struct sim_weather){0});
    sim_set_watch(scene->sim,
                  (struct sim_watch){.decide = decide, .self = scene});
    return scene;
}

void pipeline_run(struct pipeline *scene, nsec time)
{
    nsec until = sim_time(scene->sim) + time;
    while (sim_time(scene->sim) < until && sim_step(scene->sim))
        if (scene->layer)
            give(scene);
}

uint64_t pipeline_arrived(const struct pipeline *scene)
{
    return scene->flow[RECEIVER] ? scene->arrived / SEGMENT : scene->arrived;
}

void pipeline_free(struct pipeline *scene)
{
    for (node_id id = SENDER; id <= RECEIVER; id++) {
        if (scene->arq[id])
            arq_free(scene->arq[id]);
        if (scene->gobackn[id])
            gobackn_free(scene->gobackn[id]);
        if (scene->flow[id])
            flow_free(scene->flow[id]);
    }
    sim_free(scene->sim);
    g_free(scene);
}

#include "04-queues/handover/handover_scene.h"
#include "02-framing/rpc.h"
#include "04-queues/broker.h"
#include "common/world/sim.h"
#include <string.h>

enum { CALLER = 1, WORKER, BROKER, NODES = BROKER };

/* A job on its way to the worker, and what the broker calls it. */
struct note {
    uint64_t number, receipt;
};

struct scene;

/* A job of the caller's. */
struct task {
    struct scene *scene;
    unsigned number;
};

struct scene {
    struct sim *sim;
    struct task tasks[HANDOVER_JOBS];
    struct handover_job *jobs;
    nsec began[HANDOVER_JOBS];
    unsigned sent, done;
    struct timer next; /* The caller's: another job. */
    bool calls;
    struct rpc *caller, *server;
    struct broker *broker;
    struct queue *queue;
    uint64_t credit;
    GQueue waiting; /* The worker's: struct rpc_request, or struct note. */
    struct timer work;
};

nsec handover_work(unsigned i)
{
    bool slow = i >= HANDOVER_FROM && i < HANDOVER_FROM + HANDOVER_SLOW;
    return slow ? 10 * HANDOVER_WORK : HANDOVER_WORK;
}

static GBytes *bytes_of(const struct note *note)
{
    return g_bytes_new(note, sizeof *note);
}

static struct note note_of(GBytes *bytes)
{
    struct note note;
    g_assert(g_bytes_get_size(bytes) == sizeof note);
    memcpy(&note, g_bytes_get_data(bytes, NULL), sizeof note);
    return note;
}

/* ---- The worker: one job after the other. ---- */

static void begin_work(struct scene *scene)
{
    env_arm(sim_env(scene->sim, WORKER), &scene->work,
            handover_work(scene->done));
}

static void wait_in_line(struct scene *scene, const void *job, size_t size)
{
    g_queue_push_tail(&scene->waiting, g_memdup2(job, size));
    if (g_queue_get_length(&scene->waiting) == 1)
        begin_work(scene);
}

static void on_request(void *self, const struct rpc_request *request,
                       GBytes *body)
{
    (void)body;
    wait_in_line(self, request, sizeof *request);
}

static void on_worker_message(void *self, node_id from, GBytes *message)
{
    struct note note = note_of(message);
    (void)from;
    wait_in_line(self, &note, sizeof note);
}

/* It is done: whoever waits hears it. */
static void on_work(void *self)
{
    struct scene *scene = self;
    g_autofree void *job = g_queue_pop_head(&scene->waiting);
    unsigned number = scene->done++;
    scene->jobs[number].done = sim_time(scene->sim) - scene->began[number];
    if (scene->calls) {
        g_autoptr(GBytes) body = g_bytes_new_static("done", 4);
        rpc_reply(scene->server, job, body);
    } else {
        g_autoptr(GBytes) ack = bytes_of(job);
        env_send(sim_env(scene->sim, WORKER), BROKER, ack);
    }
    if (!g_queue_is_empty(&scene->waiting))
        begin_work(scene);
}

/* ---- The broker. ---- */

static void on_deliver(void *self, node_id consumer,
                       const struct delivery *delivery)
{
    struct scene *scene = self;
    struct note note;
    memcpy(&note, delivery->payload.data, sizeof note);
    note.receipt = delivery->receipt;
    g_autoptr(GBytes) message = bytes_of(&note);
    env_send(sim_env(scene->sim, BROKER), consumer, message);
}

static void on_broker_message(void *self, node_id from, GBytes *message)
{
    struct scene *scene = self;
    uint64_t id, sent;
    if (broker_on_message(scene->broker, from, message))
        return;
    struct note note = note_of(message);
    if (from == WORKER) {
        queue_ack(scene->queue, &note.receipt, 1);
        queue_consume(scene->queue, WORKER, ++scene->credit, &sent);
    } else {
        queue_publish(scene->queue, (struct origin){0, 0},
                      (struct word){(const char *)&note, sizeof note}, &id);
        env_send(sim_env(scene->sim, BROKER), from, message); /* It is kept. */
    }
}

static void open_broker(struct scene *scene)
{
    struct env *env = sim_env(scene->sim, BROKER);
    struct broker_settings settings = {.deliver = on_deliver, .self = scene};
    struct queue_settings jobs = {.durability = DURABILITY_SYNCED};
    struct word name = {"jobs", 4};
    uint64_t sent;
    scene->broker = broker_open(env, settings, NULL);
    broker_declare(scene->broker, name, &jobs);
    scene->queue = broker_find(scene->broker, name);
    scene->credit = 2; /* One at work, and one that waits beside it. */
    queue_consume(scene->queue, WORKER, scene->credit, &sent);
    env_bind(env, on_broker_message, scene);
}

/* ---- The caller. ---- */

static void be_rid_of(struct scene *scene, uint64_t number)
{
    scene->jobs[number].free = sim_time(scene->sim) - scene->began[number];
}

static void on_done(void *self, enum rpc_outcome outcome, GBytes *body)
{
    struct task *task = self;
    (void)body;
    g_assert(outcome == RPC_DONE);
    be_rid_of(task->scene, task->number);
}

static void on_kept(void *self, node_id from, GBytes *message)
{
    (void)from;
    be_rid_of(self, note_of(message).number);
}

static void on_next(void *self)
{
    struct scene *scene = self;
    struct note note = {.number = scene->sent++};
    struct task *task = &scene->tasks[note.number];
    g_autoptr(GBytes) body = bytes_of(&note);
    *task = (struct task){scene, (unsigned)note.number};
    scene->began[note.number] = sim_time(scene->sim);
    scene->jobs[note.number].depth = (unsigned)note.number - scene->done;
    if (scene->calls)
        rpc_call(scene->caller, WORKER, body,
                 (struct rpc_patience){.span = 60 * SEC}, on_done, task);
    else
        env_send(sim_env(scene->sim, CALLER), BROKER, body);
    if (scene->sent < HANDOVER_JOBS)
        env_arm(sim_env(scene->sim, CALLER), &scene->next, HANDOVER_EVERY);
}

/* ---- The whole. ---- */

static void open_calls(struct scene *scene)
{
    struct rpc_settings patient = {.wait = 60 * SEC, .longest = 60 * SEC};
    scene->caller = rpc_new(sim_env(scene->sim, CALLER), patient);
    scene->server = rpc_new(sim_env(scene->sim, WORKER), patient);
    rpc_serve(scene->server, on_request, scene);
}

static void open_messages(struct scene *scene)
{
    open_broker(scene);
    env_bind(sim_env(scene->sim, CALLER), on_kept, scene);
    env_bind(sim_env(scene->sim, WORKER), on_worker_message, scene);
}

static void close_scene(struct scene *scene)
{
    g_clear_pointer(&scene->caller, rpc_free);
    g_clear_pointer(&scene->server, rpc_free);
    g_clear_pointer(&scene->broker, broker_free);
    sim_free(scene->sim);
    g_free(scene);
}

static void run(struct handover_job *jobs, bool calls)
{
    struct scene *scene = g_new0(struct scene, 1);
    struct sim_weather weather = {.delay_min = MSEC,
                                  .delay_max = MSEC,
                                  .sync_min = 2 * MSEC,
                                  .sync_max = 2 * MSEC};
    scene->sim = sim_new(NODES, 1, weather);
    scene->jobs = jobs;
    scene->calls = calls;
    scene->next = (struct timer){.fire = on_next, .self = scene};
    scene->work = (struct timer){.fire = on_work, .self = scene};
    g_queue_init(&scene->waiting);
    (calls ? open_calls : open_messages)(scene);
    sim_run(scene->sim, SEC);
    env_arm(sim_env(scene->sim, CALLER), &scene->next, 0);
    sim_run(scene->sim, 60 * SEC);
    g_assert(scene->done == HANDOVER_JOBS);
    close_scene(scene);
}

void handover_by_call(struct handover_job *jobs)
{
    run(jobs, true);
}

void handover_by_message(struct handover_job *jobs)
{
    run(jobs, false);
}

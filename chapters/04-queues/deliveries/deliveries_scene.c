#include "04-queues/deliveries/deliveries_scene.h"
#include "04-queues/credit.h"
#include "04-queues/inflight.h"
#include "common/world/sim.h"
#include <math.h>

struct scene {
    const struct deliveries_plan *plan;
    struct deliveries seen;
};

/* Either way: a delivery, or that it is done; and perhaps a grant. */
struct scene_word {
    uint64_t receipt; /* 0: only a grant. */
    uint64_t number;  /* To a worker: which; from one: the total, or 0. */
};

struct scene_queue {
    struct scene *scene;
    struct env *env;
    struct inflight *inflight;
    struct credit *credit;
    struct item *item;
    uint64_t id; /* The last one. */
};

struct scene_worker {
    struct scene *scene;
    struct env *env;
    struct intake intake;
    GQueue waiting; /* Receipts; the first is being worked on. */
    struct timer timer;
};

static void say(struct env *env, node_id to, struct scene_word word)
{
    g_autoptr(GBytes) bytes = g_bytes_new(&word, sizeof word);
    env_send(env, to, bytes);
}

/* ---- The queue. ---- */

static void add(struct scene_queue *queue, struct item *item)
{
    *item = (struct item){.id = ++queue->id};
    inflight_add(queue->inflight, item);
}

static void serve(struct scene_queue *queue)
{
    node_id to;
    uint64_t number;
    while (credit_next(queue->credit, &to, &number)) {
        const struct item *item = inflight_take(queue->inflight, to);
        queue->scene->seen.delivered++;
        say(queue->env, to, (struct scene_word){item->receipt, number});
    }
}

/* It goes to whoever has credit next, and nobody has. */
static void on_ready(void *self)
{
    (void)self;
}

static void on_failed(void *self, struct item *item)
{
    struct scene_queue *queue = self;
    (void)item;
    queue->scene->seen.ended++;
}

static void on_answer(void *self, node_id from, GBytes *bytes)
{
    struct scene_queue *queue = self;
    const struct scene_word *word = g_bytes_get_data(bytes, NULL);
    struct item *item = inflight_ack(queue->inflight, word->receipt);
    if (item)
        add(queue, item);
    if (word->number > 0)
        credit_grant(queue->credit, from, word->number);
    serve(queue);
}

static void *boot_queue(struct env *env, void *context)
{
    struct scene_queue *queue = g_new0(struct scene_queue, 1);
    struct inflight_settings settings = {
        .life = 1, .ready = on_ready, .failed = on_failed, .self = queue};
    queue->scene = context;
    settings.visibility = queue->scene->plan->lease;
    queue->env = env;
    queue->inflight = inflight_new(env, settings);
    queue->credit = credit_new();
    size_t count = queue->scene->plan->workers * queue->scene->plan->credit + 1;
    queue->item = g_new0(struct item, count);
    for (size_t i = 0; i < count; i++)
        add(queue, &queue->item[i]);
    env_bind(env, on_answer, queue);
    return queue;
}

static void stop_queue(void *self)
{
    struct scene_queue *queue = self;
    inflight_free(queue->inflight);
    credit_free(queue->credit);
    g_free(queue->item);
    g_free(queue);
}

/* ---- A worker. ---- */

static void begin(struct scene_worker *worker)
{
    double even = (double)(env_random(worker->env) >> 11) * 0x1p-53;
    double time = -log(1 - even) * (double)worker->scene->plan->work;
    env_arm(worker->env, &worker->timer, (nsec)time);
}

static void on_done(void *self)
{
    struct scene_worker *worker = self;
    g_autofree uint64_t *receipt = g_queue_pop_head(&worker->waiting);
    struct scene_word word = {.receipt = *receipt};
    worker->scene->seen.done++;
    intake_completed(&worker->intake);
    if (!worker->scene->plan->by_halves || intake_owes(&worker->intake))
        word.number = intake_total(&worker->intake);
    say(worker->env, 1, word);
    if (worker->waiting.length > 0)
        begin(worker);
}

static void on_delivery(void *self, node_id from, GBytes *bytes)
{
    struct scene_worker *worker = self;
    const struct scene_word *word = g_bytes_get_data(bytes, NULL);
    (void)from;
    intake_received(&worker->intake, word->number);
    g_queue_push_tail(&worker->waiting,
                      g_memdup2(&word->receipt, sizeof word->receipt));
    if (worker->waiting.length == 1)
        begin(worker);
}

static void *boot_worker(struct env *env, void *context)
{
    struct scene_worker *worker = g_new0(struct scene_worker, 1);
    worker->scene = context;
    worker->env = env;
    worker->timer = (struct timer){.fire = on_done, .self = worker};
    intake_init(&worker->intake, worker->scene->plan->credit);
    env_bind(env, on_delivery, worker);
    say(env, 1, (struct scene_word){.number = intake_total(&worker->intake)});
    return worker;
}

static void stop_worker(void *self)
{
    struct scene_worker *worker = self;
    env_disarm(worker->env, &worker->timer);
    g_queue_clear_full(&worker->waiting, g_free);
    g_free(worker);
}

/* ---- The world. ---- */

static void run_until(struct sim *sim, const struct scene *scene, uint64_t done)
{
    while (scene->seen.done < done && sim_step(sim))
        ;
}

struct deliveries deliveries_run(const struct deliveries_plan *plan,
                                 uint64_t seed)
{
    struct scene scene = {.plan = plan};
    struct sim *sim =
        sim_new(1 + plan->workers, seed,
                (struct sim_weather){.delay_min = plan->trip / 2,
                                     .delay_max = plan->trip / 2});
    sim_install(sim, 1, (struct sim_program){boot_queue, stop_queue, &scene});
    for (node_id id = 2; id < 2 + plan->workers; id++)
        sim_install(sim, id,
                    (struct sim_program){boot_worker, stop_worker, &scene});
    run_until(sim, &scene, plan->count / 10);
    struct deliveries before = scene.seen;
    nsec began = sim_time(sim);
    run_until(sim, &scene, plan->count);
    struct deliveries after = scene.seen;
    struct deliveries result = {.done = after.done - before.done,
                                .delivered = after.delivered - before.delivered,
                                .ended = after.ended - before.ended,
                                .time = sim_time(sim) - began};
    sim_free(sim);
    return result;
}

#include "04-queues/waiting/waiting_scene.h"
#include "04-queues/inflight.h"
#include "common/world/dice.h"
#include "common/world/sim.h"
#include <math.h>

enum { BURST = 10 };

struct parcel {
    struct item item;
    nsec came, begun;
};

struct waiting_worker {
    struct waiting *waiting;
    struct parcel *parcel; /* NULL: it is free. */
    struct timer done;
};

struct waiting {
    struct waiting_load load;
    uint64_t seed, number; /* Of the last message. */
    struct sim *sim;
    struct env *env;
    struct inflight *inflight;
    struct waiting_worker *workers;
    struct timer arrival;
    bool pushed_back; /* The producer waits. */
    unsigned burst;   /* So many more come at once. */
    struct waiting_seen seen;
};

/* ---- Chance. ---- */

enum place { GAPS = 1, SIZES, LENGTHS };

/* Above 0, up to 1. */
static double share_of(const struct waiting *waiting, enum place place)
{
    struct dice dice = dice_at(waiting->seed, place, waiting->number);
    return 1 - (double)(dice_roll(&dice) >> 11) * 0x1p-53;
}

static double exponential(const struct waiting *waiting, enum place place)
{
    return -log(share_of(waiting, place));
}

static nsec as_time(double units)
{
    return (nsec)llround(units * (double)WAITING_WORK);
}

static double in_units(nsec time)
{
    return (double)time / (double)WAITING_WORK;
}

/* Until the next arrival. A burst has k more with chance 1/10 (9/10)^k. */
static nsec next_gap(struct waiting *waiting)
{
    double mean = 1 / (waiting->load.load * waiting->load.workers);
    if (waiting->load.arrivals == EVEN)
        return as_time(mean);
    if (waiting->load.arrivals == POISSON)
        return as_time(mean * exponential(waiting, GAPS));
    if (waiting->burst > 0) {
        waiting->burst--;
        return 0;
    }
    waiting->burst =
        (unsigned)(log(share_of(waiting, SIZES)) / log1p(-1.0 / BURST));
    return as_time(BURST * mean * exponential(waiting, GAPS));
}

/* ---- Work. ---- */

static void begin(struct waiting_worker *worker, struct item *item)
{
    struct waiting *waiting = worker->waiting;
    struct parcel *parcel = (struct parcel *)item; /* Its first member. */
    bool constant = waiting->load.work == CONSTANT;
    struct dice dice = dice_at(waiting->seed, LENGTHS, item->id);
    double share = 1 - (double)(dice_roll(&dice) >> 11) * 0x1p-53;
    parcel->begun = env_now(waiting->env);
    waiting->seen.begun++;
    waiting->seen.waited += in_units(parcel->begun - parcel->came);
    worker->parcel = parcel;
    env_arm(waiting->env, &worker->done, as_time(constant ? 1 : -log(share)));
}

/* Whoever is free takes the next. */
static void work(struct waiting *waiting)
{
    for (unsigned i = 0; i < waiting->load.workers; i++) {
        struct waiting_worker *worker = &waiting->workers[i];
        if (worker->parcel)
            continue;
        struct item *item = inflight_take(waiting->inflight, i + 1);
        if (!item)
            return;
        begin(worker, item);
    }
}

/* ---- Arrivals. ---- */

static bool is_full(const struct waiting *waiting)
{
    return waiting->load.full != NEVER_FULL &&
           waiting_queued(waiting) >= waiting->load.most;
}

static void let_in(struct waiting *waiting)
{
    struct parcel *parcel = g_new0(struct parcel, 1);
    parcel->item.id = ++waiting->number;
    parcel->came = env_now(waiting->env);
    waiting->seen.arrived++;
    inflight_add(waiting->inflight, &parcel->item);
    work(waiting);
    env_arm(waiting->env, &waiting->arrival, next_gap(waiting));
}

static void on_arrival(void *self)
{
    struct waiting *waiting = self;
    if (!is_full(waiting)) {
        let_in(waiting);
    } else if (waiting->load.full == PUSHES_BACK) {
        waiting->pushed_back = true;
    } else {
        waiting->number++;
        waiting->seen.dropped++;
        env_arm(waiting->env, &waiting->arrival, next_gap(waiting));
    }
}

static void on_done(void *self)
{
    struct waiting_worker *worker = self;
    struct waiting *waiting = worker->waiting;
    struct parcel *parcel = g_steal_pointer(&worker->parcel);
    nsec now = env_now(waiting->env);
    inflight_ack(waiting->inflight, parcel->item.receipt);
    waiting->seen.done++;
    waiting->seen.worked += in_units(now - parcel->begun);
    waiting->seen.stayed += in_units(now - parcel->came);
    g_free(parcel);
    work(waiting);
    if (waiting->pushed_back && !is_full(waiting)) {
        waiting->pushed_back = false;
        let_in(waiting);
    }
}

/* ---- Its life. ---- */

struct waiting *waiting_new(struct waiting_load load, uint64_t seed)
{
    struct waiting *waiting = g_new0(struct waiting, 1);
    waiting->load = load;
    waiting->seed = seed;
    waiting->sim = sim_new(1, seed, (struct sim_weather){0});
    waiting->env = sim_env(waiting->sim, 1);
    waiting->inflight = inflight_new(
        waiting->env,
        (struct inflight_settings){.life = 1, .visibility = UINT32_MAX * SEC});
    waiting->workers = g_new0(struct waiting_worker, load.workers);
    for (unsigned i = 0; i < load.workers; i++) {
        struct waiting_worker *worker = &waiting->workers[i];
        worker->waiting = waiting;
        worker->done = (struct timer){.fire = on_done, .self = worker};
    }
    waiting->arrival = (struct timer){.fire = on_arrival, .self = waiting};
    env_arm(waiting->env, &waiting->arrival, next_gap(waiting));
    return waiting;
}

void waiting_set_load(struct waiting *waiting, double load)
{
    waiting->load.load = load;
}

void waiting_run(struct waiting *waiting, nsec time)
{
    sim_run(waiting->sim, sim_time(waiting->sim) + time);
}

void waiting_forget(struct waiting *waiting)
{
    waiting->seen = (struct waiting_seen){0};
}

struct waiting_seen waiting_seen(const struct waiting *waiting)
{
    return waiting->seen;
}

unsigned waiting_queued(const struct waiting *waiting)
{
    return inflight_count(waiting->inflight, ITEM_READY);
}

unsigned waiting_in_work(const struct waiting *waiting)
{
    return inflight_count(waiting->inflight, ITEM_TAKEN);
}

void waiting_free(struct waiting *waiting)
{
    for (struct item *item; (item = inflight_take(waiting->inflight, 1));) {
        inflight_remove(waiting->inflight, item);
        g_free(item);
    }
    for (unsigned i = 0; i < waiting->load.workers; i++) {
        struct parcel *parcel = waiting->workers[i].parcel;
        if (parcel)
            inflight_remove(waiting->inflight, &parcel->item);
        env_disarm(waiting->env, &waiting->workers[i].done);
        g_free(parcel);
    }
    env_disarm(waiting->env, &waiting->arrival);
    inflight_free(waiting->inflight);
    sim_free(waiting->sim);
    g_free(waiting->workers);
    g_free(waiting);
}

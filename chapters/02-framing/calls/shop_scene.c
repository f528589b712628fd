#include "02-framing/calls/shop_scene.h"
#include "02-framing/rpc.h"

/* What all nodes of a shop know. */
struct plan {
    unsigned offered;
    const struct shop_manner *manner;
};

/* The server has a queue of `waiting`; a client has `next`, when it calls. */
struct place {
    struct env *env;
    struct rpc *rpc;
    struct plan plan;
    GQueue waiting; /* struct rpc_request. */
    bool busy;
    struct timer timer;
    uint64_t calls, good, served;
};

/* ---- The server. ---- */

/* Drop those that nobody will wait for when they are served. The time that is
 * left does not count the way here, so that is allowed for, and the way back. */
static void drop_the_late(struct place *place)
{
    const struct rpc_request *first;
    while ((first = g_queue_peek_head(&place->waiting)) &&
           rpc_left(place->rpc, first) < SHOP_SERVICE + 2 * SHOP_WAY)
        g_free(g_queue_pop_head(&place->waiting));
}

static void serve_next(struct place *place)
{
    if (place->plan.manner->drops)
        drop_the_late(place);
    place->busy = !g_queue_is_empty(&place->waiting);
    if (place->busy)
        env_arm(place->env, &place->timer, SHOP_SERVICE);
}

static void on_served(void *self)
{
    struct place *place = self;
    g_autofree struct rpc_request *request = g_queue_pop_head(&place->waiting);
    g_autoptr(GBytes) answer = g_bytes_new_static("sold", 4);
    place->served++;
    rpc_reply(place->rpc, request, answer);
    serve_next(place);
}

static void on_request(void *self, const struct rpc_request *request,
                       GBytes *body)
{
    struct place *place = self;
    (void)body;
    g_queue_push_tail(&place->waiting, g_memdup2(request, sizeof *request));
    if (!place->busy)
        serve_next(place);
}

/* ---- A client. ---- */

static void on_done(void *self, enum rpc_outcome outcome, GBytes *body)
{
    struct place *place = self;
    (void)body;
    place->good += outcome == RPC_DONE;
}

/* The mean time between two calls of one client. */
static nsec pause_of(const struct place *place)
{
    return SHOP_SERVICE * SHOP_CLIENTS * 1000 / place->plan.offered;
}

static void call(void *self)
{
    struct place *place = self;
    g_autoptr(GBytes) body = g_bytes_new_static("one, please", 11);
    uint64_t key = place->plan.manner->keys ? rpc_key(place->rpc) : 0;
    rpc_call(place->rpc, 1, body,
             (struct rpc_patience){.span = SHOP_SPAN, .key = key}, on_done,
             place);
    place->calls++;
    env_arm(place->env, &place->timer,
            env_random(place->env) % (2 * pause_of(place)));
}

/* ---- Both. ---- */

static void *boot(struct env *env, void *context)
{
    struct place *place = g_new0(struct place, 1);
    place->plan = *(const struct plan *)context;
    place->env = env;
    place->rpc = rpc_new(
        env, (struct rpc_settings){.wait = place->plan.manner->wait,
                                   .longest = place->plan.manner->longest,
                                   .memory = 2 * SHOP_SPAN});
    place->timer =
        (struct timer){.fire = env->id == 1 ? on_served : call, .self = place};
    if (env->id == 1)
        rpc_serve(place->rpc, on_request, place);
    else
        env_arm(env, &place->timer, env_random(env) % pause_of(place));
    return place;
}

static void stop(void *protocol)
{
    struct place *place = protocol;
    rpc_free(place->rpc);
    g_queue_clear_full(&place->waiting, g_free);
    g_free(place);
}

struct sim *shop_open(uint64_t seed, unsigned offered,
                      const struct shop_manner *manner)
{
    struct plan plan = {offered, manner};
    struct sim *sim = sim_new(
        1 + SHOP_CLIENTS, seed,
        (struct sim_weather){.delay_min = SHOP_WAY, .delay_max = SHOP_WAY});
    for (node_id id = 1; id <= 1 + SHOP_CLIENTS; id++)
        sim_install(sim, id, (struct sim_program){boot, stop, &plan});
    return sim;
}

void shop_offer(struct sim *sim, unsigned offered)
{
    for (node_id id = 2; id <= 1 + SHOP_CLIENTS; id++)
        ((struct place *)sim_protocol(sim, id))->plan.offered = offered;
}

uint64_t shop_calls(struct sim *sim)
{
    uint64_t calls = 0;
    for (node_id id = 2; id <= 1 + SHOP_CLIENTS; id++)
        calls += ((const struct place *)sim_protocol(sim, id))->calls;
    return calls;
}

uint64_t shop_good(struct sim *sim)
{
    uint64_t good = 0;
    for (node_id id = 2; id <= 1 + SHOP_CLIENTS; id++)
        good += ((const struct place *)sim_protocol(sim, id))->good;
    return good;
}

uint64_t shop_served(struct sim *sim)
{
    return ((const struct place *)sim_protocol(sim, 1))->served;
}

/*
 * Remote calls: each rule on a stage of its own, and all of them in storms.
 *
 * In a storm nodes 1 and 2 ask nodes 3 and 4, which write down what they have
 * done, and let some wait for the answer. What is done twice is seen at once;
 * whether all came to its end, at the end.
 */
#include "02-framing/test_rpc_client.h"
#include "02-framing/test_rpc_server.h"
#include "common/world/sim.h"

enum { NODES = 4, CLIENTS = 2, CALLS = 120 };

/* A call, and what became of it. Its key, and its body, is its number. */
struct rpc_errand {
    struct rpc_city *city;
    uint64_t key;
    node_id from, to;
    unsigned effects;
    unsigned boot;     /* Of its client. */
    bool over, doomed; /* It has an outcome; it will have none. */
    enum rpc_outcome outcome;
};

struct rpc_city {
    struct sim *sim;
    struct dice dice;
    bool calm; /* Nobody crashes and nobody refuses. */
    unsigned boots[NODES + 1];
    struct rpc_errand errands[CALLS];
    unsigned count;
    struct timer happens;
};

/* A node, and what it has yet to answer. */
struct rpc_citizen {
    struct rpc_city *city;
    struct env *env;
    struct rpc *rpc;
    GPtrArray *promises;
    GHashTable *done; /* By number: in this boot. */
};

struct rpc_promise {
    struct rpc_citizen *citizen;
    struct rpc_request request;
    unsigned number;
    struct timer timer;
};

/* ---- Servers. ---- */

static GBytes *words(const char *text, unsigned number, node_id node)
{
    char *line = g_strdup_printf("%s %u %u", text, number, (unsigned)node);
    return g_bytes_new_take(line, strlen(line));
}

static void keep_promise(void *self)
{
    struct rpc_promise *promise = self;
    struct rpc_citizen *citizen = promise->citizen;
    g_autoptr(GBytes) reply = words("did", promise->number, citizen->env->id);
    rpc_reply(citizen->rpc, &promise->request, reply);
}

static void expect_first(struct rpc_citizen *citizen,
                         const struct rpc_errand *errand, unsigned number)
{
    bool first = g_hash_table_add(citizen->done, GUINT_TO_POINTER(number + 1));
    expect_that(first || !errand->key,
                "a key to be served once, in one life of the server",
                "node %d serves key %u of node %d again", (int)citizen->env->id,
                (unsigned)errand->key, (int)errand->from);
}

static void on_errand(void *self, const struct rpc_request *request,
                      GBytes *body)
{
    struct rpc_citizen *citizen = self;
    struct rpc_city *city = citizen->city;
    unsigned number = (unsigned)g_ascii_strtoull(
        (const char *)g_bytes_get_data(body, NULL) + strlen("do "), NULL, 10);
    struct rpc_errand *errand = &city->errands[number];
    expect_that(errand->from == request->from && errand->key == request->key &&
                    errand->to == citizen->env->id,
                "a request to be shown with its sender and its key", "others");
    if (!city->calm && dice_roll(&city->dice) % 16 == 0) {
        rpc_refuse(citizen->rpc, request, "not today");
        return;
    }
    expect_first(citizen, errand, number);
    errand->effects++;
    struct rpc_promise *promise = g_new0(struct rpc_promise, 1);
    *promise = (struct rpc_promise){
        citizen, *request, number, {.fire = keep_promise, .self = promise}};
    g_ptr_array_add(citizen->promises, promise);
    if (dice_roll(&city->dice) % 2)
        keep_promise(promise);
    else
        env_arm(citizen->env, &promise->timer,
                dice_between(&city->dice, 0, 500 * MSEC));
}

/* ---- Clients. ---- */

static void on_over(void *self, enum rpc_outcome outcome, GBytes *body)
{
    struct rpc_errand *errand = self;
    struct rpc_city *city = errand->city;
    unsigned number = (unsigned)(errand - city->errands);
    g_autoptr(GBytes) wanted = words("did", number, errand->to);
    expect_that(!errand->over, "one outcome for each call", "two");
    expect_that(errand->boot == city->boots[errand->from],
                "no outcome for a call of an earlier boot", "one");
    errand->over = true;
    errand->outcome = outcome;
    if (outcome == RPC_DONE)
        expect_that(g_bytes_equal(body, wanted), "the reply to this request",
                    "another one");
}

static void go(struct rpc_city *city, nsec span)
{
    struct rpc_errand *errand = &city->errands[city->count];
    node_id from = dice_between(&city->dice, 1, CLIENTS);
    struct rpc_citizen *citizen = sim_protocol(city->sim, from);
    if (city->count == CALLS || !citizen)
        return;
    bool keyed = dice_roll(&city->dice) % 4;
    *errand =
        (struct rpc_errand){.city = city,
                            .key = keyed ? city->count + 1 : 0,
                            .from = from,
                            .to = dice_between(&city->dice, CLIENTS + 1, NODES),
                            .boot = city->boots[from]};
    g_autoptr(GBytes) body = words("do", city->count++, errand->to);
    struct rpc_patience patience = {.span = span, .key = errand->key};
    rpc_call(citizen->rpc, errand->to, body, patience, on_over, errand);
}

/* ---- A city. ---- */

static void *boot_citizen(struct env *env, void *context)
{
    struct rpc_citizen *citizen = g_new0(struct rpc_citizen, 1);
    citizen->city = context;
    citizen->city->boots[env->id]++;
    citizen->env = env;
    citizen->promises = g_ptr_array_new_with_free_func(g_free);
    citizen->done = g_hash_table_new(NULL, NULL);
    citizen->rpc = rpc_new(env, (struct rpc_settings){.memory = 9999 * SEC});
    rpc_serve(citizen->rpc, on_errand, citizen);
    return citizen;
}

static void stop_citizen(void *self)
{
    struct rpc_citizen *citizen = self;
    rpc_free(citizen->rpc);
    g_ptr_array_unref(citizen->promises);
    g_hash_table_unref(citizen->done);
    g_free(citizen);
}

/* Calls of a client that crashes have no outcome; servers forget. */
static void crash(struct rpc_city *city, node_id id)
{
    for (unsigned i = 0; i < city->count; i++) {
        struct rpc_errand *errand = &city->errands[i];
        errand->doomed |= errand->from == id && !errand->over;
    }
    sim_crash(city->sim, id);
}

static void something_happens(void *self)
{
    struct rpc_city *city = self;
    node_id one = dice_between(&city->dice, 1, NODES);
    node_id other = dice_between(&city->dice, 1, NODES);
    uint64_t what = dice_between(&city->dice, 0, 19);
    if (what < 12)
        go(city, dice_between(&city->dice, MSEC, 5 * SEC));
    else if (what < 15 && one != other)
        sim_cut(city->sim, one, other, what == 12);
    else if (what == 15)
        sim_farewell(city->sim, one, other);
    else if (what == 16 && !city->calm && sim_protocol(city->sim, one))
        crash(city, one);
    else if (what > 16 && !sim_protocol(city->sim, one))
        sim_boot(city->sim, one);
    sim_at(city->sim, &city->happens,
           sim_time(city->sim) + dice_between(&city->dice, 1, 300 * MSEC));
}

static struct rpc_city *found(uint64_t seed, struct sim_weather weather)
{
    struct rpc_city *city = g_new0(struct rpc_city, 1);
    struct sim_program program = {boot_citizen, stop_citizen, city};
    city->sim = sim_new(NODES, seed, weather);
    city->dice = dice_at(seed, 1, 1);
    city->happens = (struct timer){.fire = something_happens, .self = city};
    for (node_id id = 1; id <= NODES; id++)
        sim_install(city->sim, id, program);
    return city;
}

static void end_city(struct rpc_city *city)
{
    sim_free(city->sim);
    g_free(city);
}

/* ---- Storms. ---- */

static void expect_kept(const struct rpc_city *city)
{
    for (unsigned i = 0; i < city->count; i++) {
        const struct rpc_errand *errand = &city->errands[i];
        expect_that(errand->over || errand->doomed, "an outcome for each call",
                    "none for call %u", i);
        expect_that(!errand->over || errand->outcome != RPC_DONE ||
                        errand->effects,
                    "a call that is done to have taken effect",
                    "call %u: no effect", i);
        expect_that(!city->calm || !errand->key || errand->effects <= 1,
                    "a call with a key to take effect once",
                    "call %u: %u times", i, errand->effects);
    }
    for (node_id id = 1; id <= CLIENTS; id++) {
        struct rpc_citizen *citizen = sim_protocol(city->sim, id);
        if (citizen)
            expect_equal(
                "calls that have not ended:", rpc_pending(citizen->rpc), 0);
    }
}

static void through_any_storm_a_key_takes_effect_once(void)
{
    for_each_seed (seed, 20) {
        struct sim_weather weather = {.loss = 150,
                                      .repeat = 200,
                                      .delay_min = MSEC,
                                      .delay_max = 400 * MSEC};
        struct rpc_city *city = found(seed, weather);
        city->calm = seed % 2;
        sim_at(city->sim, &city->happens, 0);
        sim_run(city->sim, 60 * SEC);
        sim_at(city->sim, &city->happens, 9999 * SEC); /* Nothing more. */
        sim_run(city->sim, 80 * SEC);
        expect_kept(city);
        end_city(city);
    }
}

static void with_patience_every_call_is_done(void)
{
    for_each_seed (seed, 10) {
        struct sim_weather weather = {.loss = 500,
                                      .repeat = 100,
                                      .delay_min = MSEC,
                                      .delay_max = 2 * SEC};
        struct rpc_city *city = found(seed, weather);
        city->calm = true;
        for (unsigned i = 0; i < 40; i++)
            go(city, 4000 * SEC);
        sim_run(city->sim, 4001 * SEC);
        expect_kept(city);
        for (unsigned i = 0; i < city->count; i++)
            expect_that(city->errands[i].outcome == RPC_DONE,
                        "RPC_DONE, while not all messages are lost",
                        "another outcome of call %u", i);
        end_city(city);
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(a_request_is_one_frame_with_key_body_and_time),
        GRADED(each_reply_ends_its_own_call),
        GRADED(only_the_asked_node_answers),
        GRADED(what_comes_late_or_twice_answers_nothing),
        GRADED(done_may_call_and_cancel),
        GRADED(done_never_comes_from_within_rpc_call),
        GRADED(no_id_is_used_twice),
        GRADED(a_try_is_the_same_request_again),
        GRADED(the_wait_doubles_up_to_the_longest),
        GRADED(waits_of_different_luck_are_different),
        GRADED(a_call_ends_at_its_deadline),
        GRADED(a_cancelled_call_is_silent),
        GRADED(what_has_ended_leaves_nothing_behind),
        GRADED(without_a_key_each_request_is_served),
        GRADED(what_is_no_request_is_dropped),
        GRADED(a_key_is_served_once),
        GRADED(keys_belong_to_the_node_that_asks),
        GRADED(a_repeated_request_waits_for_the_reply),
        GRADED(a_refusal_is_not_remembered),
        GRADED(one_key_too_many_is_refused),
        GRADED(a_key_is_remembered_for_its_time),
        GRADED(behind_the_deadline_a_reply_is_only_kept),
        GRADED(through_any_storm_a_key_takes_effect_once),
        GRADED(with_patience_every_call_is_done),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

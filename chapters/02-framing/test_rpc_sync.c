/*
 * Asking and waiting, in the simulator and over UDP. Node 1 asks node 2, which
 * answers, refuses, says nothing, or asks node 3 before it answers: within the
 * time that is left.
 */
#include "01-sockets/host/crew.h"
#include "02-framing/rpc_sync.h"
#include "common/judge/test.h"
#include "common/world/sim.h"
#include <string.h>

enum { NODES = 3 };

/* A node that serves; and what it asks the next one about. */
struct rpc_clerk {
    struct rpc *rpc;
    struct env *env;
    struct rpc_request waiting;
    nsec left; /* That node 3 has seen. */
    unsigned served;
};

static GBytes *bytes_of(const char *text)
{
    return g_bytes_new(text, strlen(text));
}

static bool is_text(GBytes *bytes, const char *text)
{
    g_autoptr(GBytes) wanted = bytes_of(text);
    return bytes && g_bytes_equal(bytes, wanted);
}

/* ---- Serving. ---- */

static void on_next(void *self, enum rpc_outcome outcome, GBytes *body)
{
    struct rpc_clerk *clerk = self;
    if (outcome == RPC_DONE)
        rpc_reply(clerk->rpc, &clerk->waiting, body);
    else
        rpc_refuse(clerk->rpc, &clerk->waiting, "the next one says nothing");
}

static void ask_next(struct rpc_clerk *clerk, const struct rpc_request *request,
                     GBytes *body)
{
    struct rpc_patience patience = {
        .span = MAX(rpc_left(clerk->rpc, request), USEC), .key = request->key};
    clerk->waiting = *request;
    rpc_call(clerk->rpc, clerk->env->id + 1, body, patience, on_next, clerk);
}

static void on_request(void *self, const struct rpc_request *request,
                       GBytes *body)
{
    struct rpc_clerk *clerk = self;
    g_autoptr(GBytes) answer = bytes_of("from the last");
    clerk->served++;
    clerk->left = rpc_left(clerk->rpc, request);
    if (is_text(body, "no"))
        rpc_refuse(clerk->rpc, request, "why should I");
    else if (is_text(body, "next") && clerk->env->id < NODES)
        ask_next(clerk, request, body);
    else if (is_text(body, "next"))
        rpc_reply(clerk->rpc, request, answer);
    else if (!is_text(body, "silence"))
        rpc_reply(clerk->rpc, request, body);
}

static void *clerk_new(struct env *env, void *context)
{
    struct rpc_clerk *clerk = g_new0(struct rpc_clerk, 1);
    (void)context;
    clerk->env = env;
    clerk->rpc = rpc_new(env, (struct rpc_settings){.memory = 1000 * SEC});
    rpc_serve(clerk->rpc, on_request, clerk);
    return clerk;
}

static void clerk_free(void *self)
{
    struct rpc_clerk *clerk = self;
    rpc_free(clerk->rpc);
    g_free(clerk);
}

/* ---- Asking. ---- */

/* Those three, and who brings them their messages. */
struct rpc_office {
    struct rpc_clerk *clerks[NODES + 1];
    struct rpc_world world;
};

static GBytes *ask(struct rpc_office *office, const char *text, nsec span,
                   enum rpc_outcome *outcome)
{
    struct rpc *rpc = office->clerks[1]->rpc;
    struct rpc_patience patience = {.span = span, .key = rpc_key(rpc)};
    g_autoptr(GBytes) body = bytes_of(text);
    return rpc_ask(rpc, office->world, 2, body, patience, outcome);
}

static void expect(struct rpc_office *office, const char *question,
                   enum rpc_outcome wanted, const char *answer)
{
    enum rpc_outcome outcome;
    g_autoptr(GBytes) body = ask(office, question, 1000 * SEC, &outcome);
    assert_int_equal(outcome, wanted);
    assert_true(is_text(body, answer));
    assert_int_equal(rpc_pending(office->clerks[1]->rpc), 0);
}

static void expect_time_out(struct rpc_office *office, nsec span)
{
    enum rpc_outcome outcome = RPC_DONE;
    nsec begun = env_now(office->clerks[1]->env);
    g_autoptr(GBytes) body = ask(office, "silence", span, &outcome);
    assert_int_equal(outcome, RPC_TIMED_OUT);
    assert_null(body);
    assert_true(env_now(office->clerks[1]->env) >= begun + span);
}

/* The third has no more time than the first had given. */
static void expect_nesting(struct rpc_office *office)
{
    expect(office, "next", RPC_DONE, "from the last");
    assert_true(office->clerks[3]->left > 0);
    assert_true(office->clerks[3]->left <= 1000 * SEC);
    assert_int_equal(office->clerks[3]->served, 1);
}

static void expect_all(struct rpc_office *office)
{
    expect(office, "hello", RPC_DONE, "hello");
    expect(office, "", RPC_DONE, "");
    expect(office, "no", RPC_REFUSED, "why should I");
    expect_time_out(office, 5 * MSEC);
    expect_nesting(office);
    g_autoptr(GBytes) body = ask(office, "no outcome asked", 1000 * SEC, NULL);
    assert_true(is_text(body, "no outcome asked"));
}

/* ---- In the simulator. ---- */

static void step(void *self)
{
    assert_true(sim_step(self));
}

static struct rpc_office open_sim(struct sim *sim)
{
    struct rpc_office office = {.world = {step, sim}};
    for (node_id id = 1; id <= NODES; id++) {
        sim_install(sim, id, (struct sim_program){clerk_new, clerk_free, NULL});
        office.clerks[id] = sim_protocol(sim, id);
    }
    return office;
}

static void who_asks_in_the_simulator_gets_an_answer(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        struct sim_weather weather = {.loss = seed % 2 ? 400 : 0,
                                      .repeat = 100,
                                      .delay_min = MSEC,
                                      .delay_max = 300 * MSEC};
        struct sim *sim = sim_new(NODES, seed, weather);
        struct rpc_office office = open_sim(sim);
        expect_all(&office);
        sim_free(sim);
    }
}

static void a_time_out_comes_at_the_deadline(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        struct sim *sim = sim_new(NODES, seed, (struct sim_weather){0});
        struct rpc_office office = open_sim(sim);
        nsec begun = sim_time(sim);
        expect_time_out(&office, 3 * SEC);
        assert_int_equal(sim_time(sim) - begun, 3 * SEC);
        sim_free(sim);
    }
}

/* Node 2 gives up when node 1 does, not later: its call has the same end. */
static void who_asks_on_ends_with_the_first_deadline(void **state)
{
    (void)state;
    struct sim *sim = sim_new(
        NODES, 1, (struct sim_weather){.delay_min = MSEC, .delay_max = MSEC});
    struct rpc_office office = open_sim(sim);
    enum rpc_outcome outcome = RPC_DONE;
    sim_cut(sim, 2, 3, true);
    g_autoptr(GBytes) body = ask(&office, "next", 3 * SEC, &outcome);
    assert_int_equal(outcome, RPC_TIMED_OUT);
    assert_null(body);
    assert_int_equal(office.clerks[3]->served, 0);
    sim_run(sim, 3 * SEC + MSEC);
    assert_int_equal(rpc_pending(office.clerks[2]->rpc), 0);
    sim_free(sim);
}

/* ---- Over UDP. ---- */

static void turn_all(void *self)
{
    crew_turn(self);
}

static void who_asks_over_udp_gets_an_answer(void **state)
{
    (void)state;
    struct crew *crew = crew_new(NODES, NULL, NULL);
    struct rpc_office office = {.world = {turn_all, crew}};
    for (node_id id = 1; id <= NODES; id++)
        office.clerks[id] = clerk_new(host_env(crew_host(crew, id)), NULL);
    expect_all(&office);
    for (node_id id = 1; id <= NODES; id++)
        clerk_free(office.clerks[id]);
    crew_free(crew);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_in_the_simulator_gets_an_answer),
        cmocka_unit_test(a_time_out_comes_at_the_deadline),
        cmocka_unit_test(who_asks_on_ends_with_the_first_deadline),
        cmocka_unit_test(who_asks_over_udp_gets_an_answer),
    };
    return test_run(argc, argv, tests);
}

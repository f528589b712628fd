/* Callers, the purse, the shop, and what the demo shows of them. */
#include "02-framing/calls/caller.h"
#include "02-framing/calls/meter.h"
#include "02-framing/calls/purse_scene.h"
#include "02-framing/calls/shop_scene.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include "common/world/tape.h"
#include <stdio.h>
#include <string.h>

/* ---- A caller. ---- */

struct served_count {
    struct rpc *rpc;
    unsigned served, most; /* Most calls that were under way at a time. */
    struct rpc *client;
};

static void echo(void *self, const struct rpc_request *request, GBytes *body)
{
    struct served_count *count = self;
    count->served++;
    count->most = MAX(count->most, rpc_pending(count->client));
    rpc_reply(count->rpc, request, body);
}

static void *boot(struct env *env, void *context)
{
    (void)context;
    return rpc_new(env, (struct rpc_settings){0});
}

static void stop(void *rpc)
{
    rpc_free(rpc);
}

static struct sim *pair_of(uint64_t seed, unsigned loss)
{
    struct sim *sim =
        sim_new(2, seed,
                (struct sim_weather){
                    .loss = loss, .delay_min = MSEC, .delay_max = 5 * MSEC});
    for (node_id id = 1; id <= 2; id++)
        sim_install(sim, id, (struct sim_program){boot, stop, NULL});
    return sim;
}

static void a_caller_keeps_its_width_and_ends(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        unsigned width = 1 + (unsigned)seed % 7;
        struct sim *sim = pair_of(seed, 200);
        struct served_count count = {sim_protocol(sim, 2), 0, 0,
                                     sim_protocol(sim, 1)};
        rpc_serve(count.rpc, echo, &count);
        struct caller *caller = caller_new(count.client, 2, width);
        caller_call(caller, 20);
        caller_call(caller, 20);
        while (caller_answered(caller) < 40 && sim_step(sim))
            continue;
        assert_int_equal(caller_answered(caller), 40);
        assert_int_equal(rpc_pending(count.client), 0);
        assert_true(count.served >= 40);
        assert_int_equal(count.most, width);
        caller_free(caller);
        sim_free(sim);
    }
}

static void count_up(void *self)
{
    ++*(int *)self;
}

static void a_caller_tells_its_end_once(void **state)
{
    (void)state;
    int ends = 0;
    struct sim *sim = pair_of(1, 0);
    struct served_count count = {sim_protocol(sim, 2), 0, 0,
                                 sim_protocol(sim, 1)};
    rpc_serve(count.rpc, echo, &count);
    struct caller *caller = caller_new(count.client, 2, 4);
    caller_tell(caller, count_up, &ends);
    caller_call(caller, 10);
    sim_run(sim, SEC);
    assert_int_equal(ends, 1);
    caller_free(caller);
    sim_free(sim);
}

/* ---- The meter. ---- */

static void a_meter_counts_what_is_sent(void **state)
{
    (void)state;
    struct tape *tape = tape_new(1);
    struct meter *meter = meter_new(tape_env(tape));
    g_autoptr(GBytes) message = g_bytes_new_static("hello", 5);
    assert_int_equal(meter_sent(meter), 0);
    env_send(meter_env(meter), 2, message);
    env_send(meter_env(meter), 3, message);
    tape_expect(tape, "send 2 hello; send 3 hello; ");
    assert_int_equal(meter_sent(meter), 2);
    meter_free(meter);
    tape_free(tape);
}

/* ---- The purse. ---- */

static void without_a_key_it_is_paid_twice(void **state)
{
    (void)state;
    int left;
    g_autofree char *trace = purse_run(false, &left);
    assert_int_equal(left, PURSE_BEGIN - 2 * PURSE_PRICE);
    assert_non_null(strstr(trace, "80 are left"));
    assert_non_null(strstr(trace, "lose\t1"));
}

static void with_a_key_it_is_paid_once(void **state)
{
    (void)state;
    int left;
    g_autofree char *trace = purse_run(true, &left);
    assert_int_equal(left, PURSE_BEGIN - PURSE_PRICE);
    assert_null(strstr(trace, "80 are left"));
    assert_non_null(strstr(trace, "is told: paid"));
}

/* ---- The shop. ---- */

static double good_share(unsigned offered, const struct shop_manner *manner,
                         uint64_t seed)
{
    struct sim *sim = shop_open(seed, offered, manner);
    sim_run(sim, 20 * SEC);
    uint64_t calls = shop_calls(sim), good = shop_good(sim);
    uint64_t served = shop_served(sim);
    sim_free(sim);
    assert_true(good <= calls && good <= served);
    assert_true(served <= 20 * SEC / SHOP_SERVICE);
    return (double)good / (double)calls;
}

static void a_shop_with_room_serves_all(void **state)
{
    (void)state;
    static const struct shop_manner once = {SHOP_SPAN, SHOP_SPAN, false, false};
    for_each_seed (seed, 3)
        assert_true(good_share(500, &once, seed) > 0.95);
}

static void who_drops_nothing_serves_the_dead(void **state)
{
    (void)state;
    static const struct shop_manner again = {SHOP_SPAN / 10, SHOP_SPAN / 10,
                                             false, false};
    static const struct shop_manner drops = {SHOP_SPAN / 10, SHOP_SPAN, true,
                                             true};
    for_each_seed (seed, 3) {
        assert_true(good_share(1500, &again, seed) < 0.2);
        assert_true(good_share(1500, &drops, seed) > 0.6);
    }
}

/* ---- The demo. ---- */

/* All its lines; none may be longer than a terminal is wide. */
static char *watch(const char *program)
{
    struct stage *stage = stage_new();
    struct actor *actor = stage_start(stage, program, NULL);
    GString *said = g_string_new(NULL);
    assert_non_null(actor);
    for (char *line; (line = actor_await(actor, "", 60 * SEC));) {
        assert_in_range(g_utf8_strlen(line, -1), 0, 80);
        g_string_append_printf(said, "%s\n", line);
        g_free(line);
    }
    int status = actor_wait(actor, 60 * SEC);
    g_autofree char *errors = actor_errors(actor);
    if (status != 0 || *errors)
        fail_msg("%s ended with %d: %s", program, status, errors);
    stage_free(stage);
    return g_string_free(said, FALSE);
}

/* In virtual time: a round trip each, or one for sixteen. */
static void the_demo_shows_what_it_says(void **state)
{
    (void)state;
    g_autofree char *said = watch("demo_calls");
    assert_non_null(strstr(said, "60 of 60, 1200 ms"));
    assert_non_null(strstr(said, "60 of 60,   80 ms"));
    const char *twice = strstr(said, "80 are left: it was paid twice");
    assert_non_null(twice);
    assert_non_null(strstr(twice, "90 are left: it was paid once"));
}

/* The last second of both: nothing, and what is offered. */
static void after_the_rush_retries_keep_it_down(void **state)
{
    (void)state;
    g_autofree char *said = watch("demo_storm");
    const char *last = strstr(said, "\n    18     65 %");
    unsigned left, right;
    assert_non_null(last);
    assert_int_equal(sscanf(last, " 18 65 %% %u %% %*[#] %u", &left, &right),
                     2);
    assert_int_equal(left, 0);
    assert_in_range(right, 50, 80);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caller_keeps_its_width_and_ends),
        cmocka_unit_test(a_caller_tells_its_end_once),
        cmocka_unit_test(a_meter_counts_what_is_sent),
        cmocka_unit_test(without_a_key_it_is_paid_twice),
        cmocka_unit_test(with_a_key_it_is_paid_once),
        cmocka_unit_test(a_shop_with_room_serves_all),
        cmocka_unit_test(who_drops_nothing_serves_the_dead),
        cmocka_unit_test(the_demo_shows_what_it_says),
        cmocka_unit_test(after_the_rush_retries_keep_it_down),
    };
    return test_run(argc, argv, tests);
}

/* Ping: its rules on the tape, its counts in the simulator, and over UDP. */
#include "01-sockets/host/crew.h"
#include "01-sockets/host/ping.h"
#include "common/judge/test.h"
#include "common/world/sim.h"
#include "common/world/tape.h"
#include <string.h>

static void play(struct tape *tape, node_id from, const char *message)
{
    tape_play(tape, from, message, strlen(message));
}

static const struct ping_settings three = {
    .to = 2, .count = 3, .interval = 10 * MSEC, .patience = 25 * MSEC};

static void every_node_answers(void **state)
{
    (void)state;
    struct tape *tape = tape_new(1);
    struct ping *ping =
        ping_new(tape_env(tape), (struct ping_settings){.to = 0});
    play(tape, 7, "ping 42");
    tape_expect(tape, "send 7 pong 42; ");
    play(tape, 7, "");
    play(tape, 7, "ping");
    play(tape, 7, "ping -1");
    play(tape, 7, "ping 1x");
    play(tape, 7, "ping 99999999999999999999");
    play(tape, 7, "pong 1");
    tape_play(tape, 7, "ping 1\0x", 8);
    tape_expect(tape, "");
    ping_free(ping);
    tape_free(tape);
}

static void an_answer_gives_the_round_trip_and_its_lack_a_loss(void **state)
{
    (void)state;
    struct tape *tape = tape_new(1);
    struct ping *ping = ping_new(tape_env(tape), three);
    tape_expect(tape, "send 2 ping 0; arm 25ms; arm 10ms; ");
    tape_pass(tape, 3 * MSEC);
    play(tape, 2, "pong 0");
    tape_expect(tape, "disarm; ");
    assert_int_equal(ping_result(ping, 0).rtt, 3 * MSEC);
    tape_pass(tape, 7 * MSEC);
    tape_expect(tape, "send 2 ping 1; arm 25ms; arm 10ms; ");
    tape_pass(tape, 10 * MSEC);
    tape_expect(tape, "send 2 ping 2; arm 25ms; ");
    tape_pass(tape, 15 * MSEC);
    assert_true(ping_result(ping, 1).lost);
    play(tape, 2, "pong 1"); /* Too late. */
    play(tape, 2, "pong 0"); /* Once more. */
    play(tape, 3, "pong 2"); /* Nobody asked node 3. */
    play(tape, 2, "pong 3"); /* Nor this. */
    tape_expect(tape, "");
    assert_false(ping_is_over(ping));
    play(tape, 2, "pong 2");
    assert_true(ping_is_over(ping));
    assert_false(ping_result(ping, 2).lost);
    assert_true(ping_result(ping, 1).lost);
    ping_free(ping);
    tape_free(tape);
}

static nsec an_hour_later(struct env *env)
{
    return env_now(env->below) + 3600 * SEC;
}

/* A machine that was busy sees the answer before it sees that time is up. */
static void an_answer_after_its_patience_is_a_loss(void **state)
{
    static const struct env_ops late = {.now = an_hour_later};
    static const struct env_ops same = {0};
    (void)state;
    struct tape *tape = tape_new(1);
    struct env layer = {.ops = &same, .below = tape_env(tape), .id = 1};
    layer.most = layer.below->most;
    struct ping *ping = ping_new(&layer, three);
    layer.ops = &late;
    g_autoptr(GBytes) pong = g_bytes_new_static("pong 0", 6);
    env_deliver(&layer, 2, pong);
    assert_true(ping_result(ping, 0).lost);
    ping_free(ping);
    tape_free(tape);
}

/* Of 1000 pings over a link that loses one in ten each way, 19 % are lost. */
static void losses_are_counted(void **state)
{
    (void)state;
    for_each_seed (seed, 10) {
        struct sim_weather weather = {
            .loss = 100, .delay_min = MSEC, .delay_max = 3 * MSEC};
        struct sim *sim = sim_new(2, seed, weather);
        struct ping_settings settings = {
            .to = 2, .count = 1000, .interval = MSEC, .patience = 10 * MSEC};
        struct ping *asking = ping_new(sim_env(sim, 1), settings);
        struct ping *answering =
            ping_new(sim_env(sim, 2), (struct ping_settings){.to = 0});
        while (sim_step(sim))
            continue;
        unsigned lost = 0;
        for (unsigned i = 0; i < 1000; i++) {
            struct ping_result result = ping_result(asking, i);
            assert_true(result.decided);
            lost += result.lost;
            if (!result.lost)
                assert_in_range(result.rtt, 2 * MSEC, 6 * MSEC);
        }
        assert_in_range(lost, 140, 240);
        ping_free(asking);
        ping_free(answering);
        sim_free(sim);
    }
}

static void pings_are_answered_over_udp(void **state)
{
    (void)state;
    struct crew *crew = crew_new(2, NULL, NULL);
    struct ping_settings settings = {
        .to = 2, .count = 20, .interval = 0, .patience = 60 * SEC};
    struct ping *asking = ping_new(host_env(crew_host(crew, 1)), settings);
    struct ping *answering =
        ping_new(host_env(crew_host(crew, 2)), (struct ping_settings){.to = 0});
    for (int i = 0; i < 1000000 && !ping_is_over(asking); i++)
        crew_turn(crew);
    assert_true(ping_is_over(asking));
    for (unsigned i = 0; i < 20; i++)
        assert_false(ping_result(asking, i).lost);
    ping_free(asking);
    ping_free(answering);
    crew_free(crew);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_answers),
        cmocka_unit_test(an_answer_gives_the_round_trip_and_its_lack_a_loss),
        cmocka_unit_test(an_answer_after_its_patience_is_a_loss),
        cmocka_unit_test(losses_are_counted),
        cmocka_unit_test(pings_are_answered_over_udp),
    };
    return test_run(argc, argv, tests);
}

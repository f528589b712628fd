/*
 * One connection for two nodes, again and again: how it ends, who hears of it,
 * what comes again and what does not, and what waits meanwhile.
 */
#include "02-framing/frame.h"
#include "03-transport/test_tunnel.h"

/* ---- Connections. ---- */

static void a_crash_of_the_other_is_heard_and_mended(void **state)
{
    (void)state;
    for (node_id crashed = 1; crashed <= NODES; crashed++) {
        node_id other = 3 - crashed;
        struct sim *sim = open_plain();
        for (unsigned i = 0; i < 5; i++) {
            AWAIT(sim, connected(sim));
            go_on(sim, i * SEC);
            sim_crash(sim, crashed);
            go_on(sim, i * i * SEC);
            sim_boot(sim, crashed);
            AWAIT(sim, ears[other].farewells == i + 1 && connected(sim));
            send_numbered(sim, other, crashed, 10, i, i + 1);
            send_numbered(sim, crashed, other, 10, i, i + 1);
            AWAIT(sim, ears[1].count == i + 1 && ears[2].count == i + 1);
        }
        assert_int_equal(ears[crashed].farewells, 0);
        assert_true(ears[1].in_order && ears[2].in_order);
        sim_free(sim);
    }
}

/* Whoever is away for long is found soon after: openings do not grow rare. */
static void who_was_away_is_found_within_seconds(void **state)
{
    (void)state;
    for (unsigned away = 40; away < 80; away++) {
        struct sim *sim = open_plain();
        AWAIT(sim, connected(sim));
        sim_crash(sim, 1);
        send_numbered(sim, 2, 1, 10, 0, 1);
        go_on(sim, away * SEC);
        assert_int_equal(ears[2].farewells, 1);
        send_numbered(sim, 2, 1, 10, 1, 2);
        sim_boot(sim, 1);
        go_on(sim, 6 * SEC);
        assert_true(connected(sim));
        assert_int_equal(ears[1].count, 1);
        assert_int_equal(ears[1].last, 1);
        sim_free(sim);
    }
}

/* Each connection that is of use makes up for earlier attempts. */
static void who_is_back_at_once_is_called_at_once(void **state)
{
    (void)state;
    struct sim *sim = open_plain();
    for (unsigned i = 0; i < 20; i++) {
        AWAIT(sim, connected(sim));
        send_numbered(sim, 2, 1, 10, 2 * i, 2 * i + 1);
        AWAIT(sim, ears[1].count == i + 1);
        go_on(sim, SEC);
        sim_crash(sim, 1);
        sim_boot(sim, 1);
        send_numbered(sim, 2, 1, 10, 2 * i + 1, 2 * i + 2); /* In vain. */
        go_on(sim, 30 * MSEC);
        assert_true(connected(sim));
        assert_int_equal(ears[2].farewells, i + 1);
    }
    sim_free(sim);
}

/* Node 1, which cannot call, boots while nobody says anything. */
static void who_comes_back_can_soon_speak(void **state)
{
    (void)state;
    struct sim *sim = open_plain();
    AWAIT(sim, connected(sim));
    go_on(sim, 100 * SEC);
    sim_crash(sim, 1);
    sim_boot(sim, 1);
    send_numbered(sim, 1, 2, 10, 0, 1);
    go_on(sim, 2 * SEC);
    assert_int_equal(ears[2].count, 1);
    sim_free(sim);
}

/* What has half come is forgotten: nothing waits for its other half. */
static void who_crashes_in_the_midst_of_a_message_begins_anew(void **state)
{
    (void)state;
    for (node_id crashed = 1; crashed <= NODES; crashed++) {
        settings = (struct tunnel_settings){.endpoint = {.outgoing = 8000}};
        struct sim *sim = open_sim(1, fair);
        AWAIT(sim, connected(sim));
        send_numbered(sim, crashed, 3 - crashed, 1000000, 0, 1);
        go_on(sim, 20 * MSEC);
        assert_int_equal(ears[3 - crashed].count, 0);
        sim_crash(sim, crashed);
        sim_boot(sim, crashed);
        send_numbered(sim, crashed, 3 - crashed, 10, 1, 2);
        AWAIT(sim, ears[3 - crashed].count == 1);
        assert_int_equal(ears[3 - crashed].last, 1);
        sim_free(sim);
    }
}

/* The other has half of it when it crashes. */
static void what_was_half_sent_is_sent_again_as_a_whole(void **state)
{
    (void)state;
    for (node_id crashed = 1; crashed <= NODES; crashed++) {
        settings = (struct tunnel_settings){.endpoint = {.outgoing = 8000}};
        struct sim *sim = open_sim(1, fair);
        AWAIT(sim, connected(sim));
        send_numbered(sim, 3 - crashed, crashed, 1000000, 0, 3);
        go_on(sim, 20 * MSEC);
        assert_int_equal(ears[crashed].count, 0);
        sim_crash(sim, crashed);
        sim_boot(sim, crashed);
        AWAIT(sim, ears[crashed].count == 3);
        assert_true(ears[crashed].in_order && ears[crashed].first == 0);
        assert_int_equal(ears[3 - crashed].farewells, 1);
        sim_free(sim);
    }
}

/* What was taken whole is lost with the connection; at most two fit in. */
static void nothing_comes_twice_over_two_connections(void **state)
{
    (void)state;
    for_each_seed (seed, 40) {
        settings = (struct tunnel_settings){
            .endpoint = {.outgoing = 8000, .incoming = 8000}};
        struct sim *sim = open_sim(seed, foul);
        AWAIT(sim, connected(sim));
        send_numbered(sim, 2, 1, 4000, 0, 50);
        AWAIT(sim, ears[1].count >= 3);
        go_on(sim, seed % 17 * MSEC);
        sim_crash(sim, 1);
        unsigned before = ears[1].last;
        ears[1].count = 0;
        sim_boot(sim, 1);
        AWAIT(sim, ears[1].count > 0 && ears[1].last == 49);
        assert_in_range(ears[1].first, before + 1, before + 3);
        assert_true(ears[1].in_order);
        sim_free(sim);
    }
}

static struct sim_fate hold_back(void *self, const struct sim_message *message)
{
    const bool *holding = self;
    struct segment segment;
    bool held = *holding && message->from == 2 &&
                segment_of(message->bytes, &segment) &&
                segment.flags != SEGMENT_OPEN;
    return (struct sim_fate){.delay = held ? 5 * SEC : MSEC};
}

/* Node 2 opens, speaks, and crashes. What opens that connection, and what was
 * said in it, comes when its next boot has long spoken. */
static void of_an_earlier_boot_a_word_may_come_late_but_once(void **state)
{
    (void)state;
    bool holding = true;
    struct sim *sim = open_plain();
    sim_set_watch(sim,
                  (struct sim_watch){.decide = hold_back, .self = &holding});
    send_numbered(sim, 2, 1, 10, 0, 1);
    go_on(sim, 500 * MSEC);
    sim_crash(sim, 2);
    sim_boot(sim, 2);
    holding = false;
    send_numbered(sim, 2, 1, 10, 1, 2);
    AWAIT(sim, ears[1].count == 1 && ears[1].last == 1);
    go_on(sim, 60 * SEC);
    assert_int_equal(ears[1].count, 2);
    assert_int_equal(ears[1].last, 0);
    send_numbered(sim, 2, 1, 10, 1, 2);
    AWAIT(sim, ears[1].count == 3 && connected(sim));
    sim_free(sim);
}

static void what_waits_for_a_dead_node_is_bounded(void **state)
{
    (void)state;
    settings = (struct tunnel_settings){.most = 1000, .backlog = 10280};
    struct sim *sim = open_sim(1, fair);
    AWAIT(sim, connected(sim));
    sim_crash(sim, 1);
    send_numbered(sim, 2, 1, 10, 0, 1);
    AWAIT(sim, ears[2].farewells == 1);
    send_numbered(sim, 2, 1, 1000, 0, 100);
    assert_int_equal(tunnel_dropped(tunnel_at(sim, 2)), 90);
    sim_boot(sim, 1);
    AWAIT(sim, ears[1].count == 10);
    assert_true(ears[1].in_order && ears[1].first == 90);
    sim_free(sim);
}

/* With no room in the connection either; the one that is begun is finished. */
static void what_waits_for_a_slow_link_is_bounded(void **state)
{
    (void)state;
    settings = (struct tunnel_settings){
        .most = 1000, .backlog = 10280, .endpoint = {.outgoing = 2000}};
    struct sim *sim = open_sim(1, fair);
    AWAIT(sim, connected(sim));
    send_numbered(sim, 2, 1, 1000, 0, 100);
    uint64_t dropped = tunnel_dropped(tunnel_at(sim, 2));
    AWAIT(sim, ears[1].last == 99);
    assert_int_equal(ears[1].first, 0);
    assert_int_equal(dropped, 89);
    assert_int_equal(ears[1].count, 11);
    sim_free(sim);
}

/* ---- Others. ---- */

/* A node that has connections, and no tunnel. */
struct stranger {
    struct endpoint *endpoint;
    struct connection *connection;
    GBytes *word; /* Pushed, when it is open. */
    unsigned ends[CONNECTION_SILENT + 1];
};

static struct stranger stranger;

static void say_word(void *self)
{
    (void)self;
    if (stranger.word)
        connection_push(stranger.connection,
                        g_bytes_get_data(stranger.word, NULL),
                        g_bytes_get_size(stranger.word));
    g_clear_pointer(&stranger.word, g_bytes_unref);
}

static void count_end(void *self, enum connection_end end)
{
    (void)self;
    stranger.ends[end]++;
    g_clear_pointer(&stranger.connection, connection_free);
}

static void *raise_stranger(struct env *env, void *context)
{
    (void)context;
    stranger.endpoint = endpoint_new(env, (struct endpoint_settings){0});
    stranger.connection = endpoint_connect(
        stranger.endpoint, 3 - env->id,
        (struct connection_owner){.opened = say_word, .closed = count_end});
    return stranger.endpoint;
}

static void lower_stranger(void *self)
{
    endpoint_free(self);
}

static struct sim *open_with_stranger(node_id id, GBytes *word)
{
    struct sim *sim = sim_new(NODES, 1, fair);
    settings = (struct tunnel_settings){0};
    memset(ears, 0, sizeof ears);
    ears[3 - id].in_order = true;
    stranger = (struct stranger){.word = word};
    sim_install(sim, 3 - id,
                (struct sim_program){raise_tunnel, lower_tunnel, NULL});
    sim_install(sim, id,
                (struct sim_program){raise_stranger, lower_stranger, NULL});
    return sim;
}

/* Node 2 calls node 1, and not the other way round. */
static void only_the_larger_one_is_let_in(void **state)
{
    (void)state;
    for (node_id id = 1; id <= NODES; id++) {
        struct sim *sim = open_with_stranger(id, NULL);
        go_on(sim, SEC);
        assert_int_equal(stranger.ends[CONNECTION_REFUSED], id == 1);
        sim_free(sim);
    }
}

/* One that is empty, one that is damaged, and one that is right. */
static void frames_are_checked_and_none_is_a_farewell(void **state)
{
    (void)state;
    struct wire_writer out = {.most = 1000};
    struct frame frame = {.payload = (const uint8_t *)"\7\0\0\0!", .size = 5};
    frame_put(&out, &(struct frame){0});
    frame_put(&out, &frame);
    out.data[out.size - 1] ^= 1;
    frame_put(&out, &frame);
    struct sim *sim = open_with_stranger(2, g_bytes_new(out.data, out.size));
    go_on(sim, SEC);
    assert_int_equal(ears[1].count, 1);
    assert_int_equal(ears[1].last, 7);
    assert_int_equal(ears[1].farewells, 0);
    wire_clear(&out);
    sim_free(sim);
}

/* Node 1 has met nobody; node 2 tries again and again, a second apart. */
static void nobody_lets_in_whom_they_have_not_met(void **state)
{
    (void)state;
    struct sim *sim = sim_new(NODES, 1, fair);
    settings = (struct tunnel_settings){0};
    memset(ears, 0, sizeof ears);
    struct tunnel *deaf = tunnel_new(sim_env(sim, 1), settings);
    struct tunnel *caller = tunnel_new(sim_env(sim, 2), settings);
    tunnel_meet(caller, 1);
    env_bind(tunnel_env(deaf), hear, &ears[1]);
    env_bind(tunnel_env(caller), hear, &ears[2]);
    go_on(sim, 10 * SEC);
    uint64_t begun = sim_delivered(sim);
    go_on(sim, 100 * SEC);
    assert_int_equal(ears[1].farewells + ears[2].farewells, 0);
    assert_false(tunnel_is_open(deaf, 2));
    assert_in_range(sim_delivered(sim) - begun, 4 * 95, 4 * 200);
    tunnel_free(caller);
    tunnel_free(deaf);
    sim_free(sim);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_of_the_other_is_heard_and_mended),
        cmocka_unit_test(who_was_away_is_found_within_seconds),
        cmocka_unit_test(who_is_back_at_once_is_called_at_once),
        cmocka_unit_test(who_comes_back_can_soon_speak),
        cmocka_unit_test(who_crashes_in_the_midst_of_a_message_begins_anew),
        cmocka_unit_test(what_was_half_sent_is_sent_again_as_a_whole),
        cmocka_unit_test(nothing_comes_twice_over_two_connections),
        cmocka_unit_test(of_an_earlier_boot_a_word_may_come_late_but_once),
        cmocka_unit_test(what_waits_for_a_dead_node_is_bounded),
        cmocka_unit_test(what_waits_for_a_slow_link_is_bounded),
        cmocka_unit_test(only_the_larger_one_is_let_in),
        cmocka_unit_test(frames_are_checked_and_none_is_a_farewell),
        cmocka_unit_test(nobody_lets_in_whom_they_have_not_met),
    };
    return test_run(argc, argv, tests);
}

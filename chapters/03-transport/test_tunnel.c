/*
 * The contract, judged for tunnels in the simulator, in fair weather and in
 * foul. And what only a tunnel promises: one connection, again and again; a
 * bound; a farewell.
 */
#include "03-transport/tunnel.h"
#include "common/judge/conform.h"
#include "common/judge/test.h"
#include "common/world/sim_faults.h"
#include "common/world/tape.h"
#include <string.h>

enum { NODES = 2 };

static const struct sim_weather fair = {.delay_min = MSEC,
                                        .delay_max = MSEC,
                                        .sync_min = 2 * MSEC,
                                        .sync_max = 9 * MSEC};
static const struct sim_weather foul = {
    .loss = 200, .repeat = 300, .delay_max = 9 * MSEC, .sync_max = 9 * MSEC};

/* ---- Nodes with tunnels. ---- */

/* What one hears; it stays while the node crashes. */
struct ear {
    struct sim *sim;
    node_id id;
    unsigned count, farewells;
    uint64_t bytes;
    unsigned first, last;
    bool in_order;
};

static struct tunnel_settings settings;
static struct ear ears[NODES + 1];
static bool strangers;

static unsigned number_of(GBytes *message)
{
    unsigned number;
    g_assert_cmpuint(g_bytes_get_size(message), >=, sizeof number);
    memcpy(&number, g_bytes_get_data(message, NULL), sizeof number);
    return number;
}

static void hear(void *self, node_id from, GBytes *message)
{
    struct ear *ear = self;
    assert_true(from >= 1 && from <= NODES);
    if (g_bytes_get_size(message) == 0) {
        ear->farewells++;
        return;
    }
    unsigned number = number_of(message);
    if (ear->count == 0)
        ear->first = number;
    else
        ear->in_order &= number == ear->last + 1;
    ear->last = number;
    ear->count++;
    ear->bytes += g_bytes_get_size(message);
}

static void *raise_tunnel(struct env *env, void *context)
{
    struct tunnel *tunnel = tunnel_new(env, settings);
    (void)context;
    if (!strangers)
        tunnel_meet(tunnel, 3 - env->id);
    env_bind(tunnel_env(tunnel), hear, &ears[env->id]);
    return tunnel;
}

static void lower_tunnel(void *tunnel)
{
    tunnel_free(tunnel);
}

static struct sim *open_sim(uint64_t seed, struct sim_weather weather)
{
    struct sim *sim = sim_new(NODES, seed, weather);
    memset(ears, 0, sizeof ears);
    for (node_id id = 1; id <= NODES; id++) {
        ears[id] = (struct ear){.sim = sim, .id = id, .in_order = true};
        sim_install(sim, id,
                    (struct sim_program){raise_tunnel, lower_tunnel, NULL});
    }
    return sim;
}

static struct tunnel *tunnel_at(struct sim *sim, node_id id)
{
    return sim_protocol(sim, id);
}

static bool connected(struct sim *sim)
{
    return tunnel_is_open(tunnel_at(sim, 1), 2) &&
           tunnel_is_open(tunnel_at(sim, 2), 1);
}

static void go_on(struct sim *sim, nsec time)
{
    sim_run(sim, sim_time(sim) + time);
}

/* Let things happen until @p condition holds. */
#define AWAIT(sim, condition)                              \
    do {                                                   \
        for (int i_ = 0; i_ < 60000 && !(condition); i_++) \
            go_on(sim, 10 * MSEC);                         \
        assert_true(condition);                            \
    } while (0)

/* Messages @p first up to, and without, @p end. */
static void send_numbered(struct sim *sim, node_id from, node_id to,
                          size_t size, unsigned first, unsigned end)
{
    g_autofree uint8_t *data = g_malloc0(size);
    for (unsigned i = first; i < end; i++) {
        memcpy(data, &i, sizeof i);
        g_autoptr(GBytes) message = g_bytes_new(data, size);
        env_send(tunnel_env(tunnel_at(sim, from)), to, message);
    }
}

/* ---- For the judge of envs. ---- */

static void *open_fair(uint64_t seed)
{
    settings = (struct tunnel_settings){0};
    return open_sim(seed, fair);
}

static void *open_foul(uint64_t seed)
{
    settings = (struct tunnel_settings){0};
    return open_sim(seed, foul);
}

static struct env *env_of_world(void *world, node_id id)
{
    return tunnel_env(tunnel_at(world, id));
}

/* Ten times as much as is asked for: what is lost is sent again in it. */
static void pass_world(void *world, nsec time)
{
    go_on(world, 10 * time);
}

static void crash_world(void *world)
{
    sim_crash(world, 1);
    sim_boot(world, 1);
}

/* A sync takes five seconds, and the next one too. */
static void stall_world(void *world, void (*during)(void *, int), void *self)
{
    struct sim_weather slow = fair;
    slow.sync_min = slow.sync_max = 5 * SEC;
    sim_set_weather(world, slow);
    go_on(world, 20 * MSEC);
    during(self, 1);
    go_on(world, 5 * SEC);
    during(self, 2);
    sim_set_weather(world, fair);
    go_on(world, 5 * SEC);
}

static void close_world(void *world)
{
    sim_free(world);
}

/* ---- Messages. ---- */

static void a_thousand_messages_arrive_once_and_in_order(void **state)
{
    (void)state;
    for_each_seed (seed, 5) {
        struct sim *sim = open_foul(seed);
        send_numbered(sim, 1, 2, 1000, 0, 500);
        send_numbered(sim, 2, 1, 100, 0, 1000);
        AWAIT(sim, connected(sim));
        send_numbered(sim, 1, 2, 1000, 500, 1000);
        AWAIT(sim, ears[1].count >= 1000 && ears[2].count >= 1000);
        go_on(sim, SEC);
        for (node_id id = 1; id <= NODES; id++) {
            assert_true(ears[id].in_order && ears[id].first == 0);
            assert_int_equal(ears[id].count, 1000);
            assert_int_equal(ears[id].farewells, 0);
        }
        sim_free(sim);
    }
}

static void the_longest_message_arrives_also_at_home(void **state)
{
    (void)state;
    struct sim *sim = open_fair(1);
    size_t most = env_of_world(sim, 1)->most;
    assert_int_equal(most, 4 << 20);
    send_numbered(sim, 1, 2, most, 0, 3);
    send_numbered(sim, 1, 1, most, 0, 3);
    AWAIT(sim, ears[2].bytes == 3 * most && ears[1].bytes == 3 * most);
    assert_true(ears[1].in_order && ears[2].in_order);
    sim_free(sim);
}

/* ---- Connections. ---- */

static void a_crash_of_the_other_is_heard_and_mended(void **state)
{
    (void)state;
    for (node_id crashed = 1; crashed <= NODES; crashed++) {
        node_id other = 3 - crashed;
        struct sim *sim = open_fair(1);
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
    struct sim *sim = open_fair(1);
    AWAIT(sim, connected(sim));
    sim_crash(sim, 1);
    send_numbered(sim, 2, 1, 10, 0, 1);
    go_on(sim, 1000 * SEC);
    assert_int_equal(ears[2].farewells, 1);
    send_numbered(sim, 2, 1, 10, 1, 2);
    sim_boot(sim, 1);
    go_on(sim, 8 * SEC);
    assert_true(connected(sim));
    assert_int_equal(ears[1].count, 1);
    assert_int_equal(ears[1].last, 1);
    sim_free(sim);
}

/* Node 1, which cannot call, boots while nobody says anything. */
static void who_comes_back_can_soon_speak(void **state)
{
    (void)state;
    struct sim *sim = open_fair(1);
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

/* A long message is half sent when the other crashes: it begins anew, and those
 * before it, which were taken, do not come again. */
static void what_was_half_sent_is_sent_again_as_a_whole(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        settings = (struct tunnel_settings){
            .most = 100000,
            .backlog = 400000,
            .endpoint = {.outgoing = 8000, .incoming = 8000}};
        struct sim *sim = open_sim(seed, foul);
        AWAIT(sim, connected(sim));
        send_numbered(sim, 2, 1, 20000, 0, 10);
        AWAIT(sim, ears[1].count >= 3);
        go_on(sim, seed % 7 * MSEC);
        sim_crash(sim, 1);
        unsigned before = ears[1].last;
        ears[1].count = 0;
        sim_boot(sim, 1);
        AWAIT(sim, ears[1].count > 0 && ears[1].last == 9);
        assert_true(ears[1].first == before + 1 || ears[1].first == before + 2);
        assert_int_equal(ears[1].count, 10 - ears[1].first);
        assert_int_equal(ears[2].farewells, 1);
        sim_free(sim);
    }
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

/* Nor does it try for ever faster: some ten openings in a second. */
static void nobody_lets_a_stranger_in(void **state)
{
    (void)state;
    strangers = true;
    settings = (struct tunnel_settings){0};
    struct sim *sim = open_sim(1, fair);
    tunnel_meet(tunnel_at(sim, 2), 1);
    send_numbered(sim, 2, 1, 10, 0, 100);
    send_numbered(sim, 1, 2, 10, 0, 100);
    go_on(sim, SEC);
    uint64_t begun = sim_delivered(sim);
    go_on(sim, 100 * SEC);
    assert_int_equal(ears[1].count + ears[1].farewells, 0);
    assert_int_equal(ears[2].count + ears[2].farewells, 0);
    assert_false(tunnel_is_open(tunnel_at(sim, 1), 2));
    assert_in_range(sim_delivered(sim) - begun, 100, 1000);
    strangers = false;
    sim_free(sim);
}

/* ---- The output rule. ---- */

struct watcher {
    struct sim *sim;
    unsigned seen;
};

/* Looks for "number 17;" in what leaves, and for the number on the disk. */
static void look_at(void *self, const struct sim_message *message)
{
    struct watcher *watcher = self;
    size_t size;
    const char *data = g_bytes_get_data(message->bytes, &size);
    g_autofree char *text = g_strnfill(size, ' ');
    for (size_t i = 0; i < size; i++)
        text[i] = data[i] ? data[i] : ' ';
    g_autoptr(GBytes) disk = sim_stored(watcher->sim, message->from, "number");
    uint64_t stored = 0;
    if (disk)
        stored = g_ascii_strtoull(g_bytes_get_data(disk, NULL), NULL, 10);
    for (char *at = text; (at = strstr(at, "number ")); at++) {
        char *end;
        uint64_t number = g_ascii_strtoull(at + strlen("number "), &end, 10);
        if (*end != ';')
            continue;
        watcher->seen++;
        assert_in_range(number, 0, stored);
    }
}

static void write_and_send(struct sim *sim, unsigned number)
{
    struct env *env = env_of_world(sim, 1);
    g_autofree char *text = g_strdup_printf("%u", number);
    g_autofree char *word = g_strdup_printf("number %u;", number);
    g_autoptr(GBytes) value = g_bytes_new(text, strlen(text) + 1);
    g_autoptr(GBytes) message = g_bytes_new(word, strlen(word));
    env_persist(env, "number", value);
    env_send(env, 2, message);
}

/* The buffer is full, and what is lost is sent again: so many bytes leave long
 * after they were pushed, and some go together with older ones. */
static void pushed_bytes_leave_after_what_was_written_before(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        settings = (struct tunnel_settings){.endpoint = {.outgoing = 300}};
        struct sim_weather weather = foul;
        weather.sync_max = 80 * MSEC;
        struct sim *sim = open_sim(seed, weather);
        struct watcher watcher = {.sim = sim};
        AWAIT(sim, connected(sim));
        sim_set_watch(sim,
                      (struct sim_watch){.left = look_at, .self = &watcher});
        for (unsigned number = 1; number <= 300; number++) {
            write_and_send(sim, number);
            go_on(sim, number % 5 * MSEC);
        }
        AWAIT(sim, ears[2].count == 300);
        assert_in_range(watcher.seen, 200, 100000);
        sim_free(sim);
    }
}

/* ---- The rest of the contract. ---- */

static void a_farewell_from_below_is_passed_on(void **state)
{
    (void)state;
    struct sim *sim = open_fair(1);
    AWAIT(sim, connected(sim));
    sim_farewell(sim, 1, 2);
    go_on(sim, SEC);
    assert_int_equal(ears[1].farewells, 1);
    assert_true(connected(sim));
    sim_free(sim);
}

static void to_free_it_disarms_and_no_more(void **state)
{
    (void)state;
    struct tape *tape = tape_new(2);
    struct tunnel *tunnel =
        tunnel_new(tape_env(tape), (struct tunnel_settings){0});
    tunnel_meet(tunnel, 1);
    tape_pass(tape, SEC);
    g_free(tape_take(tape));
    tunnel_free(tunnel);
    g_autofree char *asked = tape_take(tape);
    const char *at = asked;
    while (g_str_has_prefix(at, "disarm; "))
        at += strlen("disarm; ");
    assert_string_equal(at, "");
    tape_free(tape);
}

int main(int argc, char **argv)
{
#define WORLD                                                              \
    .connected = true, .overlaps = true, .rounds = 3, .env = env_of_world, \
    .pass = pass_world, .crash = crash_world, .stall = stall_world,        \
    .close = close_world
    static const struct conform_world worlds[] = {
        {.name = "tunnels in fair weather", .open = open_fair, WORLD},
        {.name = "tunnels in foul weather", .open = open_foul, WORLD}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_messages_arrive_once_and_in_order),
        cmocka_unit_test(the_longest_message_arrives_also_at_home),
        cmocka_unit_test(a_crash_of_the_other_is_heard_and_mended),
        cmocka_unit_test(who_was_away_is_found_within_seconds),
        cmocka_unit_test(who_comes_back_can_soon_speak),
        cmocka_unit_test(who_crashes_in_the_midst_of_a_message_begins_anew),
        cmocka_unit_test(what_was_half_sent_is_sent_again_as_a_whole),
        cmocka_unit_test(what_waits_for_a_dead_node_is_bounded),
        cmocka_unit_test(what_waits_for_a_slow_link_is_bounded),
        cmocka_unit_test(nobody_lets_a_stranger_in),
        cmocka_unit_test(pushed_bytes_leave_after_what_was_written_before),
        cmocka_unit_test(a_farewell_from_below_is_passed_on),
        cmocka_unit_test(to_free_it_disarms_and_no_more),
    };
    return conform_run(argc, argv, worlds, G_N_ELEMENTS(worlds)) |
           test_run(argc, argv, tests);
}

/*
 * The contract, judged for tunnels in the simulator, in fair weather and in
 * foul; how messages come; and the output rule, of bytes that wait in a flow.
 */
#include "03-transport/test_tunnel.h"
#include "common/judge/conform.h"
#include "common/world/tape.h"

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
    struct sim *sim = open_plain();
    size_t most = env_of_world(sim, 1)->most;
    assert_int_equal(most, 4 << 20);
    send_numbered(sim, 1, 2, most, 0, 3);
    send_numbered(sim, 1, 1, most, 0, 3);
    AWAIT(sim, ears[2].bytes == 3 * most && ears[1].bytes == 3 * most);
    assert_true(ears[1].in_order && ears[2].in_order);
    sim_free(sim);
}

/* ---- The output rule. ---- */

struct inspector {
    struct sim *sim;
    unsigned seen;
};

/* Looks for "number 17;" in what leaves, and for the number on the disk. */
static void look_at(void *self, const struct sim_message *message)
{
    struct inspector *inspector = self;
    size_t size;
    const char *data = g_bytes_get_data(message->bytes, &size);
    g_autofree char *text = g_strnfill(size, ' ');
    for (size_t i = 0; i < size; i++)
        text[i] = data[i] ? data[i] : ' ';
    g_autoptr(GBytes) disk =
        sim_stored(inspector->sim, message->from, "number");
    uint64_t stored = 0;
    if (disk)
        stored = g_ascii_strtoull(g_bytes_get_data(disk, NULL), NULL, 10);
    for (char *at = text; (at = strstr(at, "number ")); at++) {
        char *end;
        uint64_t number = g_ascii_strtoull(at + strlen("number "), &end, 10);
        if (*end != ';')
            continue;
        inspector->seen++;
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
        struct inspector inspector = {.sim = sim};
        AWAIT(sim, connected(sim));
        sim_set_watch(sim,
                      (struct sim_watch){.left = look_at, .self = &inspector});
        for (unsigned number = 1; number <= 300; number++) {
            write_and_send(sim, number);
            go_on(sim, number % 5 * MSEC);
        }
        AWAIT(sim, ears[2].count == 300);
        assert_in_range(inspector.seen, 200, 100000);
        sim_free(sim);
    }
}

/* ---- The rest of the contract. ---- */

static void a_farewell_from_below_is_passed_on(void **state)
{
    (void)state;
    struct sim *sim = open_plain();
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
    tape_pass(tape, 100 * SEC);
    tape_expect(tape, "");
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
        cmocka_unit_test(pushed_bytes_leave_after_what_was_written_before),
        cmocka_unit_test(a_farewell_from_below_is_passed_on),
        cmocka_unit_test(to_free_it_disarms_and_no_more),
    };
    return conform_run(argc, argv, worlds, G_N_ELEMENTS(worlds)) |
           test_run(argc, argv, tests);
}

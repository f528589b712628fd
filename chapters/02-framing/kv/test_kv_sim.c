/* The same service in the simulator: clients are nodes, a message is a run of
 * commands, and the network is what a test wants it to be. */
#include "02-framing/kv/kv.h"
#include "02-framing/resp_writer.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include "common/world/sim.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER = 1, CLIENTS = 3, RUNS = 20 };

/* ---- A client: one run of commands at a time. ---- */

struct asker {
    struct env *env;
    const char *line; /* A command, .. */
    unsigned in_run;  /* .. so often in one message, .. */
    unsigned runs;    /* .. and so many messages. */
    nsec patience;    /* Then it asks again; 0: never. */
    unsigned awaited; /* Replies to the last. */
    unsigned asked;   /* Messages, those that were sent again included. */
    GArray *numbers;  /* int64_t: what it was told. */
    GString *last;    /* The last reply. */
    struct timer again;
};

static GBytes *run_of(const struct asker *asker)
{
    g_auto(GStrv) words = g_strsplit(asker->line, " ", -1);
    struct wire_writer out = {.most = SIZE_MAX};
    for (unsigned i = 0; i < asker->in_run; i++)
        resp_put_command(&out, g_strv_length(words),
                         (const char *const *)words);
    return wire_finish(&out);
}

static void ask(struct asker *asker)
{
    g_autoptr(GBytes) run = run_of(asker);
    asker->awaited = asker->in_run;
    asker->asked++;
    env_send(asker->env, SERVER, run);
    if (asker->patience > 0)
        env_arm(asker->env, &asker->again, asker->patience);
}

static void on_again(void *self)
{
    ask(self);
}

static void on_reply(struct asker *asker, const struct resp_item *item,
                     const char *data)
{
    g_string_truncate(asker->last, 0);
    g_string_append_len(asker->last, data + item->at, (gssize)item->size);
    if (item->type == RESP_INTEGER)
        g_array_append_val(asker->numbers, item->number);
    asker->awaited--;
}

/* A reply says not what it answers. So one that comes when none is awaited is
 * passed over; one that comes too late is taken for another's. */
static void on_message(void *self, node_id from, GBytes *message)
{
    struct asker *asker = self;
    struct resp *resp = resp_new((struct resp_limits){0});
    size_t size, at = 0;
    const char *data = g_bytes_get_data(message, &size);
    assert_int_equal(from, SERVER);
    while (at < size && asker->awaited > 0) {
        ssize_t used = resp_parse(resp, (const uint8_t *)data + at, size - at);
        assert_true(used > 0);
        on_reply(asker, resp_items(resp), data + at);
        at += (size_t)used;
        if (asker->awaited == 0) {
            env_disarm(asker->env, &asker->again);
            if (--asker->runs > 0)
                ask(asker);
        }
    }
    resp_free(resp);
}

static void *boot_asker(struct env *env, void *context)
{
    const struct asker *plan = context;
    struct asker *asker = g_new(struct asker, 1);
    *asker = *plan;
    asker->env = env;
    asker->numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
    asker->last = g_string_new(NULL);
    asker->again = (struct timer){.fire = on_again, .self = asker};
    env_bind(env, on_message, asker);
    return asker;
}

static void stop_asker(void *self)
{
    struct asker *asker = self;
    env_disarm(asker->env, &asker->again);
    g_array_unref(asker->numbers);
    g_string_free(asker->last, TRUE);
    g_free(asker);
}

/* ---- The world. ---- */

static void *boot_kv(struct env *env, void *context)
{
    (void)context;
    return kv_new(env, (struct kv_settings){0});
}

static void stop_kv(void *kv)
{
    kv_free(kv);
}

static struct sim *world_of(uint64_t seed, struct sim_weather weather)
{
    static struct asker idle;
    struct sim *sim = sim_new(SERVER + CLIENTS, seed, weather);
    sim_install(sim, SERVER, (struct sim_program){boot_kv, stop_kv, NULL});
    for (node_id id = SERVER + 1; id <= SERVER + CLIENTS; id++)
        sim_install(sim, id,
                    (struct sim_program){boot_asker, stop_asker, &idle});
    return sim;
}

static const struct sim_weather slow = {.delay_min = MSEC,
                                        .delay_max = 50 * MSEC};

static struct asker *client_of(struct sim *sim, unsigned i)
{
    return sim_protocol(sim, SERVER + 1 + i);
}

static void begin(struct asker *asker, const char *line, unsigned in_run,
                  unsigned runs)
{
    asker->line = line;
    asker->in_run = in_run;
    asker->runs = runs;
    ask(asker);
}

/* One command, and the text of its reply: a number has none. */
static const char *say(struct sim *sim, struct asker *asker, const char *line)
{
    begin(asker, line, 1, 1);
    while (asker->awaited > 0 && sim_step(sim))
        continue;
    assert_int_equal(asker->awaited, 0);
    return asker->last->str;
}

static int64_t number_at(const struct asker *asker, unsigned i)
{
    return g_array_index(asker->numbers, int64_t, i);
}

/* ---- Without loss. ---- */

static void each_number_is_told_once_and_rises_for_each_client(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        bool told[CLIENTS * CLIENTS * RUNS * 2] = {false};
        unsigned all = 0;
        struct sim *sim = world_of(seed, slow);
        for (unsigned i = 0; i < CLIENTS; i++)
            begin(client_of(sim, i), "INCR n", i + 1, RUNS);
        sim_run(sim, 60 * SEC);
        for (unsigned i = 0; i < CLIENTS; i++) {
            struct asker *asker = client_of(sim, i);
            assert_int_equal(asker->numbers->len, (i + 1) * RUNS);
            all += asker->numbers->len;
            for (unsigned k = 0; k < asker->numbers->len; k++) {
                int64_t number = number_at(asker, k);
                assert_true(k == 0 || number > number_at(asker, k - 1));
                assert_false(told[number]);
                told[number] = true;
            }
        }
        assert_int_equal(atoi(say(sim, client_of(sim, 0), "GET n")), all);
        sim_free(sim);
    }
}

/* A run is served in one go: nobody's numbers come between. */
static void the_numbers_of_one_run_are_neighbours(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        struct sim *sim = world_of(seed, slow);
        for (unsigned i = 0; i < CLIENTS; i++)
            begin(client_of(sim, i), "INCR n", 5, RUNS);
        sim_run(sim, 60 * SEC);
        for (unsigned i = 0; i < CLIENTS; i++)
            for (unsigned k = 0; k < 5 * RUNS; k++)
                assert_int_equal(number_at(client_of(sim, i), k),
                                 number_at(client_of(sim, i), k / 5 * 5) +
                                     k % 5);
        sim_free(sim);
    }
}

/* ---- Time. ---- */

enum { HOUR = 3600 };

static void a_key_lives_for_hours_by_the_clock_of_the_server(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        struct dice dice = dice_at(seed, 1, 0);
        unsigned hours = (unsigned)dice_between(&dice, 1, 48);
        g_autofree char *set =
            g_strdup_printf("SET key value EX %u", hours * HOUR);
        struct sim *sim = world_of(seed, slow);
        sim_drift(sim, SERVER + 1, 400000); /* It matters to nobody. */
        struct asker *asker = client_of(sim, 0);
        assert_string_equal(say(sim, asker, set), "OK");
        sim_run(sim, (hours * HOUR - 1) * SEC);
        assert_string_equal(say(sim, asker, "GET key"), "value");
        sim_run(sim, (hours * HOUR + 1) * SEC);
        assert_string_equal(say(sim, asker, "GET key"), "");
        say(sim, asker, "DBSIZE");
        assert_int_equal(number_at(asker, 0), 0);
        sim_free(sim);
    }
}

/* Half an hour for the fast clock is twenty minutes for all others. */
static void a_server_whose_clock_is_fast_forgets_early(void **state)
{
    (void)state;
    struct sim *sim = world_of(1, slow);
    struct asker *asker = client_of(sim, 0);
    sim_drift(sim, SERVER, 500000);
    say(sim, asker, "SET key value EX 1800");
    sim_run(sim, 1199 * SEC);
    assert_string_equal(say(sim, asker, "GET key"), "value");
    sim_run(sim, 1201 * SEC);
    assert_string_equal(say(sim, asker, "GET key"), "");
    sim_free(sim);
}

static void one_of_many_gets_a_lock_until_its_time_is_up(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        unsigned holders = 0;
        struct sim *sim = world_of(seed, slow);
        for (unsigned i = 0; i < CLIENTS; i++)
            begin(client_of(sim, i), "SET lock me NX EX 60", 1, 1);
        sim_run(sim, 10 * SEC);
        for (unsigned i = 0; i < CLIENTS; i++)
            holders += strcmp(client_of(sim, i)->last->str, "OK") == 0;
        assert_int_equal(holders, 1);
        sim_run(sim, 61 * SEC);
        assert_string_equal(say(sim, client_of(sim, 0), "SET lock me NX EX 60"),
                            "OK");
        sim_free(sim);
    }
}

/* ---- With loss. ---- */

/* How often INCR was done more than the client knows. At most 5% of the
 * messages are lost, and nobody gives up. */
static int64_t surplus(uint64_t seed)
{
    struct sim_weather lossy = slow;
    lossy.loss = 50;
    struct sim *sim = world_of(seed, lossy);
    struct asker *asker = client_of(sim, 0);
    asker->patience = SEC;
    begin(asker, "INCR n", 1, RUNS);
    sim_run(sim, 3600 * SEC);
    assert_int_equal(asker->numbers->len, RUNS);
    int64_t done = atoi(say(sim, asker, "GET n"));
    assert_true(done <= asker->asked);
    assert_int_equal(number_at(asker, RUNS - 1), done);
    sim_free(sim);
    return done - RUNS;
}

/* Who asks again because the reply was lost is counted twice: it takes an id
 * that the server remembers to tell the two (rpc.h). */
static void who_asks_again_may_be_counted_twice_and_never_less(void **state)
{
    unsigned twice = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        int64_t more = surplus(seed);
        assert_true(more >= 0);
        twice += more > 0;
    }
    assert_in_range(twice, 20, 90);
}

/* To set is idempotent. */
static void who_sets_again_changes_nothing(void **state)
{
    (void)state;
    for_each_seed (seed, 50) {
        struct sim_weather lossy = slow;
        lossy.loss = 300;
        struct sim *sim = world_of(seed, lossy);
        struct asker *asker = client_of(sim, 0);
        asker->patience = SEC;
        begin(asker, "SET n 42", 1, RUNS);
        sim_run(sim, 3600 * SEC);
        assert_int_equal(asker->runs, 0);
        assert_true(asker->asked >= RUNS);
        assert_string_equal(say(sim, asker, "GET n"), "42");
        sim_free(sim);
    }
}

/* ---- Ends. ---- */

static void what_it_holds_is_gone_with_it(void **state)
{
    (void)state;
    struct sim *sim = world_of(1, slow);
    struct asker *asker = client_of(sim, 0);
    say(sim, asker, "SET n 41 EX 100");
    say(sim, asker, "INCR n");
    assert_int_equal(number_at(asker, 0), 42);
    sim_crash(sim, SERVER);
    sim_boot(sim, SERVER);
    say(sim, asker, "INCR n");
    assert_int_equal(number_at(asker, 1), 1);
    sim_run(sim, 200 * SEC);
    assert_int_equal(kv_count(sim_protocol(sim, SERVER)), 1);
    sim_free(sim);
}

static char *trace_of(uint64_t seed)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    struct sim *sim = world_of(seed, slow);
    sim_trace(sim, file);
    for (unsigned i = 0; i < CLIENTS; i++)
        begin(client_of(sim, i), "SET n x EX 1", i + 1, RUNS);
    sim_run(sim, 60 * SEC);
    sim_free(sim);
    fclose(file);
    return text;
}

static void one_seed_is_one_run(void **state)
{
    (void)state;
    char *one = trace_of(1), *again = trace_of(1), *other = trace_of(2);
    assert_string_equal(one, again);
    assert_string_not_equal(one, other);
    free(one);
    free(again);
    free(other);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_is_told_once_and_rises_for_each_client),
        cmocka_unit_test(the_numbers_of_one_run_are_neighbours),
        cmocka_unit_test(a_key_lives_for_hours_by_the_clock_of_the_server),
        cmocka_unit_test(a_server_whose_clock_is_fast_forgets_early),
        cmocka_unit_test(one_of_many_gets_a_lock_until_its_time_is_up),
        cmocka_unit_test(who_asks_again_may_be_counted_twice_and_never_less),
        cmocka_unit_test(who_sets_again_changes_nothing),
        cmocka_unit_test(what_it_holds_is_gone_with_it),
        cmocka_unit_test(one_seed_is_one_run),
    };
    return test_run(argc, argv, tests);
}

/*
 * The broker as a process, under load, killed again and again, and its workers
 * too. When it is over: what was confirmed was done, nothing was done that was
 * never published, and nothing came twice without a word.
 *
 *     producers (here) -- publish --> queue --> work, work -- lines --> a file
 *
 * When somebody is killed is counted in messages, not in time: by the seed. So
 * many kills there are: KILLS=100; a hundred where PART=1/1, in `make check`;
 * else a few.
 */
#include "02-framing/kv/burst.h"
#include "04-queues/server/supplier.h"
#include "common/judge/test.h"
#include "common/world/clock.h"
#include "common/world/dice.h"
#include "common/world/stage.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { PRODUCERS = 3, WORKERS = 2, FEW = 5, MANY = 100, BETWEEN = 800 };

static const nsec PATIENCE = 300 * SEC;
static const char *const names[PRODUCERS] = {"a", "b", "c"};

/* What is known of one producer's messages, by number. */
struct ledger {
    struct supplier *supplier;
    GByteArray *confirmed; /* 1: it is. */
    GByteArray *done;      /* How often it came, up to 255. */
};

/* All there is. */
static struct {
    struct stage *stage;
    struct loop *loop;
    struct address address;
    char *listen, *dir, *log; /* Options of the programs. */
    const char *path;         /* Of the log. */
    struct actor *broker, *workers[WORKERS];
    struct ledger ledgers[PRODUCERS];
    uint64_t confirmed;
    long read; /* Bytes of the log. */
    uint64_t lines, again, silent;
    nsec began;
} run;

/* ---- Processes. ---- */

static void start_broker_with(const char *option)
{
    run.broker =
        stage_start(run.stage, "queue", run.listen, run.dir, option, NULL);
    g_autofree char *ready = actor_await(run.broker, "ready ", PATIENCE);
    assert_non_null(ready);
}

static void start_worker(unsigned i)
{
    run.workers[i] = stage_start(run.stage, "work", strchr(run.listen, '=') + 1,
                                 "jobs", "--window=50", run.log, NULL);
}

static void kill_actor(struct actor *actor)
{
    actor_signal(actor, SIGKILL);
    assert_int_equal(actor_wait(actor, PATIENCE), -SIGKILL);
}

/* ---- Ledgers. ---- */

static void tick_off(GByteArray *counts, uint64_t number)
{
    static const uint8_t zeros[4096];
    while (counts->len <= number)
        g_byte_array_append(counts, zeros, sizeof zeros);
    if (counts->data[number] < 255)
        counts->data[number]++;
}

static void on_confirm(void *self, uint64_t number, nsec delay)
{
    struct ledger *ledger = self;
    (void)delay;
    tick_off(ledger->confirmed, number);
    assert_int_equal(ledger->confirmed->data[number], 1);
    run.confirmed++;
}

static void read_line(const char *line)
{
    char name;
    uint64_t number;
    assert_int_equal(sscanf(line, "%c-%" SCNu64, &name, &number), 2);
    assert_in_range(name, 'a', 'a' + PRODUCERS - 1);
    struct ledger *ledger = &run.ledgers[name - 'a'];
    assert_in_range(number, 1, supplier_begun(ledger->supplier));
    tick_off(ledger->done, number);
    bool repeated = ledger->done->data[number] > 1;
    run.lines++;
    run.again += repeated;
    run.silent += repeated && !strstr(line, " again");
}

/* What the workers have written since the last time. */
static void read_log(void)
{
    char line[256];
    FILE *file = fopen(run.path, "r");
    if (!file)
        return;
    fseek(file, run.read, SEEK_SET);
    while (fgets(line, sizeof line, file) && strchr(line, '\n')) {
        run.read += (long)strlen(line);
        read_line(line);
    }
    fclose(file);
}

/* Was all of it done? */
static bool is_done(const struct ledger *ledger)
{
    uint64_t begun = supplier_begun(ledger->supplier);
    if (!supplier_is_done(ledger->supplier))
        return false;
    for (uint64_t number = 1; number <= begun; number++)
        if (number >= ledger->done->len || ledger->done->data[number] == 0)
            return false;
    return true;
}

static bool are_all_done(void)
{
    read_log();
    for (unsigned i = 0; i < PRODUCERS; i++)
        if (run.ledgers[i].supplier && !is_done(&run.ledgers[i]))
            return false;
    return true;
}

/* ---- The run. ---- */

static void open_run(void)
{
    memset(&run, 0, sizeof run);
    run.stage = stage_new();
    run.loop = loop_new();
    run.began = clock_monotonic();
    const char *dir = stage_dir(run.stage);
    run.listen = g_strdup_printf("--listen=unix:%s/socket", dir);
    run.dir = g_strdup_printf("--dir=%s/broker", dir);
    run.log = g_strdup_printf("--log=%s/done", dir);
    run.path = strchr(run.log, '=') + 1;
    assert_true(address_parse(&run.address, strchr(run.listen, '=') + 1, NULL));
}

static void start_producer(unsigned i, struct supplier_settings settings)
{
    struct ledger *ledger = &run.ledgers[i];
    settings.queue = "jobs";
    settings.name = names[i];
    settings.on_confirm = on_confirm;
    settings.self = ledger;
    ledger->confirmed = g_byte_array_new();
    ledger->done = g_byte_array_new();
    ledger->supplier = supplier_new(run.loop, &run.address, &settings);
}

static void turn(void)
{
    assert_true(clock_monotonic() < run.began + PATIENCE);
    loop_turn(run.loop, 5 * MSEC);
}

static void finish(void)
{
    for (unsigned i = 0; i < PRODUCERS; i++)
        if (run.ledgers[i].supplier)
            supplier_stop(run.ledgers[i].supplier);
    while (!are_all_done())
        turn();
    assert_int_equal(run.silent, 0);
}

static void close_run(void)
{
    for (unsigned i = 0; i < PRODUCERS; i++)
        if (run.ledgers[i].supplier) {
            supplier_free(run.ledgers[i].supplier);
            g_byte_array_unref(run.ledgers[i].confirmed);
            g_byte_array_unref(run.ledgers[i].done);
        }
    stage_free(run.stage);
    loop_free(run.loop);
    g_free(run.listen);
    g_free(run.dir);
    g_free(run.log);
}

/* ---- Kills. ---- */

static unsigned count_kills(void)
{
    const char *kills = g_getenv("KILLS");
    if (kills)
        return (unsigned)g_ascii_strtoull(kills, NULL, 10);
    return g_strcmp0(g_getenv("PART"), "1/1") == 0 ? MANY : FEW;
}

/* One of three is a worker. */
static void kill_somebody(struct dice *dice)
{
    unsigned who = (unsigned)dice_between(dice, 0, 3 * WORKERS - 1);
    if (who < WORKERS) {
        kill_actor(run.workers[who]);
        start_worker(who);
        return;
    }
    kill_actor(run.broker);
    start_broker_with(NULL);
}

static void storm(uint64_t seed, enum durability durability)
{
    struct dice dice = dice_at(seed, durability, 0);
    unsigned kills = count_kills();
    open_run();
    start_broker_with(NULL);
    for (unsigned i = 0; i < PRODUCERS; i++)
        start_producer(i, (struct supplier_settings){.durability = durability,
                                                     .window = 200,
                                                     .size = 100 * i});
    while (run.confirmed < PRODUCERS)
        turn();
    for (unsigned i = 0; i < WORKERS; i++)
        start_worker(i);
    for (unsigned i = 0; i < kills; i++) {
        uint64_t until = run.confirmed + dice_between(&dice, 0, BETWEEN);
        while (run.confirmed < until)
            turn();
        kill_somebody(&dice);
    }
    finish();
    printf("%s: %u kills, %" PRIu64
           " messages confirmed, all were done; %" PRIu64 " of them again\n",
           durability == DURABILITY_SYNCED ? "synced" : "written", kills,
           run.confirmed, run.again);
    close_run();
}

static void what_is_synced_outlives_all_kills(void **state)
{
    (void)state;
    for_each_seed (seed, 1)
        storm(seed, DURABILITY_SYNCED);
}

static void what_is_written_outlives_all_kills(void **state)
{
    (void)state;
    for_each_seed (seed, 1)
        storm(seed, DURABILITY_WRITTEN);
}

/* ---- Limits. ---- */

static void a_full_broker_refuses_and_loses_nothing(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    open_run();
    start_broker_with("--memory=1");
    start_producer(0,
                   (struct supplier_settings){.durability = DURABILITY_WRITTEN,
                                              .count = 300,
                                              .window = 20,
                                              .size = 10000});
    struct supplier *supplier = run.ledgers[0].supplier;
    while (supplier_counts(supplier).refused == 0)
        turn();
    assert_in_range(run.confirmed, 50, 110);
    g_autofree char *text = burst_ask(
        &run.address, 2, (const char *const[]){"QINFO", "jobs"}, &error);
    assert_non_null(text);
    kill_actor(run.broker);
    start_broker_with("--memory=1");
    start_worker(0);
    while (!supplier_is_done(supplier))
        turn();
    finish();
    assert_int_equal(run.confirmed, 300);
    close_run();
}

/* Files may have 3.5 MB. What was confirmed is there when there is room again. */
static void a_full_disk_stops_it_and_loses_nothing(void **state)
{
    static const char *const modes[] = {"", "--inline-sync"};
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        open_run();
        g_autofree char *program = stage_program("queue");
        g_autofree char *line =
            g_strdup_printf("ulimit -f 7000; exec '%s' '%s' '%s' %s", program,
                            run.listen, run.dir, modes[i]);
        run.broker = stage_start(run.stage, "/bin/sh", "-c", line, NULL);
        g_autofree char *ready = actor_await(run.broker, "ready ", PATIENCE);
        assert_non_null(ready);
        start_producer(0, (struct supplier_settings){
                              .durability = DURABILITY_SYNCED, .size = 1000});
        g_autofree char *complaint = actor_errors(run.broker);
        while (strlen(complaint) == 0) {
            turn();
            g_free(complaint);
            complaint = actor_errors(run.broker);
        }
        assert_non_null(strstr(complaint, "File too large"));
        assert_int_equal(actor_wait(run.broker, PATIENCE), 1);
        assert_true(run.confirmed > 100);
        start_broker_with(NULL);
        start_worker(0);
        finish();
        close_run();
    }
}

/* Files may have no byte, or too few for the broker's log. (Sanitizers write one
 * as well, and go on when they cannot, if no signal ends them.) */
static void a_demo_ends_when_its_broker_cannot_write(void **state)
{
    static const struct {
        const char *limit, *last;
    } cases[] = {{"0", "demo_away: the broker did not start."},
                 {"600", "demo_away: the broker is gone."}};
    struct stage *stage = stage_new();
    g_autofree char *program = stage_program("demo_away");
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct actor *demo =
            stage_start(stage, "/bin/sh", "-c",
                        "trap '' XFSZ; ulimit -f $1; exec \"$0\" 2>&1", program,
                        cases[i].limit, NULL);
        g_autofree char *said = actor_await(demo, "demo_away: ", PATIENCE);
        assert_string_equal(said, cases[i].last);
        assert_int_equal(actor_wait(demo, PATIENCE), 1);
    }
    stage_free(stage);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_synced_outlives_all_kills),
        cmocka_unit_test(what_is_written_outlives_all_kills),
        cmocka_unit_test(a_full_broker_refuses_and_loses_nothing),
        cmocka_unit_test(a_full_disk_stops_it_and_loses_nothing),
        cmocka_unit_test(a_demo_ends_when_its_broker_cannot_write),
    };
    return test_run(argc, argv, tests);
}

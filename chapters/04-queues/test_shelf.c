/* A shelf of retained logs: what is on the disk, what is removed, damage; and in
 * a simulated machine that crashes at any point. */
#include "02-framing/wire.h"
#include "04-queues/shelf.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include "common/world/sim_faults.h"
#include "common/world/tape.h"

/* ---- A shelf on a tape. ---- */

static struct tape *tape;
static struct shelf *shelf;

static void on_letter(void *self, node_id from, GBytes *message)
{
    (void)self;
    assert_true(shelf_on_message(shelf, from, message));
}

static bool open_shelf(GError **error)
{
    g_clear_pointer(&shelf, shelf_free);
    tape_crash(tape);
    shelf = shelf_open(tape_env(tape), 400, error);
    env_bind(tape_env(tape), shelf ? on_letter : NULL, NULL);
    return shelf != NULL;
}

static int set_up(void **state)
{
    (void)state;
    tape = tape_new(1);
    return open_shelf(NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    env_bind(tape_env(tape), NULL, NULL);
    g_clear_pointer(&shelf, shelf_free);
    tape_free(tape);
    return 0;
}

static struct word word(const char *text)
{
    return (struct word){text, strlen(text)};
}

static void create(const char *name)
{
    assert_int_equal(
        shelf_create(shelf, word(name), (struct shelf_limits){0, 0}),
        BROKER_DONE);
}

static void add(const char *name, unsigned count)
{
    g_autoptr(GBytes) message = g_bytes_new("a message", 9);
    for (unsigned i = 0; i < count; i++) {
        backlog_add(shelf_find(shelf, word(name))->backlog, message);
        tape_pass(tape, 1);
    }
}

static void expect_keys(const char *name, unsigned count)
{
    unsigned found = 0;
    for (unsigned i = 0; i < 100; i++) {
        g_autofree char *key = g_strdup_printf("%s.%u", name, i);
        g_autoptr(GBytes) value = env_recall(tape_env(tape), key);
        found += value != NULL;
    }
    assert_int_equal(found, count);
}

static bool has_manifest(const char *name)
{
    g_autofree char *key = g_strdup_printf("%s.first", name);
    g_autoptr(GBytes) value = env_recall(tape_env(tape), key);
    return value != NULL;
}

/* ---- Keys. ---- */

static void each_log_has_keys_of_its_own_for_ever(void **state)
{
    (void)state;
    create("a");
    create("b");
    assert_int_equal(shelf_find(shelf, word("b"))->number, 2);
    assert_int_equal(shelf_drop(shelf, word("b")), BROKER_DONE);
    create("b");
    assert_int_equal(shelf_find(shelf, word("b"))->number, 3);
    assert_true(open_shelf(NULL));
    assert_int_equal(shelf_find(shelf, word("a"))->number, 1);
    assert_int_equal(shelf_find(shelf, word("b"))->number, 3);
    create("c");
    assert_int_equal(shelf_find(shelf, word("c"))->number, 4);
    assert_string_equal(shelf_log(shelf, 2)->name, "c");
    assert_null(shelf_log(shelf, 3));
}

static void the_keys_of_a_dropped_log_go_when_that_is_durable(void **state)
{
    (void)state;
    create("a");
    add("a", 30);
    assert_true(has_manifest("log-1"));
    shelf_drop(shelf, word("a"));
    assert_true(has_manifest("log-1"));
    assert_null(shelf_find(shelf, word("a")));
    tape_pass(tape, 1);
    expect_keys("log-1", 0);
    assert_false(has_manifest("log-1"));
}

static void a_boot_goes_on_with_removing(void **state)
{
    (void)state;
    create("a");
    create("b");
    add("a", 30);
    shelf_drop(shelf, word("a"));
    g_autoptr(GBytes) before = env_recall(tape_env(tape), "queue.logs");
    assert_true(open_shelf(NULL));
    assert_true(has_manifest("log-1"));
    tape_pass(tape, 1);
    expect_keys("log-1", 0);
    assert_false(has_manifest("log-1"));
    tape_pass(tape, 1);
    g_autoptr(GBytes) after = env_recall(tape_env(tape), "queue.logs");
    assert_int_equal(g_bytes_get_size(before) - g_bytes_get_size(after), 24);
    assert_non_null(shelf_find(shelf, word("b")));
}

static void letters_of_a_dropped_log_are_taken(void **state)
{
    (void)state;
    create("a");
    g_autoptr(GBytes) long_one = g_bytes_new_take(g_malloc0(500), 500);
    backlog_add(shelf_find(shelf, word("a"))->backlog, long_one);
    shelf_drop(shelf, word("a"));
    tape_pass(tape, 1);
    expect_keys("log-1", 0);
}

static void a_log_that_was_lost_does_not_come_back(void **state)
{
    (void)state;
    create("a");
    add("a", 1);
    env_persist(tape_env(tape), "queue.logs", NULL);
    assert_true(open_shelf(NULL));
    create("b");
    assert_int_equal(shelf_find(shelf, word("b"))->number, 2);
    assert_int_equal(backlog_next(shelf_find(shelf, word("b"))->backlog), 1);
    tape_pass(tape, 1);
    expect_keys("log-1", 0);
    expect_keys("log-2", 1);
}

/* ---- Damage. ---- */

static void a_damaged_list_is_refused_with_a_sentence(void **state)
{
    (void)state;
    create("a");
    g_autoptr(GBytes) whole = env_recall(tape_env(tape), "queue.logs");
    for (size_t at = 0; at < g_bytes_get_size(whole); at++) {
        g_autoptr(GError) error = NULL;
        GByteArray *copy = g_bytes_unref_to_array(g_bytes_ref(whole));
        copy->data[at] ^= 4;
        g_autoptr(GBytes) turned = g_byte_array_free_to_bytes(copy);
        env_persist(tape_env(tape), "queue.logs", turned);
        assert_false(open_shelf(&error));
        assert_string_equal(error->message, "queue.logs: damaged at byte 0");
    }
    for (size_t size = 0; size < g_bytes_get_size(whole); size++) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, size);
        env_persist(tape_env(tape), "queue.logs", cut);
        assert_false(open_shelf(NULL));
    }
}

static void a_damaged_log_is_refused_with_its_name(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) nonsense = g_bytes_new("nonsense", 8);
    (void)state;
    create("a");
    create("b");
    env_persist(tape_env(tape), "log-2.1", nonsense);
    assert_false(open_shelf(&error));
    assert_non_null(strstr(error->message, "log-2.1"));
}

/* ---- Crashes. ---- */

enum { LIVES = 12, NAMES = 3, NUMBERS = 200 };

static const char *const names[NAMES] = {"a", "b", "c"};

/* What is known of a log by its answers. */
struct rumoured {
    uint64_t epoch; /* What was done last: made, dropped or found at a boot. */
    int there;      /* 1: yes, -1: no, 0: the answer has not left. */
    uint64_t told;  /* This message of it was confirmed, since. */
};

/* What outlives crashes. */
struct catalogue {
    struct dice dice;
    uint64_t serial;
    bool calm; /* Nothing is done any more. */
    struct rumoured logs[NAMES];
};

struct librarian {
    struct catalogue *catalogue;
    struct env *env;
    struct shelf *shelf;
    struct timer timer;
    uint64_t creations[NAMES]; /* Each message says of which it is. */
};

/* An answer. */
struct hearsay {
    char what; /* create, drop, message */
    unsigned i;
    uint64_t epoch;
    uint64_t offset;
};

static void on_answer(void *self, const struct sim_message *message)
{
    struct catalogue *catalogue = self;
    if (message->to != 2)
        return;
    const struct hearsay *answer = g_bytes_get_data(message->bytes, NULL);
    struct rumoured *log = &catalogue->logs[answer->i];
    if (answer->epoch != log->epoch)
        return;
    log->there = answer->what == 'd' ? -1 : 1;
    log->told = answer->offset;
}

static void tell(const struct librarian *librarian, char what, unsigned i,
                 uint64_t offset)
{
    struct catalogue *catalogue = librarian->catalogue;
    struct rumoured *log = &catalogue->logs[i];
    if (what != 'm')
        *log = (struct rumoured){.epoch = ++catalogue->serial};
    struct hearsay answer = {what, i, log->epoch, offset};
    g_autoptr(GBytes) message = g_bytes_new(&answer, sizeof answer);
    env_send(librarian->env, 2, message);
}

static void add_one(const struct librarian *librarian, unsigned i,
                    const struct shelf_log *log)
{
    g_autoptr(GBytes) message =
        g_bytes_new(&librarian->creations[i], sizeof(uint64_t));
    tell(librarian, 'm', i, backlog_add(log->backlog, message));
}

/* Create what is not there; else add to it, or sometimes drop it. */
static void on_time(void *self)
{
    struct librarian *librarian = self;
    struct catalogue *catalogue = librarian->catalogue;
    unsigned i = (unsigned)dice_between(&catalogue->dice, 0, NAMES - 1);
    struct word name = word(names[i]);
    const struct shelf_log *log = shelf_find(librarian->shelf, name);
    if (catalogue->calm)
        return;
    env_arm(librarian->env, &librarian->timer, MSEC / 4);
    if (!log) {
        librarian->creations[i] = ++catalogue->serial;
        shelf_create(librarian->shelf, name, (struct shelf_limits){0, 0});
        tell(librarian, 'c', i, 0);
        add_one(librarian, i, shelf_find(librarian->shelf, name));
    } else if (dice_between(&catalogue->dice, 0, 9) == 0) {
        shelf_drop(librarian->shelf, name);
        tell(librarian, 'd', i, 0);
    } else {
        add_one(librarian, i, log);
    }
}

/* ---- A boot. ---- */

/* All are of one creation. */
static void on_found(void *self, uint64_t offset, GBytes *message)
{
    uint64_t *creation = self, is;
    memcpy(&is, g_bytes_get_data(message, NULL), sizeof is);
    if (offset > 1)
        assert_true(is == *creation);
    *creation = is;
}

static void expect_log(struct librarian *librarian, unsigned i)
{
    struct catalogue *catalogue = librarian->catalogue;
    struct rumoured *rumoured = &catalogue->logs[i];
    struct backlog_page page = {1, UINT32_MAX, SIZE_MAX};
    const struct shelf_log *log = shelf_find(librarian->shelf, word(names[i]));
    if (rumoured->there != 0)
        assert_int_equal(log != NULL, rumoured->there == 1);
    *rumoured = (struct rumoured){++catalogue->serial, log ? 1 : -1, 0};
    librarian->creations[i] = ++catalogue->serial;
    if (log)
        assert_true(backlog_read(log->backlog, &page, on_found,
                                 &librarian->creations[i]));
}

static uint64_t last_of(const struct librarian *librarian, unsigned i)
{
    const struct shelf_log *log = shelf_find(librarian->shelf, word(names[i]));
    return log ? backlog_next(log->backlog) - 1 : 0;
}

static void on_own(void *self, node_id from, GBytes *message)
{
    const struct librarian *librarian = self;
    assert_true(shelf_on_message(librarian->shelf, from, message));
}

static void *boot(struct env *env, void *context)
{
    struct librarian *librarian = g_new0(struct librarian, 1);
    g_autoptr(GError) error = NULL;
    *librarian =
        (struct librarian){.catalogue = context,
                           .env = env,
                           .timer = {.fire = on_time, .self = librarian}};
    librarian->shelf = shelf_open(env, 300, &error);
    if (error)
        fail_msg("%s", error->message);
    env_bind(env, on_own, librarian);
    for (unsigned i = 0; i < NAMES; i++) {
        assert_true(last_of(librarian, i) >=
                    librarian->catalogue->logs[i].told);
        expect_log(librarian, i);
    }
    env_arm(env, &librarian->timer, MSEC);
    return librarian;
}

static void stop(void *self)
{
    struct librarian *librarian = self;
    shelf_free(librarian->shelf);
    g_free(librarian);
}

/* Up to the newest log, who is not there has no key. */
static void expect_no_litter(struct sim *sim)
{
    bool missing = false;
    g_autoptr(GBytes) list = sim_stored(sim, 1, "queue.logs");
    struct wire_reader in = wire_read_bytes(list);
    wire_get_raw(&in, 4);
    uint64_t last = wire_get_u64(&in);
    assert_in_range(last, 4, NUMBERS);
    unsigned there = 0;
    for (unsigned n = 1; n <= last; n++) {
        bool any = false;
        for (unsigned segment = 0; segment < 40; segment++) {
            g_autofree char *key = g_strdup_printf("log-%u.%u", n, segment);
            g_autoptr(GBytes) value = sim_stored(sim, 1, key);
            any |= value != NULL;
        }
        there += any;
        missing |= !any;
    }
    assert_true(missing);
    assert_true(there <= NAMES);
}

static void after_any_crash_logs_are_whole_or_not_there(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        struct sim_weather disk = {.sync_min = MSEC / 2, .sync_max = 3 * MSEC};
        struct sim *sim = sim_new(2, seed, disk);
        struct catalogue catalogue = {.dice = dice_at(seed, 44, 12)};
        sim_set_watch(
            sim, (struct sim_watch){.left = on_answer, .self = &catalogue});
        sim_install(sim, 1, (struct sim_program){boot, stop, &catalogue});
        for (unsigned life = 0; life < LIVES; life++) {
            unsigned effects = (unsigned)dice_between(&catalogue.dice, 1, 90);
            sim_crash_after(sim, 1, effects, DISK_TEARS);
            while (sim_is_up(sim, 1))
                assert_true(sim_step(sim));
            sim_run(sim, sim_time(sim) + MSEC);
            sim_boot(sim, 1);
        }
        catalogue.calm = true;
        sim_run(sim, sim_time(sim) + SEC);
        expect_no_litter(sim);
        sim_free(sim);
    }
}

#define on_tape(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        on_tape(each_log_has_keys_of_its_own_for_ever),
        on_tape(the_keys_of_a_dropped_log_go_when_that_is_durable),
        on_tape(a_boot_goes_on_with_removing),
        on_tape(letters_of_a_dropped_log_are_taken),
        on_tape(a_log_that_was_lost_does_not_come_back),
        on_tape(a_damaged_list_is_refused_with_a_sentence),
        on_tape(a_damaged_log_is_refused_with_its_name),
        cmocka_unit_test(after_any_crash_logs_are_whole_or_not_there),
    };
    return test_run(argc, argv, tests);
}

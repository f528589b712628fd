/* A log in a simulated machine that crashes at every point there is: what had
 * left it, as durable, is there. */
#include "04-queues/wal.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include "common/world/sim_faults.h"

enum { MOST = 4000, OTHER = 2, LIVES = 12 };

/* What all lives of one node know: the truth of the test. */
struct truth {
    uint64_t written[MOST]; /* The content of record n, as written last. */
    uint64_t next;          /* Behind the last one written. */
    uint64_t promised;      /* All before it has left the node as durable. */
    uint64_t trimmed;       /* All before it may be gone. */
    uint64_t seen;          /* While it is read: the record that comes next. */
    struct dice dice;       /* What it does is rolled. */
};

struct keeper {
    struct env *env;
    struct wal *wal;
    struct truth *truth;
    struct timer timer;
};

static void on_record(void *self, uint64_t seq, struct word payload)
{
    struct truth *truth = self;
    uint64_t content;
    assert_true(truth->seen == 0 || truth->seen == seq);
    assert_true(payload.size >= sizeof content && seq < truth->next);
    memcpy(&content, payload.data, sizeof content);
    assert_true(content == truth->written[seq]);
    assert_int_equal(payload.size, 8 + content % 50);
    assert_true(truth->seen != 0 || seq <= truth->trimmed);
    truth->seen = seq + 1;
}

static void append(struct keeper *keeper)
{
    struct truth *truth = keeper->truth;
    uint64_t content = dice_roll(&truth->dice), seq = truth->next++;
    char rest[50] = "";
    assert_true(seq < MOST);
    truth->written[seq] = content;
    struct word parts[] = {{(const char *)&content, sizeof content},
                           {rest, content % 50}};
    assert_int_equal(wal_append(keeper->wal, parts, 2), seq);
}

/* Tell another node what is there: so it was durable when it leaves. */
static void promise(struct keeper *keeper)
{
    uint64_t next = keeper->truth->next;
    g_autoptr(GBytes) message = g_bytes_new(&next, sizeof next);
    env_send(keeper->env, OTHER, message);
}

static void on_time(void *self)
{
    struct keeper *keeper = self;
    struct truth *truth = keeper->truth;
    for (uint64_t n = dice_between(&truth->dice, 0, 4); n > 0; n--)
        append(keeper);
    promise(keeper);
    if (dice_between(&truth->dice, 0, 9) == 0) {
        append(keeper); /* What takes their place. */
        truth->trimmed = MAX(truth->trimmed, truth->next - 1);
        wal_trim(keeper->wal, truth->next - 1);
    }
    env_arm(keeper->env, &keeper->timer, MSEC);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct keeper *keeper = self;
    assert_true(wal_on_message(keeper->wal, from, message));
}

static void *boot(struct env *env, void *context)
{
    struct truth *truth = context;
    g_autoptr(GError) error = NULL;
    struct keeper *keeper = g_new0(struct keeper, 1);
    keeper->env = env;
    keeper->truth = truth;
    keeper->timer = (struct timer){.fire = on_time, .self = keeper};
    truth->seen = 0;
    keeper->wal =
        wal_open(env, (struct wal_settings){.name = "log", .segment = 300},
                 on_record, truth, &error);
    if (!keeper->wal)
        fail_msg("%s", error->message);
    truth->next = wal_next(keeper->wal);
    assert_true(truth->seen == 0 || truth->seen == truth->next);
    assert_true(truth->next >= truth->promised);
    assert_true(wal_first(keeper->wal) <= truth->trimmed);
    env_bind(env, on_message, keeper);
    env_arm(env, &keeper->timer, 0);
    return keeper;
}

static void stop(void *self)
{
    struct keeper *keeper = self;
    wal_free(keeper->wal);
    g_free(keeper);
}

static void on_left(void *self, const struct sim_message *message)
{
    struct truth *truth = self;
    uint64_t next;
    if (message->to != OTHER)
        return;
    memcpy(&next, g_bytes_get_data(message->bytes, NULL), sizeof next);
    truth->promised = MAX(truth->promised, next);
}

static struct sim *world(uint64_t seed, struct truth *truth)
{
    *truth =
        (struct truth){.next = 1, .trimmed = 1, .dice = dice_at(seed, 4, 2)};
    struct sim *sim = sim_new(
        2, seed, (struct sim_weather){.sync_min = 0, .sync_max = 4 * MSEC});
    sim_set_watch(sim, (struct sim_watch){.left = on_left, .self = truth});
    sim_install(sim, 1, (struct sim_program){boot, stop, truth});
    return sim;
}

static void boot_again(struct sim *sim)
{
    if (sim_is_up(sim, 1))
        sim_crash_now(sim, 1, DISK_TEARS);
    sim_boot(sim, 1);
}

/* Crash it after so many effects: appends, persists, letters; and again so many
 * after it was booted, in the midst of what it does then. */
static void crash_twice(unsigned first, unsigned second, enum disk_loss loss)
{
    struct truth truth;
    struct sim *sim = world(first, &truth);
    sim_crash_after(sim, 1, first, loss);
    sim_run(sim, 120 * MSEC);
    boot_again(sim);
    sim_crash_after(sim, 1, second, loss);
    sim_run(sim, 180 * MSEC);
    boot_again(sim);
    sim_run(sim, 200 * MSEC);
    assert_true(truth.promised > 20);
    sim_free(sim);
}

static void a_crash_at_any_point_takes_nothing_that_was_promised(void **state)
{
    (void)state;
    for (unsigned first = 1; first < 250; first++)
        for (enum disk_loss loss = DISK_TEARS; loss <= DISK_KEEPS; loss++)
            crash_twice(first, first * 7 % 60 + 1, loss);
}

static void a_crash_while_it_recovers_takes_nothing_either(void **state)
{
    (void)state;
    for (unsigned first = 30; first < 250; first += 11)
        for (unsigned second = 1; second < 12; second++)
            for (enum disk_loss loss = DISK_TEARS; loss <= DISK_KEEPS; loss++)
                crash_twice(first, second, loss);
}

static void through_many_crashes_there_is_no_hole(void **state)
{
    (void)state;
    for_each_seed (seed, 500) {
        struct truth truth;
        struct sim *sim = world(seed, &truth);
        struct dice dice = dice_at(seed, 4, 1);
        for (unsigned life = 1; life <= LIVES; life++) {
            enum disk_loss loss = (enum disk_loss)dice_between(&dice, 0, 2);
            sim_crash_after(sim, 1, (unsigned)dice_between(&dice, 1, 150),
                            loss);
            sim_run(sim, life * 40 * MSEC);
            boot_again(sim);
        }
        sim_run(sim, sim_time(sim) + 40 * MSEC);
        assert_true(truth.promised > 100 && truth.trimmed > 1);
        sim_free(sim);
    }
}

/* What is trimmed goes, whatever happens: segments do not pile up. */
static void nothing_is_left_over_for_ever(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        struct truth truth;
        struct sim *sim = world(seed, &truth);
        struct dice dice = dice_at(seed, 4, 3);
        unsigned left = 0;
        for (unsigned life = 1; life <= LIVES; life++) {
            sim_crash_after(sim, 1, (unsigned)dice_between(&dice, 1, 150),
                            DISK_TEARS);
            sim_run(sim, life * 40 * MSEC);
            boot_again(sim);
        }
        struct keeper *keeper = sim_protocol(sim, 1);
        env_disarm(keeper->env, &keeper->timer);
        sim_run(sim, sim_time(sim) + 100 * MSEC);
        for (unsigned i = 1; i < 400; i++) {
            g_autofree char *key = g_strdup_printf("log.%u", i);
            g_autoptr(GBytes) value = sim_stored(sim, 1, key);
            left += value ? (unsigned)g_bytes_get_size(value) : 0;
        }
        assert_int_equal(left, wal_size(keeper->wal));
        sim_free(sim);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_at_any_point_takes_nothing_that_was_promised),
        cmocka_unit_test(a_crash_while_it_recovers_takes_nothing_either),
        cmocka_unit_test(through_many_crashes_there_is_no_hole),
        cmocka_unit_test(nothing_is_left_over_for_ever),
    };
    return test_run(argc, argv, tests);
}

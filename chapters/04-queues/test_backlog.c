/* A retained log: readers, retention, places; and in a simulated machine that
 * crashes at any point. */
#include "04-queues/backlog.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include "common/world/sim_faults.h"
#include "common/world/tape.h"

/* ---- A stand: a backlog on a tape. ---- */

struct stand {
    struct tape *tape;
    struct backlog_settings settings;
    struct backlog *backlog;
};

static void on_letter(void *self, node_id from, GBytes *message)
{
    const struct stand *stand = self;
    assert_true(backlog_on_message(stand->backlog, from, message));
}

static void stand_open(struct stand *stand)
{
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&stand->backlog, backlog_free);
    tape_crash(stand->tape);
    stand->backlog =
        backlog_open(tape_env(stand->tape), stand->settings, &error);
    if (error)
        fail_msg("%s", error->message);
    env_bind(tape_env(stand->tape), on_letter, stand);
}

static struct stand *stand_new(unsigned messages, size_t bytes)
{
    struct stand *stand = g_new0(struct stand, 1);
    stand->tape = tape_new(1);
    stand->settings = (struct backlog_settings){"stand", 400, messages, bytes};
    stand_open(stand);
    return stand;
}

static void stand_free(struct stand *stand)
{
    backlog_free(stand->backlog);
    tape_free(stand->tape);
    g_free(stand);
}

static uint64_t add(struct stand *stand, const char *text)
{
    g_autoptr(GBytes) message = g_bytes_new(text, strlen(text));
    uint64_t offset = backlog_add(stand->backlog, message);
    tape_pass(stand->tape, 1);
    return offset;
}

static void add_many(struct stand *stand, uint64_t last)
{
    for (uint64_t offset = backlog_next(stand->backlog); offset <= last;
         offset++) {
        g_autofree char *text = g_strdup_printf("m%d", (int)offset);
        assert_int_equal(add(stand, text), offset);
    }
}

static void on_read(void *self, uint64_t offset, GBytes *message)
{
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    g_string_append_printf(self, "%d:%.*s ", (int)offset, (int)size, data);
}

static void expect_read(struct stand *stand, struct backlog_page page,
                        const char *wanted, uint64_t next)
{
    g_autoptr(GString) text = g_string_new(NULL);
    assert_true(backlog_read(stand->backlog, &page, on_read, text));
    assert_string_equal(text->str, wanted);
    assert_int_equal(page.from, next);
}

static void expect_refused(struct stand *stand, uint64_t from)
{
    struct backlog_page page = {from, 10, 1000};
    g_autoptr(GString) text = g_string_new(NULL);
    assert_false(backlog_read(stand->backlog, &page, on_read, text));
    assert_string_equal(text->str, "");
    assert_int_equal(page.from, from);
}

/* ---- Messages. ---- */

static void every_reader_reads_the_same(void **state)
{
    (void)state;
    struct stand *stand = stand_new(100, 10000);
    expect_read(stand, (struct backlog_page){1, 10, 100}, "", 1);
    assert_int_equal(add(stand, "one"), 1);
    assert_int_equal(add(stand, ""), 2);
    assert_int_equal(add(stand, "three"), 3);
    for (unsigned life = 0; life < 3; life++) {
        expect_read(stand, (struct backlog_page){1, 10, 100},
                    "1:one 2: 3:three ", 4);
        expect_read(stand, (struct backlog_page){2, 1, 100}, "2: ", 3);
        expect_read(stand, (struct backlog_page){4, 10, 100}, "", 4);
        expect_refused(stand, 0);
        expect_refused(stand, 5);
        stand_open(stand);
    }
    assert_int_equal(add(stand, "four"), 4);
    stand_free(stand);
}

static void a_page_has_its_limits(void **state)
{
    (void)state;
    struct stand *stand = stand_new(100, 10000);
    add_many(stand, 5);
    expect_read(stand, (struct backlog_page){1, 3, 100}, "1:m1 2:m2 3:m3 ", 4);
    expect_read(stand, (struct backlog_page){1, 9, 4}, "1:m1 2:m2 ", 3);
    expect_read(stand, (struct backlog_page){1, 9, 5}, "1:m1 2:m2 ", 3);
    expect_read(stand, (struct backlog_page){3, 9, 1}, "3:m3 ", 4);
    expect_read(stand, (struct backlog_page){3, 0, 99}, "", 3);
    stand_free(stand);
}

/* ---- Retention. ---- */

static void too_many_go_at_the_front(void **state)
{
    (void)state;
    struct stand *stand = stand_new(3, 10000);
    add_many(stand, 3);
    assert_int_equal(backlog_first(stand->backlog), 1);
    add_many(stand, 4);
    assert_int_equal(backlog_first(stand->backlog), 2);
    add_many(stand, 300);
    for (unsigned life = 0; life < 2; life++) {
        assert_int_equal(backlog_first(stand->backlog), 298);
        assert_int_equal(backlog_next(stand->backlog), 301);
        expect_refused(stand, 297);
        expect_read(stand, (struct backlog_page){298, 9, 99},
                    "298:m298 299:m299 300:m300 ", 301);
        stand_open(stand);
    }
    stand_free(stand);
}

static void too_many_bytes_go_at_the_front(void **state)
{
    (void)state;
    struct stand *stand = stand_new(100, 4 * BACKLOG_EACH);
    g_autofree char *most = g_strnfill(3 * BACKLOG_EACH, 'x');
    g_autofree char *more = g_strnfill(3 * BACKLOG_EACH + 1, 'x');
    for (unsigned i = 1; i <= 4; i++)
        add(stand, "");
    assert_int_equal(backlog_first(stand->backlog), 1);
    assert_int_equal(backlog_bytes(stand->backlog), 4 * BACKLOG_EACH);
    assert_int_equal(add(stand, "x"), 5);
    assert_int_equal(backlog_first(stand->backlog), 3);
    assert_int_equal(add(stand, more), 0);
    assert_int_equal(backlog_first(stand->backlog), 3);
    assert_int_equal(add(stand, most), 6);
    assert_int_equal(backlog_first(stand->backlog), 6);
    stand->settings.bytes = 10; /* The newest stays, and so does the count. */
    stand_open(stand);
    assert_int_equal(backlog_first(stand->backlog), 6);
    assert_int_equal(backlog_next(stand->backlog), 7);
    stand_free(stand);
}

/* Bytes of all keys "stand.N" on the tape's disk. */
static size_t on_disk(struct stand *stand)
{
    size_t size = 0;
    for (unsigned i = 0; i < 3000; i++) {
        g_autofree char *key = g_strdup_printf("stand.%u", i);
        g_autoptr(GBytes) value = env_recall(tape_env(stand->tape), key);
        size += value ? g_bytes_get_size(value) : 0;
    }
    return size;
}

static void the_log_goes_with_its_messages(void **state)
{
    (void)state;
    struct stand *stand = stand_new(5, 10000);
    assert_true(backlog_commit(stand->backlog, "old", 1));
    add_many(stand, 1000);
    assert_true(on_disk(stand) < 2000);
    stand_open(stand);
    assert_int_equal(backlog_position(stand->backlog, "old"), 1);
    expect_refused(stand, 1);
    stand_free(stand);
}

static void places_alone_do_not_fill_the_disk(void **state)
{
    (void)state;
    struct stand *stand = stand_new(5, 5 * BACKLOG_EACH + 100);
    add_many(stand, 7);
    for (uint64_t i = 0; i < 3000; i++) {
        assert_true(backlog_commit(stand->backlog, "a", 1 + i % 8));
        assert_true(backlog_commit(stand->backlog, "b", 2));
        tape_pass(stand->tape, 1);
        if (i % 97 == 0)
            stand_open(stand);
    }
    assert_true(on_disk(stand) < 8000);
    stand_open(stand);
    assert_int_equal(backlog_position(stand->backlog, "a"), 1 + 2999 % 8);
    assert_int_equal(backlog_position(stand->backlog, "b"), 2);
    expect_read(stand, (struct backlog_page){3, 9, 99},
                "3:m3 4:m4 5:m5 6:m6 7:m7 ", 8);
    stand_free(stand);
}

/* ---- Places. ---- */

static void a_group_reads_on_where_it_was(void **state)
{
    (void)state;
    struct stand *stand = stand_new(100, 10000);
    add_many(stand, 5);
    assert_int_equal(backlog_position(stand->backlog, "a"), 0);
    assert_true(backlog_commit(stand->backlog, "a", 3));
    assert_true(backlog_commit(stand->backlog, "b", 6));
    assert_true(
        backlog_commit(stand->backlog, "a", 2)); /* Again, from there. */
    assert_true(backlog_commit(stand->backlog, "gone", 2));
    assert_true(backlog_commit(stand->backlog, "gone", 0));
    for (unsigned life = 0; life < 3; life++) {
        assert_int_equal(backlog_position(stand->backlog, "a"), 2);
        assert_int_equal(backlog_position(stand->backlog, "b"), 6);
        assert_int_equal(backlog_position(stand->backlog, "gone"), 0);
        stand_open(stand);
    }
    stand_free(stand);
}

static void a_place_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct stand *stand = stand_new(100, 10000);
    g_autofree char *longest = g_strnfill(BACKLOG_NAME, 'a');
    g_autofree char *longer = g_strnfill(BACKLOG_NAME + 1, 'a');
    add_many(stand, 2);
    assert_true(backlog_commit(stand->backlog, longest, 3));
    assert_false(backlog_commit(stand->backlog, longest, 4));
    assert_false(backlog_commit(stand->backlog, longer, 1));
    assert_false(backlog_commit(stand->backlog, "", 1));
    for (unsigned i = 1; i < BACKLOG_GROUPS; i++) {
        g_autofree char *name = g_strdup_printf("g%u", i);
        assert_true(backlog_commit(stand->backlog, name, 1));
    }
    assert_false(backlog_commit(stand->backlog, "one more", 1));
    assert_true(backlog_commit(stand->backlog, "g7", 2));
    assert_true(backlog_commit(stand->backlog, "g7", 0));
    assert_true(backlog_commit(stand->backlog, "one more", 1));
    assert_int_equal(backlog_position(stand->backlog, longest), 3);
    stand_free(stand);
}

static void on_record_none(void *self, uint64_t seq, struct word payload)
{
    (void)self, (void)seq, (void)payload;
}

static void another_log_is_refused(void **state)
{
    (void)state;
    static const struct word bad[] = {
        {"x12345678", 9}, {"m", 1}, {"m\0\0\0\0\0\0\0\0", 9}, {"", 0}};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct tape *tape = tape_new(1);
        struct wal_settings settings = {.name = "stand"};
        g_autoptr(GError) error = NULL;
        struct wal *wal =
            wal_open(tape_env(tape), settings, on_record_none, NULL, &error);
        wal_append(wal, &bad[i], 1);
        wal_free(wal);
        struct backlog_settings mine = {"stand", 0, 9, 999};
        assert_null(backlog_open(tape_env(tape), mine, &error));
        assert_non_null(error);
        tape_free(tape);
    }
}

/* ---- Crashes. ---- */

enum { GROUPS = 3, MOST = 3000, LIVES = 25 };

/* What all lives know. */
struct chronicle {
    struct dice dice;
    uint64_t texts[MOST];     /* By offset. */
    uint64_t next;            /* As written last. */
    uint64_t left_next;       /* Is durable: it has left the node. */
    uint64_t places[GROUPS];  /* As committed last. */
    uint64_t left[GROUPS];    /* Is durable. */
    uint64_t commits[GROUPS]; /* So many, ... */
    uint64_t lasting[GROUPS]; /* ... and of them are durable. */
};

struct scribe {
    struct chronicle *chronicle;
    struct env *env;
    struct backlog *backlog;
    struct timer timer;
};

static void write_some(struct scribe *scribe)
{
    struct chronicle *chronicle = scribe->chronicle;
    for (uint64_t n = dice_roll(&chronicle->dice) % 4; n > 0; n--) {
        uint64_t text[8] = {dice_roll(&chronicle->dice)};
        g_autoptr(GBytes) message = g_bytes_new(text, 8 + text[0] % 56);
        assert_true(chronicle->next < MOST);
        chronicle->texts[chronicle->next] = text[0];
        assert_int_equal(backlog_add(scribe->backlog, message),
                         chronicle->next++);
    }
    for (uint64_t n = dice_roll(&chronicle->dice) % 3; n > 0; n--) {
        unsigned group = (unsigned)(dice_roll(&chronicle->dice) % GROUPS);
        uint64_t place = dice_between(&chronicle->dice, 1, chronicle->next);
        const char name[] = {(char)('a' + group), 0};
        assert_true(backlog_commit(scribe->backlog, name, place));
        chronicle->places[group] = place;
        chronicle->commits[group]++;
    }
}

static void on_time(void *self)
{
    struct scribe *scribe = self;
    const struct chronicle *chronicle = scribe->chronicle;
    write_some(scribe);
    uint64_t told[1 + 2 * GROUPS] = {chronicle->next};
    for (unsigned i = 0; i < GROUPS; i++) {
        told[1 + i] = chronicle->places[i];
        told[1 + GROUPS + i] = chronicle->commits[i];
    }
    g_autoptr(GBytes) message = g_bytes_new(told, sizeof told);
    env_send(scribe->env, 2, message);
    env_arm(scribe->env, &scribe->timer, MSEC);
}

/* It has left: so all of it is durable. */
static void on_left(void *self, const struct sim_message *message)
{
    struct chronicle *chronicle = self;
    if (message->to != 2)
        return;
    const uint64_t *told = g_bytes_get_data(message->bytes, NULL);
    chronicle->left_next = told[0];
    for (unsigned i = 0; i < GROUPS; i++) {
        chronicle->left[i] = told[1 + i];
        chronicle->lasting[i] = told[1 + GROUPS + i];
    }
}

static void on_kept(void *self, uint64_t offset, GBytes *message)
{
    const struct chronicle *chronicle = self;
    uint64_t text;
    memcpy(&text, g_bytes_get_data(message, NULL), sizeof text);
    assert_true(text == chronicle->texts[offset]);
    assert_int_equal(g_bytes_get_size(message), 8 + text % 56);
}

static void expect_chronicle(struct scribe *scribe)
{
    struct chronicle *chronicle = scribe->chronicle;
    struct backlog *backlog = scribe->backlog;
    struct backlog_page page = {backlog_first(backlog), MOST, SIZE_MAX};
    assert_true(backlog_read(backlog, &page, on_kept, chronicle));
    assert_true(page.from == backlog_next(backlog));
    assert_in_range(page.from, chronicle->left_next, chronicle->next);
    assert_true(page.from - backlog_first(backlog) ==
                MIN(page.from - 1, 20)); /* As many as are retained. */
    chronicle->next = page.from;
    for (unsigned i = 0; i < GROUPS; i++) {
        const char name[] = {(char)('a' + i), 0};
        uint64_t place = backlog_position(backlog, name);
        assert_true(place <= page.from);
        if (chronicle->commits[i] == chronicle->lasting[i])
            assert_int_equal(place, chronicle->left[i]);
        chronicle->places[i] = chronicle->left[i] = place;
        chronicle->lasting[i] = chronicle->commits[i];
    }
}

static void on_own(void *self, node_id from, GBytes *message)
{
    const struct scribe *scribe = self;
    assert_true(backlog_on_message(scribe->backlog, from, message));
}

static void *boot(struct env *env, void *context)
{
    struct scribe *scribe = g_new0(struct scribe, 1);
    struct backlog_settings settings = {"chronicle", 1500, 20, 100000};
    g_autoptr(GError) error = NULL;
    *scribe = (struct scribe){.chronicle = context,
                              .env = env,
                              .timer = {.fire = on_time, .self = scribe}};
    scribe->backlog = backlog_open(env, settings, &error);
    if (error)
        fail_msg("%s", error->message);
    env_bind(env, on_own, scribe);
    expect_chronicle(scribe);
    env_arm(env, &scribe->timer, MSEC);
    return scribe;
}

static void stop(void *self)
{
    struct scribe *scribe = self;
    backlog_free(scribe->backlog);
    g_free(scribe);
}

static void after_any_crash_what_was_told_is_there(void **state)
{
    (void)state;
    for_each_seed (seed, 60) {
        struct sim_weather disk = {.sync_min = MSEC / 2, .sync_max = 3 * MSEC};
        struct sim *sim = sim_new(2, seed, disk);
        struct chronicle chronicle = {
            .dice = dice_at(seed, 44, 6), .next = 1, .left_next = 1};
        sim_set_watch(sim,
                      (struct sim_watch){.left = on_left, .self = &chronicle});
        sim_install(sim, 1, (struct sim_program){boot, stop, &chronicle});
        for (unsigned life = 0; life < LIVES; life++) {
            unsigned effects = (unsigned)dice_between(&chronicle.dice, 1, 90);
            sim_crash_after(sim, 1, effects, DISK_TEARS);
            while (sim_is_up(sim, 1))
                assert_true(sim_step(sim));
            sim_run(sim, sim_time(sim) + MSEC);
            sim_boot(sim, 1);
        }
        sim_free(sim);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reader_reads_the_same),
        cmocka_unit_test(a_page_has_its_limits),
        cmocka_unit_test(too_many_go_at_the_front),
        cmocka_unit_test(too_many_bytes_go_at_the_front),
        cmocka_unit_test(the_log_goes_with_its_messages),
        cmocka_unit_test(places_alone_do_not_fill_the_disk),
        cmocka_unit_test(a_group_reads_on_where_it_was),
        cmocka_unit_test(a_place_that_cannot_be_is_refused),
        cmocka_unit_test(another_log_is_refused),
        cmocka_unit_test(after_any_crash_what_was_told_is_there),
    };
    return test_run(argc, argv, tests);
}

/* What is left of a broker when it boots: each sentence of journal.h and
 * replay.h, with small segments, so that the log is compacted all the time. */
#include "04-queues/test_broker.h"
#include "04-queues/wal.h"

enum { SEGMENT = 4096 };

static const struct queue_settings plain = {.durability = DURABILITY_SYNCED};

static void begin_small(void)
{
    begin_with((struct broker_settings){.segment = SEGMENT});
    declare("jobs", plain);
}

static unsigned first_segment(const char *log)
{
    unsigned number = 0;
    g_autoptr(GBytes) bytes = NULL;
    do {
        g_autofree char *key = g_strdup_printf("%s.%u", log, ++number);
        g_clear_pointer(&bytes, g_bytes_unref);
        bytes = env_recall(tape_env(bench.tape), key);
    } while (!bytes && number < 100000);
    return number;
}

/* Bytes of all segments of a log. */
static size_t size_of(const char *log)
{
    size_t size = 0;
    for (unsigned number = first_segment(log);; number++) {
        g_autofree char *key = g_strdup_printf("%s.%u", log, number);
        g_autoptr(GBytes) bytes = env_recall(tape_env(bench.tape), key);
        if (!bytes)
            return size;
        size += g_bytes_get_size(bytes);
    }
}

/* So many messages come and go. */
static void churn(const char *name, unsigned count)
{
    g_autofree char *payload = g_strnfill(200, 'x');
    for (unsigned i = 0; i < count; i++) {
        publish(name, payload);
        struct delivery delivery;
        if (queue_take(queue_of(name), &delivery, 1) == 1)
            ack(name, delivery.receipt);
        pass(0);
        g_free(tape_take(bench.tape));
    }
}

/* ---- What survives. ---- */

static void what_is_durable_survives_in_its_order(void **state)
{
    (void)state;
    begin_small();
    declare("written",
            (struct queue_settings){.durability = DURABILITY_WRITTEN});
    declare("none", (struct queue_settings){.durability = DURABILITY_NONE});
    publish("jobs", "a"), publish("jobs", "b"), publish("jobs", "c");
    publish("written", "w"), publish("none", "n");
    take("jobs", 2);
    ack("jobs", bench.receipt);
    expect("a#1 b#1 ");
    reboot();
    take("jobs", 5), take("written", 5);
    expect("a#1+ c#1+ w#1+ ");
    assert_null(queue_of("none"));
    end();
}

static void what_came_back_late_is_in_its_place_after_a_boot(void **state)
{
    (void)state;
    begin_small();
    publish("jobs", "a"), publish("jobs", "b");
    take("jobs", 1);
    queue_nack(queue_of("jobs"), bench.receipt, 3600 * SEC);
    reboot();
    take("jobs", 2);
    expect("a#1 a#2+ b#1+ ");
    end();
}

static void receipts_of_an_earlier_life_are_refused(void **state)
{
    (void)state;
    begin_small();
    publish("jobs", "a");
    take("jobs", 1);
    uint64_t old = bench.receipt;
    reboot();
    assert_int_equal(ack("jobs", old), 0);
    take("jobs", 1);
    assert_true(bench.receipt > old);
    assert_int_equal(ack("jobs", old), 0);
    assert_false(queue_nack(queue_of("jobs"), old, 0));
    assert_int_equal(ack("jobs", bench.receipt), 1);
    end();
}

static void attempts_are_counted_over_boots(void **state)
{
    struct queue_settings settings = {
        .durability = DURABILITY_SYNCED, .attempts = 3, .dead = {"jobs", 4}};
    (void)state;
    begin_small();
    declare("work", settings);
    publish("work", "a"), publish("work", "b");
    for (unsigned i = 1; i <= 3; i++) {
        take("work", 1);
        assert_int_equal(bench.last.attempt, i);
        queue_nack(queue_of("work"), bench.receipt, 0);
        reboot();
    }
    take("work", 1), take("jobs", 1);
    expect("a#1 a#2+ a#3+ b#1+ a#1+ ");
    assert_int_equal(ack("jobs", bench.receipt), 1);
    reboot();
    expect_counts("jobs", 0, 0, 0);
    end();
}

static void requests_are_known_over_boots_and_compaction(void **state)
{
    (void)state;
    begin_small();
    publish_by("jobs", (struct origin){7, 1}, "a");
    publish_by("jobs", (struct origin){7, 2}, "b");
    drain("jobs");
    for (int boots = 0; boots < 3; boots++) {
        churn("jobs", 200);
        assert_int_equal(publish_by("jobs", (struct origin){7, 1}, "a"), 1);
        assert_int_equal(publish_by("jobs", (struct origin){7, 2}, "b"), 2);
        assert_int_equal(queue_newest(queue_of("jobs"), 7), 2);
        reboot();
    }
    assert_true(first_segment("queue-synced") > 10);
    end();
}

static void ids_go_on_when_all_is_gone(void **state)
{
    (void)state;
    begin_small();
    churn("jobs", 300);
    expect_counts("jobs", 0, 0, 0);
    reboot();
    churn("jobs", 300);
    reboot();
    assert_int_equal(publish("jobs", "a"), 601);
    end();
}

static void ids_of_the_dead_go_on_too(void **state)
{
    struct queue_settings settings = {
        .durability = DURABILITY_SYNCED, .attempts = 1, .dead = {"grave", 5}};
    (void)state;
    begin_small();
    declare("grave", plain), declare("work", settings);
    publish("work", "a");
    churn("jobs", 30);
    struct queue *grave = queue_of("grave");
    assert_int_equal(publish("grave", "x"), 1);
    take("work", 1);
    queue_nack(queue_of("work"), bench.receipt, 0);
    assert_int_equal(drain("grave"), 2);
    assert_non_null(grave);
    for (unsigned i = 0; i < 120; i++) {
        churn("jobs", 1);
        reboot();
        assert_int_equal(publish("grave", "y"), 3 + i);
        drain("grave");
    }
    end();
}

/* ---- Compaction. ---- */

static void the_log_stays_short_under_churn(void **state)
{
    (void)state;
    begin_small();
    for (unsigned i = 0; i < 50; i++) {
        churn("jobs", 20);
        assert_in_range(size_of("queue-synced"), 0, 7 * SEGMENT);
    }
    assert_true(first_segment("queue-synced") > 30);
    end();
}

static void an_old_message_does_not_keep_the_log_long(void **state)
{
    (void)state;
    begin_small();
    declare("old", plain);
    publish("old", "still here");
    for (int boots = 0; boots < 5; boots++) {
        churn("jobs", 200);
        assert_in_range(size_of("queue-synced"), 0, 7 * SEGMENT);
        reboot();
    }
    take("old", 1);
    expect("still here#1+ ");
    end();
}

static void the_log_is_short_with_many_alive(void **state)
{
    g_autofree char *payload = g_strnfill(200, 'x');
    size_t live = 0;
    (void)state;
    begin_small();
    for (unsigned i = 0; i < 500; i++) {
        publish("jobs", payload);
        live += 200 + 50;
        pass(0);
    }
    for (unsigned i = 0; i < 1000; i++) {
        publish("jobs", payload);
        take("jobs", 1);
        ack("jobs", bench.receipt);
        pass(0);
        assert_in_range(size_of("queue-synced"), 0, 2 * live + 7 * SEGMENT);
    }
    reboot();
    assert_int_equal(drain("jobs"), 500);
    end();
}

/* Compaction is paid for: what is written is a small multiple of what comes in,
 * also within one turn, in which no segment can go. */
static void each_byte_is_written_twice_on_average(void **state)
{
    g_autofree char *payload = g_strnfill(200, 'x');
    (void)state;
    begin_small();
    for (unsigned i = 0; i < 200; i++)
        publish("jobs", payload);
    pass(0);
    g_free(tape_take(bench.tape));
    size_t written = 0, came = 0;
    for (unsigned i = 0; i < 2000; i++) {
        publish("jobs", payload);
        take("jobs", 1);
        ack("jobs", bench.receipt);
        came += 300;
        if (i % 500 == 499)
            pass(0);
        g_autofree char *asked = tape_take(bench.tape);
        for (const char *at = asked; (at = strstr(at, "xxxxxxxxxx")); at += 10)
            written += 10;
    }
    assert_in_range(written, came / 2, 6 * came);
    end();
}

static void a_table_of_requests_is_not_written_all_the_time(void **state)
{
    (void)state;
    begin_small();
    for (unsigned producer = 1; producer <= 50; producer++)
        for (unsigned i = 1; i <= 100; i++) {
            publish_by("jobs", (struct origin){producer, i}, "m");
            struct delivery delivery;
            queue_take(queue_of("jobs"), &delivery, 1);
            ack("jobs", delivery.receipt);
            pass(0);
        }
    g_free(tape_take(bench.tape));
    unsigned before = first_segment("queue-synced");
    churn("jobs", 100);
    assert_in_range(first_segment("queue-synced") - before, 0, 60);
    assert_int_equal(publish_by("jobs", (struct origin){3, 50}, "m"), 250);
    reboot();
    assert_int_equal(publish_by("jobs", (struct origin){3, 50}, "m"), 250);
    end();
}

static void many_queues_are_compacted_with_their_settings(void **state)
{
    (void)state;
    begin_small();
    for (unsigned i = 0; i < 300; i++) {
        g_autofree char *name = g_strdup_printf("q%u", i);
        declare(name, (struct queue_settings){.durability = DURABILITY_SYNCED,
                                              .messages = i + 1});
        if (i % 3 == 0)
            publish(name, "m");
    }
    churn("jobs", 500);
    reboot();
    for (unsigned i = 0; i < 300; i++) {
        g_autofree char *name = g_strdup_printf("q%u", i);
        assert_int_equal(queue_facts(queue_of(name)).settings.messages, i + 1);
        expect_counts(name, i % 3 == 0, 0, 0);
    }
    end();
}

/* ---- Queues that were dropped. ---- */

static void what_was_dropped_stays_gone(void **state)
{
    (void)state;
    begin_small();
    for (unsigned i = 0; i < 40; i++) {
        declare("brief", plain);
        assert_int_equal(publish("brief", "m"), 1);
        churn("jobs", 3);
        if (i % 4 == 0) {
            reboot();
            expect_counts("brief", 1, 0, 0);
        }
        assert_int_equal(drop("brief"), BROKER_DONE);
        churn("jobs", 3);
        if (i % 3 == 0) {
            reboot();
            assert_null(queue_of("brief"));
        }
    }
    declare("brief", plain);
    expect_counts("brief", 0, 0, 0);
    end();
}

static void note_end(void *self, uint64_t seq, struct word payload)
{
    const char *end = payload.data + payload.size;
    (void)seq;
    g_ptr_array_add(self, (void *)end);
}

/* The last @p count records of a log are lost. */
static void lose_end(const char *log, unsigned count)
{
    g_autofree char *key = g_strdup_printf("%s.%u", log, first_segment(log));
    g_autoptr(GBytes) bytes = env_recall(tape_env(bench.tape), key);
    g_autoptr(GPtrArray) ends = g_ptr_array_new();
    const char *data = g_bytes_get_data(bytes, NULL);
    recover(bytes, note_end, ends);
    const char *end = ends->pdata[ends->len - count - 1];
    g_autoptr(GBytes) rest = g_bytes_new(data, (size_t)(end - data));
    env_persist(tape_env(bench.tape), key, rest);
}

static void a_queue_whose_drop_was_lost_gives_way_to_a_later_one(void **state)
{
    (void)state;
    begin_small();
    declare("a", (struct queue_settings){.durability = DURABILITY_WRITTEN});
    publish("a", "old");
    drop("a");
    declare("a", plain);
    publish("a", "new");
    crash();
    lose_end("queue-written", 1);
    assert_non_null(open_broker(NULL));
    take("a", 5);
    expect("new#1+ ");
    assert_non_null(broker_queue(bench.broker, 1));
    assert_null(broker_queue(bench.broker, 2));
    assert_int_equal(drop("a"), BROKER_DONE);
    reboot();
    assert_null(queue_of("a"));
    assert_int_equal(broker_size(bench.broker), 0);
    end();
}

static void so_does_whoever_had_it_as_dead_queue(void **state)
{
    struct queue_settings settings = {
        .durability = DURABILITY_WRITTEN, .attempts = 1, .dead = {"grave", 5}};
    (void)state;
    begin_small();
    declare("grave", (struct queue_settings){.durability = DURABILITY_WRITTEN});
    declare("work", settings);
    drop("work"), drop("grave");
    reboot();
    declare("grave", plain);
    crash();
    lose_end("queue-written", 2);
    assert_non_null(open_broker(NULL));
    assert_null(queue_of("work"));
    assert_int_equal(queue_facts(queue_of("grave")).settings.durability,
                     DURABILITY_SYNCED);
    reboot();
    assert_null(queue_of("work"));
    assert_int_equal(drop("grave"), BROKER_DONE);
    end();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_durable_survives_in_its_order),
        cmocka_unit_test(what_came_back_late_is_in_its_place_after_a_boot),
        cmocka_unit_test(receipts_of_an_earlier_life_are_refused),
        cmocka_unit_test(attempts_are_counted_over_boots),
        cmocka_unit_test(requests_are_known_over_boots_and_compaction),
        cmocka_unit_test(ids_go_on_when_all_is_gone),
        cmocka_unit_test(ids_of_the_dead_go_on_too),
        cmocka_unit_test(the_log_stays_short_under_churn),
        cmocka_unit_test(an_old_message_does_not_keep_the_log_long),
        cmocka_unit_test(the_log_is_short_with_many_alive),
        cmocka_unit_test(each_byte_is_written_twice_on_average),
        cmocka_unit_test(a_table_of_requests_is_not_written_all_the_time),
        cmocka_unit_test(many_queues_are_compacted_with_their_settings),
        cmocka_unit_test(what_was_dropped_stays_gone),
        cmocka_unit_test(a_queue_whose_drop_was_lost_gives_way_to_a_later_one),
        cmocka_unit_test(so_does_whoever_had_it_as_dead_queue),
    };
    return test_run(argc, argv, tests);
}

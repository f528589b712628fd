/* The set of queues, and its limits: each sentence of terms.h and broker.h. */
#include "04-queues/test_broker.h"

static const struct queue_settings plain = {.durability = DURABILITY_SYNCED};

/* ---- Declaring. ---- */

static void declaring_again_is_fine_with_the_same_settings(void **state)
{
    struct queue_settings settings = {.durability = DURABILITY_SYNCED,
                                      .messages = 5,
                                      .bytes = 100,
                                      .visibility = SEC,
                                      .attempts = 2,
                                      .dead = {"grave", 5}};
    (void)state;
    begin_plain();
    declare("grave", plain);
    assert_int_equal(declare("jobs", settings), BROKER_DONE);
    publish("jobs", "a");
    assert_int_equal(declare("jobs", settings), BROKER_DONE);
    expect_counts("jobs", 1, 0, 0);
    assert_int_equal(declare("grave", plain), BROKER_DONE);
    struct queue_settings said = plain;
    said.visibility = 30 * SEC;
    assert_int_equal(declare("grave", said), BROKER_DONE);
    end();
}

static void any_other_setting_is_a_conflict(void **state)
{
    struct queue_settings settings = {
        .durability = DURABILITY_SYNCED, .attempts = 2, .dead = {"grave", 5}};
    (void)state;
    begin_plain();
    declare("grave", plain), declare("tomb", plain);
    declare("jobs", settings);
    struct queue_settings others[7];
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
        others[i] = settings;
    others[0].durability = DURABILITY_WRITTEN;
    others[1].messages = 1;
    others[2].bytes = 1;
    others[3].visibility = SEC;
    others[4].attempts = 3;
    others[5].dead = word_of("tomb");
    others[6].attempts = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
        assert_int_equal(declare("jobs", others[i]), BROKER_CONFLICT);
    reboot();
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
        assert_int_equal(declare("jobs", others[i]), BROKER_CONFLICT);
    assert_int_equal(declare("jobs", settings), BROKER_DONE);
    end();
}

static void names_have_a_form(void **state)
{
    static const char *const bad[] = {"", "a b", "a/b", "a\n", "caf\xc3\xa9"};
    g_autofree char *longest = g_strnfill(QUEUE_NAME, 'n');
    g_autofree char *longer = g_strnfill(QUEUE_NAME + 1, 'n');
    (void)state;
    begin_plain();
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_int_equal(declare(bad[i], plain), BROKER_INVALID);
    assert_int_equal(
        broker_declare(bench.broker, (struct word){"a\0b", 3}, &plain),
        BROKER_INVALID);
    assert_int_equal(declare(longer, plain), BROKER_INVALID);
    assert_int_equal(declare(longest, plain), BROKER_DONE);
    assert_int_equal(declare("Az09._-", plain), BROKER_DONE);
    assert_null(queue_of(longer));
    assert_null(queue_of(""));
    assert_null(broker_find(bench.broker, (struct word){"Az09._-\0", 8}));
    assert_non_null(queue_of("Az09._-"));
    end();
}

static void a_dead_queue_must_be_there_and_alike(void **state)
{
    struct queue_settings settings = {
        .durability = DURABILITY_SYNCED, .attempts = 2, .dead = {"grave", 5}};
    (void)state;
    begin_plain();
    assert_int_equal(declare("jobs", settings), BROKER_INVALID);
    declare("grave", (struct queue_settings){.durability = DURABILITY_WRITTEN});
    assert_int_equal(declare("jobs", settings), BROKER_INVALID);
    settings.durability = DURABILITY_WRITTEN;
    assert_int_equal(declare("jobs", settings), BROKER_DONE);
    settings.attempts = 0;
    assert_int_equal(declare("more", settings), BROKER_INVALID);
    settings = plain;
    settings.attempts = 1;
    assert_int_equal(declare("more", settings), BROKER_INVALID);
    settings.dead = word_of("more");
    assert_int_equal(declare("more", settings), BROKER_INVALID);
    end();
}

static void a_queue_in_use_as_dead_queue_stays(void **state)
{
    struct queue_settings settings = {
        .durability = DURABILITY_SYNCED, .attempts = 2, .dead = {"grave", 5}};
    (void)state;
    begin_plain();
    declare("grave", plain);
    declare("jobs", settings), declare("more", settings);
    reboot();
    assert_int_equal(drop("grave"), BROKER_CONFLICT);
    assert_int_equal(drop("jobs"), BROKER_DONE);
    assert_int_equal(drop("grave"), BROKER_CONFLICT);
    assert_int_equal(drop("more"), BROKER_DONE);
    assert_int_equal(drop("grave"), BROKER_DONE);
    assert_int_equal(drop("grave"), BROKER_UNKNOWN);
    end();
}

static void without_a_disk_nothing_is_durable(void **state)
{
    (void)state;
    begin_with((struct broker_settings){.transient = true});
    assert_int_equal(declare("jobs", plain), BROKER_INVALID);
    assert_int_equal(
        declare("jobs",
                (struct queue_settings){.durability = DURABILITY_WRITTEN}),
        BROKER_INVALID);
    assert_int_equal(
        declare("jobs", (struct queue_settings){.durability = DURABILITY_NONE}),
        BROKER_DONE);
    publish("jobs", "a");
    take("jobs", 1);
    assert_int_equal(ack("jobs", bench.receipt), 1);
    g_autofree char *asked = tape_take(bench.tape);
    assert_null(strstr(asked, "persist"));
    assert_null(strstr(asked, "append"));
    end();
}

static void queues_stand_in_the_order_they_were_made(void **state)
{
    static const char *const names[] = {"d", "b", "c", "a"};
    (void)state;
    begin_plain();
    for (unsigned i = 0; i < 4; i++)
        declare(names[i], (struct queue_settings){
                              .durability = i % 2 ? DURABILITY_WRITTEN
                                                  : DURABILITY_SYNCED});
    for (int boots = 0; boots < 2; boots++, reboot())
        for (unsigned i = 0; i < 5; i++) {
            struct queue *queue = broker_queue(bench.broker, i);
            assert_true(!queue == (i == 4));
            if (queue)
                assert_string_equal(queue_facts(queue).name, names[i]);
        }
    end();
}

static void there_are_so_many_queues_and_no_more(void **state)
{
    (void)state;
    begin_with((struct broker_settings){.segment = 1 << 16});
    for (unsigned i = 0; i < QUEUES_MOST; i++) {
        g_autofree char *name = g_strdup_printf("q%u", i);
        assert_int_equal(declare(name, plain), BROKER_DONE);
    }
    assert_int_equal(declare("one-more", plain), BROKER_FULL);
    assert_int_equal(drop("q7"), BROKER_DONE);
    assert_int_equal(declare("one-more", plain), BROKER_DONE);
    reboot();
    assert_int_equal(declare("q7", plain), BROKER_FULL);
    assert_non_null(queue_of("q9999"));
    end();
}

/* ---- Limits. ---- */

static void expect_size(size_t messages, size_t bytes)
{
    assert_int_equal(broker_size(bench.broker),
                     bytes + messages * MESSAGE_COST);
}

static void a_queue_holds_so_many_messages(void **state)
{
    struct queue_settings settings = {.durability = DURABILITY_SYNCED,
                                      .messages = 2};
    (void)state;
    begin_plain();
    declare("jobs", settings);
    publish("jobs", "a"), publish("jobs", "b");
    take("jobs", 1);
    assert_int_equal(publish("jobs", "c"), -BROKER_FULL);
    queue_nack(queue_of("jobs"), bench.receipt, SEC);
    assert_int_equal(publish("jobs", "c"), -BROKER_FULL);
    expect_size(2, 2);
    reboot();
    assert_int_equal(publish("jobs", "c"), -BROKER_FULL);
    take("jobs", 1);
    ack("jobs", bench.receipt);
    assert_int_equal(publish("jobs", "c"), 3);
    end();
}

static void a_queue_holds_so_many_bytes(void **state)
{
    struct queue_settings settings = {.durability = DURABILITY_SYNCED,
                                      .bytes = 10};
    (void)state;
    begin_plain();
    declare("jobs", settings);
    assert_int_equal(publish("jobs", "12345678901"), -BROKER_FULL);
    assert_int_equal(publish("jobs", "1234567890"), 1);
    assert_int_equal(publish("jobs", "1"), -BROKER_FULL);
    assert_int_equal(publish("jobs", ""), 2);
    expect_size(2, 10);
    end();
}

static void a_broker_holds_so_many_bytes_of_all_queues(void **state)
{
    (void)state;
    begin_with((struct broker_settings){.most = 2 * (MESSAGE_COST + 10)});
    declare("jobs", plain);
    declare("other", (struct queue_settings){.durability = DURABILITY_NONE});
    assert_int_equal(publish("jobs", "1234567890"), 1);
    assert_int_equal(publish("other", "12345678901"), -BROKER_FULL);
    assert_int_equal(publish("other", "1234567890"), 1);
    assert_int_equal(publish("jobs", ""), -BROKER_FULL);
    drop("other");
    assert_int_equal(publish("jobs", "1"), 2);
    end();
}

static void what_is_refused_leaves_no_trace(void **state)
{
    struct queue_settings settings = {.durability = DURABILITY_SYNCED,
                                      .messages = 1};
    (void)state;
    begin_plain();
    declare("jobs", settings);
    publish("jobs", "a");
    g_free(tape_take(bench.tape));
    assert_int_equal(publish_by("jobs", (struct origin){7, 1}, "b"),
                     -BROKER_FULL);
    tape_expect(bench.tape, "");
    assert_int_equal(queue_newest(queue_of("jobs"), 7), 0);
    take("jobs", 1);
    ack("jobs", bench.receipt);
    assert_int_equal(publish_by("jobs", (struct origin){7, 1}, "b"), 2);
    end();
}

static void a_message_has_a_longest(void **state)
{
    (void)state;
    begin_plain();
    size_t longest = tape_env(bench.tape)->most - MESSAGE_SPACE;
    g_autofree char *payload = g_strnfill(longest + 1, 'x');
    declare("jobs", plain);
    assert_int_equal(publish("jobs", payload), -BROKER_LONG);
    payload[longest] = '\0';
    assert_int_equal(publish("jobs", payload), 1);
    take("jobs", 1);
    assert_int_equal(bench.last.payload.size, longest);
    end();
}

/* ---- Requests that are repeated. ---- */

static void a_repeated_request_gets_the_same_id(void **state)
{
    (void)state;
    begin_plain();
    declare("jobs", plain);
    assert_int_equal(publish_by("jobs", (struct origin){7, 1}, "a"), 1);
    assert_int_equal(publish_by("jobs", (struct origin){8, 1}, "b"), 2);
    assert_int_equal(publish_by("jobs", (struct origin){7, 3}, "c"), 3);
    assert_int_equal(publish_by("jobs", (struct origin){7, 1}, "a"), 1);
    assert_int_equal(publish_by("jobs", (struct origin){7, 2}, "d"), 4);
    assert_int_equal(queue_newest(queue_of("jobs"), 7), 3);
    assert_int_equal(queue_newest(queue_of("jobs"), 9), 0);
    assert_int_equal(drain("jobs"), 4);
    assert_int_equal(publish_by("jobs", (struct origin){7, 3}, "c"), 3);
    expect_counts("jobs", 0, 0, 0);
    end();
}

static void a_repeated_request_is_answered_when_all_is_full(void **state)
{
    struct queue_settings settings = {.durability = DURABILITY_SYNCED,
                                      .messages = 1};
    (void)state;
    begin_plain();
    declare("jobs", settings);
    assert_int_equal(publish_by("jobs", (struct origin){7, 1}, "a"), 1);
    assert_int_equal(publish_by("jobs", (struct origin){7, 2}, "b"),
                     -BROKER_FULL);
    assert_int_equal(publish_by("jobs", (struct origin){7, 1}, "a"), 1);
    end();
}

static void each_queue_has_its_own_requests(void **state)
{
    (void)state;
    begin_plain();
    declare("jobs", plain), declare("other", plain);
    publish("other", "x");
    assert_int_equal(publish_by("jobs", (struct origin){7, 1}, "a"), 1);
    assert_int_equal(publish_by("other", (struct origin){7, 1}, "a"), 2);
    end();
}

static void a_request_can_be_too_old(void **state)
{
    (void)state;
    begin_plain();
    declare("jobs", plain);
    publish_by("jobs", (struct origin){7, 1}, "a");
    publish_by("jobs", (struct origin){7, 1025}, "b");
    assert_int_equal(publish_by("jobs", (struct origin){7, 1}, "a"),
                     -BROKER_FORGOTTEN);
    assert_int_equal(publish_by("jobs", (struct origin){7, 2}, "c"), 3);
    end();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declaring_again_is_fine_with_the_same_settings),
        cmocka_unit_test(any_other_setting_is_a_conflict),
        cmocka_unit_test(names_have_a_form),
        cmocka_unit_test(a_dead_queue_must_be_there_and_alike),
        cmocka_unit_test(a_queue_in_use_as_dead_queue_stays),
        cmocka_unit_test(without_a_disk_nothing_is_durable),
        cmocka_unit_test(queues_stand_in_the_order_they_were_made),
        cmocka_unit_test(there_are_so_many_queues_and_no_more),
        cmocka_unit_test(a_queue_holds_so_many_messages),
        cmocka_unit_test(a_queue_holds_so_many_bytes),
        cmocka_unit_test(a_broker_holds_so_many_bytes_of_all_queues),
        cmocka_unit_test(what_is_refused_leaves_no_trace),
        cmocka_unit_test(a_message_has_a_longest),
        cmocka_unit_test(a_repeated_request_gets_the_same_id),
        cmocka_unit_test(a_repeated_request_is_answered_when_all_is_full),
        cmocka_unit_test(each_queue_has_its_own_requests),
        cmocka_unit_test(a_request_can_be_too_old),
    };
    return test_run(argc, argv, tests);
}

/* What producers and consumers do with one queue: each sentence of queue.h. */
#include "04-queues/test_broker.h"

static const struct queue_settings plain = {.durability = DURABILITY_SYNCED};

static void begin_with_jobs(struct queue_settings settings)
{
    settings.durability = DURABILITY_SYNCED;
    begin_plain();
    assert_int_equal(declare("jobs", settings), BROKER_DONE);
}

/* ---- Order. ---- */

static void messages_are_numbered_from_one_on(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    assert_int_equal(declare("other", plain), BROKER_DONE);
    assert_int_equal(publish("jobs", "a"), 1);
    assert_int_equal(publish("other", "x"), 1);
    assert_int_equal(publish("jobs", "b"), 2);
    end();
}

static void the_first_published_is_the_first_taken(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    publish("jobs", "a"), publish("jobs", "b"), publish("jobs", "c");
    take("jobs", 2);
    expect("a#1 b#1 ");
    take("jobs", 2);
    expect("c#1 ");
    take("jobs", 2);
    expect("");
    expect_counts("jobs", 0, 3, 0);
    end();
}

static void an_empty_message_is_a_message(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    assert_int_equal(publish("jobs", ""), 1);
    take("jobs", 1);
    expect("#1 ");
    reboot();
    take("jobs", 1);
    expect("#1+ ");
    end();
}

static void what_comes_back_goes_first(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    publish("jobs", "a"), publish("jobs", "b");
    take("jobs", 1);
    assert_true(queue_nack(queue_of("jobs"), bench.receipt, 0));
    publish("jobs", "c");
    take("jobs", 3);
    expect("a#1 a#2+ b#1 c#1 ");
    end();
}

static void a_delayed_one_waits_and_lets_others_pass(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    publish("jobs", "a"), publish("jobs", "b");
    take("jobs", 1);
    assert_true(queue_nack(queue_of("jobs"), bench.receipt, SEC));
    expect_counts("jobs", 1, 0, 1);
    pass(SEC - 1);
    take("jobs", 2);
    expect("a#1 b#1 ");
    pass(1);
    take("jobs", 2);
    expect("a#2+ ");
    end();
}

/* ---- Acknowledgements. ---- */

static void an_ack_is_for_good_and_counts_once(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    publish("jobs", "a"), publish("jobs", "b");
    take("jobs", 1);
    uint64_t receipts[] = {bench.receipt, bench.receipt, 77};
    assert_int_equal(queue_ack(queue_of("jobs"), receipts, 3), 1);
    assert_int_equal(queue_ack(queue_of("jobs"), receipts, 3), 0);
    assert_int_equal(queue_facts(queue_of("jobs")).acked, 1);
    expect_counts("jobs", 1, 0, 0);
    end();
}

static void a_thousand_acks_in_one_call(void **state)
{
    uint64_t receipts[1000];
    (void)state;
    begin_with_jobs(plain);
    for (unsigned i = 0; i < 1000; i++) {
        publish("jobs", "m");
        take("jobs", 1);
        receipts[i] = bench.receipt;
    }
    assert_int_equal(queue_ack(queue_of("jobs"), receipts, 1000), 1000);
    reboot();
    expect_counts("jobs", 0, 0, 0);
    assert_int_equal(publish("jobs", "m"), 1001);
    end();
}

static void an_ack_after_the_lease_is_refused(void **state)
{
    (void)state;
    begin_with_jobs((struct queue_settings){.visibility = SEC});
    publish("jobs", "a");
    take("jobs", 1);
    uint64_t late = bench.receipt;
    pass(SEC);
    assert_int_equal(ack("jobs", late), 0);
    assert_false(queue_nack(queue_of("jobs"), late, 0));
    assert_false(queue_touch(queue_of("jobs"), late));
    take("jobs", 1);
    assert_int_equal(ack("jobs", late), 0);
    assert_int_equal(ack("jobs", bench.receipt), 1);
    expect("a#1 a#2+ ");
    end();
}

static void a_touch_begins_the_lease_anew(void **state)
{
    (void)state;
    begin_with_jobs((struct queue_settings){.visibility = SEC});
    publish("jobs", "a");
    take("jobs", 1);
    pass(SEC - 1);
    assert_true(queue_touch(queue_of("jobs"), bench.receipt));
    pass(SEC - 1);
    expect_counts("jobs", 0, 1, 0);
    assert_int_equal(ack("jobs", bench.receipt), 1);
    end();
}

static void a_lease_lasts_thirty_seconds_if_not_said(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    assert_int_equal(queue_facts(queue_of("jobs")).settings.visibility,
                     30 * SEC);
    publish("jobs", "a");
    take("jobs", 1);
    pass(30 * SEC - 1);
    expect_counts("jobs", 0, 1, 0);
    pass(1);
    expect_counts("jobs", 1, 0, 0);
    end();
}

/* ---- Consumers that are pushed messages. ---- */

static void a_consumer_gets_as_many_as_its_credit(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    assert_int_equal(consume("jobs", ANN, 2), 0);
    publish("jobs", "a"), publish("jobs", "b"), publish("jobs", "c");
    expect("1:a#1 1:b#1 ");
    assert_int_equal(bench.last.number, 2);
    assert_string_equal(bench.last.queue, "jobs");
    assert_int_equal(consume("jobs", ANN, 1), 2);
    expect("");
    assert_int_equal(consume("jobs", ANN, 3), 2);
    expect("1:c#1 ");
    assert_int_equal(bench.last.number, 3);
    end();
}

static void consumers_are_served_in_turn(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    consume("jobs", ANN, 10), consume("jobs", BOB, 10);
    consume("jobs", CYD, 1);
    for (const char *at = "abcdef"; *at; at++) {
        char payload[] = {*at, '\0'};
        publish("jobs", payload);
    }
    expect("1:a#1 2:b#1 3:c#1 1:d#1 2:e#1 1:f#1 ");
    end();
}

static void who_leaves_gives_back_what_it_was_pushed(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    consume("jobs", ANN, 2);
    publish("jobs", "a"), publish("jobs", "b");
    uint64_t receipt = bench.receipt;
    assert_true(queue_leave(queue_of("jobs"), ANN));
    assert_false(queue_leave(queue_of("jobs"), ANN));
    assert_int_equal(ack("jobs", receipt), 0);
    consume("jobs", BOB, 5);
    expect("1:a#1 1:b#1 2:a#2+ 2:b#2+ ");
    end();
}

static void what_was_taken_stays_when_its_taker_leaves(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    publish("jobs", "a");
    take("jobs", 1);
    broker_leave(bench.broker, ANN);
    expect_counts("jobs", 0, 1, 0);
    assert_int_equal(ack("jobs", bench.receipt), 1);
    end();
}

static void a_consumer_is_gone_from_all_queues(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    declare("other", plain);
    consume("jobs", ANN, 1), consume("other", ANN, 1);
    publish("jobs", "a"), publish("other", "x");
    broker_leave(bench.broker, ANN);
    expect_counts("jobs", 1, 0, 0);
    expect_counts("other", 1, 0, 0);
    assert_int_equal(queue_facts(queue_of("jobs")).consumers, 0);
    end();
}

/* ---- Waits. ---- */

static enum broker_outcome wait_for(node_id client, unsigned most, nsec wait)
{
    return queue_wait(queue_of("jobs"), client, most, wait);
}

static void a_wait_ends_with_the_next_message(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    assert_int_equal(wait_for(ANN, 5, SEC), BROKER_DONE);
    expect("");
    publish("jobs", "a");
    expect("[1:a#1 ] ");
    assert_int_equal(bench.last.number, 0);
    publish("jobs", "b");
    pass(SEC);
    expect("");
    end();
}

static void a_wait_in_vain_ends_with_nothing(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    wait_for(ANN, 1, SEC);
    pass(SEC - 1);
    expect("");
    pass(1);
    expect("[1:] ");
    assert_int_equal(queue_facts(queue_of("jobs")).consumers, 0);
    assert_int_equal(wait_for(ANN, 1, SEC), BROKER_DONE);
    end();
}

static void who_waits_and_who_consumes_are_served_in_turn(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    wait_for(ANN, 1, SEC);
    consume("jobs", BOB, 2);
    wait_for(CYD, 1, SEC);
    for (const char *at = "abcd"; *at; at++) {
        char payload[] = {*at, '\0'};
        publish("jobs", payload);
    }
    expect("[1:a#1 ] 2:b#1 [3:c#1 ] 2:d#1 ");
    end();
}

static void nobody_waits_twice_or_waits_and_consumes(void **state)
{
    uint64_t sent;
    (void)state;
    begin_with_jobs(plain);
    wait_for(ANN, 1, SEC);
    assert_int_equal(wait_for(ANN, 1, SEC), BROKER_CONFLICT);
    assert_int_equal(queue_consume(queue_of("jobs"), ANN, 1, &sent),
                     BROKER_CONFLICT);
    consume("jobs", BOB, 0);
    assert_int_equal(wait_for(BOB, 1, SEC), BROKER_CONFLICT);
    publish("jobs", "a");
    expect("[1:a#1 ] ");
    end();
}

static void who_leaves_does_not_wait_any_more(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    wait_for(ANN, 1, SEC);
    broker_leave(bench.broker, ANN);
    publish("jobs", "a");
    pass(2 * SEC);
    expect("");
    end();
}

static void a_lease_that_ends_ends_a_wait(void **state)
{
    (void)state;
    begin_with_jobs((struct queue_settings){.visibility = SEC});
    publish("jobs", "a");
    take("jobs", 1);
    wait_for(BOB, 1, 5 * SEC);
    pass(SEC);
    expect("a#1 [2:a#2+ ] ");
    end();
}

static void when_a_queue_is_dropped_all_are_told(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    consume("jobs", BOB, 0);
    wait_for(CYD, 1, SEC);
    wait_for(ANN, 1, SEC);
    assert_int_equal(drop("jobs"), BROKER_DONE);
    expect("{jobs:[1]} {jobs:2} {jobs:[3]} ");
    pass(2 * SEC);
    expect("");
    declare("jobs", plain);
    publish("jobs", "a");
    expect("");
    end();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_numbered_from_one_on),
        cmocka_unit_test(the_first_published_is_the_first_taken),
        cmocka_unit_test(an_empty_message_is_a_message),
        cmocka_unit_test(what_comes_back_goes_first),
        cmocka_unit_test(a_delayed_one_waits_and_lets_others_pass),
        cmocka_unit_test(an_ack_is_for_good_and_counts_once),
        cmocka_unit_test(a_thousand_acks_in_one_call),
        cmocka_unit_test(an_ack_after_the_lease_is_refused),
        cmocka_unit_test(a_touch_begins_the_lease_anew),
        cmocka_unit_test(a_lease_lasts_thirty_seconds_if_not_said),
        cmocka_unit_test(a_consumer_gets_as_many_as_its_credit),
        cmocka_unit_test(consumers_are_served_in_turn),
        cmocka_unit_test(who_leaves_gives_back_what_it_was_pushed),
        cmocka_unit_test(what_was_taken_stays_when_its_taker_leaves),
        cmocka_unit_test(a_consumer_is_gone_from_all_queues),
        cmocka_unit_test(a_wait_ends_with_the_next_message),
        cmocka_unit_test(a_wait_in_vain_ends_with_nothing),
        cmocka_unit_test(who_waits_and_who_consumes_are_served_in_turn),
        cmocka_unit_test(nobody_waits_twice_or_waits_and_consumes),
        cmocka_unit_test(who_leaves_does_not_wait_any_more),
        cmocka_unit_test(a_lease_that_ends_ends_a_wait),
        cmocka_unit_test(when_a_queue_is_dropped_all_are_told),
    };
    return test_run(argc, argv, tests);
}

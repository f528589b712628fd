/* What fails too often, what is removed, and what is counted: see queue.h. */
#include "04-queues/test_broker.h"

static const struct queue_settings plain = {.durability = DURABILITY_SYNCED};

static void begin_with_jobs(struct queue_settings settings)
{
    settings.durability = DURABILITY_SYNCED;
    begin_plain();
    assert_int_equal(declare("jobs", settings), BROKER_DONE);
}

/* ---- Poison. ---- */

static void begin_with_grave(unsigned attempts)
{
    struct queue_settings jobs = {.durability = DURABILITY_SYNCED,
                                  .visibility = SEC,
                                  .attempts = attempts,
                                  .dead = {"grave", 5}};
    begin_plain();
    assert_int_equal(declare("grave", plain), BROKER_DONE);
    assert_int_equal(declare("jobs", jobs), BROKER_DONE);
}

static void what_fails_too_often_is_dead_by_any_way(void **state)
{
    (void)state;
    begin_with_grave(3);
    publish("jobs", "a"), publish("jobs", "b");
    take("jobs", 1);
    queue_nack(queue_of("jobs"), bench.receipt, 0);
    take("jobs", 1);
    pass(SEC);
    queue_leave(queue_of("jobs"), ANN);
    consume("jobs", ANN, 1);
    expect("a#1 a#2+ 1:a#3+ ");
    queue_leave(queue_of("jobs"), ANN);
    expect_counts("jobs", 1, 0, 0);
    assert_int_equal(queue_facts(queue_of("jobs")).dead, 1);
    take("grave", 1);
    take("jobs", 5);
    expect("a#1 b#1 ");
    end();
}

static void the_dead_wake_who_waits_for_them(void **state)
{
    (void)state;
    begin_with_grave(1);
    queue_wait(queue_of("grave"), ANN, 1, 5 * SEC);
    publish("jobs", "a");
    take("jobs", 1);
    pass(SEC);
    expect("a#1 [1:a#1 ] ");
    end();
}

static void the_dead_are_taken_whatever_the_limits(void **state)
{
    struct queue_settings grave = {.durability = DURABILITY_SYNCED,
                                   .messages = 1};
    struct queue_settings jobs = {
        .durability = DURABILITY_SYNCED, .attempts = 1, .dead = {"grave", 5}};
    (void)state;
    begin_plain();
    declare("grave", grave);
    declare("jobs", jobs);
    publish("jobs", "a"), publish("jobs", "b");
    take("jobs", 1);
    queue_nack(queue_of("jobs"), bench.receipt, 0);
    take("jobs", 1);
    queue_nack(queue_of("jobs"), bench.receipt, 0);
    expect_counts("grave", 2, 0, 0);
    assert_int_equal(queue_facts(queue_of("grave")).bytes, 2);
    assert_int_equal(queue_facts(queue_of("jobs")).bytes, 0);
    assert_int_equal(publish("grave", "c"), -BROKER_FULL);
    end();
}

static void without_a_limit_nothing_dies(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    publish("jobs", "a");
    for (unsigned i = 1; i < 200; i++) {
        take("jobs", 1);
        assert_int_equal(bench.last.attempt, i);
        assert_true(queue_nack(queue_of("jobs"), bench.receipt, 0));
    }
    expect_counts("jobs", 1, 0, 0);
    end();
}

/* ---- Purge, and how much fits into one answer. ---- */

static void a_purge_removes_those_at_work_too(void **state)
{
    (void)state;
    begin_with_jobs(plain);
    for (unsigned i = 0; i < 3; i++)
        publish("jobs", "m"), take("jobs", 1);
    uint64_t receipt = bench.receipt;
    queue_nack(queue_of("jobs"), receipt, SEC);
    publish("jobs", "m");
    assert_int_equal(queue_purge(queue_of("jobs")), 4);
    expect_counts("jobs", 0, 0, 0);
    assert_int_equal(broker_size(bench.broker), 0);
    assert_int_equal(queue_purge(queue_of("jobs")), 0);
    reboot();
    expect_counts("jobs", 0, 0, 0);
    assert_int_equal(publish("jobs", "m"), 5);
    end();
}

static void a_purge_is_of_what_the_queue_holds_by_now(void **state)
{
    (void)state;
    begin_with_grave(1);
    for (unsigned i = 0; i < 3; i++)
        publish("jobs", "m");
    publish("grave", "own");
    take("jobs", 2);
    queue_nack(queue_of("jobs"), bench.receipt, 0);
    assert_int_equal(queue_purge(queue_of("jobs")), 2);
    expect_counts("grave", 2, 0, 0);
    assert_int_equal(queue_purge(queue_of("grave")), 2);
    publish("grave", "new");
    assert_int_equal(drop("jobs"), BROKER_DONE);
    expect_counts("grave", 1, 0, 0);
    assert_int_equal(broker_size(bench.broker), 3 + MESSAGE_COST);
    reboot();
    expect_counts("grave", 1, 0, 0);
    end();
}

static void a_take_stops_where_a_message_is_full(void **state)
{
    (void)state;
    begin_plain();
    crash();
    tape_env(bench.tape)->most = 3000 + MESSAGE_SPACE;
    open_broker(NULL);
    g_autofree char *third = g_strnfill(1000, 'x');
    declare("jobs", plain);
    for (unsigned i = 0; i < 5; i++)
        publish("jobs", third);
    struct delivery deliveries[5];
    assert_int_equal(queue_take(queue_of("jobs"), deliveries, 5), 2);
    expect_counts("jobs", 3, 2, 0);
    assert_int_equal(queue_facts(queue_of("jobs")).delivered, 2);
    assert_int_equal(queue_take(queue_of("jobs"), deliveries, 1), 1);
    assert_int_equal(deliveries[0].attempt, 1);
    assert_false(deliveries[0].again);
    end();
}

/* ---- Facts. ---- */

static void the_facts_count_what_came_to_pass(void **state)
{
    (void)state;
    begin_with_grave(2);
    struct origin first = {7, 1};
    publish("jobs", "abc"), publish_by("jobs", first, "de");
    publish_by("jobs", first, "de");
    take("jobs", 1);
    queue_nack(queue_of("jobs"), bench.receipt, 0);
    take("jobs", 1);
    ack("jobs", bench.receipt);
    struct queue_facts facts = queue_facts(queue_of("jobs"));
    assert_string_equal(facts.name, "jobs");
    assert_int_equal(facts.published, 2);
    assert_int_equal(facts.repeated, 1);
    assert_int_equal(facts.delivered, 2);
    assert_int_equal(facts.redelivered, 1);
    assert_int_equal(facts.acked, 1);
    assert_int_equal(facts.dead, 0);
    assert_int_equal(facts.bytes, 2);
    assert_int_equal(broker_size(bench.broker),
                     2 + MESSAGE_COST + PRODUCER_COST);
    end();
}

/* What is remembered of producers has a bound, too; also across a boot. */
static void a_producer_costs_memory_and_may_find_none(void **state)
{
    (void)state;
    begin_with((struct broker_settings){.most = 3 * PRODUCER_COST});
    declare("jobs", plain);
    for (uint64_t producer = 1; producer <= 2; producer++)
        assert_int_equal(publish_by("jobs", (struct origin){producer, 1}, "a"),
                         producer);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(publish_by("jobs", (struct origin){3, 1}, "a"),
                         -BROKER_FULL);
        assert_int_equal(publish_by("jobs", (struct origin){2, 1}, "a"), 2);
        assert_int_equal(broker_size(bench.broker),
                         2 * (PRODUCER_COST + MESSAGE_COST + 1));
        reboot();
    }
    drop("jobs");
    assert_int_equal(broker_size(bench.broker), 0);
    end();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_too_often_is_dead_by_any_way),
        cmocka_unit_test(the_dead_wake_who_waits_for_them),
        cmocka_unit_test(the_dead_are_taken_whatever_the_limits),
        cmocka_unit_test(without_a_limit_nothing_dies),
        cmocka_unit_test(a_purge_removes_those_at_work_too),
        cmocka_unit_test(a_purge_is_of_what_the_queue_holds_by_now),
        cmocka_unit_test(a_take_stops_where_a_message_is_full),
        cmocka_unit_test(the_facts_count_what_came_to_pass),
        cmocka_unit_test(a_producer_costs_memory_and_may_find_none),
    };
    return test_run(argc, argv, tests);
}

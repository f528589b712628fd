/* The client, and a server that says what the test says: which commands, in
 * which order, and what the owner is told. */
#include "04-queues/server/test_owner.h"

/* ---- Declaring. ---- */

static void all_settings_are_said(void **state)
{
    struct queue_settings dead = {.durability = DURABILITY_WRITTEN};
    struct queue_settings jobs = {.durability = DURABILITY_WRITTEN,
                                  .messages = 10,
                                  .bytes = 2000,
                                  .visibility = 3 * SEC,
                                  .attempts = 4,
                                  .dead = {"dead", 4}};
    struct queue_settings none = {.durability = DURABILITY_NONE};
    (void)state;
    open_simple();
    queue_client_declare(client, "dead", &dead);
    int fd = greet();
    queue_client_declare(client, "jobs", &jobs);
    queue_client_declare(client, "none", &none);
    expect_said(
        fd, "QDECLARE dead DURABILITY written MESSAGES 0 BYTES 0 VISIBILITY 0;"
            "QDECLARE jobs DURABILITY written MESSAGES 10 BYTES 2000 "
            "VISIBILITY 3000 ATTEMPTS 4 DEAD dead;"
            "QDECLARE none DURABILITY none MESSAGES 0 BYTES 0 VISIBILITY 0;");
    close(fd);
    close_client();
}

static void a_refusal_is_told_with_its_queue(void **state)
{
    (void)state;
    open_simple();
    declare_jobs();
    queue_client_consume(client, "other", 1);
    int fd = greet();
    expect_said(fd, DECLARED "QCONSUME other 1;");
    say(fd, "-CONFLICT it is\r\n-NOQUEUE there is none\r\n");
    expect_told("there;jobs: CONFLICT it is;other: NOQUEUE there is none;");
    assert_int_equal(queue_client_pending(client), 0);
    close(fd);
    close_client();
}

/* ---- Publishing. ---- */

static void messages_are_published_by_number_and_told_in_order(void **state)
{
    (void)state;
    open_simple();
    assert_int_equal(publish("before"), 1);
    int fd = greet();
    assert_int_equal(publish("a"), 2);
    assert_int_equal(publish("b"), 3);
    expect_said(fd, "QONCE jobs 9 1 before;QONCE jobs 9 2 a;"
                    "QONCE jobs 9 3 b;");
    expect_told("there;");
    say(fd, ":71\r\n:72\r\n");
    expect_told("1=71;2=72;");
    say(fd, ":73\r\n");
    expect_told("3=73;");
    close(fd);
    close_client();
}

static void what_is_not_kept_is_told_with_the_reason(void **state)
{
    (void)state;
    open_simple();
    int fd = greet();
    publish("a");
    publish("b");
    say(fd, "-FULL no room\r\n:8\r\n");
    expect_told("there;1=0FULL no room;2=8;");
    assert_int_equal(queue_client_counts(client).refused, 1);
    assert_int_equal(queue_client_counts(client).confirmed, 1);
    close(fd);
    close(greet_again());
    expect_told("gone;there;gone;");
    close_client();
}

static void a_producer_goes_on_where_it_was(void **state)
{
    (void)state;
    open_client(
        (struct queue_client_settings){.producer = 123, .request = 1000});
    int fd = greet();
    assert_int_equal(publish("a"), 1000);
    expect_said(fd, "QONCE jobs 123 1000 a;");
    close(fd);
    close_client();
}

static void producers_without_a_number_draw_different_ones(void **state)
{
    g_autofree char *first = NULL;
    (void)state;
    for (int i = 0; i < 2; i++) {
        open_world();
        client = queue_client_new(loop, &place,
                                  (struct queue_client_settings){.window = 1});
        publish("a");
        int fd = greet();
        g_autofree char *said = hear(fd);
        assert_true(g_str_has_prefix(said, "QONCE jobs "));
        assert_true(first == NULL || strcmp(first, said) != 0);
        if (!first)
            first = g_steal_pointer(&said);
        close(fd);
        queue_client_free(client);
        close_world();
    }
}

static void beyond_the_window_it_refuses_until_half_is_free(void **state)
{
    (void)state;
    open_client((struct queue_client_settings){.window = 4});
    int fd = greet();
    for (unsigned i = 1; i <= 4; i++)
        assert_int_equal(publish("m"), i);
    assert_int_equal(publish("m"), 0);
    assert_int_equal(publish("m"), 0);
    expect_told("there;");
    say(fd, ":1\r\n");
    expect_told("1=1;");
    say(fd, ":2\r\n:3\r\n");
    expect_told("2=2;room;3=3;");
    assert_int_equal(publish("m"), 5);
    expect_said(fd, "QONCE jobs 9 1 m;QONCE jobs 9 2 m;QONCE jobs 9 3 m;"
                    "QONCE jobs 9 4 m;QONCE jobs 9 5 m;");
    close(fd);
    close_client();
}

static void a_window_is_less_than_a_broker_remembers(void **state)
{
    unsigned count = 0;
    (void)state;
    open_client((struct queue_client_settings){.window = 1000});
    while (publish("m") != 0)
        count++;
    assert_int_equal(count, 1000);
    close_client();
}

static void long_messages_wait_for_the_kernel(void **state)
{
    static char text[1 << 20];
    (void)state;
    memset(text, 'x', sizeof text);
    open_simple();
    int fd = greet();
    for (int i = 0; i < 3; i++)
        queue_client_publish(client, "jobs",
                             (struct word){text, sizeof text - 10});
    publish("last");
    g_autofree char *said = hear(fd);
    assert_true(strlen(said) > 3 * (sizeof text - 10));
    assert_true(g_str_has_suffix(said, ";QONCE jobs 9 4 last;"));
    close(fd);
    close_client();
}

/* ---- Consuming. ---- */

static void a_delivery_is_told_with_all_its_facts(void **state)
{
    (void)state;
    open_simple();
    queue_client_consume(client, "jobs", 5);
    int fd = greet();
    expect_said(fd, "QCONSUME jobs 5;");
    say(fd, "+OK\r\n");
    say(fd, ">7\r\n$7\r\nmessage\r\n$4\r\njobs\r\n$4\r\n3-17\r\n:2\r\n:1\r\n"
            ":1\r\n$5\r\nfence\r\n");
    expect_told("there;jobs 2 again 1 fence;");
    assert_int_equal(receipts[0], (uint64_t)3 << 40 | 17);
    assert_true(queue_client_ack(client, receipts[0]));
    expect_said(fd, "QACK jobs 3-17;");
    assert_false(queue_client_ack(client, receipts[0]));
    assert_false(queue_client_nack(client, receipts[0], 0));
    expect_said(fd, "");
    close(fd);
    close_client();
}

static void credit_comes_back_when_work_is_done(void **state)
{
    (void)state;
    open_simple();
    queue_client_consume(client, "jobs", 4);
    int fd = greet();
    for (unsigned i = 1; i <= 4; i++)
        push(fd, "jobs", i);
    expect_said(fd, "QCONSUME jobs 4;");
    queue_client_ack(client, receipts[1]);
    expect_said(fd, "QACK jobs 1-2;");
    queue_client_nack(client, receipts[0], 1500 * MSEC);
    expect_said(fd, "QNACK jobs 1-1 DELAY 1500;QCREDIT jobs 6;");
    queue_client_ack(client, receipts[3]);
    queue_client_ack(client, receipts[2]);
    expect_said(fd, "QACK jobs 1-4;QACK jobs 1-3;QCREDIT jobs 8;");
    say(fd, "+OK\r\n:1\r\n:1\r\n:5\r\n:0\r\n:1\r\n:6\r\n");
    assert_int_equal(queue_client_counts(client).late, 1);
    assert_int_equal(queue_client_pending(client), 0);
    close(fd);
    close_client();
}

static void queues_have_windows_of_their_own(void **state)
{
    (void)state;
    open_simple();
    queue_client_consume(client, "a", 1);
    int fd = greet();
    queue_client_consume(client, "b", 2);
    expect_said(fd, "QCONSUME a 1;QCONSUME b 2;");
    push(fd, "a", 1);
    push(fd, "b", 2);
    expect_told("there;a 1 1 x;b 1 2 x;");
    queue_client_ack(client, receipts[0]);
    expect_said(fd, "QACK a 1-1;QCREDIT a 2;");
    close(fd);
    close_client();
}

static void a_dropped_queue_is_told_and_its_deliveries_are_void(void **state)
{
    (void)state;
    open_simple();
    queue_client_consume(client, "jobs", 2);
    queue_client_consume(client, "rest", 2);
    int fd = greet();
    push(fd, "jobs", 1);
    push(fd, "rest", 2);
    expect_said(fd, "QCONSUME jobs 2;QCONSUME rest 2;");
    say(fd, "+OK\r\n+OK\r\n");
    say(fd, ">2\r\n$7\r\ndropped\r\n$4\r\njobs\r\n");
    expect_told("there;jobs 1 1 x;rest 1 2 x;jobs: NOQUEUE it is dropped;");
    assert_false(queue_client_ack(client, receipts[0]));
    assert_true(queue_client_ack(client, receipts[1]));
    expect_said(fd, "QACK rest 1-2;QCREDIT rest 4;");
    say(fd, ">2\r\n$7\r\ndropped\r\n$4\r\njobs\r\n");
    push(fd, "jobs", 3);
    expect_told("");
    close(fd);
    fd = greet_again();
    expect_said(fd, "QCONSUME rest 2;");
    expect_told("gone;there;");
    queue_client_consume(client, "jobs", 2);
    expect_said(fd, "QCONSUME jobs 2;");
    push(fd, "jobs", 1);
    expect_told("jobs 1 1 x;");
    close(fd);
    close_client();
}

static void pushes_of_other_kinds_are_passed_over(void **state)
{
    static const char *const others[] = {
        ">1\r\n$4\r\nnews\r\n",
        ">1\r\n$7\r\ndropped\r\n",
        ">2\r\n$7\r\ndropped\r\n$3\r\nodd\r\n",
        ">2\r\n$7\r\ndropped\r\n:4\r\n",
        ">7\r\n$4\r\nnews\r\n$4\r\njobs\r\n$3\r\n1-1\r\n:1\r\n:0\r\n:1\r\n$1"
        "\r\nx\r\n",
        ">7\r\n$7\r\nmessage\r\n$3\r\nodd\r\n$3\r\n1-1\r\n:1\r\n:0\r\n:1\r\n"
        "$1\r\nx\r\n",
        ">7\r\n$7\r\nmessage\r\n$4\r\njobs\r\n$3\r\nodd\r\n:1\r\n:0\r\n:1\r\n"
        "$1\r\nx\r\n",
        ">7\r\n$7\r\nmessage\r\n$4\r\njobs\r\n$3\r\n1-1\r\n$1\r\n1\r\n:0\r\n"
        ":1\r\n$1\r\nx\r\n"};
    (void)state;
    open_simple();
    queue_client_consume(client, "jobs", 5);
    publish("a");
    int fd = greet();
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        say(fd, others[i]);
    expect_told("there;");
    say(fd, "+OK\r\n:1\r\n");
    expect_told("1=1;");
    close(fd);
    close_client();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_settings_are_said),
        cmocka_unit_test(a_refusal_is_told_with_its_queue),
        cmocka_unit_test(messages_are_published_by_number_and_told_in_order),
        cmocka_unit_test(what_is_not_kept_is_told_with_the_reason),
        cmocka_unit_test(a_producer_goes_on_where_it_was),
        cmocka_unit_test(producers_without_a_number_draw_different_ones),
        cmocka_unit_test(beyond_the_window_it_refuses_until_half_is_free),
        cmocka_unit_test(a_window_is_less_than_a_broker_remembers),
        cmocka_unit_test(long_messages_wait_for_the_kernel),
        cmocka_unit_test(a_delivery_is_told_with_all_its_facts),
        cmocka_unit_test(credit_comes_back_when_work_is_done),
        cmocka_unit_test(queues_have_windows_of_their_own),
        cmocka_unit_test(a_dropped_queue_is_told_and_its_deliveries_are_void),
        cmocka_unit_test(pushes_of_other_kinds_are_passed_over),
    };
    return test_run(argc, argv, tests);
}

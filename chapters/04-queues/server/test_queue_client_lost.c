/* The client when its connection is lost, and when its owner does much. */
#include "04-queues/server/test_owner.h"

/* ---- When the connection is lost. ---- */

static void all_is_said_again_but_what_was_confirmed(void **state)
{
    (void)state;
    open_simple();
    declare_jobs();
    queue_client_consume(client, "jobs", 2);
    publish("a");
    publish("b");
    publish("c");
    int fd = greet();
    expect_said(fd, DECLARED "QCONSUME jobs 2;QONCE jobs 9 1 a;"
                             "QONCE jobs 9 2 b;QONCE jobs 9 3 c;");
    say(fd, "+OK\r\n+OK\r\n:1\r\n");
    expect_told("there;1=1;");
    close(fd);
    expect_told("gone;");
    publish("d");
    fd = greet_again();
    expect_said(fd, DECLARED "QCONSUME jobs 2;QONCE jobs 9 2 b;"
                             "QONCE jobs 9 3 c;QONCE jobs 9 4 d;");
    say(fd, "+OK\r\n+OK\r\n:2\r\n:3\r\n:4\r\n");
    expect_told("there;2=2;3=3;4=4;");
    assert_int_equal(queue_client_counts(client).repeated, 2);
    assert_int_equal(queue_client_counts(client).connections, 2);
    assert_int_equal(queue_client_pending(client), 0);
    close(fd);
    close_client();
}

static void deliveries_of_before_are_void(void **state)
{
    (void)state;
    open_simple();
    queue_client_consume(client, "jobs", 2);
    int fd = greet();
    push(fd, "jobs", 1);
    push(fd, "jobs", 2);
    queue_client_ack(client, receipts[0]);
    close(fd);
    turn();
    assert_false(queue_client_ack(client, receipts[1]));
    fd = greet_again();
    assert_false(queue_client_nack(client, receipts[1], 0));
    expect_said(fd, "QCONSUME jobs 2;");
    push(fd, "jobs", 3);
    push(fd, "jobs", 4);
    queue_client_ack(client, receipts[3]);
    expect_said(fd, "QACK jobs 1-4;QCREDIT jobs 5;");
    close(fd);
    close_client();
}

static void what_is_said_while_it_is_down_is_said_later(void **state)
{
    (void)state;
    open_simple();
    turn();
    declare_jobs();
    queue_client_consume(client, "jobs", 7);
    publish("a");
    assert_int_equal(queue_client_pending(client), 1);
    int fd = greet();
    expect_said(fd, DECLARED "QCONSUME jobs 7;QONCE jobs 9 1 a;");
    assert_int_equal(queue_client_pending(client), 3);
    close(fd);
    close_client();
}

static void answers_that_make_no_sense_are_a_loss(void **state)
{
    static const char *const wrong[] = {"+OK\r\n", "$1\r\n5\r\n", "_\r\n",
                                        "*0\r\n"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        open_simple();
        int fd = greet();
        publish("a");
        say(fd, wrong[i]);
        expect_told("there;gone;");
        close(fd);
        fd = greet_again();
        expect_said(fd, "QONCE jobs 9 1 a;");
        say(fd, ":1\r\n:2\r\n"); /* The second answers nothing. */
        expect_told("there;1=1;gone;");
        close(fd);
        close_client();
    }
}

static void a_server_that_is_silent_is_asked(void **state)
{
    (void)state;
    open_client((struct queue_client_settings){.patience = 4 * SEC});
    int fd = greet();
    publish("a");
    expect_said(fd, "QONCE jobs 9 1 a;");
    pass(5 * SEC);
    expect_said(fd, "PING;");
    say(fd, ":1\r\n+PONG\r\n");
    expect_told("there;1=1;");
    pass(7 * SEC / 2);
    expect_said(fd, "PING;");
    pass(4 * SEC);
    expect_told("gone;");
    close(fd);
    close_client();
}

/* ---- The owner may do anything when it is told. ---- */

static void confirm_and_publish(void *self, uint64_t request, uint64_t id,
                                const char *error)
{
    on_confirm(self, request, id, error);
    if (request < 5)
        publish("next");
}

static void work_at_once(void *self, const struct delivery *delivery)
{
    on_delivery(self, delivery);
    assert_true(queue_client_ack(client, delivery->receipt));
}

static void the_owner_may_go_on_from_where_it_is_told(void **state)
{
    struct queue_client_settings settings = {.producer = 9,
                                             .window = 1,
                                             .on_confirm = confirm_and_publish,
                                             .on_delivery = work_at_once};
    (void)state;
    open_simple();
    queue_client_free(client);
    client = queue_client_new(loop, &place, settings);
    queue_client_consume(client, "jobs", 1);
    publish("first");
    int fd = greet();
    expect_said(fd, "QCONSUME jobs 1;QONCE jobs 9 1 first;");
    say(fd, "+OK\r\n:1\r\n");
    expect_said(fd, "QONCE jobs 9 2 next;");
    push(fd, "jobs", 1);
    expect_said(fd, "QACK jobs 1-1;QCREDIT jobs 2;");
    say(fd, ":2\r\n:1\r\n:1\r\n");
    expect_said(fd, "QONCE jobs 9 3 next;");
    expect_told("1=1;jobs 1 1 x;2=2;");
    close(fd);
    close_client();
}

static void who_wants_to_hear_nothing_is_told_nothing(void **state)
{
    (void)state;
    open_simple();
    queue_client_free(client);
    client = queue_client_new(loop, &place,
                              (struct queue_client_settings){.window = 1});
    queue_client_consume(client, "jobs", 1);
    publish("a");
    assert_int_equal(publish("b"), 0);
    int fd = greet();
    say(fd, "-NOQUEUE\r\n:1\r\n");
    push(fd, "jobs", 1);
    close(fd);
    turn();
    assert_int_equal(queue_client_counts(client).confirmed, 1);
    assert_int_equal(queue_client_counts(client).delivered, 1);
    close_client();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_said_again_but_what_was_confirmed),
        cmocka_unit_test(deliveries_of_before_are_void),
        cmocka_unit_test(what_is_said_while_it_is_down_is_said_later),
        cmocka_unit_test(answers_that_make_no_sense_are_a_loss),
        cmocka_unit_test(a_server_that_is_silent_is_asked),
        cmocka_unit_test(the_owner_may_go_on_from_where_it_is_told),
        cmocka_unit_test(who_wants_to_hear_nothing_is_told_nothing),
    };
    return test_run(argc, argv, tests);
}

/* The client, and a server that says what the test says: which commands, in
 * which order, and what the owner is told. */
#include "04-queues/server/queue_client.h"
#include "04-queues/server/test_script.h"
#include <inttypes.h>

#define DECLARED \
    "QDECLARE jobs DURABILITY synced MESSAGES 0 BYTES 0 VISIBILITY 0;"

static struct queue_client *client;
static GString *told;          /* What the owner was told. */
static uint64_t receipts[100]; /* Of what was delivered. */
static unsigned delivered;

/* ---- The owner. ---- */

static void on_confirm(void *self, uint64_t request, uint64_t id,
                       const char *error)
{
    (void)self;
    g_string_append_printf(told, "%" PRIu64 "=%" PRIu64 "%s;", request, id,
                           error ? error : "");
}

static void on_delivery(void *self, const struct delivery *delivery)
{
    (void)self;
    receipts[delivered++] = delivery->receipt;
    g_string_append_printf(told, "%s %u%s %" PRIu64 " %.*s;", delivery->queue,
                           delivery->attempt, delivery->again ? " again" : "",
                           delivery->number, (int)delivery->payload.size,
                           delivery->payload.data);
}

static void on_room(void *self)
{
    (void)self;
    g_string_append(told, "room;");
}

static void on_connection(void *self, bool there)
{
    (void)self;
    g_string_append(told, there ? "there;" : "gone;");
}

static void on_refusal(void *self, const char *queue, const char *error)
{
    (void)self;
    g_string_append_printf(told, "%s: %s;", queue, error);
}

static void open_client(struct queue_client_settings settings)
{
    open_world();
    told = g_string_new(NULL);
    delivered = 0;
    settings.producer = settings.producer ? settings.producer : 9;
    settings.on_confirm = on_confirm;
    settings.on_delivery = on_delivery;
    settings.on_room = on_room;
    settings.on_connection = on_connection;
    settings.on_refusal = on_refusal;
    client = queue_client_new(loop, &place, settings);
}

static void open_simple(void)
{
    open_client((struct queue_client_settings){.patience = 0});
}

static void close_client(void)
{
    queue_client_free(client);
    g_string_free(told, TRUE);
    close_world();
}

#define expect_told(text)                     \
    do {                                      \
        turn();                               \
        assert_string_equal(told->str, text); \
        g_string_truncate(told, 0);           \
    } while (0)

static uint64_t publish(const char *text)
{
    return queue_client_publish(client, "jobs",
                                (struct word){text, strlen(text)});
}

static void declare_jobs(void)
{
    queue_client_declare(
        client, "jobs",
        &(struct queue_settings){.durability = DURABILITY_SYNCED});
}

/* Delivery @p number to @p queue, with a receipt of the same number. */
static void push(int fd, const char *queue, unsigned number)
{
    g_autofree char *receipt = g_strdup_printf("1-%u", number);
    g_autofree char *text = g_strdup_printf(
        ">7\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n:1\r\n:0\r\n:%u"
        "\r\n$1\r\nx\r\n",
        strlen(queue), queue, strlen(receipt), receipt, number);
    say(fd, text);
}

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

static void pushes_of_other_kinds_are_passed_over(void **state)
{
    static const char *const others[] = {
        ">1\r\n$4\r\nnews\r\n",
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
        cmocka_unit_test(pushes_of_other_kinds_are_passed_over),
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

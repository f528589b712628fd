/* Each command of an office, used rightly and wrongly: the table of office.h. */
#include "04-queues/server/test_office.h"

#define CONFLICT "-CONFLICT the queue is there with other settings, or in use"
#define INVALID                                                               \
    "-ERR that cannot be: a name has 1 to 64 of A-Z, a-z, 0-9, '.', '_' and " \
    "'-'"
#define RESP3_ONLY \
    "-ERR messages are pushed in RESP3 only: say HELLO 3, or use QTAKE"

static int set_up(void **state)
{
    (void)state;
    open_office((struct office_settings){0});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_office();
    return 0;
}

static void declaring_and_dropping(void **state)
{
    static const struct exchange_line lines[] = {
        {"QDECLARE jobs", "+OK"},
        {"qdeclare jobs", "+OK"},
        {"QDECLARE jobs DURABILITY synced", "+OK"},
        {"QDECLARE jobs DURABILITY Written", CONFLICT},
        {"QDECLARE jobs VISIBILITY 30000", "+OK"},
        {"QDECLARE jobs VISIBILITY 30001", CONFLICT},
        {"QDECLARE work messages 5 bytes 100 attempts 3 dead jobs", "+OK"},
        {"QDECLARE work DEAD jobs ATTEMPTS 3 BYTES 100 MESSAGES 5", "+OK"},
        {"QDECLARE a ATTEMPTS 3", INVALID},
        {"QDECLARE a DEAD jobs", INVALID},
        {"QDECLARE a DEAD none ATTEMPTS 1", INVALID},
        {"QDECLARE a DEAD '' ATTEMPTS 1", INVALID},
        {"QDECLARE a DURABILITY none DEAD jobs ATTEMPTS 1", INVALID},
        {"QDECLARE 'a b'", INVALID},
        {"QDECLARE ''", INVALID},
        {"QLIST", "*2 $4 jobs $4 work"},
        {"QDROP jobs", CONFLICT},
        {"QDROP work", "+OK"},
        {"QDROP work", NO_QUEUE},
        {"QDROP jobs", "+OK"},
        {"QLIST", "*0"},
    };
    (void)state;
    play(lines);
}

static void declaring_badly(void **state)
{
    static const struct exchange_line lines[] = {
        {"QDECLARE", "-ERR wrong number of arguments for 'qdeclare' command"},
        {"QDECLARE a DURABILITY", SYNTAX},
        {"QDECLARE a DURABILITY more", SYNTAX},
        {"QDECLARE a COLOUR red", SYNTAX},
        {"QDECLARE a COLOUR", SYNTAX},
        {"QDECLARE a MESSAGES", NUMBER},
        {"QDECLARE a MESSAGES -1", NUMBER},
        {"QDECLARE a MESSAGES 1e3", NUMBER},
        {"QDECLARE a MESSAGES 9223372036854775808", NUMBER},
        {"QDECLARE a BYTES x", NUMBER},
        {"QDECLARE a VISIBILITY 31622400001", NUMBER},
        {"QDECLARE a ATTEMPTS 4294967296 DEAD b", NUMBER},
        {"QDECLARE a DEAD", SYNTAX},
        {"QLIST", "*0"},
        {"QDECLARE a MESSAGES 9223372036854775807 VISIBILITY 31622400000",
         "+OK"},
    };
    (void)state;
    play(lines);
}

static void publishing(void **state)
{
    static const struct exchange_line lines[] = {
        {"QPUSH jobs a", NO_QUEUE},
        {"QDECLARE jobs MESSAGES 3", "+OK"},
        {"QPUSH jobs a", ":1"},
        {"QPUSH jobs ''", ":2"},
        {"QPUSH jobs", "-ERR wrong number of arguments for 'qpush' command"},
        {"QPUSH jobs a b",
         "-ERR wrong number of arguments for 'qpush' command"},
        {"QONCE jobs 7 1 a", ":3"},
        {"QONCE jobs 7 2 a", FULL},
        {"QONCE jobs 7 1 a", ":3"},
        {"QONCE jobs 0 1 a",
         "-ERR producers and requests are numbered from 1 on"},
        {"QONCE jobs 1 0 a",
         "-ERR producers and requests are numbered from 1 on"},
        {"QONCE jobs -1 1 a", NUMBER},
        {"QONCE jobs 1 9223372036854775808 a", NUMBER},
        {"QONCE jobs 7 1",
         "-ERR wrong number of arguments for 'qonce' command"},
        {"QLAST jobs 7", ":1"},
        {"QLAST jobs 8", ":0"},
        {"QLAST jobs x", NUMBER},
        {"QLEN jobs", ":3"},
        {"QPURGE jobs", ":3"},
        {"QLEN jobs", ":0"},
        {"QONCE jobs 7 9223372036854775807 a", ":4"},
        {"QONCE jobs 7 1 a", "-FORGOTTEN that request is too old to say "
                             "whether it was done"},
        {"QLAST jobs 7", ":9223372036854775807"},
    };
    (void)state;
    play(lines);
}

static void taking_and_acknowledging(void **state)
{
    static const struct exchange_line lines[] = {
        {"QDECLARE jobs", "+OK"},
        {"QTAKE jobs", "*0"},
        {"QPUSH jobs a;QPUSH jobs b;QPUSH jobs c", ":1 :2 :3"},
        {"QTAKE jobs", "*1 *4 $3 1-1 :1 :0 $1 a"},
        {"QTAKE jobs COUNT 5", "*2 *4 $3 1-2 :1 :0 $1 b *4 $3 1-3 :1 :0 $1 c"},
        {"QACK jobs 1-1 1-1 1-9 nonsense 2-1 ''", ":1"},
        {"QNACK jobs 1-2", ":1"},
        {"QNACK jobs 1-2", ":0"},
        {"QTAKE jobs", "*1 *4 $3 1-4 :2 :1 $1 b"},
        {"QTOUCH jobs 1-4", ":1"},
        {"QTOUCH jobs 1-1", ":0"},
        {"QTOUCH jobs -", ":0"},
        {"QNACK jobs 1-4 DELAY 1000", ":1"},
        {"QTAKE jobs", "*0"},
        {"QTAKE jobs COUNT 0", "*0"},
        {"QTAKE jobs COUNT 0 WAIT 10", "*0"},
    };
    (void)state;
    play(lines);
    tape_pass(tape, SEC);
    asked(BOB, "QTAKE jobs", "*1 *4 $3 1-5 :3 :1 $1 b");
    asked(ANN, "QACK jobs 1-5 1-3", ":2");
}

static void taking_badly(void **state)
{
    static const struct exchange_line lines[] = {
        {"QTAKE jobs", NO_QUEUE},
        {"QDECLARE jobs", "+OK"},
        {"QTAKE", "-ERR wrong number of arguments for 'qtake' command"},
        {"QTAKE jobs COUNT", NUMBER},
        {"QTAKE jobs COUNT 1001", NUMBER},
        {"QTAKE jobs COUNT -1", NUMBER},
        {"QTAKE jobs WAIT x", NUMBER},
        {"QTAKE jobs WAIT 31622400001", NUMBER},
        {"QTAKE jobs FAST", SYNTAX},
        {"QTAKE jobs COUNT 1 WAIT 0 COUNT",
         "-ERR wrong number of arguments for 'qtake' command"},
        {"QACK jobs", "-ERR wrong number of arguments for 'qack' command"},
        {"QNACK jobs 1-1 DELAY", SYNTAX},
        {"QNACK jobs 1-1 LATER 5", SYNTAX},
        {"QNACK jobs 1-1 DELAY x", NUMBER},
        {"QNACK none 1-1", NO_QUEUE},
    };
    (void)state;
    play(lines);
}

static void receipts_have_one_form_and_never_overflow(void **state)
{
    static const char *const bad[] = {"0-1",
                                      "1",
                                      "1-",
                                      "-1",
                                      "1-1-1",
                                      "1-1 ",
                                      "16777217-1",
                                      "1-1099511627777",
                                      "9999999999999999999-1",
                                      "1-99999999999999",
                                      "a-1",
                                      "1-+1"};
    (void)state;
    asked(ANN, "QDECLARE jobs;QPUSH jobs a;QTAKE jobs",
          "+OK :1 *1 *4 $3 1-1 :1 :0 $1 a");
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *line = g_strdup_printf("QACK jobs '%s'", bad[i]);
        asked(ANN, line, ":0");
    }
    asked(ANN, "QACK jobs 1-1", ":1");
}

/* ---- Waits. ---- */

static void a_wait_parks_and_keeps_the_order_of_answers(void **state)
{
    (void)state;
    asked(ANN, "QDECLARE jobs", "+OK");
    asked(ANN, "PING a;QTAKE jobs WAIT 1000;PING b", "$1 a");
    tape_pass(tape, 999 * MSEC);
    heard("");
    say(BOB, "QPUSH jobs x");
    heard("1: *1 *4 $3 1-1 :1 :0 $1 x 2: :1");
    tape_pass(tape, 0);
    heard("1: $1 b");
    say(ANN, "QTAKE jobs WAIT 5");
    heard("");
    tape_pass(tape, 5 * MSEC);
    heard("1: *0");
}

static void in_a_transaction_nobody_waits(void **state)
{
    (void)state;
    asked(ANN, "QDECLARE jobs", "+OK");
    asked(ANN, "MULTI;QTAKE jobs WAIT 1000;QPUSH jobs a;QTAKE jobs WAIT 9;EXEC",
          "+OK +QUEUED +QUEUED +QUEUED *3 *0 :1 *1 *4 $3 1-1 :1 :0 $1 a");
    asked(ANN, "MULTI;QPUSH none a;QPUSH jobs b;EXEC",
          "+OK +QUEUED +QUEUED *2 " NO_QUEUE " :2");
}

static void who_waits_and_goes_takes_nothing(void **state)
{
    (void)state;
    asked(BOB, "QDECLARE jobs", "+OK");
    say(ANN, "QTAKE jobs WAIT 1000;QPUSH jobs never");
    farewell(ANN);
    asked(BOB, "QPUSH jobs a;QTAKE jobs COUNT 5", ":1 *1 *4 $3 1-1 :1 :0 $1 a");
    tape_pass(tape, 2 * SEC);
    heard("");
}

/* ---- Pushes. ---- */

static void pushes_need_resp3(void **state)
{
    (void)state;
    asked(ANN, "QDECLARE jobs", "+OK");
    asked(ANN, "QCONSUME jobs 5;QCREDIT jobs 5", RESP3_ONLY " " RESP3_ONLY);
    hello(ANN);
    asked(ANN, "QCONSUME jobs 5;QCREDIT jobs 5;QCREDIT jobs 3", "+OK :0 :0");
    asked(ANN, "QCONSUME jobs -1", NUMBER);
    asked(ANN, "QCREDIT jobs x", NUMBER);
    asked(ANN, "QCONSUME none 1", NO_QUEUE);
    asked(ANN, "QTAKE jobs WAIT 5", CONFLICT);
    asked(ANN, "QCANCEL jobs;QCANCEL jobs", ":1 :0");
    asked(ANN, "QCREDIT jobs 9223372036854775807", ":0");
}

static void pushes_come_behind_the_answers_in_one_message(void **state)
{
    (void)state;
    hello(ANN);
    asked(ANN,
          "QDECLARE jobs;QCONSUME jobs 2;QPUSH jobs a;QPUSH jobs b;"
          "QPUSH jobs c",
          "+OK +OK :1 :2 :3");
    tape_pass(tape, 0);
    heard("1: >7 $7 message $4 jobs $3 1-1 :1 :0 :1 $1 a "
          ">7 $7 message $4 jobs $3 1-2 :1 :0 :2 $1 b");
    asked(ANN, "QCREDIT jobs 3", ":2");
    tape_pass(tape, 0);
    heard("1: >7 $7 message $4 jobs $3 1-3 :1 :0 :3 $1 c");
    asked(BOB, "QACK jobs 1-1 1-2 1-3", ":3");
}

static void who_goes_gives_back_what_it_was_pushed(void **state)
{
    (void)state;
    hello(ANN);
    asked(ANN, "QDECLARE jobs;QCONSUME jobs 5;QPUSH jobs a", "+OK +OK :1");
    tape_pass(tape, 0);
    g_free(tape_take(tape));
    farewell(ANN);
    asked(BOB, "QACK jobs 1-1;QTAKE jobs", ":0 *1 *4 $3 1-2 :2 :1 $1 a");
    farewell(BOB);
    asked(ANN, "QLEN jobs;QACK jobs 1-2", ":0 :1");
}

static void who_goes_before_the_push_hears_nothing(void **state)
{
    (void)state;
    hello(ANN);
    asked(ANN, "QDECLARE jobs;QCONSUME jobs 5;QPUSH jobs a", "+OK +OK :1");
    farewell(ANN);
    tape_pass(tape, 0);
    heard("");
    asked(BOB, "QLEN jobs", ":1");
}

static void a_long_page_is_sent_in_pieces(void **state)
{
    g_autofree char *payload = g_strnfill(40000, 'x');
    g_autofree char *line = g_strdup_printf("QPUSH jobs %s", payload);
    unsigned count = 0;
    (void)state;
    hello(ANN);
    say(ANN, "QDECLARE jobs;QCONSUME jobs 100");
    for (int i = 0; i < 5; i++)
        say(BOB, line);
    tape_pass(tape, 0);
    g_autofree char *all = tape_take(tape);
    for (const char *at = all; (at = strstr(at, ">7")); at++)
        count++;
    assert_int_equal(count, 5);
}

/* ---- Looking. ---- */

static void info_says_all_in_either_protocol(void **state)
{
    (void)state;
    asked(ANN,
          "QDECLARE d;QDECLARE j MESSAGES 9 BYTES 99 VISIBILITY 7 "
          "ATTEMPTS 2 DEAD d;QPUSH j abc;QTAKE j",
          "+OK +OK :1 *1 *4 $3 1-1 :1 :0 $3 abc");
    g_autofree char *facts = g_strdup(
        "$10 durability $6 synced $10 dead-queue $1 d $14 messages-limit :9 "
        "$11 bytes-limit :99 $13 visibility-ms :7 $14 attempts-limit :2 "
        "$5 ready :0 $5 taken :1 $7 delayed :0 $5 bytes :3 $9 consumers :0 "
        "$9 published :1 $8 repeated :0 $9 delivered :1 $11 redelivered :0 "
        "$5 acked :0 $4 dead :0");
    g_autofree char *two = g_strdup_printf("*34 %s", facts);
    g_autofree char *three = g_strdup_printf("%%17 %s", facts);
    asked(ANN, "QINFO j", two);
    hello(ANN);
    asked(ANN, "QINFO j", three);
    asked(ANN, "QINFO none", NO_QUEUE);
    asked(ANN, "QLIST extra",
          "-ERR wrong number of arguments for 'qlist' command");
}

static void queues_without_a_dead_queue_have_info_too(void **state)
{
    (void)state;
    asked(ANN, "QDECLARE j DURABILITY none", "+OK");
    say(ANN, "QINFO j");
    g_autofree char *said = take_said();
    assert_non_null(strstr(said, "$4 none $10 dead-queue $0  $14"));
}

static void what_every_client_expects_is_answered(void **state)
{
    (void)state;
    asked(ANN, "PING", "+PONG");
    asked(ANN, "QFLY jobs", "-ERR unknown command 'QFLY'");
    say(ANN, "INFO");
    g_autofree char *said = take_said();
    assert_non_null(strstr(said, "used_memory:0"));
}

/* ---- Boots. ---- */

static void receipts_of_an_earlier_life_are_refused(void **state)
{
    (void)state;
    asked(ANN, "QDECLARE jobs;QPUSH jobs a;QTAKE jobs",
          "+OK :1 *1 *4 $3 1-1 :1 :0 $1 a");
    reboot_office();
    asked(ANN, "QACK jobs 1-1;QNACK jobs 1-1;QTAKE jobs",
          ":0 :0 *1 *4 $3 2-1 :1 :1 $1 a");
    asked(ANN, "QACK jobs 2-1", ":1");
}

static void a_confirm_stands_behind_the_record(void **state)
{
    (void)state;
    asked(ANN, "QDECLARE jobs", "+OK");
    say(ANN, "QPUSH jobs precious");
    g_autofree char *asked_for = tape_take(tape);
    const char *record = strstr(asked_for, "precious");
    const char *confirm = strstr(asked_for, "send 100001 :1");
    assert_true(record && confirm && record < confirm);
    say(ANN, "QTAKE jobs");
    g_free(tape_take(tape));
    say(ANN, "QACK jobs 1-1");
    g_autofree char *then = tape_take(tape);
    assert_true(strstr(then, "append") < strstr(then, "send"));
}

static void on_ready(void *self)
{
    ++*(unsigned *)self;
}

static void it_is_ready_when_its_life_is_durable(void **state)
{
    unsigned count = 0;
    (void)state;
    office_free(office);
    tape_crash(tape);
    g_free(tape_take(tape));
    office = office_open(
        tape_env(tape),
        (struct office_settings){.ready = on_ready, .self = &count}, NULL);
    assert_int_equal(count, 0);
    g_autofree char *wrote = tape_take(tape);
    const char *life = strstr(wrote, "queue.life");
    const char *letter = strstr(wrote, "office open");
    assert_true(life && letter && life < letter);
    tape_play(tape, ANN, "office open", strlen("office open"));
    assert_int_equal(count, 0);
    tape_pass(tape, SEC);
    assert_int_equal(count, 1);
}

static void without_a_disk_queues_are_of_one_kind(void **state)
{
    (void)state;
    close_office();
    open_office((struct office_settings){.transient = true,
                                         .most = 3 * (MESSAGE_COST + 1)});
    asked(ANN, "QDECLARE jobs DURABILITY synced", INVALID);
    asked(ANN, "QDECLARE jobs", "+OK");
    asked(ANN, "QPUSH jobs a;QPUSH jobs b;QPUSH jobs c;QPUSH jobs d",
          ":1 :2 :3 " FULL);
}

static void who_speaks_resp2_again_is_pushed_nothing(void **state)
{
    (void)state;
    static const char *const ways[] = {"HELLO 2", "RESET"};
    say(ANN, "QDECLARE jobs");
    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        say(BOB, "HELLO 3;QCONSUME jobs 9");
        say(BOB, ways[i]);
        g_free(tape_take(tape));
        say(ANN, "QPUSH jobs a");
        tape_pass(tape, MSEC);
        g_autofree char *said = take_said();
        assert_null(strstr(said, "message"));
        assert_int_equal(
            queue_facts(broker_queue(office_broker(office), 0)).consumers, 0);
    }
}

static void what_is_kept_and_fits_no_message_is_refused(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *line = g_strdup_printf("QPUSH jobs %01500d", 0);
    asked(ANN, "QDECLARE jobs", "+OK");
    asked(ANN, line, ":1");
    office_free(office);
    tape_crash(tape);
    tape_env(tape)->most = 2000;
    office = office_open(tape_env(tape), how, &error);
    assert_null(office);
    assert_string_equal(error->message,
                        "jobs: a message of 1500 bytes is kept there, and here "
                        "none may be longer than 1488");
    tape_env(tape)->most = 1500 + MESSAGE_SPACE;
    office = office_open(tape_env(tape), how, NULL);
    assert_non_null(office);
}

#define with_office(test) \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        with_office(declaring_and_dropping),
        with_office(declaring_badly),
        with_office(publishing),
        with_office(taking_and_acknowledging),
        with_office(taking_badly),
        with_office(receipts_have_one_form_and_never_overflow),
        with_office(a_wait_parks_and_keeps_the_order_of_answers),
        with_office(in_a_transaction_nobody_waits),
        with_office(who_waits_and_goes_takes_nothing),
        with_office(pushes_need_resp3),
        with_office(who_speaks_resp2_again_is_pushed_nothing),
        with_office(pushes_come_behind_the_answers_in_one_message),
        with_office(who_goes_gives_back_what_it_was_pushed),
        with_office(who_goes_before_the_push_hears_nothing),
        with_office(a_long_page_is_sent_in_pieces),
        with_office(info_says_all_in_either_protocol),
        with_office(queues_without_a_dead_queue_have_info_too),
        with_office(what_every_client_expects_is_answered),
        with_office(receipts_of_an_earlier_life_are_refused),
        with_office(what_is_kept_and_fits_no_message_is_refused),
        with_office(a_confirm_stands_behind_the_record),
        with_office(it_is_ready_when_its_life_is_durable),
        with_office(without_a_disk_queues_are_of_one_kind),
    };
    return test_run(argc, argv, tests);
}

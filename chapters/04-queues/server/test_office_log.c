/* The commands for retained logs, each used rightly and wrongly: see office.h. */
#include "04-queues/server/test_office.h"

#define NO_LOG   "-NOLOG there is no log of that name"
#define CONFLICT "-CONFLICT the log is there with other limits"
#define BAD_NAME                                                              \
    "-ERR that cannot be: a name has 1 to 64 of A-Z, a-z, 0-9, '.', '_' and " \
    "'-'"
#define WRONG_COUNT(name) \
    "-ERR wrong number of arguments for '" name "' command"

static int set_up(void **state)
{
    (void)state;
    open_office((struct office_settings){.segment = 4096, .most = 20000});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_office();
    return 0;
}

/* ---- Which there are. ---- */

static void creating_and_dropping(void **state)
{
    static const struct exchange_line lines[] = {
        {"LOGCREATE a", "+OK"},
        {"LOGCREATE a", "+OK"},
        {"logcreate a BYTES 67108864 MESSAGES 0", "+OK"},
        {"LOGCREATE a MESSAGES 5", CONFLICT},
        {"LOGCREATE a BYTES 5", CONFLICT},
        {"LOGCREATE b MESSAGES 4294967295 BYTES 1099511627776", "+OK"},
        {"QLIST", "*0"},
        {"LOGLIST", "*2 $1 a $1 b"},
        {"LOGDROP a", "+OK"},
        {"LOGDROP a", NO_LOG},
        {"LOGLIST", "*1 $1 b"},
        {"LOGCREATE a MESSAGES 5", "+OK"},
        {"LOGLIST", "*2 $1 b $1 a"},
    };
    (void)state;
    play(lines);
}

static void creating_badly(void **state)
{
    static const struct exchange_line lines[] = {
        {"LOGCREATE", WRONG_COUNT("logcreate")},
        {"LOGCREATE a MESSAGES", NUMBER},
        {"LOGCREATE a MESSAGES -1", NUMBER},
        {"LOGCREATE a MESSAGES 4294967296", NUMBER},
        {"LOGCREATE a BYTES 1099511627777", NUMBER},
        {"LOGCREATE a BYTES x", NUMBER},
        {"LOGCREATE a COLOUR red", SYNTAX},
        {"LOGCREATE a MESSAGES 1 BYTES 1 BYTES", WRONG_COUNT("logcreate")},
        {"LOGCREATE 'a b'", BAD_NAME},
        {"LOGCREATE ''", BAD_NAME},
        {"LOGDROP", WRONG_COUNT("logdrop")},
        {"LOGDROP ''", NO_LOG},
        {"LOGLIST a", WRONG_COUNT("loglist")},
        {"LOGLIST", "*0"},
    };
    (void)state;
    play(lines);
}

static void there_are_so_many_logs_at_most(void **state)
{
    (void)state;
    for (int i = 0; i < 256; i++) {
        g_autofree char *line = g_strdup_printf("LOGCREATE log%d", i);
        asked(ANN, line, "+OK");
    }
    asked(ANN, "LOGCREATE more", "-FULL there are 256 logs, and no more");
    asked(ANN, "LOGCREATE log255;LOGDROP log7;LOGCREATE more", "+OK +OK +OK");
}

/* ---- Adding and reading. ---- */

static void what_was_added_is_read_again_and_again(void **state)
{
    static const struct exchange_line lines[] = {
        {"LOGCREATE a", "+OK"},
        {"LOGREAD a FROM 1", "*0"},
        {"LOGADD a x;LOGADD a '';LOGADD a 'y z'", ":1 :2 :3"},
        {"LOGREAD a FROM 1", "*1 *2 :1 $1 x"},
        {"LOGREAD a FROM 1 COUNT 0", "*0"},
        {"LOGREAD a FROM 1 COUNT 2", "*2 *2 :1 $1 x *2 :2 $0"},
        {"LOGREAD a COUNT 9 FROM 2", "*2 *2 :2 $0  *2 :3 $3 y z"},
        {"LOGREAD a FROM 1", "*1 *2 :1 $1 x"},
        {"LOGREAD a FROM 4 COUNT 5", "*0"},
        {"LOGREAD a FROM 5", "-ERR the next offset is 4"},
        {"LOGREAD a FROM 0", "-GONE the first offset is 1"},
    };
    (void)state;
    play(lines);
}

static void who_is_behind_the_front_is_told(void **state)
{
    static const struct exchange_line lines[] = {
        {"LOGCREATE a MESSAGES 2", "+OK"},
        {"LOGADD a x;LOGADD a y;LOGADD a z", ":1 :2 :3"},
        {"LOGREAD a FROM 1", "-GONE the first offset is 2"},
        {"LOGREAD a FROM 1 WAIT 1000", "-GONE the first offset is 2"},
        {"LOGREAD a GROUP new", "-GONE the first offset is 2"},
        {"LOGREAD a FROM 2 COUNT 1000", "*2 *2 :2 $1 y *2 :3 $1 z"},
    };
    (void)state;
    play(lines);
}

static void adding_and_reading_badly(void **state)
{
    static const struct exchange_line lines[] = {
        {"LOGADD a x", NO_LOG},
        {"LOGREAD a FROM 1", NO_LOG},
        {"LOGCREATE a BYTES 70", "+OK"},
        {"LOGADD a", WRONG_COUNT("logadd")},
        {"LOGADD a x y", WRONG_COUNT("logadd")},
        {"LOGADD a 1234567", "-ERR the message is too long"},
        {"LOGADD a 123456", ":1"},
        {"LOGADD a 654321", ":2"},
        {"LOGREAD a FROM", WRONG_COUNT("logread")},
        {"LOGREAD a COUNT 1", SYNTAX},
        {"LOGREAD a FROM 1 GROUP g", SYNTAX},
        {"LOGREAD a FROM 1 FROM 1", SYNTAX},
        {"LOGREAD a FROM 1 NOW", SYNTAX},
        {"LOGREAD a FROM 1 COUNT", NUMBER},
        {"LOGREAD a FROM 1 COUNT 1001", NUMBER},
        {"LOGREAD a FROM x", NUMBER},
        {"LOGREAD a FROM 9223372036854775808", NUMBER},
        {"LOGREAD a FROM 1 WAIT 31622400001", NUMBER},
        {"LOGREAD a COUNT 1 GROUP", BAD_NAME},
        {"LOGREAD a GROUP 'a b'", BAD_NAME},
    };
    (void)state;
    play(lines);
}

static void a_page_is_no_longer_than_a_message(void **state)
{
    size_t most = tape_env(tape)->most;
    (void)state;
    close_office();
    open_office((struct office_settings){0});
    asked(ANN, "LOGCREATE a", "+OK");
    g_autofree char *third = g_strnfill(most / 3, 'x');
    g_autofree char *most_of_it = g_strnfill(most - 512, 'y');
    g_autofree char *more = g_strnfill(most - 511, 'z');
    const char *const messages[] = {third, third, most_of_it};
    for (int i = 0; i < 3; i++) {
        g_autofree char *line = g_strdup_printf("LOGADD a %s", messages[i]);
        say(ANN, line);
    }
    g_free(tape_take(tape));
    g_autofree char *line = g_strdup_printf("LOGADD a %s", more);
    asked(ANN, line, "-ERR the message is too long");
    for (int i = 1; i <= 3; i++) {
        g_autofree char *read = g_strdup_printf("LOGREAD a FROM %d COUNT 9", i);
        g_autofree char *begin = g_strdup_printf("1: *1 *2 :%d $", i);
        say(BOB, read);
        g_autofree char *said = take_said();
        assert_true(g_str_has_prefix(said + 3, begin + 3));
    }
}

/* ---- Groups. ---- */

static void groups_read_on_where_they_were(void **state)
{
    static const struct exchange_line lines[] = {
        {"LOGCREATE a", "+OK"},
        {"LOGADD a x;LOGADD a y", ":1 :2"},
        {"LOGREAD a GROUP g", "*1 *2 :1 $1 x"},
        {"LOGREAD a GROUP g", "*1 *2 :1 $1 x"},
        {"LOGCOMMIT a g 2", "+OK"},
        {"LOGREAD a GROUP g", "*1 *2 :2 $1 y"},
        {"LOGREAD a GROUP h COUNT 2", "*2 *2 :1 $1 x *2 :2 $1 y"},
        {"LOGCOMMIT a g 3", "+OK"},
        {"LOGREAD a GROUP g", "*0"},
        {"LOGCOMMIT a g 1;LOGREAD a GROUP g", "+OK *1 *2 :1 $1 x"},
        {"LOGCOMMIT a g 4", "-ERR the next offset is 3"},
        {"LOGCOMMIT a 'g h' 1", BAD_NAME},
        {"LOGCOMMIT a g x", NUMBER},
        {"LOGCOMMIT a g", WRONG_COUNT("logcommit")},
        {"LOGCOMMIT b g 1", NO_LOG},
    };
    (void)state;
    play(lines);
}

static void there_are_so_many_groups_at_most(void **state)
{
    (void)state;
    asked(ANN, "LOGCREATE a", "+OK");
    for (int i = 0; i < 1024; i++) {
        g_autofree char *line = g_strdup_printf("LOGCOMMIT a g%d 1", i);
        asked(ANN, line, "+OK");
        tape_pass(tape, 0);
    }
    asked(ANN, "LOGCOMMIT a more 1",
          "-FULL there are 1024 groups, and no more");
    asked(ANN, "LOGCOMMIT a g7 0;LOGCOMMIT a more 1", "+OK +OK");
}

static void info_says_all_in_either_protocol(void **state)
{
    static const char facts[] =
        "$14 messages-limit :2 $11 bytes-limit :999 $5 first :2 $4 next :4 "
        "$8 messages :2 $5 bytes :132 $6 groups ";
    (void)state;
    asked(ANN, "LOGCREATE a MESSAGES 2 BYTES 999;LOGINFO",
          "+OK " WRONG_COUNT("loginfo"));
    asked(ANN, "LOGADD a xx;LOGADD a yy;LOGADD a zz", ":1 :2 :3");
    asked(ANN, "LOGCOMMIT a late 1;LOGCOMMIT a early 4", "+OK +OK");
    g_autofree char *two =
        g_strconcat("*14 ", facts, "*4 $5 early :4 $4 late :1", NULL);
    g_autofree char *three =
        g_strconcat("%7 ", facts, "%2 $5 early :4 $4 late :1", NULL);
    asked(ANN, "LOGINFO a", two);
    say(ANN, "HELLO 3");
    asked(ANN, "LOGINFO a", three);
    asked(ANN, "LOGINFO b", NO_LOG);
}

/* ---- Waits. ---- */

static void a_parked_reader_is_woken(void **state)
{
    (void)state;
    asked(ANN, "LOGCREATE a;LOGCREATE b;LOGADD a x", "+OK +OK :1");
    asked(ANN, "LOGREAD a FROM 1 WAIT 1000", "*1 *2 :1 $1 x");
    asked(ANN, "PING a;LOGREAD a FROM 2 COUNT 5 WAIT 1000;PING b", "$1 a");
    tape_pass(tape, 999 * MSEC);
    asked(BOB, "LOGADD b other", ":1");
    say(BOB, "LOGADD a y;LOGADD a z");
    heard("1: *1 *2 :2 $1 y 2: :2 :3");
    tape_pass(tape, 0);
    heard("1: $1 b");
    tape_pass(tape, 9 * SEC);
    heard("");
}

static void all_who_wait_are_woken_in_order(void **state)
{
    (void)state;
    asked(ANN, "LOGCREATE a", "+OK");
    say(BOB, "LOGREAD a GROUP g WAIT 1000");
    say(ANN, "LOGREAD a FROM 1 WAIT 1000");
    say(100003, "LOGADD a x");
    heard("2: *1 *2 :1 $1 x 1: *1 *2 :1 $1 x 3: :1");
}

static void who_waits_in_vain_reads_nothing(void **state)
{
    (void)state;
    asked(ANN, "LOGCREATE a", "+OK");
    say(ANN, "LOGREAD a FROM 1 WAIT 5");
    tape_pass(tape, 4 * MSEC);
    heard("");
    tape_pass(tape, MSEC);
    heard("1: *0");
    asked(BOB, "LOGADD a x", ":1");
}

static void who_waits_at_a_dropped_log_is_told(void **state)
{
    (void)state;
    asked(ANN, "LOGCREATE a", "+OK");
    say(ANN, "LOGREAD a FROM 1 WAIT 100000;PING");
    say(BOB, "LOGDROP a");
    tape_pass(tape, 0);
    heard("1: " NO_LOG " 2: +OK 1: +PONG");
}

static void who_waits_and_goes_hears_nothing(void **state)
{
    (void)state;
    asked(BOB, "LOGCREATE a", "+OK");
    say(ANN, "LOGREAD a FROM 1 WAIT 1000;LOGADD a never");
    farewell(ANN);
    asked(BOB, "LOGCREATE b", "+OK");
    say(ANN, "LOGREAD b FROM 1 WAIT 1000");
    asked(BOB, "LOGADD a x", ":1");
    farewell(ANN);
    tape_pass(tape, 2 * SEC);
    heard("");
}

static void in_a_transaction_nobody_waits(void **state)
{
    (void)state;
    asked(ANN, "LOGCREATE a", "+OK");
    asked(ANN, "MULTI;LOGREAD a FROM 1 WAIT 99;LOGADD a x;EXEC",
          "+OK +QUEUED +QUEUED *2 *0 :1");
}

/* ---- The disk, and memory. ---- */

static void a_confirm_stands_behind_the_record(void **state)
{
    (void)state;
    asked(ANN, "LOGCREATE a", "+OK");
    say(BOB, "LOGREAD a FROM 1 WAIT 1000");
    say(ANN, "LOGADD a precious");
    g_autofree char *all = tape_take(tape);
    const char *record = strstr(all, "precious");
    const char *read = strstr(all, "send 100002"), *confirm = strstr(all, ":1");
    assert_true(record && read && confirm && record < read && record < confirm);
}

static void after_a_boot_all_is_as_it_was(void **state)
{
    static const struct exchange_line before[] = {
        {"LOGCREATE a MESSAGES 2", "+OK"},
        {"LOGCREATE b;LOGCREATE c", "+OK +OK"},
        {"LOGADD a x;LOGADD a y;LOGADD a z", ":1 :2 :3"},
        {"LOGCOMMIT a g 3", "+OK"},
        {"LOGADD b old;LOGDROP b;LOGCREATE b BYTES 99", ":1 +OK +OK"},
    };
    static const struct exchange_line after[] = {
        {"LOGLIST", "*3 $1 a $1 c $1 b"},
        {"LOGCREATE a;LOGCREATE a MESSAGES 2", CONFLICT " +OK"},
        {"LOGCREATE b;LOGCREATE b BYTES 99", CONFLICT " +OK"},
        {"LOGREAD a FROM 1", "-GONE the first offset is 2"},
        {"LOGREAD a GROUP g", "*1 *2 :3 $1 z"},
        {"LOGREAD b FROM 1", "*0"},
        {"LOGADD a w", ":4"},
    };
    (void)state;
    play(before);
    reboot_office();
    play(after);
    assert_int_equal(broker_size(office_broker(office)), 2 * (64 + 1));
    say(ANN, "LOGREAD a FROM 5 WAIT 1000");
    reboot_office();
    tape_pass(tape, 2 * SEC);
    heard("");
}

static void what_is_retained_counts_as_memory(void **state)
{
    g_autofree char *text = g_strnfill(936, 'x');
    g_autofree char *log = g_strdup_printf("LOGADD a %s", text);
    g_autofree char *queue = g_strdup_printf("QPUSH q %s", text);
    (void)state;
    asked(ANN, "LOGCREATE a;LOGCREATE b BYTES 1000;QDECLARE q", "+OK +OK +OK");
    for (int i = 1; i <= 19; i++) {
        g_autofree char *reply = g_strdup_printf(":%d", i);
        asked(ANN, log, reply);
    }
    g_autofree char *other = g_strdup_printf("LOGADD b %s", text);
    asked(ANN, other, ":1");
    assert_int_equal(broker_size(office_broker(office)), 20000);
    asked(ANN, log, FULL);
    asked(ANN, queue, FULL);
    asked(ANN, other, ":2");
    reboot_office();
    asked(ANN, log, FULL);
    asked(ANN, "LOGDROP a", "+OK");
    assert_int_equal(broker_size(office_broker(office)), 1000);
    asked(ANN, queue, ":1");
}

static void without_a_disk_there_are_no_logs(void **state)
{
    static const char *const lines[] = {
        "LOGCREATE a",     "LOGADD a x", "LOGREAD a FROM 1", "LOGINFO a",
        "LOGCOMMIT a g 1", "LOGLIST",    "LOGDROP a",
    };
    (void)state;
    close_office();
    open_office((struct office_settings){.transient = true});
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
        asked(ANN, lines[i],
              "-ERR logs are kept on a disk: without --dir there are none");
    farewell(ANN);
}

#define with_office(test) \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        with_office(creating_and_dropping),
        with_office(creating_badly),
        with_office(there_are_so_many_logs_at_most),
        with_office(what_was_added_is_read_again_and_again),
        with_office(who_is_behind_the_front_is_told),
        with_office(adding_and_reading_badly),
        with_office(a_page_is_no_longer_than_a_message),
        with_office(groups_read_on_where_they_were),
        with_office(there_are_so_many_groups_at_most),
        with_office(info_says_all_in_either_protocol),
        with_office(a_parked_reader_is_woken),
        with_office(all_who_wait_are_woken_in_order),
        with_office(who_waits_in_vain_reads_nothing),
        with_office(who_waits_at_a_dropped_log_is_told),
        with_office(who_waits_and_goes_hears_nothing),
        with_office(in_a_transaction_nobody_waits),
        with_office(a_confirm_stands_behind_the_record),
        with_office(after_a_boot_all_is_as_it_was),
        with_office(what_is_retained_counts_as_memory),
        with_office(without_a_disk_there_are_no_logs),
    };
    return test_run(argc, argv, tests);
}

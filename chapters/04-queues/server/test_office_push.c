/* Whom an office pushes how much: as far as credit goes, and while little is
 * unread, says this test. */
#include "04-queues/server/pages.h"
#include "04-queues/server/test_office.h"

static size_t unread[2]; /* By Ann, and by Bob. */

static size_t count_unread(void *self, node_id client)
{
    (void)self;
    return unread[client == BOB];
}

static int set_up(void **state)
{
    (void)state;
    unread[0] = unread[1] = 0;
    open_office((struct office_settings){.unread = count_unread});
    hello(ANN);
    hello(BOB);
    asked(ANN, "QDECLARE jobs;QDECLARE more", "+OK +OK");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_office();
    return 0;
}

/* What was pushed in that time, if it is single letters: "1: a b 2: c". */
static void pushed(nsec time, const char *text)
{
    g_autoptr(GString) all = g_string_new(NULL);
    tape_pass(tape, time);
    g_autofree char *said = take_said();
    g_auto(GStrv) words = g_strsplit(said, " ", -1);
    for (unsigned i = 0; words[i]; i++) {
        bool name = g_str_has_suffix(words[i], ":");
        if (name || (i > 0 && !strcmp(words[i - 1], "$1")))
            g_string_append_printf(all, "%s%s", all->len ? " " : "", words[i]);
    }
    assert_string_equal(all->str, text);
}

static void fill_jobs(void)
{
    say(BOB, "QPUSH jobs a;QPUSH jobs b;QPUSH jobs c;QPUSH jobs d");
    g_free(tape_take(tape));
}

static unsigned ready_jobs(void)
{
    return queue_facts(broker_queue(office_broker(office), 0)).ready;
}

/* ---- Those who do not read. ---- */

static void nothing_is_pushed_while_much_is_unread(void **state)
{
    (void)state;
    fill_jobs();
    unread[0] = PAGES_UNREAD + 1;
    asked(ANN, "QCONSUME jobs 3", "+OK");
    pushed(SEC, "");
    assert_int_equal(ready_jobs(), 4);
    unread[0] = PAGES_UNREAD;
    pushed(SEC, "1: a 1: b 1: c");
}

static void a_page_counts_as_unread(void **state)
{
    g_autofree char *payload = g_strnfill(50000, 'x');
    g_autofree char *line = g_strdup_printf("QPUSH jobs %s", payload);
    (void)state;
    for (int i = 0; i < 6; i++)
        say(BOB, line);
    unread[0] = PAGES_UNREAD - 40000;
    asked(ANN, "QCONSUME jobs 6", "+OK");
    tape_pass(tape, 0);
    assert_int_equal(ready_jobs(), 5);
}

static void one_who_is_stopped_is_in_nobodys_way(void **state)
{
    (void)state;
    fill_jobs();
    unread[0] = PAGES_UNREAD + 1;
    say(ANN, "QCONSUME jobs 9");
    say(BOB, "QCONSUME jobs 2");
    g_free(tape_take(tape));
    pushed(SEC, "2: a b");
    unread[0] = 0;
    pushed(SEC, "1: c d");
}

static void two_who_read_are_served_in_turn(void **state)
{
    (void)state;
    say(ANN, "QCONSUME jobs 9");
    say(BOB, "QCONSUME jobs 9");
    tape_pass(tape, 0);
    fill_jobs();
    pushed(0, "1: a c 2: b d");
}

/* ---- Those who go meanwhile. ---- */

static void who_goes_while_stopped_is_pushed_nothing(void **state)
{
    static const char *const ways[] = {"QCANCEL jobs", "HELLO 2", "RESET"};
    (void)state;
    fill_jobs();
    for (unsigned i = 0; i <= G_N_ELEMENTS(ways); i++) {
        unread[0] = PAGES_UNREAD + 1;
        say(ANN, "HELLO 3;QCONSUME jobs 9");
        tape_pass(tape, SEC);
        if (i < G_N_ELEMENTS(ways))
            say(ANN, ways[i]);
        else
            farewell(ANN);
        g_free(tape_take(tape));
        unread[0] = 0;
        pushed(SEC, "");
    }
    assert_int_equal(ready_jobs(), 4);
}

static void who_goes_at_once_is_pushed_nothing(void **state)
{
    (void)state;
    fill_jobs();
    asked(ANN, "QCONSUME jobs 9;QCANCEL jobs", "+OK :1");
    pushed(SEC, "");
    asked(ANN, "QCONSUME jobs 1", "+OK");
    pushed(SEC, "1: a");
}

static void a_queue_of_the_same_name_is_another_queue(void **state)
{
    (void)state;
    unread[0] = PAGES_UNREAD + 1;
    asked(ANN, "QCONSUME more 9;QCONSUME jobs 9", "+OK +OK");
    tape_pass(tape, SEC);
    for (unsigned i = 0; i < 2; i++) {
        say(BOB, "QDROP jobs;QDECLARE jobs");
        fill_jobs();
        unread[0] = 0;
        pushed(SEC, "1:"); /* That it is dropped. */
        asked(ANN, "QCONSUME jobs 9", "+OK");
        pushed(SEC, "1: a b c d");
    }
    asked(BOB, "QPUSH more e", ":1");
    pushed(SEC, "1: e");
}

/* ---- Credit. ---- */

static void each_queue_has_its_own_credit(void **state)
{
    (void)state;
    asked(ANN, "QCONSUME jobs 3;QCONSUME more 1", "+OK +OK");
    fill_jobs();
    asked(BOB, "QPUSH more e;QPUSH more f", ":1 :2");
    pushed(SEC, "1: a e b c");
    asked(ANN, "QCREDIT jobs 2;QCREDIT more 2", ":3 :1");
    pushed(SEC, "1: f");
    asked(ANN, "QCREDIT jobs 4", ":3");
    pushed(SEC, "1: d");
}

static void a_grant_that_is_said_often_counts_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        asked(ANN, "QCREDIT jobs 9;QCREDIT jobs 9", ":0 :0");
        tape_pass(tape, 0);
    }
    unread[0] = PAGES_UNREAD + 1;
    fill_jobs();
    pushed(SEC, "1: a");
    asked(BOB, "QCONSUME jobs 0", "+OK");
    unread[1] = PAGES_UNREAD + 1;
    asked(BOB, "QCREDIT jobs 1", ":0");
    tape_pass(tape, 0);
    asked(ANN, "QCREDIT jobs 10;QCREDIT jobs 11", ":1 :1");
    unread[0] = unread[1] = 0;
    pushed(SEC, "1: b d 2: c");
}

#define with_office(test) \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        with_office(nothing_is_pushed_while_much_is_unread),
        with_office(a_page_counts_as_unread),
        with_office(one_who_is_stopped_is_in_nobodys_way),
        with_office(two_who_read_are_served_in_turn),
        with_office(who_goes_while_stopped_is_pushed_nothing),
        with_office(who_goes_at_once_is_pushed_nothing),
        with_office(a_queue_of_the_same_name_is_another_queue),
        with_office(each_queue_has_its_own_credit),
        with_office(a_grant_that_is_said_often_counts_once),
    };
    return test_run(argc, argv, tests);
}

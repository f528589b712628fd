/* A queue is dropped: who consumes it, or waits there, is told. */
#include "04-queues/server/test_office.h"

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

static void who_waits_at_a_dropped_queue_is_told(void **state)
{
    (void)state;
    asked(ANN, "QDECLARE jobs", "+OK");
    say(ANN, "QTAKE jobs WAIT 100000;PING");
    say(BOB, "QDROP jobs");
    tape_pass(tape, 0);
    heard("1: " NO_QUEUE " 2: +OK 1: +PONG");
}

static void who_consumes_a_dropped_queue_is_told(void **state)
{
    (void)state;
    hello(ANN);
    hello(BOB);
    asked(ANN, "QDECLARE jobs;QDECLARE rest", "+OK +OK");
    asked(ANN, "QCONSUME jobs 1;QCONSUME rest 1;QPUSH jobs a", "+OK +OK :1");
    tape_pass(tape, 0);
    heard("1: >7 $7 message $4 jobs $3 1-1 :1 :0 :1 $1 a");
    asked(BOB, "QCONSUME jobs 0;QDROP jobs", "+OK +OK");
    tape_pass(tape, 0);
    heard("1: >2 $7 dropped $4 jobs 2: >2 $7 dropped $4 jobs");
    asked(ANN, "QACK jobs 1-1;QCREDIT jobs 9", NO_QUEUE " " NO_QUEUE);
    asked(BOB, "QDECLARE jobs;QPUSH jobs b;QPUSH rest c", "+OK :1 :1");
    tape_pass(tape, 0);
    heard("1: >7 $7 message $4 rest $3 1-1 :1 :0 :1 $1 c");
}

static void who_waits_elsewhere_hears_of_a_drop_meanwhile(void **state)
{
    (void)state;
    hello(ANN);
    asked(ANN, "QDECLARE jobs;QDECLARE rest;QCONSUME jobs 5", "+OK +OK +OK");
    say(ANN, "QTAKE rest WAIT 1000;PING");
    asked(BOB, "QDROP jobs", "+OK");
    tape_pass(tape, 0);
    heard("1: >2 $7 dropped $4 jobs");
    say(BOB, "QDROP rest");
    tape_pass(tape, 0);
    heard("1: " NO_QUEUE " 2: +OK 1: +PONG");
}

static void who_cancels_or_goes_is_told_of_no_drop(void **state)
{
    (void)state;
    hello(ANN);
    hello(BOB);
    asked(ANN, "QDECLARE jobs;QCONSUME jobs 5;QCANCEL jobs", "+OK +OK :1");
    asked(BOB, "QCONSUME jobs 5", "+OK");
    farewell(BOB);
    asked(ANN, "QDROP jobs", "+OK");
    tape_pass(tape, SEC);
    heard("");
}

#define with_office(test) \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        with_office(who_waits_at_a_dropped_queue_is_told),
        with_office(who_consumes_a_dropped_queue_is_told),
        with_office(who_waits_elsewhere_hears_of_a_drop_meanwhile),
        with_office(who_cancels_or_goes_is_told_of_no_drop),
    };
    return test_run(argc, argv, tests);
}

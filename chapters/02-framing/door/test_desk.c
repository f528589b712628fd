/*
 * A desk over a tape: which client hears what, in which order; commands that
 * have to wait; transactions; replies that are too long.
 */
#include "02-framing/door/desk.h"
#include "common/judge/test.h"
#include "common/world/tape.h"
#include <string.h>

enum { MOST = 1000 }; /* Bytes of a message. */

static struct tape *tape;
static struct env narrow; /* Over the tape, with short messages. */
static struct desk *desk;
static GString *left;      /* Who is gone. */
static int64_t counted;    /* By COUNT. */
static node_id answers_to; /* ANSWER does, while it is served. */

/* ---- A service. ---- */

static void answer(node_id client, const char *text)
{
    desk_answer(desk, client, text, strlen(text));
}

static enum desk_outcome park(struct wire_writer *out, bool parks)
{
    if (parks)
        return DESK_PARKED;
    resp_put_simple(out, "NOW");
    return DESK_ANSWERED;
}

static void put_long(struct wire_writer *out, struct word word)
{
    int64_t size = 0;
    assert_true(word_number(word, &size));
    g_autofree char *bytes = g_strnfill((gsize)size, 'x');
    resp_put_bulk(out, bytes, (size_t)size);
}

/* COUNT; PARK; ANSWER; LONG size; VERSION. */
static enum desk_outcome serve(void *self, const struct command *command,
                               struct wire_writer *out, bool parks)
{
    struct word name = command->words[0];
    assert_ptr_equal(self, &counted);
    if (word_is(name, "PARK"))
        return park(out, parks);
    if (word_is(name, "COUNT")) {
        resp_put_integer(out, ++counted);
    } else if (word_is(name, "ANSWER")) {
        answer(answers_to, "+ANSWER\r\n");
        resp_put_simple(out, "DONE");
    } else if (word_is(name, "LONG")) {
        put_long(out, command->words[1]);
    } else if (word_is(name, "VERSION")) {
        resp_put_integer(out, command->version);
    } else {
        return DESK_UNKNOWN;
    }
    return DESK_ANSWERED;
}

static void on_left(void *self, node_id client)
{
    (void)self;
    assert_int_equal(client, client & 0xff);
    g_string_append_printf(left, "%d;", (int)client);
}

static void take(void *self, node_id from, GBytes *message)
{
    (void)self;
    desk_take(desk, from, message);
}

static void open_with(size_t most)
{
    static const struct env_ops ops = {0};
    tape = tape_new(1);
    narrow = (struct env){
        .ops = &ops, .below = tape_env(tape), .id = 1, .most = most};
    desk = desk_new(&narrow, (struct desk_service){.serve = serve,
                                                   .left = on_left,
                                                   .self = &counted,
                                                   .name = "test"});
    env_bind(tape_env(tape), take, NULL);
    left = g_string_new(NULL);
    counted = 0;
}

static int open_desk(void **state)
{
    (void)state;
    open_with(MOST);
    return 0;
}

static int open_wide(void **state)
{
    (void)state;
    open_with((size_t)1 << 20);
    return 0;
}

static int close_desk(void **state)
{
    (void)state;
    desk_free(desk);
    tape_free(tape);
    g_string_free(left, TRUE);
    return 0;
}

/* ---- Who says what. ---- */

static void put_parsed(struct wire_writer *run, const struct resp *resp,
                       const uint8_t *data)
{
    const struct resp_item *items = resp_items(resp);
    resp_put_array(run, resp_count(resp) - 1);
    for (size_t i = 1; i < resp_count(resp); i++)
        resp_put_bulk(run, data + items[i].at, items[i].size);
}

/* As a door hands it over: commands typed by hand have become arrays. What is
 * no command stays as it is. */
static void tell(node_id client, const char *text)
{
    struct resp *resp = resp_new((struct resp_limits){.commands = true});
    struct wire_writer run = {.most = SIZE_MAX};
    const uint8_t *data = (const uint8_t *)text;
    size_t size = strlen(text);
    ssize_t used;
    while ((used = resp_parse(resp, data, size)) > 0) {
        put_parsed(&run, resp, data);
        data += used;
        size -= (size_t)used;
    }
    wire_put_raw(&run, data, size);
    tape_play(tape, client, run.data, run.size);
    wire_clear(&run);
    resp_free(resp);
}

static void leave(node_id client)
{
    tape_play(tape, client, "", 0);
}

/* What was sent since the last time, "CLIENT REPLIES;" each, with "|" for line
 * ends. Returns new. */
static char *sent(void)
{
    g_autofree char *lines = tape_take(tape);
    g_autoptr(GString) text = g_string_new(lines);
    g_string_replace(text, "\\x0d\\x0a", "|", 0);
    g_string_replace(text, "arm 0ms; ", "", 0);
    g_string_replace(text, "send ", "", 0);
    g_string_replace(text, "; ", ";", 0);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

#define expect_sent(text)                 \
    do {                                  \
        g_autofree char *sent_ = sent();  \
        assert_string_equal(sent_, text); \
    } while (0)

/* ---- One after the other. ---- */

static void a_run_is_answered_by_one_message(void **state)
{
    (void)state;
    tell(7, "COUNT\r\nPING\r\n*1\r\n$5\r\ncount\r\n");
    expect_sent("7 :1|+PONG|:2|;");
    tell(8, "COUNT\r\n");
    tell(7, "COUNT\r\n");
    expect_sent("8 :3|;7 :4|;");
    assert_int_equal(desk_clients(desk), 2);
}

static void what_nobody_knows_is_an_error(void **state)
{
    (void)state;
    tell(7, "FLY\r\nCOUNT\r\n");
    expect_sent("7 -ERR unknown command 'FLY'|:1|;");
}

static void each_client_chooses_its_protocol(void **state)
{
    (void)state;
    tell(7, "HELLO 3\r\nVERSION\r\n");
    g_autofree char *hello = sent();
    assert_true(g_str_has_prefix(hello, "7 %7|$6|server|$4|test|"));
    assert_true(g_str_has_suffix(hello, "|*0|:3|;"));
    tell(8, "VERSION\r\nCLIENT ID\r\n");
    tell(7, "VERSION\r\nRESET\r\nVERSION\r\n");
    expect_sent("8 :2|:8|;7 :3|+RESET|:2|;");
}

static void a_cut_run_is_dropped_and_the_desk_goes_on(void **state)
{
    (void)state;
    tell(7, "COUNT\r\n*2\r\n$4\r\nPING");
    expect_sent("7 :1|;");
    tell(7, "COUNT\r\n*x\r\nCOUNT\r\n");
    expect_sent("7 :2|;");
    tell(7, "COUNT\r\n\r\n*0\r\nCOUNT\r\n");
    tell(8, "COUNT\r\n");
    expect_sent("7 :3|:4|;8 :5|;");
}

/* ---- Parked. ---- */

static void others_do_not_wait_for_a_parked_command(void **state)
{
    (void)state;
    tell(7, "COUNT\r\nPARK\r\nCOUNT\r\nPARK\r\nCOUNT\r\n");
    tell(7, "COUNT\r\n");
    tell(8, "COUNT\r\n");
    expect_sent("7 :1|;8 :2|;");
    answer(7, "+A\r\n");
    expect_sent("7 +A|;");
    tape_pass(tape, 0);
    expect_sent("7 :3|;");
    answer(7, "+B\r\n");
    tape_pass(tape, 0);
    expect_sent("7 +B|;7 :4|:5|;");
}

static void an_answer_that_nobody_waits_for_is_lost(void **state)
{
    (void)state;
    answer(7, "+A\r\n");
    tell(7, "COUNT\r\n");
    answer(7, "+A\r\n");
    tell(7, "PARK\r\n");
    answer(7, "+B\r\n");
    answer(7, "+C\r\n");
    tape_pass(tape, 0);
    expect_sent("7 :1|;7 +B|;");
}

static void another_command_may_bring_the_answer(void **state)
{
    (void)state;
    answers_to = 7;
    tell(7, "PARK\r\nCOUNT\r\n");
    tell(8, "COUNT\r\nANSWER\r\nCOUNT\r\n");
    expect_sent("7 +ANSWER|;8 :1|+DONE|:2|;");
    tape_pass(tape, 0);
    expect_sent("7 :3|;");
}

static void the_next_run_may_come_before_the_desk_goes_on(void **state)
{
    (void)state;
    tell(7, "PARK\r\nCOUNT\r\n");
    answer(7, "+A\r\n");
    tell(7, "PING\r\n");
    expect_sent("7 +A|;7 :1|+PONG|;");
    tape_pass(tape, 0);
    expect_sent("");
}

static void who_leaves_takes_its_parked_command_along(void **state)
{
    (void)state;
    tell(7, "PARK\r\nCOUNT\r\n");
    tell(8, "COUNT\r\n");
    leave(7);
    assert_string_equal(left->str, "7;");
    assert_int_equal(desk_clients(desk), 1);
    answer(7, "+A\r\n");
    tape_pass(tape, 0);
    expect_sent("8 :1|;");
    leave(7);
    leave(9);
    assert_string_equal(left->str, "7;");
}

static void who_leaves_after_its_answer_is_not_served(void **state)
{
    (void)state;
    tell(7, "PARK\r\nCOUNT\r\n");
    answer(7, "+A\r\n");
    leave(7);
    tape_pass(tape, 0);
    expect_sent("7 +A|;");
    assert_int_equal(counted, 0);
}

static void a_desk_may_be_freed_at_any_time(void **state)
{
    (void)state;
    tell(7, "MULTI\r\nCOUNT\r\n");
    tell(8, "CLIENT SETNAME x\r\nPARK\r\nCOUNT\r\n");
    tell(9, "PARK\r\n");
    answer(9, "+A\r\n");
    assert_int_equal(desk_clients(desk), 3);
}

/* ---- Transactions. ---- */

static void a_transaction_is_served_in_one_go(void **state)
{
    (void)state;
    tell(7, "MULTI\r\nCOUNT\r\n");
    tell(8, "COUNT\r\n");
    tell(7, "PING\r\nFLY\r\ncount\r\nEXEC\r\nCOUNT\r\n");
    expect_sent("7 +OK|+QUEUED|;8 :1|;7 +QUEUED|+QUEUED|+QUEUED|"
                "*4|:2|+PONG|-ERR unknown command 'FLY'|:3|:4|;");
}

static void an_empty_transaction_is_an_empty_array(void **state)
{
    (void)state;
    tell(7, "MULTI\r\nEXEC\r\nEXEC\r\n");
    expect_sent("7 +OK|*0|-ERR EXEC without MULTI|;");
}

static void a_transaction_may_be_thrown_away(void **state)
{
    (void)state;
    tell(7, "DISCARD\r\nMULTI\r\nCOUNT\r\nDISCARD\r\nCOUNT\r\nEXEC\r\n");
    expect_sent("7 -ERR DISCARD without MULTI|+OK|+QUEUED|+OK|:1|"
                "-ERR EXEC without MULTI|;");
}

static void transactions_do_not_nest(void **state)
{
    (void)state;
    tell(7, "MULTI\r\nCOUNT\r\nMULTI\r\nMULTI x\r\nEXEC x\r\nEXEC\r\n");
    expect_sent("7 +OK|+QUEUED|-ERR MULTI calls can not be nested|"
                "-ERR wrong number of arguments for 'multi' command|"
                "-ERR wrong number of arguments for 'exec' command|*1|:1|;");
}

static void nothing_is_parked_in_a_transaction(void **state)
{
    (void)state;
    tell(7, "MULTI\r\nPARK\r\nCOUNT\r\nEXEC\r\nPARK\r\n");
    expect_sent("7 +OK|+QUEUED|+QUEUED|*2|+NOW|:1|;");
    answer(7, "+A\r\n");
    expect_sent("7 +A|;");
}

static void reset_and_quit_end_a_transaction(void **state)
{
    (void)state;
    tell(7, "MULTI\r\nCOUNT\r\nRESET\r\nEXEC\r\n");
    tell(8, "MULTI\r\nCOUNT\r\nQUIT\r\n");
    expect_sent("7 +OK|+QUEUED|+RESET|-ERR EXEC without MULTI|;"
                "8 +OK|+QUEUED|+OK|;");
    assert_int_equal(counted, 0);
}

/* A run of about a megabyte, such as the tape takes: COUNT, with a long word
 * that it does not look at. Returns new. */
static char *megabyte(void)
{
    g_autofree char *word = g_strnfill(60000, 'x');
    GString *run = g_string_new(NULL);
    for (int i = 0; i < 17; i++)
        g_string_append_printf(run, "COUNT %s\r\n", word);
    return g_string_free(run, FALSE);
}

static void tell_often(node_id client, const char *run, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        tell(client, run);
}

static void a_transaction_has_a_bound(void **state)
{
    (void)state;
    g_autofree char *run = megabyte();
    tell(7, "MULTI\r\nCOUNT\r\n");
    tell_often(7, run, 63);
    g_autofree char *queued = sent();
    assert_null(strstr(queued, "ERR"));
    tell_often(7, run, 4);
    g_autofree char *refused = sent();
    assert_non_null(strstr(refused, "-ERR the transaction is too long|"));
    tell(8, "MULTI\r\nCOUNT\r\nEXEC\r\n");
    tell(7, "EXEC\r\nCOUNT\r\nMULTI\r\nEXEC\r\n");
    expect_sent("8 +OK|+QUEUED|*1|:1|;"
                "7 -EXECABORT the transaction was too long|:2|+OK|*0|;");
}

static void one_who_sends_ahead_has_a_bound(void **state)
{
    (void)state;
    g_autofree char *run = megabyte();
    unsigned fit = (unsigned)((DESK_MOST - strlen("PARK\r\n")) / strlen(run));
    tell(7, "PARK\r\n");
    tell_often(7, run, fit + 3);
    answer(7, "+A\r\n");
    tape_pass(tape, 0);
    assert_int_equal(counted, 17 * fit);
}

/* ---- Long replies. ---- */

static void a_reply_of_the_longest_message_goes_alone(void **state)
{
    (void)state;
    tell(7, "COUNT\r\nLONG 992\r\nCOUNT\r\n"); /* And eight bytes around it. */
    g_autofree char *bytes = g_strnfill(992, 'x');
    g_autofree char *wanted = g_strdup_printf("7 :1|;7 $992|%s|;7 :2|;", bytes);
    expect_sent(wanted);
}

static void a_longer_one_becomes_an_error(void **state)
{
    (void)state;
    tell(7, "COUNT\r\nLONG 994\r\nLONG 5000\r\nCOUNT\r\n");
    expect_sent("7 :1|-ERR the reply is too long|-ERR the reply is too long|"
                ":2|;");
}

static void a_transaction_is_one_reply(void **state)
{
    (void)state;
    tell(7, "MULTI\r\nCOUNT\r\nLONG 900\r\nLONG 900\r\nCOUNT\r\nEXEC\r\n"
            "COUNT\r\n");
    expect_sent("7 +OK|+QUEUED|+QUEUED|+QUEUED|+QUEUED|"
                "-ERR the reply is too long|:3|;");
}

static void many_replies_are_cut_into_messages(void **state)
{
    (void)state;
    g_autoptr(GString) run = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append(run, "PING\r\n");
    tell(7, run->str);
    g_autofree char *text = sent();
    g_auto(GStrv) messages = g_strsplit(text, ";", -1);
    unsigned pongs = 0;
    for (char **message = messages; **message; message++) {
        pongs += (unsigned)(strlen(*message) - strlen("7 ")) / 6;
        assert_true(strlen(*message) <= MOST);
    }
    assert_int_equal(pongs, 1000);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define FRESH(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)
#define WIDE(test)  cmocka_unit_test_setup_teardown(test, open_wide, close_desk)
        FRESH(a_run_is_answered_by_one_message),
        FRESH(what_nobody_knows_is_an_error),
        FRESH(each_client_chooses_its_protocol),
        FRESH(a_cut_run_is_dropped_and_the_desk_goes_on),
        FRESH(others_do_not_wait_for_a_parked_command),
        FRESH(an_answer_that_nobody_waits_for_is_lost),
        FRESH(another_command_may_bring_the_answer),
        FRESH(the_next_run_may_come_before_the_desk_goes_on),
        FRESH(who_leaves_takes_its_parked_command_along),
        FRESH(who_leaves_after_its_answer_is_not_served),
        FRESH(a_desk_may_be_freed_at_any_time),
        FRESH(a_transaction_is_served_in_one_go),
        FRESH(an_empty_transaction_is_an_empty_array),
        FRESH(a_transaction_may_be_thrown_away),
        FRESH(transactions_do_not_nest),
        FRESH(nothing_is_parked_in_a_transaction),
        FRESH(reset_and_quit_end_a_transaction),
        WIDE(a_transaction_has_a_bound),
        WIDE(one_who_sends_ahead_has_a_bound),
        FRESH(a_reply_of_the_longest_message_goes_alone),
        FRESH(a_longer_one_becomes_an_error),
        FRESH(a_transaction_is_one_reply),
        FRESH(many_replies_are_cut_into_messages),
    };
    return test_run(argc, argv, tests);
}

/* The web server's patience, its limits, and guests of every kind at once. */
#include "02-framing/web/test_service.h"
#include "common/world/dice.h"

#define GONE (3 * SEC) /* More than is lingered for a last answer. */

static void expect_status(struct guest *guest, unsigned status)
{
    g_autofree char *begin = g_strdup_printf("HTTP/1.1 %u ", status);
    const char *heard = guest_heard(guest);
    if (!g_str_has_prefix(heard, begin))
        fail_msg("not %u: %s", status, heard);
}

static unsigned count_clients(void)
{
    return web_counts(house.web).clients;
}

/* ---- Time. ---- */

static void a_head_has_to_come_in_time_however_it_dribbles(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    for (int i = 0; i < 10; i++) {
        guest_say(guest, "G");
        pass(SEC - MSEC);
        assert_string_equal(guest_heard(guest), "");
    }
    pass(SEC);
    expect_status(guest, 408);
    assert_true(guest->ended);
    assert_int_equal(web_counts(house.web).late, 1);
}

static void who_is_silent_between_requests_is_let_go(void **state)
{
    struct guest *guest = guest_new(), *silent = guest_new();
    (void)state;
    guest_say(guest, "GET /a HTTP/1.1\r\n" HOST);
    pass(59 * SEC);
    assert_string_equal(guest_heard(guest), WHOLE "2\r\n\r\n/a");
    assert_false(guest->ended || silent->ended);
    pass(2 * SEC);
    assert_true(silent->ended && silent->heard->len == 0);
    pass(10 * SEC);
    assert_true(guest->ended && guest->heard->len == 0);
    pass(GONE);
    assert_int_equal(count_clients(), 0);
}

static void a_body_that_dribbles_is_cut(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "POST /body HTTP/1.1\r\nContent-Length: 1000\r\n" HOST);
    for (int i = 0; i < 11; i++) {
        guest_say(guest, "x");
        pass(SEC);
    }
    expect_status(guest, 408);
    assert_true(guest->ended);
    assert_int_equal(last->over, 1);
    assert_int_equal(last->whole, 0);
}

static void a_slow_body_that_goes_on_is_taken(void **state)
{
    g_autofree char *piece = g_strnfill(1 << 16, 'x');
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "POST /body HTTP/1.1\r\nContent-Length: 655360\r\n" HOST);
    for (int i = 0; i < 10; i++) {
        guest_say(guest, piece);
        pass(9 * SEC);
    }
    assert_int_equal(last->whole, 1);
    expect_status(guest, 200);
}

static void who_waits_for_an_answer_is_not_late(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "GET /later HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 10; i++)
        pass(30 * SEC);
    web_begin(last->exchange,
              (struct http_answer){.status = 200, .length = -1});
    for (int i = 0; i < 10; i++) {
        pass(30 * SEC);
        assert_int_equal(web_write(last->exchange, "x", 1), 1);
    }
    web_finish(last->exchange);
    settle();
    assert_false(guest->ended || guest->error);
    assert_int_equal(web_counts(house.web).late, 0);
}

/* It begins to be late only when there is something to be read. */
static void what_is_written_as_time_ends_is_not_late_yet(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "GET /later HTTP/1.1\r\n" HOST);
    settle();
    web_begin(last->exchange,
              (struct http_answer){.status = 200, .length = -1});
    pass(10 * SEC - MSEC);
    house.now += MSEC;
    web_write(last->exchange, "x", 1);
    settle();
    assert_false(guest->ended || guest->error);
    assert_int_equal(web_counts(house.web).late, 0);
}

static void who_reads_nothing_is_cut(void **state)
{
    static const char *const targets[] = {"/long", "/chunks"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        struct guest *guest = guest_new();
        guest->deaf = true;
        guest_say(guest, "GET ");
        guest_say(guest, targets[i]);
        guest_say(guest, " HTTP/1.1\r\n" HOST);
        pass(9 * SEC);
        assert_int_equal(count_clients(), 1);
        pass(12 * SEC);
        assert_int_equal(count_clients(), 0);
        assert_int_equal(last->over, 1);
    }
}

static void who_asks_and_asks_and_reads_nothing_is_cut(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest->deaf = true;
    for (int i = 0; i < 10000; i++)
        guest_say(guest, "GET /f HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 4; i++)
        pass(10 * SEC);
    assert_int_equal(count_clients(), 0);
}

/* Each time before it is late, as much as makes the kernel take more. */
static void read_every_nine_seconds(const char *request, size_t least)
{
    struct guest *guest = guest_new();
    guest->deaf = true;
    guest_say(guest, request);
    for (int i = 0; guest->heard->len < least && i < 40; i++) {
        pass(9 * SEC);
        for (int piece = 0; piece < 8; piece++)
            guest_hear(guest, 1 << 15);
    }
    assert_true(guest->heard->len >= least);
    assert_int_equal(guest->error, 0);
    assert_int_equal(web_counts(house.web).late, 0);
    guest_leave(guest);
}

static void a_slow_reader_is_not_late(void **state)
{
    (void)state;
    read_every_nine_seconds("GET /long HTTP/1.1\r\n" HOST, LONG);
    read_every_nine_seconds("GET /chunks HTTP/1.1\r\n" HOST, LONG);
    read_every_nine_seconds("GET /chunks HTTP/1.0\r\n\r\n", LONG);
    read_every_nine_seconds("GET /long HTTP/1.1\r\nConnection: close\r\n" HOST,
                            LONG);
}

/* All of the answer is there at once, and the owner has gone. */
static void a_slow_reader_of_a_given_answer_is_not_late(void **state)
{
    static const char *const requests[] = {
        "GET /later HTTP/1.1\r\n" HOST,
        "GET /later HTTP/1.1\r\nConnection: close\r\n" HOST,
    };
    g_autofree char *text = g_strnfill(LONG, 'x');
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        struct guest *guest = guest_new();
        guest->deaf = true;
        guest_say(guest, requests[i]);
        settle();
        web_answer(last->exchange, 200, "text/plain", text, LONG);
        for (int step = 0; guest->heard->len < LONG && step < 40; step++) {
            pass(9 * SEC);
            for (int piece = 0; piece < 8; piece++)
                guest_hear(guest, 1 << 15);
        }
        assert_true(guest->heard->len > LONG);
        guest_leave(guest);
    }
    assert_int_equal(web_counts(house.web).late, 0);
}

static void who_does_not_leave_after_the_last_answer_is_left(void **state)
{
    struct guest *guest = guest_new();
    (void)state;
    guest_say(guest, "nonsense\r\n\r\n");
    settle();
    assert_true(guest->ended);
    for (int i = 0; i < 20; i++) {
        guest_say(guest, "and on and on");
        pass(SEC);
    }
    assert_int_equal(count_clients(), 0);
}

/* ---- Limits. ---- */

static void reopen(struct web_settings settings)
{
    close_house();
    open_house("unix:@", on_request, settings);
}

static void bodies_have_a_most(void **state)
{
    struct guest *exact, *longer, *chunks;
    (void)state;
    reopen((struct web_settings){.body = 5});
    exact = guest_new();
    guest_say(exact,
              "POST /body HTTP/1.1\r\nContent-Length: 5\r\n" HOST "hello");
    longer = guest_new();
    guest_say(longer, "POST /body HTTP/1.1\r\nContent-Length: 6\r\n"
                      "Expect: 100-continue\r\n" HOST);
    settle();
    expect_status(exact, 200);
    expect_status(longer, 413);
    chunks = guest_new();
    guest_say(chunks, "POST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
                      "" HOST "3\r\nhel\r\n3\r\n");
    settle();
    expect_status(chunks, 400);
    assert_true(longer->ended && chunks->ended && !exact->ended);
    assert_int_equal(web_counts(house.web).refused, 2);
}

static void who_is_one_too_many_is_told_so(void **state)
{
    (void)state;
    reopen((struct web_settings){.clients = 2});
    struct guest *first = guest_new(), *second = guest_new();
    settle();
    struct guest *third = guest_new();
    settle();
    expect_status(third, 503);
    assert_true(third->ended);
    assert_false(first->ended || second->ended);
    guest_leave(first);
    settle();
    struct guest *fourth = guest_new();
    guest_say(fourth, "GET /a HTTP/1.1\r\n" HOST);
    settle();
    expect_status(fourth, 200);
}

static void heads_are_refused_with_their_status(void **state)
{
    static const struct {
        const char *head;
        unsigned status;
    } heads[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/3.0\r\n" HOST, 505},
        {"GET / HTTP/1.1\r\nExpect: x\r\n" HOST, 417},
        {"GET / HTTP/1.1\r\nTransfer-Encoding: x\r\n" HOST, 501},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
        struct guest *guest = guest_new();
        guest_say(guest, heads[i].head);
        guest_say(guest, "GET /never HTTP/1.1\r\n" HOST);
        settle();
        assert_null(strstr(guest->heard->str, "never"));
        assert_non_null(strstr(guest->heard->str, "Connection: close\r\n"));
        expect_status(guest, heads[i].status);
        assert_true(guest->ended);
    }
}

/* ---- All kinds at once. ---- */

/* A guest, and what it must hear. */
struct visitor {
    struct guest *guest;
    GString *due;
    GString *words; /* What is not handed to the guest yet. */
};

static void ask_for_name(struct visitor *visitor, struct dice *dice)
{
    unsigned name = (unsigned)dice_between(dice, 10, 99);
    g_string_append_printf(visitor->words, "GET /%u HTTP/1.1\r\n" HOST, name);
    g_string_append_printf(visitor->due, WHOLE "3\r\n\r\n/%u", name);
}

static void send_body(struct visitor *visitor, struct dice *dice)
{
    size_t size = dice_between(dice, 0, 3000);
    bool chunked = dice_between(dice, 0, 1);
    g_autofree char *body = g_malloc0(size + 1);
    for (size_t i = 0; i < size; i++)
        body[i] = (char)dice_between(dice, 32, 126);
    if (chunked)
        g_string_append_printf(
            visitor->words,
            "POST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST
            "%s%zx%s%s%s0\r\n\r\n",
            size ? "" : "0;x\r\n\r\n", size, "\r\n", body, "\r\n");
    else
        g_string_append_printf(
            visitor->words,
            "POST /body HTTP/1.1\r\nContent-Length: %zu\r\n" HOST "%s", size,
            body);
    g_autofree char *text =
        g_strdup_printf("%zu %08x", size, (unsigned)crc32c(0, body, size));
    g_string_append_printf(visitor->due, WHOLE "%zu\r\n\r\n%s", strlen(text),
                           text);
}

static void be_hostile(struct visitor *visitor, struct dice *dice)
{
    static const char *const last_words[] = {
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nHost: x\n\n",
        "PUT / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "\x16\x03\x01\r\n\r\n",
    };
    g_string_append(visitor->words, last_words[dice_between(dice, 0, 3)]);
    g_string_append(visitor->due, "HTTP/1.1 400 ");
}

static struct visitor visitor_new(struct dice *dice)
{
    struct visitor visitor = {.guest = guest_new(),
                              .due = g_string_new(NULL),
                              .words = g_string_new(NULL)};
    uint64_t count = dice_between(dice, 0, 8);
    for (uint64_t i = 0; i < count; i++)
        (dice_between(dice, 0, 1) ? ask_for_name : send_body)(&visitor, dice);
    if (dice_between(dice, 0, 2) == 0)
        be_hostile(&visitor, dice);
    return visitor;
}

/* One of them says a little more, or everybody waits; one may have left. */
static void go_on(struct visitor *visitors, size_t count, struct dice *dice)
{
    struct visitor *visitor = &visitors[dice_between(dice, 0, count - 1)];
    size_t some = dice_between(dice, 1, 600);
    size_t size = MIN(some, visitor->words->len);
    guest_say_bytes(visitor->guest, visitor->words->str, size);
    g_string_erase(visitor->words, 0, (gssize)size);
    visitor->guest->deaf = dice_between(dice, 0, 1);
    if (dice_between(dice, 0, 3) == 0)
        settle();
    if (dice_between(dice, 0, 200) == 0)
        guest_leave(visitor->guest);
}

static void end(struct visitor *visitor)
{
    struct guest *guest = visitor->guest;
    if (guest->fd >= 0) {
        const char *heard = guest_heard(guest);
        assert_true(g_str_has_prefix(heard, visitor->due->str));
        if (!g_str_has_suffix(visitor->due->str, " 400 "))
            assert_string_equal(heard, visitor->due->str);
        guest_leave(guest);
    }
    g_string_free(visitor->due, TRUE);
    g_string_free(visitor->words, TRUE);
}

static void each_of_a_crowd_gets_what_is_due(void **state)
{
    enum { CROWD = 8 };
    (void)state;
    for_each_seed (seed, 60) {
        struct dice dice = dice_at(seed, 0, 0);
        struct visitor visitors[CROWD];
        for (int i = 0; i < CROWD; i++)
            visitors[i] = visitor_new(&dice);
        for (int i = 0; i < 300; i++)
            go_on(visitors, CROWD, &dice);
        for (int i = 0; i < CROWD; i++) {
            guest_say(visitors[i].guest, visitors[i].words->str);
            visitors[i].guest->deaf = false;
        }
        settle();
        for (int i = 0; i < CROWD; i++)
            end(&visitors[i]);
        settle();
        assert_int_equal(count_clients(), 0);
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        test(a_head_has_to_come_in_time_however_it_dribbles),
        test(who_is_silent_between_requests_is_let_go),
        test(a_body_that_dribbles_is_cut),
        test(a_slow_body_that_goes_on_is_taken),
        test(who_waits_for_an_answer_is_not_late),
        test(what_is_written_as_time_ends_is_not_late_yet),
        test(who_reads_nothing_is_cut),
        test(who_asks_and_asks_and_reads_nothing_is_cut),
        test(a_slow_reader_is_not_late),
        test(a_slow_reader_of_a_given_answer_is_not_late),
        test(who_does_not_leave_after_the_last_answer_is_left),
        test(bodies_have_a_most),
        test(who_is_one_too_many_is_told_so),
        test(heads_are_refused_with_their_status),
        test(each_of_a_crowd_gets_what_is_due),
    };
    return test_run(argc, argv, tests);
}

/* The live counter: everybody who looks gets the newest number. */
#include "02-framing/web/counter.h"
#include "02-framing/web/test_web.h"

#define HOST "Host: x\r\n\r\n"
#define LOOK "GET /count HTTP/1.1\r\n" HOST
#define ADD  "POST /count HTTP/1.1\r\n" HOST

static struct counter *counter;

static void on_request(void *self, struct web_exchange *exchange,
                       const struct http_request *request)
{
    (void)self;
    if (!counter_answer(counter, exchange, request))
        web_answer(exchange, 404, "text/plain", "no", 2);
}

static int open_all(void **state)
{
    (void)state;
    open_house("unix:@", on_request, (struct web_settings){0});
    counter = counter_new(house.loop);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    close_web();
    assert_int_equal(counter_watchers(counter), 0);
    counter_free(counter);
    close_house();
    return 0;
}

static struct guest *ask(const char *request)
{
    struct guest *guest = guest_new();
    guest_say(guest, request);
    settle();
    return guest;
}

static void add(struct guest *guest, int count)
{
    for (int i = 0; i < count; i++)
        guest_say(guest, ADD);
    settle();
}

/* The last number that an event has told. */
static int newest(const struct guest *guest)
{
    const char *data = g_strrstr(guest->heard->str, "data: ");
    return data ? atoi(data + strlen("data: ")) : -1;
}

static void a_watcher_gets_the_number_there_is_and_each_new_one(void **state)
{
    struct guest *watcher = ask(LOOK), *other = guest_new();
    (void)state;
    assert_string_equal(guest_heard(watcher),
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                        "Cache-Control: no-cache\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n"
                        "9\r\ndata: 0\n\n\r\n");
    add(other, 2);
    assert_string_equal(guest_heard(watcher),
                        "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n");
    assert_string_equal(guest_heard(ask(LOOK)),
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                        "Cache-Control: no-cache\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n"
                        "9\r\ndata: 2\n\n\r\n");
}

static void all_watchers_see_it_move(void **state)
{
    struct guest *watchers[20], *other = guest_new();
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(watchers); i++)
        watchers[i] = ask(LOOK);
    assert_int_equal(counter_watchers(counter), 20);
    add(other, 7);
    for (size_t i = 0; i < G_N_ELEMENTS(watchers); i++)
        assert_int_equal(newest(watchers[i]), 7);
    assert_true(g_str_has_suffix(guest_heard(other), "\r\n\r\n7\n"));
}

/* Its numbers fill what the server keeps for it, and no more; behind that come
 * not those it missed, but the newest. */
static void a_slow_watcher_skips_to_the_newest(void **state)
{
    enum { COUNT = 60000 };
    struct guest *slow = ask(LOOK), *other = guest_new();
    (void)state;
    slow->deaf = true;
    add(other, COUNT);
    slow->deaf = false;
    settle();
    unsigned events = 0;
    for (char *at = slow->heard->str; (at = strstr(at, "data: ")); at++)
        events++;
    assert_int_equal(newest(slow), COUNT);
    assert_true(events < COUNT / 2);
    add(other, 1);
    assert_int_equal(newest(slow), COUNT + 1);
}

static void a_watcher_that_leaves_is_forgotten(void **state)
{
    struct guest *first = ask(LOOK), *second = ask(LOOK), *other = guest_new();
    (void)state;
    guest_leave(first);
    add(other, 1);
    assert_int_equal(counter_watchers(counter), 1);
    assert_int_equal(newest(second), 1);
}

/* And the server is kept from taking it for dead, by a comment now and then. */
static void a_watcher_may_look_for_long(void **state)
{
    struct guest *watcher = ask(LOOK);
    (void)state;
    for (int i = 0; i < 10; i++)
        pass(30 * SEC);
    assert_int_equal(counter_watchers(counter), 1);
    assert_non_null(strstr(watcher->heard->str, "3\r\n:\n\n\r\n"));
    add(guest_new(), 1);
    assert_int_equal(newest(watcher), 1);
}

static void a_watcher_that_reads_nothing_is_let_go(void **state)
{
    struct guest *deaf = ask(LOOK);
    (void)state;
    deaf->deaf = true;
    add(guest_new(), 60000);
    pass(30 * SEC);
    assert_int_equal(counter_watchers(counter), 0);
}

static void the_page_is_there_for_get_and_head(void **state)
{
    g_autofree char *page =
        g_strdup(guest_heard(ask("GET /counter HTTP/1.1\r\n" HOST)));
    const char *head = guest_heard(ask("HEAD /counter HTTP/1.1\r\n" HOST));
    (void)state;
    assert_non_null(strstr(page, "EventSource('/count')"));
    assert_true(g_str_has_suffix(page, "</html>\n"));
    assert_true(g_str_has_prefix(page, head));
}

static void head_of_the_numbers_is_no_watcher(void **state)
{
    struct guest *guest = ask("HEAD /count HTTP/1.1\r\n" HOST);
    (void)state;
    assert_true(g_str_has_suffix(guest_heard(guest), "chunked\r\n\r\n"));
    assert_int_equal(counter_watchers(counter), 0);
    assert_false(guest->ended);
}

static void other_targets_are_not_its_own(void **state)
{
    static const char *const requests[] = {
        "GET /counter/ HTTP/1.1\r\n" HOST,
        "GET /COUNTER HTTP/1.1\r\n" HOST,
        "PUT /count HTTP/1.1\r\n" HOST,
        "POST /counter HTTP/1.1\r\n" HOST,
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++)
        assert_true(
            g_str_has_prefix(guest_heard(ask(requests[i])), "HTTP/1.1 404 "));
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        test(a_watcher_gets_the_number_there_is_and_each_new_one),
        test(all_watchers_see_it_move),
        test(a_slow_watcher_skips_to_the_newest),
        test(a_watcher_that_leaves_is_forgotten),
        test(a_watcher_may_look_for_long),
        test(a_watcher_that_reads_nothing_is_let_go),
        test(the_page_is_there_for_get_and_head),
        test(head_of_the_numbers_is_no_watcher),
        test(other_targets_are_not_its_own),
    };
    return test_run(argc, argv, tests);
}

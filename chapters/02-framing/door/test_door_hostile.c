/*
 * A door that has answers to give later, while strange clients go on: what has
 * piled up meanwhile is judged as if it had come alone, and no one is cut a
 * second too soon, or too late. And services that are strange, but within their
 * rights.
 */
#include "02-framing/door/test_door.h"

enum { WORDS = 1 << 20 };    /* As many as a command may have. */
#define TENTH     (SEC / 10) /* Of a second: behind the door's look round. */
#define MEGABYTES ((size_t)1 << 20)

static int open_it(void **state)
{
    (void)state;
    open_place((struct door_settings){0});
    return 0;
}

static int close_it(void **state)
{
    (void)state;
    close_place();
    return 0;
}

static GString *command_of(size_t words)
{
    GString *command = g_string_new(NULL);
    g_string_printf(command, "*%zu\r\n", words);
    for (size_t i = 0; i < words; i++)
        g_string_append(command, "$0\r\n\r\n");
    return command;
}

static void pour(int fd, const GString *text)
{
    for (size_t sent = 0; sent < text->len; turn()) {
        ssize_t count = send(fd, text->str + sent, text->len - sent,
                             MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_true(count > 0);
        sent += (size_t)count;
    }
}

/* Behind a command that waits, it is there as a whole when it is read. */
static void expect_refusal(const GString *command, bool waits, bool refused)
{
    uint64_t before = door_counts(door).malformed;
    int fd = come();
    if (waits)
        tell(fd, "one\r\n");
    pour(fd, command);
    if (waits)
        answer(service.last, "+1\r\n");
    turn();
    assert_int_equal(door_counts(door).malformed, before + refused);
    if (!refused) {
        assert_in_range(service.longest, command->len, command->len);
        answer(service.last, "+2\r\n");
        turn();
    }
    g_autofree char *told = read_some(fd, SIZE_MAX);
    g_autofree char *wanted = g_strdup_printf(
        "%s%s", waits ? "+1\r\n" : "",
        refused ? "-ERR Protocol error: invalid multibulk length\r\n(end)"
                : "+2\r\n");
    assert_string_equal(told, wanted);
    close(fd);
}

static void too_many_words_are_refused_however_they_come(void **state)
{
    (void)state;
    g_autoptr(GString) longest = command_of(WORDS);
    expect_refusal(longest, true, false);
    expect_refusal(longest, false, false);
    g_autoptr(GString) longer = command_of(WORDS + 1);
    expect_refusal(longer, true, true);
    expect_refusal(longer, false, true);
}

static void numbers_of_another_form_are_refused_at_once(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "*01\r\n$1\r\na\r\n", "*1\r\n$01\r\na\r\n", "*+1\r\n$1\r\na\r\n",
        "*1\r\n$ 1\r\na\r\n", "*1\n$1\r\na\r\n",    "*1\r\n$1\r\nab\r",
        "*1\r\n$-0\r\n\r\n",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        int fd = come();
        tell(fd, "one\r\n");
        tell(fd, wrong[i]);
        answer(service.last, "+1\r\n");
        turn();
        assert_int_equal(door_counts(door).malformed, i + 1);
        g_autofree char *told = read_some(fd, SIZE_MAX);
        assert_true(g_str_has_prefix(told, "+1\r\n-ERR Protocol error: "));
        assert_true(g_str_has_suffix(told, "\r\n(end)"));
        close(fd);
    }
    assert_int_equal(door_counts(door).commands, G_N_ELEMENTS(wrong));
}

/* ---- Neither too soon nor too late. ---- */

/* The door looks round at whole seconds; so it is at most a second late. */
static void expect_cut_between(nsec soonest, nsec latest)
{
    uint64_t before = door_counts(door).cut;
    pass(soonest - 1);
    assert_int_equal(door_counts(door).cut, before);
    pass(latest - soonest + 1);
    assert_int_equal(door_counts(door).cut, before + 1);
}

static void who_is_late_is_cut_within_a_second(void **state)
{
    (void)state;
    int fd = come();
    pass(TENTH);
    tell(fd, "half");
    expect_cut_between(60 * SEC, 60 * SEC + 9 * TENTH);
    close(fd);
}

static void the_second_of_grace_begins_with_the_end(void **state)
{
    (void)state;
    int fd = come();
    tell(fd, "one\r\n");
    tell(fd, "two\r\n");
    pass(100 * SEC + 5 * TENTH);
    shutdown(fd, SHUT_WR);
    expect_cut_between(SEC, SEC + 5 * TENTH);
    close(fd);
}

static char *reply_of(size_t size)
{
    g_autofree char *text = g_strnfill(size, 'x');
    return g_strdup_printf("$%zu\r\n%s\r\n", size, text);
}

/* So many bytes, which may come in two parts. */
static void read_a_bit(int fd, size_t size)
{
    for (size_t left = size, got; left > 0; left -= got) {
        turn();
        g_autofree char *text = read_some(fd, left);
        got = strlen(text);
        assert_in_range(got, 1, left);
    }
}

/* As many bytes wait at each look round, but they are others. */
static void who_reads_as_fast_as_it_asks_may_stay(void **state)
{
    (void)state;
    g_autofree char *first = reply_of(MEGABYTES / 2);
    g_autofree char *more = reply_of(10000);
    int fd = come();
    tell(fd, "one\r\n");
    answer(service.last, first);
    for (int i = 0; i < 120; i++) {
        tell(fd, "more\r\n");
        answer(service.last, more);
        read_a_bit(fd, strlen(more));
        pass(SEC);
    }
    assert_int_equal(present(), 1);
    close(fd);
}

/* What it asked meanwhile waits for its reading, and is not late. */
static void who_asks_on_and_reads_slowly_may_stay(void **state)
{
    (void)state;
    g_autofree char *large = reply_of(4 * MEGABYTES);
    int fd = come();
    tell(fd, "one\r\n");
    answer(service.last, large);
    tell(fd, "two\r\n");
    for (int i = 0; i < 40; i++) {
        pass(5 * SEC);
        read_a_bit(fd, 50000);
    }
    assert_int_equal(present(), 1);
    expect_heard("*1|$3|one|;");
    for (int i = 0; i < 40 && service.messages == 1; i++) {
        read_a_bit(fd, 50000);
        pass(SEC);
    }
    expect_heard("*1|$3|two|;");
    close(fd);
}

/* ---- Services. ---- */

/* What limits commands does not limit replies. */
static void replies_may_be_deep_and_of_many_values(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 60; i++)
        g_string_append(text, "*1\r\n");
    g_string_append_printf(text, "*%d\r\n", WORDS + 1);
    for (int i = 0; i <= WORDS; i++)
        g_string_append(text, "_\r\n");
    int fd = come();
    tell(fd, "one\r\nquit\r\n");
    answer(service.last, text->str);
    answer(service.last, "+OK\r\n");
    g_autoptr(GString) told = g_string_new(NULL);
    for (int turns = 0; !g_str_has_suffix(told->str, "(end)"); turns++) {
        now += MSEC;
        turn();
        g_autofree char *some = read_some(fd, SIZE_MAX);
        assert_true(turns < 10000);
        g_string_append(told, some);
    }
    g_string_append(text, "+OK\r\n(end)");
    assert_true(g_string_equal(told, text));
    close(fd);
}

/* Its timers are gone with it, and nothing that comes from below is its own. */
static void a_door_is_freed_with_all_that_waits(void **state)
{
    (void)state;
    g_autofree char *large = reply_of(4 * MEGABYTES);
    int fd = come();
    tell(fd, "one\r\n");
    answer(service.last, large);
    tell(fd, "two\r\n");
    door_free(door);
    assert_null(host_env(host)->deliver);
    pass(5 * SEC);
    close(fd);
    int listener = net_listen(&place, 64);
    door = door_new(host, host_env(host), listener, (struct door_settings){0});
}

static uint64_t draw_seven(struct env *env)
{
    (void)env;
    return 0xabcd0007;
}

static void a_boot_that_is_not_counted_is_drawn(void **state)
{
    (void)state;
    static const struct env_ops ops = {.random = draw_seven};
    struct env drawn = {
        .ops = &ops, .below = host_env(host), .id = 300, .most = 1000};
    door_free(door);
    int listener = net_listen(&place, 64);
    door = door_new(host, &drawn, listener, (struct door_settings){0});
    env_bind(door_env(door), on_message, NULL);
    for (unsigned i = 1; i <= 3; i++) {
        int fd = come();
        tell(fd, "one\r\n");
        assert_true(service.last == ((node_id)300 << 48 | 7ULL << 32 | i));
        close(fd);
    }
    door_free(door);
    door = door_new(host, host_env(host), net_listen(&place, 64),
                    (struct door_settings){0});
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define IN(test) cmocka_unit_test_setup_teardown(test, open_it, close_it)
        IN(too_many_words_are_refused_however_they_come),
        IN(numbers_of_another_form_are_refused_at_once),
        IN(who_is_late_is_cut_within_a_second),
        IN(the_second_of_grace_begins_with_the_end),
        IN(who_reads_as_fast_as_it_asks_may_stay),
        IN(who_asks_on_and_reads_slowly_may_stay),
        IN(replies_may_be_deep_and_of_many_values),
        IN(a_door_is_freed_with_all_that_waits),
        IN(a_boot_that_is_not_counted_is_drawn),
    };
    return test_run(argc, argv, tests);
}
